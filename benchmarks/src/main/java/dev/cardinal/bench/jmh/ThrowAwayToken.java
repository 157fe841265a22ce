package dev.cardinal.bench.jmh;

import com.sun.jna.NativeLibrary;
import dev.cardinal.hsm.HsmFailure;
import dev.cardinal.hsm.KeyExchangeGroup;
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
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** An initialized token in a folder of its own, which goes with it. One a process: SoftHSM reads its configuration once. */
final class ThrowAwayToken implements AutoCloseable {
    static final String PIN = "12345678";

    private static final String LABEL = "benchmark";
    private static final byte[] PIN_OCTETS = PIN.getBytes(StandardCharsets.US_ASCII);
    private static final List<String> SOFTHSM = List.of(
            "/usr/lib/softhsm/libsofthsm2.so",
            "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
            "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
            "/usr/lib64/pkcs11/libsofthsm2.so");

    private final Path folder;
    private final Path module;
    private final @Nullable String initArgs;

    private ThrowAwayToken(Path folder, Path module, @Nullable String initArgs) {
        this.folder = folder;
        this.module = module;
        this.initArgs = initArgs;
    }

    static ThrowAwayToken create(TokenKind kind) throws IOException, HsmFailure {
        Path folder = Files.createTempDirectory("cardinal-benchmark");
        ThrowAwayToken token;
        if (kind == TokenKind.CARD) {
            token = new ThrowAwayToken(folder, ModuleFile.card(), "directory='" + folder + "'");
        } else {
            Path tokens = Files.createDirectory(folder.resolve("tokens"));
            Path conf = Files.writeString(
                    folder.resolve("softhsm2.conf"),
                    "directories.tokendir = " + tokens + "\nobjectstore.backend = file\nlog.level = ERROR\n");
            setEnvironment("SOFTHSM2_CONF", conf.toString());
            token = new ThrowAwayToken(folder, softHsm(), null);
        }
        TokenInitialization.initialize(token.module, token.initArgs, LABEL, PIN_OCTETS, PIN_OCTETS);
        return token;
    }

    private static Path softHsm() {
        return SOFTHSM.stream()
                .map(Path::of)
                .filter(Files::exists)
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("SoftHSM is not installed"));
    }

    /** SoftHSM asks the C library for its environment, of which the JVM has only a copy. */
    private static void setEnvironment(String name, String value) {
        NativeLibrary.getInstance("c").getFunction("setenv").invokeInt(new Object[] {name, value, 1});
    }

    Path module() {
        return module;
    }

    /** @return the public key's DER */
    byte[] generateRsa2048() throws HsmFailure {
        try (KeyGeneration generation =
                KeyGeneration.open(module, initArgs, new TokenSelector.ByLabel(LABEL), PIN_OCTETS::clone)) {
            return generation.generateRsaKeyPair("rsa", new byte[] {1}, 2048);
        }
    }

    /** @return the public key's DER */
    byte[] generateP256() throws HsmFailure {
        try (KeyGeneration generation =
                KeyGeneration.open(module, initArgs, new TokenSelector.ByLabel(LABEL), PIN_OCTETS::clone)) {
            return generation.generateEcKeyPair("ec", new byte[] {2}, EcCurve.P256);
        }
    }

    /**
     * A pool with one worker, which the caller closes.
     *
     * @param batchLimit requests that the worker takes at once
     */
    TokenPool pool(Set<KeyExchangeGroup> groups, int batchLimit) throws HsmFailure {
        return TokenPool.open(TokenSettings.of(module, initArgs, new TokenSelector.ByLabel(LABEL), PIN_OCTETS::clone)
                .withGroups(groups)
                .withWorkers(1)
                .withBatchLimit(batchLimit));
    }

    @Override
    public void close() throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
