package dev.cardinal.bench.jmh;

import dev.cardinal.ike.backend.CryptoRouter;
import dev.cardinal.ike.backend.HostCrypto;
import dev.cardinal.ike.backend.JcaCryptoPort;
import dev.cardinal.ike.backend.SystemRandom;
import dev.cardinal.ike.crypto.CryptoOutcome;
import dev.cardinal.ike.crypto.CryptoPort;
import dev.cardinal.ike.crypto.CryptoRequest;
import dev.cardinal.ike.crypto.SignatureScheme;
import dev.cardinal.ike.crypto.TrustPolicy;
import dev.cardinal.ike.crypto.Urgency;
import dev.cardinal.ike.sa.Credentials.LocalCertificate;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
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
 * A peer's certificate seen for the first time: decoded, judged, its path built, two signatures verified. Through the port as a
 * gateway without a token has it, one thread behind its queue, many requests under way. Certificates take turns, more of them than
 * the JDK remembers (750).
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class PeerVerificationBenchmark {
    private static final int REQUESTS = 64;
    private static final int QUEUE_LIMIT = 1024;
    private static final long PATIENCE_SECONDS = 60;
    private static final int SIGNED_LENGTH = 500;

    @Param
    private KeyKind keys = KeyKind.RSA_2048;

    @Param("1500")
    private int clients = 1500;

    private final List<Proof> proofs = new ArrayList<>();

    @SuppressWarnings("NullAway.Init") // made by prepare()
    private TrustPolicy trust;

    @SuppressWarnings("NullAway.Init")
    private SignatureScheme scheme;

    @SuppressWarnings("NullAway.Init")
    private JcaCryptoPort host;

    @SuppressWarnings("NullAway.Init")
    private CryptoPort port;

    private int turn;

    /** A client's certificate and what it has signed. */
    private record Proof(LocalCertificate certificate, byte[] octets, byte[] signature) {}

    /** Makes clients that have all signed something. */
    @Setup
    public void prepare() throws Exception {
        Pki pki = new Pki(keys);
        trust = pki.trust();
        scheme = keys == KeyKind.RSA_2048 ? SignatureScheme.RSA_PKCS1_SHA256 : SignatureScheme.ECDSA_SHA256;
        HostCrypto signer = new HostCrypto(new SystemRandom(), Clock.systemUTC());
        List<String> names = new ArrayList<>();
        for (int i = 0; i < clients; i++) {
            names.add("client-" + i + ".bench.cardinal.invalid");
        }
        for (LocalCertificate client : pki.hosts(names)) {
            byte[] octets = new SystemRandom().octets(SIGNED_LENGTH);
            CryptoOutcome outcome =
                    signer.perform(new CryptoRequest.Sign(client.key(), scheme, octets, Urgency.BEGUN, deadline()));
            if (!(outcome instanceof CryptoOutcome.Signed signed)) {
                throw new IllegalStateException(String.valueOf(outcome));
            }
            proofs.add(new Proof(client, octets, signed.signature()));
        }
        host = new JcaCryptoPort(1, QUEUE_LIMIT, new SystemRandom(), Clock.systemUTC(), System::nanoTime);
        port = new CryptoRouter(host, List.of(), Clock.systemUTC());
    }

    @TearDown
    public void close() {
        host.close();
    }

    @Benchmark
    @OperationsPerInvocation(REQUESTS)
    public void firstSeenPeer() throws InterruptedException {
        Semaphore done = new Semaphore(0);
        AtomicInteger verified = new AtomicInteger();
        for (int i = 0; i < REQUESTS; i++) {
            Proof proof = proofs.get(turn);
            turn = (turn + 1) % proofs.size();
            CryptoRequest request = new CryptoRequest.VerifyPeer(
                    proof.certificate().chain(),
                    trust,
                    proof.certificate().id(),
                    scheme,
                    proof.octets(),
                    proof.signature(),
                    Urgency.BEGUN,
                    deadline());
            boolean taken = port.submit(request, outcome -> {
                verified.addAndGet(outcome instanceof CryptoOutcome.PeerVerified ? 1 : 0);
                done.release();
            });
            if (!taken) {
                throw new IllegalStateException("the queue is full");
            }
        }
        done.acquire(REQUESTS);
        if (verified.get() != REQUESTS) {
            throw new IllegalStateException(REQUESTS - verified.get() + " peers were refused");
        }
    }

    private static long deadline() {
        return System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    }
}
