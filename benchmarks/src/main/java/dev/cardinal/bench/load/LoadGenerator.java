package dev.cardinal.bench.load;

import dev.cardinal.bench.gateway.ProcessAccounting;
import dev.cardinal.ike.sa.SaCommand;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.Recorder;
import org.jspecify.annotations.Nullable;

/**
 * Closed and open loops of handshakes with a responder in another process. An SA that stands is forgotten on this side and
 * kept on the other.
 */
public final class LoadGenerator implements AutoCloseable {
    private static final long LONGEST_NANOS = 600_000_000_000L;
    private static final int DIGITS = 3;

    /** Handshakes of an open loop under way, beyond which a gateway that does not keep up ends the run. */
    private static final int OPEN_LOOP_LIMIT = 200_000;

    private static final Duration DRAIN = Duration.ofSeconds(60);
    private static final long PAUSE_NANOS = 1_000_000L;

    private final Clients clients;
    private final ProcessAccounting responder;
    private final ProcessAccounting own =
            new ProcessAccounting(ProcessHandle.current().pid());

    private final Recorder latency = new Recorder(LONGEST_NANOS, DIGITS);
    private final AtomicInteger underWay = new AtomicInteger();
    private final AtomicLong completed = new AtomicLong();
    private final AtomicLong failed = new AtomicLong();
    private final AtomicReference<@Nullable String> firstFailure = new AtomicReference<>();

    /** A closed loop begins another handshake for each that ended while this is set. */
    private volatile boolean refill;

    private LoadGenerator(Clients clients, ProcessAccounting responder) {
        this.clients = clients;
        this.responder = responder;
    }

    /**
     * Opens the clients' sockets.
     *
     * @param responder's accounting
     * @param withChild whether a Child SA belongs to a handshake
     * @param addresses source addresses; see {@link Clients#open}
     * @param loops event loops of the clients
     */
    public static LoadGenerator open(
            ClientFleet fleet,
            InetSocketAddress gateway,
            ProcessAccounting responder,
            boolean withChild,
            int addresses,
            int loops)
            throws IOException {
        return new LoadGenerator(Clients.open(fleet, gateway, withChild, addresses, loops), responder);
    }

    /**
     * Keeps so many handshakes under way.
     *
     * @param lead load before the measurement begins
     * @param stretch how long is measured
     */
    public LoadResult closedLoop(int inFlight, Duration lead, Duration stretch)
            throws IOException, InterruptedException {
        return closedLoop(inFlight, lead, stretch, end -> {});
    }

    /** Told of the ends of a stretch. */
    @FunctionalInterface
    public interface Ends {
        /** @param end 0 before, 1 after it */
        void at(int end) throws IOException;
    }

    /** The same. @param ends is told at the beginning and the end of what is measured */
    public LoadResult closedLoop(int inFlight, Duration lead, Duration stretch, Ends ends)
            throws IOException, InterruptedException {
        refill = true;
        for (int i = 0; i < inFlight; i++) {
            begin(System.nanoTime());
        }
        try {
            Thread.sleep(lead);
            ends.at(0);
            LoadResult result = measure(stretch);
            ends.at(1);
            return result;
        } finally {
            refill = false;
            drain();
        }
    }

    /**
     * Begins handshakes at a rate, whatever becomes of those under way.
     *
     * @param perSecond handshakes that are due each second, evenly spread
     */
    public LoadResult openLoop(double perSecond, Duration lead, Duration stretch)
            throws IOException, InterruptedException {
        Thread pacer = Thread.ofPlatform().name("pacer").start(() -> pace(perSecond));
        try {
            Thread.sleep(lead);
            return measure(stretch);
        } finally {
            pacer.interrupt();
            pacer.join();
            drain();
        }
    }

    private void pace(double perSecond) {
        long start = System.nanoTime();
        for (long i = 0; !Thread.currentThread().isInterrupted(); i++) {
            long due = start + (long) (i * 1e9 / perSecond);
            for (long wait = due - System.nanoTime(); wait > 0; wait = due - System.nanoTime()) {
                LockSupport.parkNanos(Math.max(wait, PAUSE_NANOS / 20));
                if (Thread.currentThread().isInterrupted()) {
                    return;
                }
            }
            if (underWay.get() >= OPEN_LOOP_LIMIT) {
                fail("more than " + OPEN_LOOP_LIMIT + " handshakes under way: the gateway does not keep up");
                return;
            }
            begin(due);
        }
    }

    private LoadResult measure(Duration stretch) throws IOException, InterruptedException {
        latency.reset();
        firstFailure.set(null);
        long completedBefore = completed.get();
        long failedBefore = failed.get();
        ProcessAccounting.Reading before = responder.read();
        ProcessAccounting.Reading ownBefore = own.read();
        Thread.sleep(stretch);
        long completedAfter = completed.get();
        ProcessAccounting.Reading used = responder.read().since(before);
        Histogram histogram = latency.getIntervalHistogram();
        return new LoadResult(
                completedAfter - completedBefore,
                failed.get() - failedBefore,
                firstFailure.get(),
                used.atNanos(),
                histogram,
                used,
                own.read().since(ownBefore));
    }

    /** @param due since when its latency counts */
    private void begin(long due) {
        underWay.incrementAndGet();
        clients.begin((ownSpi, failure) -> ended(due, ownSpi, failure));
    }

    private void ended(long due, long ownSpi, @Nullable String failure) {
        if (failure == null) {
            latency.recordValue(Math.min(System.nanoTime() - due, LONGEST_NANOS));
            completed.incrementAndGet();
            clients.command(ownSpi, new SaCommand.Forget());
        } else {
            fail(failure);
        }
        underWay.decrementAndGet();
        if (refill) {
            begin(System.nanoTime());
        }
    }

    private void fail(String why) {
        failed.incrementAndGet();
        firstFailure.compareAndSet(null, why);
    }

    private void drain() throws InterruptedException {
        long deadline = System.nanoTime() + DRAIN.toNanos();
        while (underWay.get() > 0 && System.nanoTime() - deadline < 0) {
            Thread.sleep(Duration.ofNanos(PAUSE_NANOS));
        }
        if (underWay.get() > 0) {
            throw new IllegalStateException(underWay.get() + " handshakes did not end in " + DRAIN.toSeconds() + " s");
        }
    }

    /** Handshakes under way. */
    public int underWay() {
        return underWay.get();
    }

    /** Handshakes that ended well since the generator was opened. */
    public long completed() {
        return completed.get();
    }

    @Override
    public void close() {
        clients.close();
    }
}
