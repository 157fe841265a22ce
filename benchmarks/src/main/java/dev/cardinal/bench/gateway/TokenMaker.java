package dev.cardinal.bench.gateway;

import dev.cardinal.bench.load.Suite;
import dev.cardinal.hsm.HsmFailure;
import dev.cardinal.hsm.pool.EcCurve;
import dev.cardinal.hsm.pool.KeyGeneration;
import dev.cardinal.hsm.pool.TokenInitialization;
import dev.cardinal.hsm.pool.TokenSelector;
import dev.cardinal.ike.config.ModuleFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A throw-away token with a gateway's key born on it. Made in a process of its own: the load generator's process may have
 * initialized the same module for another token.
 *
 * @param module the PKCS#11 module's file
 * @param initArgs what {@code C_Initialize} is to be handed, null for nothing
 * @param environment that the module reads
 * @param pin file that holds the user's PIN
 * @param publicKeyInfo DER of the key's SubjectPublicKeyInfo
 */
record TokenMaker(
        Path module, @Nullable String initArgs, Map<String, String> environment, Path pin, byte[] publicKeyInfo) {
    static final String LABEL = "cardinal-gateway";

    /** {@code CKA_ID} of the key. */
    static final String KEY_ID = "01";

    private static final List<String> SOFTHSM = List.of(
            "/usr/lib/softhsm/libsofthsm2.so",
            "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
            "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
            "/usr/lib64/softhsm/libsofthsm2.so");

    /** What the process is told of the key: this and the bits, or the suite's authentication. */
    private static final String DECRYPTION = "DECRYPTION";

    /** @param key where: SOFTHSM or CARD */
    static TokenMaker make(KeyPlace key, Suite suite, Path folder) throws IOException {
        return make(key, suite.authentication().name(), folder);
    }

    /** A token with an RSA key that decrypts and does nothing else. */
    static TokenMaker makeDecrypting(KeyPlace key, int bits, Path folder) throws IOException {
        return make(key, DECRYPTION + bits, folder);
    }

    private static TokenMaker make(KeyPlace key, String kind, Path folder) throws IOException {
        Path tokens = Files.createDirectories(folder.resolve("token"));
        Path pin = folder.resolve("pin");
        Files.createFile(pin, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(pin, randomPin());
        Path module = switch (key) {
            case CARD -> ModuleFile.card();
            case SOFTHSM -> softHsm();
            case FILE -> throw new IllegalArgumentException("a file is no token");
        };
        String initArgs = key == KeyPlace.CARD ? "directory='" + tokens + "'" : null;
        // for a consumer that hands C_Initialize nothing
        Map<String, String> environment = Map.of("CARDINAL_CARD_DIR", tokens.toString());
        if (key == KeyPlace.SOFTHSM) {
            Path conf = folder.resolve("softhsm2.conf");
            Files.writeString(
                    conf,
                    "directories.tokendir = " + tokens + "\nobjectstore.backend = file\nlog.level = ERROR\n"
                            + "slots.removable = false\n");
            environment = Map.of("SOFTHSM2_CONF", conf.toString());
        }
        ChildJvm jvm = ChildJvm.of(
                TokenMaker.class,
                List.of(module.toString(), initArgs == null ? "" : initArgs, pin.toString(), kind),
                environment);
        return new TokenMaker(
                module, initArgs, environment, pin, Base64.getDecoder().decode(jvm.output()));
    }

    private static String randomPin() {
        byte[] octets = new byte[8];
        new SecureRandom().nextBytes(octets);
        return HexFormat.of().formatHex(octets);
    }

    private static Path softHsm() throws IOException {
        for (String file : SOFTHSM) {
            if (Files.exists(Path.of(file))) {
                return Path.of(file);
            }
        }
        throw new IOException("SoftHSM is not installed: none of " + String.join(", ", SOFTHSM));
    }

    /** The process. Arguments: module, what {@code C_Initialize} is handed, the PIN's file, the kind of key. */
    public static void main(String[] arguments) throws IOException, HsmFailure {
        Path module = Path.of(arguments[0]);
        String initArgs = arguments[1].isEmpty() ? null : arguments[1];
        byte[] pin = Files.readString(Path.of(arguments[2])).getBytes(StandardCharsets.US_ASCII);
        byte[] id = HexFormat.of().parseHex(KEY_ID);
        TokenInitialization.initialize(module, initArgs, LABEL, pin, pin);
        try (KeyGeneration generation =
                KeyGeneration.open(module, initArgs, new TokenSelector.ByLabel(LABEL), pin::clone)) {
            System.out.println(Base64.getEncoder().encodeToString(generated(generation, arguments[3], id)));
        }
    }

    private static byte[] generated(KeyGeneration generation, String kind, byte[] id) throws HsmFailure {
        if (kind.startsWith(DECRYPTION)) {
            int bits = Integer.parseInt(kind.substring(DECRYPTION.length()));
            return generation.generateRsaDecryptionKeyPair("gateway", id, bits);
        }
        Suite.Authentication authentication = Suite.Authentication.valueOf(kind);
        return authentication.isRsa()
                ? generation.generateRsaKeyPair("gateway", id, authentication.bits())
                : generation.generateEcKeyPair("gateway", id, EcCurve.P256);
    }
}
