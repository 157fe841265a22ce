package dev.cardinal.ike.daemon;

import dev.cardinal.hsm.HsmFailure;
import dev.cardinal.hsm.HsmStatistics;
import dev.cardinal.hsm.KeyExchangeGroup;
import dev.cardinal.hsm.pool.KeyGeneration;
import dev.cardinal.hsm.pool.TokenInitialization;
import dev.cardinal.hsm.pool.TokenPool;
import dev.cardinal.hsm.pool.TokenSelector;
import dev.cardinal.hsm.pool.TokenSettings;
import dev.cardinal.ike.backend.HsmCryptoPort;
import dev.cardinal.ike.config.ModuleFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A throw-away token with the gateway's RSA-2048 key, born on it. */
final class DemoToken implements AutoCloseable {
    static final String LABEL = "cardinal-demo";

    private static final List<String> SOFTHSM = List.of(
            "/usr/lib/softhsm/libsofthsm2.so",
            "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
            "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
            "/usr/lib64/pkcs11/libsofthsm2.so",
            "/usr/lib64/softhsm/libsofthsm2.so");

    /** Names the folder below which the demonstration may write; the launcher removes it. */
    private static final String FOLDER_VARIABLE = "CARDINAL_DEMO_DIR";

    private final TokenPool pool;
    private final HsmCryptoPort port;
    private final byte[] publicKeyInfo;
    private final byte[] pin;
    private final Place place;

    /**
     * Where a token is made.
     *
     * @param initArgs what {@code C_Initialize} is handed
     * @param folder that goes with the token; null where somebody else cares for it
     */
    private record Place(
            Path module,
            @Nullable String initArgs,
            @Nullable Path folder) {

        void remove() {
            Path root = folder;
            if (root == null) {
                return;
            }
            try (Stream<Path> files = Files.walk(root)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private DemoToken(TokenPool pool, byte[] publicKeyInfo, byte[] pin, Place place) {
        this.pool = pool;
        this.place = place;
        this.port = new HsmCryptoPort("demo", pool, false);
        this.publicKeyInfo = publicKeyInfo;
        this.pin = pin;
    }

    /**
     * Makes the token and opens it: of the crypto card in a folder of its own, of SoftHSM where SOFTHSM2_CONF says.
     *
     * @param module null for the usual places
     * @throws DemoFailure where the module is absent or refuses
     */
    static DemoToken create(Demo.TokenKind kind, @Nullable Path module) throws DemoFailure {
        Place place = switch (kind) {
            case CARD -> card(module);
            case SOFTHSM -> new Place(module != null ? module : softHsm(), null, null);
        };
        byte[] pin = randomPin();
        byte[] soPin = randomPin();
        boolean made = false;
        try {
            TokenInitialization.initialize(place.module(), place.initArgs(), LABEL, soPin, pin);
            TokenSelector selector = new TokenSelector.ByLabel(LABEL);
            byte[] publicKeyInfo;
            try (KeyGeneration generation =
                    KeyGeneration.open(place.module(), place.initArgs(), selector, pin::clone)) {
                publicKeyInfo = generation.generateRsaKeyPair("gateway", new byte[] {1}, 2048);
            }
            TokenPool pool = TokenPool.open(TokenSettings.of(place.module(), place.initArgs(), selector, pin::clone)
                    .withGroups(Set.of(KeyExchangeGroup.X25519)));
            if (!pool.profile().groups().contains(KeyExchangeGroup.X25519)) {
                pool.close();
                throw new DemoFailure("the token cannot do X25519: " + pool.refusedGroups());
            }
            made = true;
            return new DemoToken(pool, publicKeyInfo, pin, place);
        } catch (HsmFailure e) {
            throw new DemoFailure("the token cannot be made: " + e.getMessage());
        } finally {
            Arrays.fill(soPin, (byte) 0);
            if (!made) {
                place.remove();
            }
        }
    }

    private static Place card(@Nullable Path named) throws DemoFailure {
        try {
            Path module = named != null ? named : ModuleFile.card();
            String parent = System.getenv(FOLDER_VARIABLE);
            Path folder = parent == null
                    ? Files.createTempDirectory("cardinal-card")
                    : Files.createTempDirectory(Path.of(parent), "card");
            return new Place(module, "directory='" + folder + "'", folder);
        } catch (IOException e) {
            throw new DemoFailure(String.valueOf(e.getMessage()));
        }
    }

    private static Path softHsm() throws DemoFailure {
        return SOFTHSM.stream()
                .map(Path::of)
                .filter(Files::exists)
                .findFirst()
                .orElseThrow(() -> new DemoFailure("SoftHSM is not installed: none of " + String.join(", ", SOFTHSM)));
    }

    HsmCryptoPort port() {
        return port;
    }

    /** DER of the gateway's public key. */
    byte[] publicKeyInfo() {
        return publicKeyInfo;
    }

    /** The gateway's private key, proven with one signature. */
    dev.cardinal.ike.crypto.SigningKey signingKey() throws DemoFailure {
        try {
            return port.signingKey(pool.findKey(publicKeyInfo));
        } catch (HsmFailure e) {
            throw new DemoFailure("the gateway's key is not on its token: " + e.getMessage());
        }
    }

    HsmStatistics statistics() {
        return pool.statistics();
    }

    @Override
    public void close() {
        pool.close();
        Arrays.fill(pin, (byte) 0);
        place.remove();
    }

    private static byte[] randomPin() {
        byte[] octets = new byte[8];
        new SecureRandom().nextBytes(octets);
        byte[] pin = HexFormat.of().formatHex(octets).getBytes(StandardCharsets.US_ASCII);
        Arrays.fill(octets, (byte) 0);
        return pin;
    }
}
