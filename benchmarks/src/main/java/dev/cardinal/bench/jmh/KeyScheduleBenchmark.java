package dev.cardinal.bench.jmh;

import dev.cardinal.ike.crypto.EncryptionAlgorithm;
import dev.cardinal.ike.crypto.IntegrityAlgorithm;
import dev.cardinal.ike.crypto.KeyExchangeMethod;
import dev.cardinal.ike.crypto.KeyExchangePlacement;
import dev.cardinal.ike.crypto.PseudorandomFunction;
import dev.cardinal.ike.crypto.Secret;
import dev.cardinal.ike.crypto.SecretDerivation;
import dev.cardinal.ike.ikev2.Ikev2KeyMaterial;
import dev.cardinal.ike.sa.ChildKeys;
import dev.cardinal.ike.sa.ChildSuite;
import dev.cardinal.ike.sa.IkeSuite;
import dev.cardinal.ike.sa.SaEnvironment;
import java.util.ArrayList;
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
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Blackhole;

/** The key schedule of RFC 7296 sections 2.14 and 2.17, with other secrets and nonces each time. Includes the wiping. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(2)
public class KeyScheduleBenchmark {
    private static final int SAS = 256;
    private static final int NONCE_LENGTH = 32;

    /** The ciphers of the IKE SA and of the Child SA; AES-CBC goes with HMAC-SHA2-256. The PRF is HMAC-SHA2-256. */
    @Param({"AES_GCM_16", "AES_CBC"})
    private EncryptionAlgorithm encryption = EncryptionAlgorithm.AES_GCM_16;

    @SuppressWarnings("NullAway.Init") // made by prepare()
    private SaEnvironment environment;

    @SuppressWarnings("NullAway.Init")
    private IkeSuite suite;

    @SuppressWarnings("NullAway.Init")
    private ChildSuite childSuite;

    private final List<Inputs> inputs = new ArrayList<>();
    private int turn;

    /** @param secret stands for g^ir, SKEYSEED or SK_d: 32 octets each */
    private record Inputs(Secret secret, byte[] ni, byte[] nr, byte[] both) {}

    @Setup
    public void prepare() throws Exception {
        IntegrityAlgorithm integrity = encryption.isAead() ? null : IntegrityAlgorithm.HMAC_SHA2_256_128;
        suite = new IkeSuite(
                encryption, 256, PseudorandomFunction.HMAC_SHA2_256, integrity, KeyExchangeMethod.CURVE_25519);
        childSuite = new ChildSuite(encryption, 256, integrity, null, false);
        environment = Ends.environment(
                Peers.of(
                        Authentication.PSK_X25519,
                        false,
                        1,
                        List.of(Offers.ike(suite.keyExchange())),
                        Peers.FRAGMENT_SIZE,
                        null,
                        KeyExchangePlacement.HOST),
                null);
        for (int i = 0; i < SAS; i++) {
            byte[] ni = environment.random().octets(NONCE_LENGTH);
            byte[] nr = environment.random().octets(NONCE_LENGTH);
            byte[] both = new byte[2 * NONCE_LENGTH];
            System.arraycopy(ni, 0, both, 0, NONCE_LENGTH);
            System.arraycopy(nr, 0, both, NONCE_LENGTH, NONCE_LENGTH);
            inputs.add(new Inputs(
                    Secret.owning(environment.random().octets(suite.prf().length())), ni, nr, both));
        }
    }

    @TearDown
    public void close() {
        inputs.forEach(each -> each.secret().close());
    }

    private Inputs next() {
        turn = (turn + 1) % SAS;
        return inputs.get(turn);
    }

    /** {@code SKEYSEED = prf(Ni | Nr, g^ir)}. */
    @Benchmark
    public void skeyseed(Blackhole sink) {
        Inputs in = next();
        try (Secret skeyseed = environment
                .symmetric()
                .derive(new SecretDerivation.Skeyseed(suite.prf(), in.ni(), in.nr()), in.secret())) {
            sink.consume(skeyseed);
        }
    }

    /** The seven keys of an IKE SA, and what protects its messages. */
    @Benchmark
    public void ikeKeys(Blackhole sink) {
        Inputs in = next();
        try (Ikev2KeyMaterial keys =
                Ikev2KeyMaterial.derive(environment, suite, in.secret(), in.ni(), in.nr(), turn, ~turn, false)) {
            sink.consume(keys);
        }
    }

    /** The keys of a Child SA. */
    @Benchmark
    public void childKeys(Blackhole sink) {
        Inputs in = next();
        try (Secret material = environment
                        .symmetric()
                        .prfPlus(suite.prf(), in.secret(), in.both(), 2 * childSuite.keyMaterialLength());
                ChildKeys keys = ChildKeys.cut(material, childSuite, false)) {
            sink.consume(keys);
        }
    }
}
