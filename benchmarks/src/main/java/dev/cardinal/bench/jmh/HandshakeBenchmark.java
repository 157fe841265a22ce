package dev.cardinal.bench.jmh;

import dev.cardinal.ike.backend.HostCrypto;
import dev.cardinal.ike.backend.SystemRandom;
import dev.cardinal.ike.crypto.CryptoPort;
import dev.cardinal.ike.crypto.KeyExchangePlacement;
import java.security.GeneralSecurityException;
import java.time.Clock;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * One handshake after the other, initiator and responder on one thread, public-key work of both by the JDK on that same thread.
 * The time is both ends'; what the responder allocates is counted alone.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(1)
public class HandshakeBenchmark {
    @Param
    private Authentication authentication = Authentication.RSA2048_X25519;

    @Param({"false", "true"})
    private boolean child;

    /** What clients propose: {@code one} proposal that fits, or {@code many}, as strongSwan does by default. */
    @Param("one")
    private String offer = "one";

    /** Clients with identities and certificates of their own, in turn. */
    @Param("1000")
    private int clients = 1000;

    @SuppressWarnings("NullAway.Init") // made by prepare()
    private Handshakes handshakes;

    /** Makes keys and certificates. */
    @Setup
    public void prepare() throws GeneralSecurityException {
        Peers peers = Peers.of(
                authentication,
                child,
                clients,
                offer.equals("one")
                        ? List.of(Offers.ike(authentication.method()))
                        : Offers.strongSwanDefault(authentication.method()),
                Peers.FRAGMENT_SIZE,
                null,
                KeyExchangePlacement.HOST);
        handshakes = new Handshakes(
                peers, Ends.initiators(peers, host()), Ends.responders(peers, host(), null), 1, datagram -> {});
    }

    private static CryptoPort host() {
        return new SameThreadPort(new HostCrypto(new SystemRandom(), Clock.systemUTC()));
    }

    /** Both ends, from the first message to the established SA, and its end. */
    @Benchmark
    public void handshake(AllocationMeter meter) throws InterruptedException {
        handshakes.run(1, meter);
    }
}
