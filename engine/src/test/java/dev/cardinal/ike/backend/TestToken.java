package dev.cardinal.ike.backend;

import dev.cardinal.hsm.HsmFailure;
import dev.cardinal.hsm.KeyRef;
import dev.cardinal.hsm.pool.EcCurve;
import dev.cardinal.hsm.pool.KeyGeneration;
import dev.cardinal.hsm.pool.TokenInitialization;
import dev.cardinal.hsm.pool.TokenPool;
import dev.cardinal.hsm.pool.TokenSelector;
import dev.cardinal.hsm.pool.TokenSettings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;

/** A SoftHSM token of its own with a signing key of each kind. A module that is missing fails the test. */
public final class TestToken {
    public static final byte[] PIN = "87654321".getBytes(StandardCharsets.US_ASCII);

    private static final byte[] SO_PIN = "12345678".getBytes(StandardCharsets.US_ASCII);
    private static final Path MODULE = Stream.of(
                    "/usr/lib/softhsm/libsofthsm2.so",
                    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
                    "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so")
            .map(Path::of)
            .filter(Files::exists)
            .findFirst()
            .orElseThrow(() -> new AssertionError("SoftHSM is not installed"));

    static {
        emptyTokenDirectory();
    }

    private final TokenSettings settings;
    private final Map<String, byte[]> publicKeys = new LinkedHashMap<>();

    private TokenPool open(boolean extraction) throws HsmFailure {
        return TokenPool.open(settings.withAllowExtract(extraction).withWorkers(4));
    }

    /** Makes the token and its keys: rsa (2048 bits), p256, p384, p521, ed25519. */
    public TestToken(String label) throws HsmFailure {
        TokenInitialization.initialize(MODULE, null, label, SO_PIN, PIN);
        TokenSelector selector = new TokenSelector.ByLabel(label);
        settings = TokenSettings.of(MODULE, null, selector, PIN::clone);
        try (KeyGeneration generation = KeyGeneration.open(MODULE, null, selector, PIN::clone)) {
            publicKeys.put("rsa", generation.generateRsaKeyPair("rsa", new byte[] {1}, 2048));
            publicKeys.put("p256", generation.generateEcKeyPair("p256", new byte[] {2}, EcCurve.P256));
            publicKeys.put("p384", generation.generateEcKeyPair("p384", new byte[] {3}, EcCurve.P384));
            publicKeys.put("p521", generation.generateEcKeyPair("p521", new byte[] {4}, EcCurve.P521));
            publicKeys.put("ed25519", generation.generateEd25519KeyPair("ed25519", new byte[] {5}));
        }
    }

    /** SoftHSM's module. */
    public static Path module() {
        return MODULE;
    }

    /** Opens the token; shared secrets stay on it. */
    public TokenPool open() throws HsmFailure {
        return open(false);
    }

    /** Opens the token; shared secrets may leave it. */
    public TokenPool openWithExtraction() throws HsmFailure {
        return open(true);
    }

    /** DER of the public keys by name. */
    public Map<String, byte[]> publicKeys() {
        return publicKeys;
    }

    public KeyRef key(TokenPool pool, String name) throws HsmFailure {
        byte[] info = publicKeys.get(name);
        if (info == null) {
            throw new IllegalArgumentException(name);
        }
        return pool.findKey(info);
    }

    /** Tokens of earlier runs would only slow SoftHSM down. Runs before the module is initialised. */
    private static void emptyTokenDirectory() {
        String conf = System.getenv("SOFTHSM2_CONF");
        if (conf == null || !conf.contains("target")) {
            throw new AssertionError("SOFTHSM2_CONF must name the build's own file, not " + conf);
        }
        Path tokens = Path.of(conf).resolveSibling("tokens");
        try {
            if (Files.exists(tokens)) {
                try (Stream<Path> files = Files.walk(tokens)) {
                    for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                        Files.delete(file);
                    }
                }
            }
            Files.createDirectories(tokens);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
