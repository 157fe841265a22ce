package dev.cardinal.ike.backend;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cardinal.ike.crypto.KeyExchangeMethod;
import dev.cardinal.ike.crypto.Secret;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.spec.ECPrivateKeySpec;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class HostKeyExchangeTest {
    private static final SystemRandom RANDOM = new SystemRandom();
    private long openBefore;

    @BeforeEach
    void countSecrets() {
        openBefore = Secret.open();
    }

    @AfterEach
    void noSecretStaysOpen() {
        assertEquals(openBefore, Secret.open());
    }

    @Test
    void x25519OfRfc7748() throws Exception {
        assertMontgomery(
                KeyExchangeMethod.CURVE_25519,
                "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
                "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a",
                "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb",
                "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f",
                "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
    }

    @Test
    void x448OfRfc7748() throws Exception {
        assertMontgomery(
                KeyExchangeMethod.CURVE_448,
                "9a8f4925d1519f5775cf46b04b5800d4ee9ee8bae8bc5565d498c28d"
                        + "d9c9baf574a9419744897391006382a6f127ab1d9ac2d8c0a598726b",
                "9b08f7cc31b7e3e67d22d5aea121074a273bd2b83de09c63faa73d2c"
                        + "22c5d9bbc836647241d953d40c5b12da88120d53177f80e532c41fa0",
                "1c306a7ac2a0e2e0990b294470cba339e6453772b075811d8fad0d1d"
                        + "6927c120bb5ee8972b0d3e21374c9c921b09d1b0366f10b65173992d",
                "3eb7a829b0cd20f5bcfc0b599b6feccf6da4627107bdb0d4f345b430"
                        + "27d8b972fc3e34fb4232a13ca706dcb57aec3dae07bdc1c67bf33609",
                "07fff4181ac6cc95ec1c16a94a0f74d12da232ce40a77552281d282b"
                        + "b60c0b56fd2464c335543936521c24403085d59a449a5037514a879d");
    }

    private static void assertMontgomery(
            KeyExchangeMethod method, String a, String publicA, String b, String publicB, String shared)
            throws Exception {
        try (HostKeyExchange alice = HostKeyExchange.ofScalar(method, Secret.owning(hex(a)));
                HostKeyExchange bob = HostKeyExchange.ofScalar(method, Secret.owning(hex(b)))) {
            assertArrayEquals(hex(publicA), alice.publicValue());
            assertArrayEquals(hex(publicB), bob.publicValue());
            assertAgree(shared, alice, publicB);
            assertAgree(shared, bob, publicA);
        }
    }

    /** RFC 5903 section 8.1. */
    @Test
    void ecp256OfRfc5903() throws Exception {
        assertEcp(
                KeyExchangeMethod.ECP_256,
                "c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433",
                "d12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf63"
                        + "56fbf3ca366cc23e8157854c13c58d6aac23f046ada30f8353e74f33039872ab",
                "d6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de");
    }

    /** RFC 5903 section 8.2. */
    @Test
    void ecp384OfRfc5903() throws Exception {
        assertEcp(
                KeyExchangeMethod.ECP_384,
                "099f3c7034d4a2c699884d73a375a67f7624ef7c6b3c0f160647b67414dce655e35b538041e649ee3faef896783ab194",
                "e558dbef53eecde3d3fccfc1aea08a89a987475d12fd950d83cfa41732bc509d0d1ac43a0336def96fda41d0774a3571"
                        + "dcfbec7aacf3196472169e838430367f66eebe3c6e70c416dd5f0c68759dd1fff83fa40142209dff5eaad96db9e6386c",
                "11187331c279962d93d604243fd592cb9d0a926f422e47187521287e7156c5c4d603135569b9e9d09cf5d4a270f59746");
    }

    /** RFC 5903 section 8.3. */
    @Test
    void ecp521OfRfc5903() throws Exception {
        assertEcp(
                KeyExchangeMethod.ECP_521,
                "0037ade9319a89f4dabdb3ef411aaccca5123c61acab57b5393dce47608172a095aa"
                        + "85a30fe1c2952c6771d937ba9777f5957b2639bab072462f68c27a57382d4a52",
                "00d0b3975ac4b799f5bea16d5e13e9af971d5e9b984c9f39728b5e5739735a219b97"
                        + "c356436adc6e95bb0352f6be64a6c2912d4ef2d0433ced2b6171640012d9460f"
                        + "015c68226383956e3bd066e797b623c27ce0eac2f551a10c2c724d9852077b87220b"
                        + "6536c5c408a1d2aebb8e86d678ae49cb57091f4732296579ab44fcd17f0fc56a",
                "01144c7d79ae6956bc8edb8e7c787c4521cb086fa64407f97894e5e6b2d79b04d142"
                        + "7e73ca4baa240a34786859810c06b3c715a3a8cc3151f2bee417996d19f3ddea");
    }

    private static void assertEcp(KeyExchangeMethod method, String scalar, String peer, String shared)
            throws Exception {
        try (HostKeyExchange ours = ecp(method, new BigInteger(scalar, 16))) {
            assertAgree(shared, ours, peer);
        }
    }

    static HostKeyExchange ecp(KeyExchangeMethod method, BigInteger scalar) throws GeneralSecurityException {
        return HostKeyExchange.ofCurveKey(
                method,
                KeyFactory.getInstance("EC")
                        .generatePrivate(
                                new ECPrivateKeySpec(scalar, EcpGroup.of(method).parameters())),
                new byte[0]);
    }

    private static void assertAgree(String shared, HostKeyExchange ours, String peer) throws Exception {
        try (Secret secret = ours.agree(hex(peer))) {
            assertNotNull(secret);
            assertEquals(shared, secret.<String>lend(HexFormat.of()::formatHex));
        }
    }

    @Test
    void bothEndsOfEveryMethodAgree() throws Exception {
        for (KeyExchangeMethod method : KeyExchangeMethod.values()) {
            try (HostKeyExchange initiator = HostKeyExchange.generate(method, RANDOM);
                    HostKeyExchange responder = HostKeyExchange.generate(method, RANDOM);
                    HostKeyExchange third = HostKeyExchange.generate(method, RANDOM);
                    Secret first = initiator.agree(responder.publicValue());
                    Secret second = responder.agree(initiator.publicValue());
                    Secret other = third.agree(initiator.publicValue())) {
                assertEquals(method.publicLength(), initiator.publicValue().length, method.name());
                assertNotNull(first);
                assertNotNull(second);
                assertNotNull(other);
                assertTrue(first.matches(second), method.name());
                assertNotEquals(true, first.matches(other), method.name());
                assertEquals(
                        method.name().startsWith("ECP") ? method.publicLength() / 2 : method.publicLength(),
                        first.length());
            }
        }
    }

    /** RFC 7296 section 3.4: secrets and public values keep their leading zeros. */
    @Test
    void modpKeepsLeadingZeros() throws Exception {
        ModpGroup group = ModpGroup.of(KeyExchangeMethod.MODP_2048);
        Random random = new Random(2631);
        int shortPublic = 0;
        int shortSecret = 0;
        BigInteger peer = group.generator().modPow(BigInteger.valueOf(0x1_0001), group.prime());
        for (int i = 0; i < 3000 && (shortPublic == 0 || shortSecret == 0); i++) {
            byte[] exponent = new byte[8];
            random.nextBytes(exponent);
            BigInteger x = new BigInteger(1, exponent);
            BigInteger expected = peer.modPow(x, group.prime());
            if (expected.bitLength() > 2040 && (shortPublic > 0 || i % 20 != 0)) {
                continue;
            }
            try (HostKeyExchange ours =
                            HostKeyExchange.ofExponent(KeyExchangeMethod.MODP_2048, Secret.copyOf(exponent));
                    Secret secret = ours.agree(group.encode(peer))) {
                assertNotNull(secret);
                assertEquals(256, secret.length());
                assertEquals(expected, secret.<BigInteger>lend(octets -> new BigInteger(1, octets)));
                assertEquals(256, ours.publicValue().length);
                shortSecret += expected.bitLength() <= 2040 ? 1 : 0;
                shortPublic += ours.publicValue()[0] == 0 ? 1 : 0;
            }
        }
        assertTrue(shortSecret > 0 && shortPublic > 0, shortSecret + " " + shortPublic);
    }

    @Test
    void modpPrimesAreTheStandards() {
        String[] ends = {
            "8AACAA68FFFFFFFFFFFFFFFF",
            "A93AD2CAFFFFFFFFFFFFFFFF",
            "34063199FFFFFFFFFFFFFFFF",
            "6DCC4024FFFFFFFFFFFFFFFF",
            "98EDD3DFFFFFFFFFFFFFFFFF"
        };
        KeyExchangeMethod[] methods = {
            KeyExchangeMethod.MODP_2048,
            KeyExchangeMethod.MODP_3072,
            KeyExchangeMethod.MODP_4096,
            KeyExchangeMethod.MODP_6144,
            KeyExchangeMethod.MODP_8192
        };
        // RFC 3526: 2^n - 2^(n-64) - 1 + 2^64 * (floor(2^(n-130) pi) + k)
        int[] k = {124476, 1690314, 240904, 929484, 4743158};
        BigInteger pi = pi(8192);
        for (int i = 0; i < methods.length; i++) {
            ModpGroup group = ModpGroup.of(methods[i]);
            int n = methods[i].publicLength() * 8;
            BigInteger expected = BigInteger.TWO
                    .pow(n)
                    .subtract(BigInteger.TWO.pow(n - 64))
                    .subtract(BigInteger.ONE)
                    .add(BigInteger.TWO
                            .pow(64)
                            .multiply(pi.shiftRight(8192 - (n - 130)).add(BigInteger.valueOf(k[i]))));
            assertEquals(expected, group.prime(), methods[i].name());
            assertTrue(group.prime()
                    .toString(16)
                    .toUpperCase(java.util.Locale.ROOT)
                    .endsWith(ends[i]));
            assertEquals(BigInteger.TWO, group.generator());
        }
    }

    /** floor(2^bits * pi) by Machin's formula. */
    private static BigInteger pi(int bits) {
        int guard = 64;
        BigInteger one = BigInteger.ONE.shiftLeft(bits + guard);
        return arctanOfInverse(5, one)
                .multiply(BigInteger.valueOf(16))
                .subtract(arctanOfInverse(239, one).multiply(BigInteger.valueOf(4)))
                .shiftRight(guard);
    }

    private static BigInteger arctanOfInverse(int x, BigInteger one) {
        BigInteger power = one.divide(BigInteger.valueOf(x));
        BigInteger square = BigInteger.valueOf((long) x * x);
        BigInteger sum = BigInteger.ZERO;
        for (int n = 1; power.signum() != 0; n += 2) {
            BigInteger term = power.divide(BigInteger.valueOf(n));
            sum = n % 4 == 1 ? sum.add(term) : sum.subtract(term);
            power = power.divide(square);
        }
        return sum;
    }

    @Test
    void modpPublicValuesOutOfRangeAreRefused() throws Exception {
        for (KeyExchangeMethod method : new KeyExchangeMethod[] {
            KeyExchangeMethod.MODP_2048,
            KeyExchangeMethod.MODP_3072,
            KeyExchangeMethod.MODP_4096,
            KeyExchangeMethod.MODP_6144,
            KeyExchangeMethod.MODP_8192
        }) {
            ModpGroup group = ModpGroup.of(method);
            BigInteger p = group.prime();
            try (HostKeyExchange ours = HostKeyExchange.generate(method, RANDOM)) {
                for (BigInteger y : new BigInteger[] {
                    BigInteger.ZERO, BigInteger.ONE, p.subtract(BigInteger.ONE), p, p.add(BigInteger.ONE)
                }) {
                    assertRefused(ours, group.encode(y));
                }
                assertRefused(ours, new byte[0]);
                assertRefused(ours, Arrays.copyOf(ours.publicValue(), group.length() - 1));
                assertRefused(ours, Arrays.copyOf(ours.publicValue(), group.length() + 1));
            }
        }
    }

    @Test
    void pointsOffTheCurveAreRefused() throws Exception {
        for (KeyExchangeMethod method :
                new KeyExchangeMethod[] {KeyExchangeMethod.ECP_256, KeyExchangeMethod.ECP_384, KeyExchangeMethod.ECP_521
                }) {
            EcpGroup group = EcpGroup.of(method);
            try (HostKeyExchange ours = HostKeyExchange.generate(method, RANDOM);
                    HostKeyExchange peer = HostKeyExchange.generate(method, RANDOM)) {
                byte[] good = peer.publicValue();
                for (int bit = 0; bit < good.length * 8; bit += 5) {
                    byte[] bad = good.clone();
                    bad[bit / 8] ^= (byte) (1 << bit % 8);
                    assertRefused(ours, bad);
                }
                assertRefused(ours, new byte[good.length]);
                assertRefused(ours, Arrays.copyOf(good, good.length - 1));
                byte[] unreduced = good.clone();
                byte[] prime = EcpGroup.fixedLength(group.prime(), group.fieldLength());
                System.arraycopy(prime, 0, unreduced, 0, prime.length);
                assertRefused(ours, unreduced);
            }
        }
    }

    /** RFC 7748 section 6: whatever agrees on zero is refused, in every spelling. */
    @Test
    void smallOrderIsRefused() throws Exception {
        String[] points25519 = {
            "00".repeat(32),
            "01" + "00".repeat(31),
            "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
            "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "00".repeat(31) + "80",
            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        };
        try (HostKeyExchange ours = HostKeyExchange.generate(KeyExchangeMethod.CURVE_25519, RANDOM)) {
            for (String point : points25519) {
                assertRefused(ours, hex(point));
            }
            assertRefused(ours, new byte[31]);
            assertRefused(ours, new byte[33]);
        }
        String[] points448 = {
            "00".repeat(56),
            "01" + "00".repeat(55),
            "fe" + "ff".repeat(27) + "fe" + "ff".repeat(27),
            "ff".repeat(28) + "fe" + "ff".repeat(27),
            "00".repeat(28) + "ff".repeat(28),
        };
        try (HostKeyExchange ours = HostKeyExchange.generate(KeyExchangeMethod.CURVE_448, RANDOM)) {
            for (String point : points448) {
                assertRefused(ours, hex(point));
            }
        }
    }

    @Test
    void aReleasedHalfAgreesOnNothing() throws Exception {
        for (KeyExchangeMethod method : KeyExchangeMethod.values()) {
            try (HostKeyExchange peer = HostKeyExchange.generate(method, RANDOM)) {
                HostKeyExchange ours = HostKeyExchange.generate(method, RANDOM);
                ours.close();
                ours.close();
                try (Secret none = ours.agree(peer.publicValue())) {
                    assertNull(none, method.name());
                }
            }
        }
    }

    private static void assertRefused(HostKeyExchange ours, byte[] peerValue) {
        assertThrows(
                RefusedPublicValue.class,
                () -> ours.agree(peerValue),
                HexFormat.of().formatHex(peerValue));
        // a token that would compute with it is protected by the same check
        assertThrows(RefusedPublicValue.class, () -> PublicValues.check(ours.method(), peerValue));
    }

    private static byte[] hex(String digits) {
        return HexFormat.of().parseHex(digits);
    }
}
