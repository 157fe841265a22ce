package dev.cardinal.hsm.pool;

import dev.cardinal.hsm.HsmFailure;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** Real tokens for tests. A module that is missing fails the test: nothing is skipped. */
public final class TestTokens {

    public static final byte[] SO_PIN = "12345678".getBytes(StandardCharsets.US_ASCII);
    public static final byte[] PIN = "87654321".getBytes(StandardCharsets.US_ASCII);

    /** {@code pReserved} of NSS for its cryptographic module without any file. */
    public static final String NSS_ARGS = "configdir='' certPrefix='' keyPrefix='' secmod=''"
            + " flags=readOnly,noCertDB,noModDB,forceOpen,optimizeSpace";

    public static final Path SOFTHSM =
            present("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so");
    public static final Path NSS = present(
            "/usr/lib/x86_64-linux-gnu/libsoftokn3.so",
            "/usr/lib/x86_64-linux-gnu/nss/libsoftokn3.so",
            "/usr/lib/aarch64-linux-gnu/libsoftokn3.so",
            "/usr/lib64/libsoftokn3.so");

    /** OpenSC's module that writes down the calls it forwards to SoftHSM. */
    public static final Path SPY = present(
            "/usr/lib/x86_64-linux-gnu/pkcs11-spy.so",
            "/usr/lib/x86_64-linux-gnu/pkcs11/pkcs11-spy.so",
            "/usr/lib/aarch64-linux-gnu/pkcs11-spy.so",
            "/usr/lib64/pkcs11-spy.so");

    static {
        emptyTokenDirectory();
    }

    private TestTokens() {}

    /** Cardinal's own, built from native/. */
    public static final Path CARD = present(System.getProperty("cardinal.card", "libcardinal-card.so"));

    /** One folder for all tokens of this JVM: a module is initialised with one. */
    private static final Path CARD_FOLDER = temporaryFolder();

    private static Path present(String... paths) {
        return Stream.of(paths)
                .map(Path::of)
                .filter(Files::exists)
                .findFirst()
                .orElseThrow(() -> new AssertionError("none of these is installed: " + List.of(paths)));
    }

    private static Path temporaryFolder() {
        try {
            Path folder = Files.createTempDirectory("cardinal-card");
            Runtime.getRuntime().addShutdownHook(new Thread(() -> remove(folder)));
            return folder;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void remove(Path folder) {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
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
                remove(tokens);
            }
            Files.createDirectories(tokens);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Makes a SoftHSM token and returns the settings that open it. */
    public static TokenSettings softHsm(String label) throws HsmFailure {
        TokenInitialization.initialize(SOFTHSM, null, label, SO_PIN, PIN);
        return TokenSettings.of(SOFTHSM, null, new TokenSelector.ByLabel(label), PIN::clone);
    }

    /** Makes a token of the crypto card and returns the settings that open it. */
    public static TokenSettings card(String label) throws HsmFailure {
        String initArgs = "directory='" + CARD_FOLDER + "'";
        TokenInitialization.initialize(CARD, initArgs, label, SO_PIN, PIN);
        return TokenSettings.of(CARD, initArgs, new TokenSelector.ByLabel(label), PIN::clone);
    }

    /** NSS softoken's cryptographic slot: no login, no lasting objects, PKCS#11 3.0. */
    public static TokenSettings nss() {
        return TokenSettings.of(NSS, NSS_ARGS, new TokenSelector.ByLabel("NSS Generic Crypto Services"), null);
    }
}
