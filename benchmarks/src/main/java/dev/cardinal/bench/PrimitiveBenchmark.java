package dev.cardinal.bench;

import com.sun.jna.NativeLibrary;
import dev.cardinal.hsm.Derivation;
import dev.cardinal.hsm.HashAlgorithm;
import dev.cardinal.hsm.HsmBusy;
import dev.cardinal.hsm.HsmRequest;
import dev.cardinal.hsm.HsmResult;
import dev.cardinal.hsm.KeyExchangeGroup;
import dev.cardinal.hsm.KeyRef;
import dev.cardinal.hsm.SignatureMechanism;
import dev.cardinal.hsm.Urgency;
import dev.cardinal.hsm.pool.EcCurve;
import dev.cardinal.hsm.pool.KeyGeneration;
import dev.cardinal.hsm.pool.TokenInitialization;
import dev.cardinal.hsm.pool.TokenPool;
import dev.cardinal.hsm.pool.TokenSelector;
import dev.cardinal.hsm.pool.TokenSettings;
import dev.cardinal.ike.config.ModuleFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
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
 * Operations a second through a {@link TokenPool} with one worker, on the crypto card and on SoftHSM side by side, with so
 * many requests under way at a time. What many under way gain over one is what batches gain.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class PrimitiveBenchmark {
    private static final String LABEL = "benchmark";
    private static final byte[] PIN = "12345678".getBytes(StandardCharsets.US_ASCII);
    private static final int OPERATIONS = 64;
    private static final long PATIENCE_SECONDS = 60;
    private static final Derivation SKEYSEED = new Derivation.Hmac(HashAlgorithm.SHA256, new byte[64], new byte[0]);

    @Param({"card", "softhsm"})
    private String token = "card";

    /** Requests under way at a time. */
    @Param({"1", "8", "32"})
    private int depth = 1;

    private final Map<KeyExchangeGroup, byte[]> peers = new EnumMap<>(KeyExchangeGroup.class);

    @SuppressWarnings("NullAway.Init") // made by open()
    private Path folder;

    @SuppressWarnings("NullAway.Init")
    private TokenPool pool;

    @SuppressWarnings("NullAway.Init")
    private KeyRef rsa;

    @SuppressWarnings("NullAway.Init")
    private KeyRef ec;

    /** Makes a token with its keys. */
    @Setup
    public void open() throws Exception {
        folder = Files.createTempDirectory("cardinal-benchmark");
        Path module;
        String initArgs = null;
        if (token.equals("card")) {
            module = ModuleFile.card();
            initArgs = "directory='" + folder + "'";
        } else {
            module = Path.of("/usr/lib/softhsm/libsofthsm2.so");
            Path tokens = Files.createDirectory(folder.resolve("tokens"));
            Path conf = Files.writeString(
                    folder.resolve("softhsm2.conf"),
                    "directories.tokendir = " + tokens + "\nobjectstore.backend = file\nlog.level = ERROR\n");
            setEnvironment("SOFTHSM2_CONF", conf.toString());
        }
        TokenInitialization.initialize(module, initArgs, LABEL, PIN, PIN);
        TokenSelector selector = new TokenSelector.ByLabel(LABEL);
        byte[] rsaInfo;
        byte[] ecInfo;
        try (KeyGeneration generation = KeyGeneration.open(module, initArgs, selector, PIN::clone)) {
            rsaInfo = generation.generateRsaKeyPair("rsa", new byte[] {1}, 2048);
            ecInfo = generation.generateEcKeyPair("ec", new byte[] {2}, EcCurve.P256);
        }
        Set<KeyExchangeGroup> groups = Set.of(KeyExchangeGroup.X25519, KeyExchangeGroup.MODP_2048);
        pool = TokenPool.open(TokenSettings.of(module, initArgs, selector, PIN::clone)
                .withGroups(groups)
                .withWorkers(1)
                .withBatchLimit(OPERATIONS));
        rsa = pool.findKey(rsaInfo);
        ec = pool.findKey(ecInfo);
        for (KeyExchangeGroup group : groups) {
            HsmResult made = get(new HsmRequest.Generate(group, Urgency.NEW, deadline()));
            peers.put(group, ((HsmResult.Generated) made).publicValue());
        }
    }

    /** SoftHSM asks the C library for its environment, of which the JVM has only a copy. */
    private static void setEnvironment(String name, String value) {
        NativeLibrary.getInstance("c").getFunction("setenv").invokeInt(new Object[] {name, value, 1});
    }

    @TearDown
    public void close() throws IOException {
        pool.close();
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    @Benchmark
    @OperationsPerInvocation(OPERATIONS)
    public void rsa2048Sign() throws Exception {
        run(new HsmRequest.Sign(rsa, SignatureMechanism.RSA_PKCS1_SHA256, new byte[64], Urgency.BEGUN, deadline()));
    }

    @Benchmark
    @OperationsPerInvocation(OPERATIONS)
    public void p256Sign() throws Exception {
        run(new HsmRequest.Sign(ec, SignatureMechanism.ECDSA_SHA256, new byte[64], Urgency.BEGUN, deadline()));
    }

    /** A key pair, the agreement and SKEYSEED. */
    @Benchmark
    @OperationsPerInvocation(OPERATIONS)
    public void x25519GenerateAndAgree() throws Exception {
        run(agreement(KeyExchangeGroup.X25519));
    }

    @Benchmark
    @OperationsPerInvocation(OPERATIONS)
    public void modp2048GenerateAndAgree() throws Exception {
        run(agreement(KeyExchangeGroup.MODP_2048));
    }

    private HsmRequest agreement(KeyExchangeGroup group) {
        byte[] peer = Objects.requireNonNull(peers.get(group));
        return new HsmRequest.GenerateAndAgree(group, peer, SKEYSEED, Urgency.BEGUN, deadline());
    }

    private void run(HsmRequest request) throws InterruptedException, HsmBusy {
        Semaphore room = new Semaphore(depth);
        AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
        for (int i = 0; i < OPERATIONS; i++) {
            room.acquire();
            var unused = pool.submit(request).whenComplete((result, thrown) -> {
                if (thrown != null) {
                    failure.set(thrown);
                }
                room.release();
            });
        }
        room.acquire(depth);
        if (failure.get() != null) {
            throw new IllegalStateException(failure.get());
        }
    }

    private HsmResult get(HsmRequest request)
            throws HsmBusy, ExecutionException, InterruptedException, TimeoutException {
        return pool.submit(request).get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }

    private static long deadline() {
        return System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    }
}
