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
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;

/** A throw-away SoftHSM token with the gateway's RSA-2048 key, born on it. */
final class DemoToken implements AutoCloseable {
    static final String LABEL = "cardinal-demo";

    private static final List<String> SOFTHSM = List.of(
            "/usr/lib/softhsm/libsofthsm2.so",
            "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
            "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
            "/usr/lib64/pkcs11/libsofthsm2.so",
            "/usr/lib64/softhsm/libsofthsm2.so");

    private final TokenPool pool;
    private final HsmCryptoPort port;
    private final byte[] publicKeyInfo;
    private final byte[] pin;

    private DemoToken(TokenPool pool, byte[] publicKeyInfo, byte[] pin) {
        this.pool = pool;
        this.port = new HsmCryptoPort("demo", pool, false);
        this.publicKeyInfo = publicKeyInfo;
        this.pin = pin;
    }

    /** SoftHSM's module where the distributions put it. */
    static Path softHsm() throws DemoFailure {
        return SOFTHSM.stream()
                .map(Path::of)
                .filter(Files::exists)
                .findFirst()
                .orElseThrow(() -> new DemoFailure("SoftHSM is not installed: none of " + String.join(", ", SOFTHSM)));
    }

    /**
     * Makes the token where SOFTHSM2_CONF says and opens it.
     *
     * @throws DemoFailure where SoftHSM is absent or refuses
     */
    static DemoToken create(Path module) throws DemoFailure {
        if (!Files.isRegularFile(module)) {
            throw new DemoFailure("no such module: " + module);
        }
        byte[] pin = randomPin();
        byte[] soPin = randomPin();
        try {
            TokenInitialization.initialize(module, null, LABEL, soPin, pin);
            TokenSelector selector = new TokenSelector.ByLabel(LABEL);
            byte[] publicKeyInfo;
            try (KeyGeneration generation = KeyGeneration.open(module, null, selector, pin::clone)) {
                publicKeyInfo = generation.generateRsaKeyPair("gateway", new byte[] {1}, 2048);
            }
            TokenPool pool = TokenPool.open(
                    TokenSettings.of(module, null, selector, pin::clone).withGroups(Set.of(KeyExchangeGroup.X25519)));
            if (!pool.profile().groups().contains(KeyExchangeGroup.X25519)) {
                pool.close();
                throw new DemoFailure("the token cannot do X25519: " + pool.refusedGroups());
            }
            return new DemoToken(pool, publicKeyInfo, pin);
        } catch (HsmFailure e) {
            throw new DemoFailure("the token cannot be made: " + e.getMessage());
        } finally {
            Arrays.fill(soPin, (byte) 0);
        }
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
    }

    private static byte[] randomPin() {
        byte[] octets = new byte[8];
        new SecureRandom().nextBytes(octets);
        byte[] pin = HexFormat.of().formatHex(octets).getBytes(StandardCharsets.US_ASCII);
        Arrays.fill(octets, (byte) 0);
        return pin;
    }
}
