package dev.cardinal.bench.jmh;

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
 * Public-key operations a second by the ways there are to have them done: the JDK's providers; SunPKCS11 on SoftHSM; a
 * {@link dev.cardinal.hsm.pool.TokenPool} with one worker on SoftHSM and on the crypto card, with so many requests under way at a
 * time. What many under way gain over one is what batches gain. Each way has a process of its own.
 */
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class PrimitiveBenchmark {

    /** A way; the number after a token's name is how many requests are under way at a time. */
    private static PublicKeyWay open(String way) throws Exception {
        String[] parts = way.split("-", 2);
        return switch (parts[0]) {
            case "jdk" -> JcaWay.jdk();
            case "sunpkcs11" -> JcaWay.sunPkcs11();
            case "softhsm" -> new TokenWay(TokenKind.SOFTHSM, Integer.parseInt(parts[1]));
            case "card" -> new TokenWay(TokenKind.CARD, Integer.parseInt(parts[1]));
            default -> throw new IllegalArgumentException("no way named " + way);
        };
    }

    /** The ways that all can do. */
    @State(Scope.Benchmark)
    public static class Ways {
        @Param({"jdk", "sunpkcs11", "softhsm-1", "softhsm-8", "card-1", "card-8", "card-32"})
        private String way = "jdk";

        @SuppressWarnings("NullAway.Init") // made by open()
        private PublicKeyWay opened;

        @Setup
        public void open() throws Exception {
            opened = PrimitiveBenchmark.open(way);
        }

        @TearDown
        public void close() throws Exception {
            opened.close();
        }
    }

    /** The ways to X25519, which SunPKCS11 does not offer. */
    @State(Scope.Benchmark)
    public static class CurveWays {
        @Param({"jdk", "softhsm-1", "softhsm-8", "card-1", "card-8", "card-32"})
        private String way = "jdk";

        @SuppressWarnings("NullAway.Init")
        private PublicKeyWay opened;

        @Setup
        public void open() throws Exception {
            opened = PrimitiveBenchmark.open(way);
        }

        @TearDown
        public void close() throws Exception {
            opened.close();
        }
    }

    @Benchmark
    @OperationsPerInvocation(PublicKeyWay.OPERATIONS)
    public void rsa2048Sign(Ways ways) throws Exception {
        ways.opened.rsa2048Sign();
    }

    @Benchmark
    @OperationsPerInvocation(PublicKeyWay.OPERATIONS)
    public void p256Sign(Ways ways) throws Exception {
        ways.opened.p256Sign();
    }

    @Benchmark
    @OperationsPerInvocation(PublicKeyWay.OPERATIONS)
    public void modp2048GenerateAndAgree(Ways ways) throws Exception {
        ways.opened.generateAndAgree(PublicKeyWay.Group.MODP_2048);
    }

    @Benchmark
    @OperationsPerInvocation(PublicKeyWay.OPERATIONS)
    public void p256GenerateAndAgree(Ways ways) throws Exception {
        ways.opened.generateAndAgree(PublicKeyWay.Group.P256);
    }

    @Benchmark
    @OperationsPerInvocation(PublicKeyWay.OPERATIONS)
    public void x25519GenerateAndAgree(CurveWays ways) throws Exception {
        ways.opened.generateAndAgree(PublicKeyWay.Group.X25519);
    }
}
