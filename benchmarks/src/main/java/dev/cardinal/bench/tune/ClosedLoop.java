package dev.cardinal.bench.tune;

import com.sun.management.OperatingSystemMXBean;
import dev.cardinal.hsm.HsmBusy;
import dev.cardinal.hsm.HsmResult;
import dev.cardinal.hsm.HsmStatistics;
import dev.cardinal.hsm.KeyExchangeRef;
import dev.cardinal.hsm.pool.TokenPool;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiConsumer;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/** So many handshakes' work under way at a token at any time: each submits its next operation when the last is done. */
final class ClosedLoop {
    private static final double NANOS_PER_MILLI = 1e6;
    private static final double NANOS_PER_MICRO = 1e3;
    private static final int DIGITS = 3;
    private static final long PATIENCE_SECONDS = 60;

    private final TokenPool pool;
    private final Mix mix;
    private final CountDownLatch running;
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    private volatile Histogram latency = new ConcurrentHistogram(DIGITS);
    private volatile boolean stopping;

    private ClosedLoop(TokenPool pool, Mix mix, int inFlight) {
        this.pool = pool;
        this.mix = mix;
        this.running = new CountDownLatch(inFlight);
    }

    /**
     * Measures. The processor time is this whole process's: nothing else must run in it.
     *
     * @param workers of the pool
     * @param batchLimit of the pool
     * @param lead load before the measurement begins
     * @throws IOException where an operation fails
     */
    static Point measure(
            TokenPool pool, Mix mix, int workers, int batchLimit, int inFlight, Duration lead, Duration stretch)
            throws IOException, InterruptedException {
        ClosedLoop loop = new ClosedLoop(pool, mix, inFlight);
        OperatingSystemMXBean system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        for (int i = 0; i < inFlight; i++) {
            loop.new Client().next();
        }
        Thread.sleep(lead);
        HsmStatistics before = pool.statistics();
        Histogram measured = new ConcurrentHistogram(DIGITS);
        long cpu = system.getProcessCpuTime();
        long begun = System.nanoTime();
        loop.latency = measured;
        Thread.sleep(stretch);
        loop.latency = new ConcurrentHistogram(DIGITS);
        long elapsed = System.nanoTime() - begun;
        cpu = system.getProcessCpuTime() - cpu;
        HsmStatistics after = pool.statistics();
        loop.stopping = true;
        boolean ended = loop.running.await(PATIENCE_SECONDS, TimeUnit.SECONDS);
        Throwable failed = loop.failure.get();
        if (failed != null) {
            throw new IOException("the token failed: " + failed.getMessage(), failed);
        }
        long operations = measured.getTotalCount();
        if (!ended || operations == 0) {
            throw new IOException("the token completed nothing in " + stretch.toMillis() + " ms");
        }
        return new Point(
                workers,
                batchLimit,
                operations * 1e9 / elapsed,
                cpu / NANOS_PER_MICRO / operations,
                measured.getValueAtPercentile(99) / NANOS_PER_MILLI,
                (after.batched() - before.batched()) / (double) Math.max(1, after.batches() - before.batches()));
    }

    /** One handshake after the other; runs on the thread that completes its last operation. */
    private final class Client implements BiConsumer<@Nullable HsmResult, @Nullable Throwable> {
        private int step;
        private long submitted;
        private @Nullable KeyExchangeRef handle;

        void next() {
            if (stopping) {
                end();
                return;
            }
            submitted = System.nanoTime();
            try {
                var unused =
                        pool.submit(mix.request(mix.steps().get(step), handle)).whenComplete(this);
            } catch (HsmBusy e) {
                fail(e);
            }
        }

        @Override
        public void accept(@Nullable HsmResult result, @Nullable Throwable thrown) {
            if (result == null) {
                fail(thrown == null ? new IllegalStateException("neither result nor failure") : thrown);
                return;
            }
            latency.recordValue(Math.max(0, System.nanoTime() - submitted));
            switch (result) {
                case HsmResult.Generated generated -> handle = generated.handle();
                case HsmResult.Agreed agreed -> {
                    byte[] derived = agreed.derived();
                    if (derived != null) {
                        Arrays.fill(derived, (byte) 0);
                    }
                    release();
                }
                case HsmResult.Verified verified -> {
                    if (!verified.valid()) {
                        fail(new IllegalStateException("a good signature was refused"));
                        return;
                    }
                }
                case HsmResult.Signed signed -> {}
                case HsmResult.Decrypted other -> throw new AssertionError(other);
                case HsmResult.RandomOctets other -> throw new AssertionError(other);
                case HsmResult.Derived other -> throw new AssertionError(other);
            }
            step = (step + 1) % mix.steps().size();
            next();
        }

        private void fail(Throwable thrown) {
            failure.compareAndSet(null, thrown);
            stopping = true;
            end();
        }

        private void end() {
            release();
            running.countDown();
        }

        private void release() {
            KeyExchangeRef gone = handle;
            if (gone != null) {
                handle = null;
                pool.release(gone);
            }
        }
    }
}
