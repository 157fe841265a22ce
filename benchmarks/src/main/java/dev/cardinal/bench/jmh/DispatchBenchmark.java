package dev.cardinal.bench.jmh;

import dev.cardinal.hsm.HsmBusy;
import dev.cardinal.hsm.HsmRequest;
import dev.cardinal.hsm.KeyRef;
import dev.cardinal.hsm.SignatureMechanism;
import dev.cardinal.hsm.Urgency;
import dev.cardinal.hsm.pool.TokenPool;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What a request costs on its way to a token and back, besides the token's work, with so many under way at a time: a submission to
 * one worker's queue, its wake-up, the call and the completion.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class DispatchBenchmark {
    private static final int REQUESTS = 512;
    private static final int RANDOM_LENGTH = 16;

    @Param
    private TokenKind token = TokenKind.CARD;

    /** Requests under way at a time. */
    @Param({"1", "8", "64"})
    private int depth = 1;

    @SuppressWarnings("NullAway.Init") // made by open()
    private ThrowAwayToken opened;

    @SuppressWarnings("NullAway.Init")
    private TokenPool pool;

    @SuppressWarnings("NullAway.Init")
    private KeyRef key;

    @Setup
    public void open() throws Exception {
        opened = ThrowAwayToken.create(token);
        byte[] publicKey = opened.generateP256();
        pool = opened.pool(Set.of(), depth);
        key = pool.findKey(publicKey);
    }

    @TearDown
    public void close() throws Exception {
        pool.close();
        opened.close();
    }

    /** The queues and threads alone: the deadline has passed, so that the token is not asked. */
    @Benchmark
    @OperationsPerInvocation(REQUESTS)
    public void handOff() throws InterruptedException, HsmBusy {
        long past = System.nanoTime() - 1;
        InFlight.run(
                pool,
                REQUESTS,
                depth,
                () -> new HsmRequest.Random(RANDOM_LENGTH, Urgency.BEGUN, past),
                InFlight::expired);
    }

    /** Nearly the cheapest function there is, one plain call each, on both tokens. */
    @Benchmark
    @OperationsPerInvocation(REQUESTS)
    public void random() throws InterruptedException, HsmBusy {
        InFlight.run(
                pool,
                REQUESTS,
                depth,
                () -> new HsmRequest.Random(RANDOM_LENGTH, Urgency.BEGUN, InFlight.deadline()),
                InFlight::succeeded);
    }

    /** The cheapest signature: one call each on SoftHSM; on the card one call for all that have queued. */
    @Benchmark
    @OperationsPerInvocation(REQUESTS)
    public void p256Sign() throws InterruptedException, HsmBusy {
        byte[] message = new byte[64];
        InFlight.run(
                pool,
                REQUESTS,
                depth,
                () -> new HsmRequest.Sign(
                        key, SignatureMechanism.ECDSA_SHA256, message, Urgency.BEGUN, InFlight.deadline()),
                InFlight::succeeded);
    }
}
