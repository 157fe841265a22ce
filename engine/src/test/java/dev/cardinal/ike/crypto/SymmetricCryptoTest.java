package dev.cardinal.ike.crypto;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class SymmetricCryptoTest {
    private final SymmetricCrypto symmetric = new SymmetricCrypto();
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
    void hmacSha1OfRfc2202Case2() {
        assertPrf(
                PseudorandomFunction.HMAC_SHA1,
                text("Jefe"),
                text("what do ya want for nothing?"),
                "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
    }

    @Test
    void hmacSha2OfRfc4231Case1() {
        byte[] key = repeated(0x0b, 20);
        byte[] data = text("Hi There");
        assertPrf(
                PseudorandomFunction.HMAC_SHA2_256,
                key,
                data,
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
        assertPrf(
                PseudorandomFunction.HMAC_SHA2_384,
                key,
                data,
                "afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59cfaea9ea9076ede7f4af152e8b2fa9cb6");
        assertPrf(
                PseudorandomFunction.HMAC_SHA2_512,
                key,
                data,
                "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cde"
                        + "daa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854");
    }

    @Test
    void hmacSha256OfRfc4231Case6HasAKeyLongerThanTheBlock() {
        assertPrf(
                PseudorandomFunction.HMAC_SHA2_256,
                repeated(0xaa, 131),
                text("Test Using Larger Than Block-Size Key - Hash Key First"),
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    }

    @Test
    void anEmptyKeyIsAKey() {
        // FIPS 198-1 with key and text empty
        assertPrf(
                PseudorandomFunction.HMAC_SHA2_256,
                new byte[0],
                new byte[0],
                "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
    }

    @Test
    void aesXcbcPrfOfRfc4434TakesKeysOfAnyLength() {
        byte[] message = counting(20);
        assertPrf(PseudorandomFunction.AES128_XCBC, counting(16), message, "47f51b4564966215b8985c63055ed308");
        assertPrf(PseudorandomFunction.AES128_XCBC, counting(10), message, "0fa087af7d866e7653434e602fdde835");
        assertPrf(
                PseudorandomFunction.AES128_XCBC,
                hex("000102030405060708090a0b0c0d0e0fedcb"),
                message,
                "8cd3c93ae598a9803006ffb67c40e9e4");
    }

    @Test
    void aesXcbcOfRfc3566AtTheBlockBoundaries() {
        assertPrf(PseudorandomFunction.AES128_XCBC, counting(16), counting(0), "75f0251d528ac01c4573dfd584d79f29");
        assertPrf(PseudorandomFunction.AES128_XCBC, counting(16), counting(3), "5b376580ae2f19afe7219ceef172756f");
        assertPrf(PseudorandomFunction.AES128_XCBC, counting(16), counting(16), "d2a246fa349b68a79998a4394ff7a263");
        assertPrf(PseudorandomFunction.AES128_XCBC, counting(16), counting(32), "f54f0ec8d2b9f3d36807734bd5283fd4");
    }

    @Test
    void aesCmacPrfOfRfc4615TakesKeysOfAnyLength() {
        byte[] message = counting(20);
        assertPrf(PseudorandomFunction.AES128_CMAC, counting(16), message, "980ae87b5f4c9c5214f5b6a8455e4c2d");
        assertPrf(PseudorandomFunction.AES128_CMAC, counting(10), message, "290d9e112edb09ee141fcf64c0b72f3d");
        assertPrf(
                PseudorandomFunction.AES128_CMAC,
                hex("000102030405060708090a0b0c0d0e0fedcb"),
                message,
                "84a348a4a45d235babfffc0d2b4da09a");
    }

    @Test
    void aesCmacOfRfc4493() {
        byte[] key = hex("2b7e151628aed2a6abf7158809cf4f3c");
        assertPrf(PseudorandomFunction.AES128_CMAC, key, new byte[0], "bb1d6929e95937287fa37d129b756746");
        assertPrf(
                PseudorandomFunction.AES128_CMAC,
                key,
                hex("6bc1bee22e409f96e93d7e117393172a"),
                "070a16b46b4d4144f79bdd9dd04a287c");
    }

    @Test
    void partsCountAsTheirConcatenation() {
        byte[] message = counting(200);
        for (PseudorandomFunction prf : PseudorandomFunction.values()) {
            try (Secret key = Secret.copyOf(counting(prf.length()))) {
                byte[] whole = symmetric.prfPublic(prf, key, message);
                assertEquals(prf.length(), whole.length, prf.name());
                for (int cut = 0; cut <= message.length; cut += 7) {
                    assertArrayEquals(
                            whole,
                            symmetric.prfPublic(
                                    prf,
                                    key,
                                    Arrays.copyOf(message, cut),
                                    Arrays.copyOfRange(message, cut, message.length)),
                            prf + " cut at " + cut);
                }
            }
        }
    }

    /** NIST SP 800-135 component validation, IKEv2, SHA-256, 185-bit secret, count 0. */
    @Test
    void keyScheduleOfNistSp800135() {
        byte[] ni = hex("3436def54b63cf59");
        byte[] nr = hex("7d780f1cb163f786");
        PseudorandomFunction prf = PseudorandomFunction.HMAC_SHA2_256;
        byte[] dkm =
                hex("d67f925f011537bcf22eb14772f8136b2aec47d2515b5ce6b197d472b0a73ea6cf586ce6d1de65083ce8e0be26edeb"
                        + "0191c06affa6fe8d4d4f37ab08d756248f5fb95c948fd0380efa499b84e0d6fee51c8a37e54ae54c31339a941e2d9470"
                        + "b7224d95499658899b2e3555de1f934636224c5861a92ba63f262ff90bcbae43022d579945");
        try (Secret gir = Secret.owning(hex("0097c211229dd1724f153abc85a6156dc9cda148e005bbda"));
                Secret girNew = Secret.owning(hex("016deb1a4f107074a227c221858caff5201c2d9c4832f583"));
                Secret skeyseed = symmetric.derive(new SecretDerivation.Skeyseed(prf, ni, nr), gir);
                Secret keys = symmetric.prfPlus(
                        prf, skeyseed, join(ni, nr, hex("eadfb5f67ef1c53e"), hex("65a7ffb95df81c50")), dkm.length);
                Secret skD = keys.slice(0, prf.length());
                Secret rekeyed = symmetric.derive(new SecretDerivation.RekeyedSkeyseed(prf, skD, ni, nr), girNew);
                Secret child = symmetric.derive(new SecretDerivation.ChildKeyMaterial(prf, skD, ni, nr, 32), girNew)) {
            assertSecret("701d307aa28374c129e113a4984657337f0fed89f7643f3d92468ea34bac7f16", skeyseed);
            assertSecret(HexFormat.of().formatHex(dkm), keys);
            assertSecret("3021defeb07e47ec026be0e757f7067a5675562396474468d7efcd6b1f66977b", rekeyed);
            assertSecret("0d22aa501b4939b6492c38039578e6258d3c84c57b73e37c3108bad9f424f584", child);
        }
    }

    /** RFC 7296 section 2.14: eight octets of each nonce where the PRF takes a key of fixed length. */
    @Test
    void skeyseedOfAesPrfsTakesHalfTheKeyFromEachNonce() {
        byte[] ni = counting(32);
        byte[] nr = repeated(0x77, 16);
        byte[] key = join(Arrays.copyOf(ni, 8), Arrays.copyOf(nr, 8));
        for (PseudorandomFunction prf :
                new PseudorandomFunction[] {PseudorandomFunction.AES128_XCBC, PseudorandomFunction.AES128_CMAC}) {
            try (Secret gir = Secret.copyOf(counting(32));
                    Secret expectedKey = Secret.copyOf(key);
                    Secret expected = symmetric.prf(prf, expectedKey, counting(32));
                    Secret skeyseed = symmetric.derive(new SecretDerivation.Skeyseed(prf, ni, nr), gir)) {
                assertEquals(true, expected.matches(skeyseed), prf.name());
            }
        }
    }

    @Test
    void prfPlusChainsItsBlocksAndEndsAt255() {
        for (PseudorandomFunction prf : PseudorandomFunction.values()) {
            byte[] seed = counting(40);
            int length = prf.length();
            try (Secret key = Secret.copyOf(counting(length));
                    Secret all = symmetric.prfPlus(prf, key, seed, 255 * length)) {
                byte[] previous = new byte[0];
                for (int n = 1; n <= 255; n++) {
                    byte[] block = symmetric.prfPublic(prf, key, previous, seed, new byte[] {(byte) n});
                    try (Secret expected = Secret.copyOf(block);
                            Secret found = all.slice((n - 1) * length, length)) {
                        assertEquals(true, expected.matches(found), prf + " block " + n);
                    }
                    previous = block;
                }
                assertThrows(IllegalArgumentException.class, () -> symmetric.prfPlus(prf, key, seed, 255 * length + 1));
            }
        }
    }

    @Test
    void hashes() {
        assertArrayEquals(hex("a9993e364706816aba3e25717850c26c9cd0d89d"), symmetric.sha1(text("a"), text("bc")));
        assertArrayEquals(
                hex("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"), symmetric.sha256(text("abc")));
    }

    private void assertPrf(PseudorandomFunction prf, byte[] key, byte[] data, String expected) {
        try (Secret secret = Secret.copyOf(key);
                Secret value = symmetric.prf(prf, secret, data)) {
            assertSecret(expected, value);
            assertArrayEquals(hex(expected), symmetric.prfPublic(prf, secret, data));
        }
    }

    private static void assertSecret(String expected, Secret value) {
        assertEquals(expected, value.<String>lend(HexFormat.of()::formatHex));
    }

    static byte[] hex(String digits) {
        return HexFormat.of().parseHex(digits);
    }

    static byte[] text(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    static byte[] repeated(int octet, int length) {
        byte[] octets = new byte[length];
        Arrays.fill(octets, (byte) octet);
        return octets;
    }

    static byte[] counting(int length) {
        byte[] octets = new byte[length];
        for (int i = 0; i < length; i++) {
            octets[i] = (byte) i;
        }
        return octets;
    }

    static byte[] join(byte[]... parts) {
        byte[] whole = new byte[0];
        for (byte[] part : parts) {
            int at = whole.length;
            whole = Arrays.copyOf(whole, at + part.length);
            System.arraycopy(part, 0, whole, at, part.length);
        }
        return whole;
    }
}
