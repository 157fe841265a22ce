package dev.cardinal.bench.jmh;

import dev.cardinal.hsm.pool.TokenPool;
import dev.cardinal.ike.backend.CryptoRouter;
import dev.cardinal.ike.backend.HsmCryptoPort;
import dev.cardinal.ike.backend.JcaCryptoPort;
import dev.cardinal.ike.backend.SystemRandom;
import dev.cardinal.ike.crypto.KeyExchangePlacement;
import java.time.Clock;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
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
 * Handshakes with many under way at a time, the gateway's private key and key exchange on the crypto card, so that batches fill;
 * the clients' work and all verification by the JDK on threads of their own. Both ends share the processors with the card: the
 * time is that of everything, and the clients' work is the larger part of it.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(1)
public class HandshakesOnCardBenchmark {
    private static final int HANDSHAKES = 128;
    private static final int QUEUE_LIMIT = 4096;

    @Param
    private Authentication authentication = Authentication.RSA2048_X25519;

    @Param({"false", "true"})
    private boolean child;

    /** Handshakes under way at a time. */
    @Param({"64"})
    private int underWay = 64;

    /** Clients with identities and certificates of their own, in turn. */
    @Param("1000")
    private int clients = 1000;

    private final AllocationMeter uncounted = new AllocationMeter();

    @SuppressWarnings("NullAway.Init") // all made by open()
    private ThrowAwayToken token;

    @SuppressWarnings("NullAway.Init")
    private TokenPool pool;

    @SuppressWarnings("NullAway.Init")
    private JcaCryptoPort host;

    @SuppressWarnings("NullAway.Init")
    private JcaCryptoPort clientHost;

    @SuppressWarnings("NullAway.Init")
    private Handshakes handshakes;

    /** Makes a token with the gateway's key, and the certificates. */
    @Setup
    public void open() throws Exception {
        token = ThrowAwayToken.create(TokenKind.CARD);
        KeyKind kind = authentication.certificates();
        byte @Nullable [] publicKeyInfo = kind == null ? null : generate(kind);
        pool = token.pool(Set.of(authentication.group()), underWay);
        HsmCryptoPort port = new HsmCryptoPort("card", pool, false);
        Peers peers = Peers.of(
                authentication,
                child,
                clients,
                List.of(Offers.ike(authentication.method())),
                Peers.FRAGMENT_SIZE,
                publicKeyInfo == null
                        ? null
                        : new Peers.GatewayKey(publicKeyInfo, port.signingKey(pool.findKey(publicKeyInfo))),
                KeyExchangePlacement.TOKEN_ONLY);
        int threads = Math.max(1, Runtime.getRuntime().availableProcessors() / 2);
        host = host(threads);
        clientHost = host(threads);
        CryptoRouter router = new CryptoRouter(host, List.of(new CryptoRouter.Token(port, true)), Clock.systemUTC());
        handshakes = new Handshakes(
                peers,
                Ends.initiators(peers, clientHost),
                Ends.responders(peers, router, null),
                underWay,
                datagram -> {});
    }

    private byte[] generate(KeyKind kind) throws Exception {
        return switch (kind) {
            case RSA_2048 -> token.generateRsa2048();
            case P_256 -> token.generateP256();
        };
    }

    private static JcaCryptoPort host(int threads) {
        return new JcaCryptoPort(threads, QUEUE_LIMIT, new SystemRandom(), Clock.systemUTC(), System::nanoTime);
    }

    @TearDown
    public void close() throws Exception {
        clientHost.close();
        host.close();
        pool.close();
        token.close();
    }

    /** One handshake of many. */
    @Benchmark
    @OperationsPerInvocation(HANDSHAKES)
    public void handshake() throws InterruptedException {
        handshakes.run(HANDSHAKES, uncounted);
    }
}
