package dev.cardinal.ike.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cardinal.hsm.pool.TokenInitialization;
import dev.cardinal.hsm.pool.TokenPool;
import dev.cardinal.hsm.pool.TokenSelector;
import dev.cardinal.hsm.pool.TokenSettings;
import dev.cardinal.ike.crypto.CryptoOutcome;
import dev.cardinal.ike.crypto.SignatureScheme;
import dev.cardinal.ike.crypto.Urgency;
import java.math.BigInteger;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.interfaces.RSAPrivateKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.RSAKeyGenParameterSpec;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Blocks that a lax reader of PKCS #1 v1.5 (RFC 8017 section 8.2.2) takes for signatures. IKEv1 signs hashes without a
 * DigestInfo, so nothing but the block's form holds the hash in its place. Bleichenbacher's forgery of 2006 needs the public
 * exponent 3 and no private key at all.
 */
class RsaForgeryTest {
    private static final int BLOCK = 256;
    private static final byte[] HASH = HexFormat.of().parseHex("00112233445566778899aabbccddeeff01234567");

    @TempDir
    static Path folder = Path.of("");

    private static KeyPair cubes = TestCertificate.keys("RSA-2048", "forgery");
    private static TokenPool card;
    private static HsmCryptoPort port;

    @BeforeAll
    static void open() throws Exception {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
        generator.initialize(new RSAKeyGenParameterSpec(BLOCK * 8, RSAKeyGenParameterSpec.F0));
        cubes = generator.generateKeyPair();
        Path module = Path.of(Objects.requireNonNull(System.getProperty("cardinal.card")));
        String initArgs = "directory='" + folder + "'";
        TokenInitialization.initialize(module, initArgs, "forgery", TestToken.PIN, TestToken.PIN);
        card = TokenPool.open(
                TokenSettings.of(module, initArgs, new TokenSelector.ByLabel("forgery"), TestToken.PIN::clone)
                        .withGroups(Set.of())
                        .withWorkers(1));
        port = new HsmCryptoPort("card", card, false);
    }

    @AfterAll
    static void close() {
        card.close();
    }

    private static RSAPublicKey publicKey() {
        return (RSAPublicKey) cubes.getPublic();
    }

    /** What the private key makes of a block: whoever signs may choose any. */
    private static byte[] signed(byte[] block) {
        RSAPrivateKey key = (RSAPrivateKey) cubes.getPrivate();
        return fixed(new BigInteger(1, block).modPow(key.getPrivateExponent(), key.getModulus()));
    }

    private static byte[] fixed(BigInteger value) {
        byte[] octets = value.toByteArray();
        byte[] fixed = new byte[BLOCK];
        int length = Math.min(octets.length, BLOCK);
        System.arraycopy(octets, octets.length - length, fixed, BLOCK - length, length);
        return fixed;
    }

    /** The leading octets, then whatever comes, padding of type 1 between. */
    private static byte[] block(int padding, byte[] message) {
        byte[] block = new byte[BLOCK];
        block[1] = 1;
        Arrays.fill(block, 2, 2 + padding, (byte) 0xff);
        System.arraycopy(message, 0, block, 3 + padding, message.length);
        return block;
    }

    private static final int WHOLE = BLOCK - 3 - HASH.length;

    /** A number whose cube begins with a block of eight octets of padding and the hash, and ends in garbage. */
    private static byte[] cubeWithGarbage(byte[] lead) {
        byte[] lowest = Arrays.copyOf(lead, BLOCK);
        BigInteger target = new BigInteger(1, lowest);
        BigInteger root = BigInteger.ONE.shiftLeft(target.bitLength() / 3 + 1);
        while (true) {
            // Newton's iteration from above
            BigInteger next =
                    root.shiftLeft(1).add(target.divide(root.multiply(root))).divide(BigInteger.valueOf(3));
            if (next.compareTo(root) >= 0) {
                break;
            }
            root = next;
        }
        byte[] signature = fixed(root.add(BigInteger.ONE));
        byte[] cube = fixed(new BigInteger(1, signature).pow(3));
        assertEquals(
                HexFormat.of().formatHex(lead), HexFormat.of().formatHex(cube, 0, lead.length), "the forgery itself");
        return signature;
    }

    private static Map<String, byte[]> forgeries() {
        Map<String, byte[]> forgeries = new LinkedHashMap<>();
        byte[] lead = Arrays.copyOf(block(8, HASH), 11 + HASH.length);
        forgeries.put("e = 3, trailing garbage", cubeWithGarbage(lead));
        forgeries.put("e = 3, no padding, trailing garbage", cubeWithGarbage(Arrays.copyOf(block(0, HASH), 23)));
        byte[] garbage = block(8, HASH);
        Arrays.fill(garbage, 11 + HASH.length, BLOCK, (byte) 0x55);
        forgeries.put("trailing garbage", signed(garbage));
        forgeries.put("trailing zeros", signed(block(8, HASH)));
        forgeries.put("one octet of garbage", signed(block(WHOLE - 1, HASH)));
        byte[] zeros = block(8, new byte[0]);
        System.arraycopy(HASH, 0, zeros, BLOCK - HASH.length, HASH.length);
        forgeries.put("a short block: zeros before the hash", signed(zeros));
        byte[] shifted = new byte[BLOCK];
        System.arraycopy(block(WHOLE, HASH), 1, shifted, 0, BLOCK - 1 - HASH.length);
        Arrays.fill(shifted, 1, BLOCK - 1 - HASH.length, (byte) 0xff);
        System.arraycopy(HASH, 0, shifted, BLOCK - HASH.length, HASH.length);
        forgeries.put("a short block: no leading zero", signed(shifted));
        byte[] encrypted = block(WHOLE, HASH);
        encrypted[1] = 2;
        forgeries.put("block type 2", signed(encrypted));
        byte[] zero = block(WHOLE, HASH);
        zero[1] = 0;
        forgeries.put("block type 0", signed(zero));
        byte[] broken = block(WHOLE, HASH);
        broken[100] = (byte) 0xfe;
        forgeries.put("an octet of the padding", signed(broken));
        byte[] unseparated = block(WHOLE, HASH);
        unseparated[2 + WHOLE] = (byte) 0xff;
        forgeries.put("no separator", signed(unseparated));
        byte[] info = HexFormat.of().parseHex("3021300906052b0e03021a05000414");
        byte[] wrapped = Arrays.copyOf(info, info.length + HASH.length);
        System.arraycopy(HASH, 0, wrapped, info.length, HASH.length);
        forgeries.put("a DigestInfo", signed(block(WHOLE - info.length, wrapped)));
        byte[] good = signed(block(WHOLE, HASH));
        forgeries.put("one octet more", Arrays.copyOf(good, BLOCK + 1));
        forgeries.put("one octet less", Arrays.copyOf(good, BLOCK - 1));
        forgeries.put("nothing", new byte[0]);
        forgeries.put("zero", new byte[BLOCK]);
        forgeries.put(
                "the modulus more",
                new BigInteger(1, good).add(publicKey().getModulus()).toByteArray());
        return forgeries;
    }

    @Test
    void theHostRefusesEach() throws Exception {
        HostSignatures signatures = new HostSignatures();
        SignatureScheme scheme = SignatureScheme.RSA_PKCS1_UNHASHED;
        assertTrue(signatures.verify(publicKey(), scheme, HASH, signed(block(WHOLE, HASH))));
        for (Map.Entry<String, byte[]> forgery : forgeries().entrySet()) {
            assertFalse(signatures.verify(publicKey(), scheme, HASH, forgery.getValue()), forgery.getKey());
        }
    }

    @Test
    void theCardRefusesEach() throws Exception {
        assertInstanceOf(CryptoOutcome.PeerVerified.class, onCard(HASH, signed(block(WHOLE, HASH))));
        for (Map.Entry<String, byte[]> forgery : forgeries().entrySet()) {
            assertInstanceOf(CryptoOutcome.PeerRejected.class, onCard(HASH, forgery.getValue()), forgery.getKey());
        }
    }

    /** RFC 8017 section 9.2: eight octets of padding at least, so a message of 246 octets has no signature. */
    @Test
    void sevenOctetsOfPaddingAreTooFew() throws Exception {
        HostSignatures signatures = new HostSignatures();
        byte[] longest = new byte[BLOCK - 11];
        Arrays.fill(longest, (byte) 9);
        byte[] longer = Arrays.copyOf(longest, longest.length + 1);
        SignatureScheme scheme = SignatureScheme.RSA_PKCS1_UNHASHED;
        assertTrue(signatures.verify(publicKey(), scheme, longest, signed(block(8, longest))));
        assertFalse(signatures.verify(publicKey(), scheme, longer, signed(block(7, longer))));
    }

    private static CryptoOutcome onCard(byte[] octets, byte[] signature) throws Exception {
        SignatureCheck check = new SignatureCheck(publicKey(), SignatureScheme.RSA_PKCS1_UNHASHED, octets, signature);
        assertTrue(port.verifies(check));
        CompletableFuture<CryptoOutcome> future = new CompletableFuture<>();
        assertTrue(
                port.verify(check, Urgency.BEGUN, System.nanoTime() + TimeUnit.SECONDS.toNanos(60), future::complete));
        return future.get(60, TimeUnit.SECONDS);
    }
}
