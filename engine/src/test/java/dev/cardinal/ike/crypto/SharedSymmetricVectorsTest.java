package dev.cardinal.ike.crypto;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cardinal.ike.vectors.Json;
import dev.cardinal.ike.vectors.SharedVectors;
import dev.cardinal.ike.wire.IkeMessage;
import dev.cardinal.ike.wire.MalformedMessage;
import dev.cardinal.ike.wire.MessageCodec;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** All published values at hand for the symmetric work; the small set that is always run is in the tests of the classes. */
class SharedSymmetricVectorsTest {
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

    private static List<Json> tests(String file) {
        return SharedVectors.file(file)
                .map(path -> Json.read(path).get("tests").elements())
                .orElse(List.of());
    }

    private static void report(String what, int count) {
        System.out.println("shared vectors: " + count + " of " + what);
    }

    private void assertPrf(PseudorandomFunction prf, byte[] key, byte[] data, byte[] expected) {
        try (Secret secret = Secret.copyOf(key)) {
            byte[] found = symmetric.prfPublic(prf, secret, data);
            assertArrayEquals(expected, Arrays.copyOf(found, expected.length), prf.name());
        }
    }

    /** SHA-224, which is no transform of IKE, is left out: 220 of the 280. */
    @Test
    void nistKeySchedules() {
        int count = 0;
        for (Json test : tests("kdf/nist-cavp-ikev2.json")) {
            PseudorandomFunction prf = switch (test.get("hash").text()) {
                case "SHA-1" -> PseudorandomFunction.HMAC_SHA1;
                case "SHA-256" -> PseudorandomFunction.HMAC_SHA2_256;
                case "SHA-384" -> PseudorandomFunction.HMAC_SHA2_384;
                case "SHA-512" -> PseudorandomFunction.HMAC_SHA2_512;
                default -> null;
            };
            if (prf != null) {
                assertKeySchedule(prf, test);
                count++;
            }
        }
        assertTrue(count == 0 || count == 220, "" + count);
        report("NIST SP 800-135 IKEv2", count);
    }

    private void assertKeySchedule(PseudorandomFunction prf, Json test) {
        byte[] ni = test.get("ni").bytes();
        byte[] nr = test.get("nr").bytes();
        byte[] dkm = test.get("dkm").bytes();
        byte[] nonces = SymmetricCryptoTest.join(ni, nr);
        byte[] spis = SymmetricCryptoTest.join(
                test.get("spiI").bytes(), test.get("spiR").bytes());
        byte[] child = test.get("dkmChild").bytes();
        byte[] childDh = test.get("dkmChildDh").bytes();
        try (Secret gir = Secret.owning(test.get("gir").bytes());
                Secret girNew = Secret.owning(test.get("girNew").bytes());
                Secret skeyseed = symmetric.derive(new SecretDerivation.Skeyseed(prf, ni, nr), gir);
                Secret keys = symmetric.prfPlus(prf, skeyseed, SymmetricCryptoTest.join(nonces, spis), dkm.length);
                Secret skD = keys.slice(0, prf.length());
                Secret material = symmetric.prfPlus(prf, skD, nonces, child.length);
                Secret materialDh = symmetric.derive(
                        new SecretDerivation.ChildKeyMaterial(prf, skD, ni, nr, childDh.length), girNew);
                Secret rekeyed = symmetric.derive(new SecretDerivation.RekeyedSkeyseed(prf, skD, ni, nr), girNew)) {
            assertEquals(test.get("skeyseed").text(), hex(skeyseed));
            assertEquals(test.get("dkm").text(), hex(keys));
            assertEquals(test.get("dkmChild").text(), hex(material));
            assertEquals(test.get("dkmChildDh").text(), hex(materialDh));
            assertEquals(test.get("skeyseedRekey").text(), hex(rekeyed));
        }
    }

    private static String hex(Secret secret) {
        return secret.<String>lend(HexFormat.of()::formatHex);
    }

    @Test
    void rfcMacs() {
        int count = 0;
        for (Json test : tests("rfc/rfc2202-hmac-md5-sha1.json")) {
            if (test.get("alg").text().equals("sha1")) {
                assertPrf(
                        PseudorandomFunction.HMAC_SHA1,
                        test.get("key").bytes(),
                        test.get("data").bytes(),
                        test.get("digest").bytes());
                count++;
            }
        }
        for (Json test : tests("rfc/rfc4231-hmac-sha2.json")) {
            for (PseudorandomFunction prf : List.of(
                    PseudorandomFunction.HMAC_SHA2_256,
                    PseudorandomFunction.HMAC_SHA2_384,
                    PseudorandomFunction.HMAC_SHA2_512)) {
                String name = "hmacSha" + prf.length() * 8;
                assertPrf(
                        prf,
                        test.get("key").bytes(),
                        test.get("data").bytes(),
                        test.get(name).bytes());
                count++;
            }
        }
        for (Json test : tests("rfc/rfc4434-aes-xcbc-prf-128.json")) {
            assertPrf(
                    PseudorandomFunction.AES128_XCBC,
                    test.get("key").bytes(),
                    test.get("msg").bytes(),
                    test.get("out").bytes());
            count++;
        }
        for (Json test : tests("rfc/rfc3566-aes-xcbc-mac-96.json")) {
            assertPrf(
                    PseudorandomFunction.AES128_XCBC,
                    test.get("key").bytes(),
                    test.get("msg").bytes(),
                    test.get("mac").bytes());
            count++;
        }
        for (Json test : tests("rfc/rfc4615-aes-cmac-prf-128.json")) {
            assertPrf(
                    PseudorandomFunction.AES128_CMAC,
                    test.get("key").bytes(),
                    test.get("msg").bytes(),
                    test.get("out").bytes());
            count++;
        }
        for (Json test : tests("rfc/rfc4868-hmac-sha2-icv.json")) {
            byte[] full = test.get("full").bytes();
            PseudorandomFunction prf = switch (full.length) {
                case 32 -> PseudorandomFunction.HMAC_SHA2_256;
                case 48 -> PseudorandomFunction.HMAC_SHA2_384;
                default -> PseudorandomFunction.HMAC_SHA2_512;
            };
            IntegrityAlgorithm integrity = Arrays.stream(IntegrityAlgorithm.values())
                    .filter(algorithm -> algorithm.macName().equals(prf.macName()))
                    .findFirst()
                    .orElseThrow();
            assertEquals(test.get("truncatedBits").number(), integrity.icvLength() * 8);
            assertPrf(prf, test.get("key").bytes(), test.get("data").bytes(), full);
            count++;
        }
        report("MACs and PRFs printed in RFCs", count);
    }

    @Test
    void wycheproofMacs() {
        int count = wycheproof("crypto/wycheproof-hmac_sha1_test.json.gz", PseudorandomFunction.HMAC_SHA1)
                + wycheproof("crypto/wycheproof-hmac_sha256_test.json.gz", PseudorandomFunction.HMAC_SHA2_256)
                + wycheproof("crypto/wycheproof-aes_cmac_test.json.gz", PseudorandomFunction.AES128_CMAC);
        report("Wycheproof MACs", count);
    }

    private int wycheproof(String file, PseudorandomFunction prf) {
        int count = 0;
        for (Json group : SharedVectors.file(file)
                .map(path -> Json.read(path).get("testGroups").elements())
                .orElse(List.of())) {
            for (Json test : group.get("tests").elements()) {
                byte[] key = test.get("key").bytes();
                byte[] tag = test.get("tag").bytes();
                if (prf == PseudorandomFunction.AES128_CMAC && key.length != 16) {
                    continue; // as a PRF's key it would be hashed first (RFC 4615 section 3)
                }
                try (Secret secret = Secret.copyOf(key)) {
                    byte[] found =
                            symmetric.prfPublic(prf, secret, test.get("msg").bytes());
                    boolean matches = tag.length > 0
                            && tag.length <= found.length
                            && Arrays.equals(tag, Arrays.copyOf(found, tag.length));
                    assertEquals(
                            test.get("result").text().equals("valid"),
                            matches && tag.length == group.get("tagSize").number() / 8,
                            file + " " + test.get("tcId"));
                }
                count++;
            }
        }
        return count;
    }

    @Test
    void algorithmIdentifiers() {
        int count = 0;
        for (Json test : tests("rfc/rfc7427-algorithm-identifiers.json")) {
            byte[] der = test.get("algorithmIdentifierDer").bytes();
            SignatureScheme found = SignatureScheme.ofAlgorithmIdentifier(der);
            switch (test.get("name").text().toLowerCase(Locale.ROOT)) {
                case "sha1withrsaencryption" -> assertEquals(SignatureScheme.RSA_PKCS1_SHA1, found);
                case "sha256withrsaencryption" -> assertEquals(SignatureScheme.RSA_PKCS1_SHA256, found);
                case "sha384withrsaencryption" -> assertEquals(SignatureScheme.RSA_PKCS1_SHA384, found);
                case "sha512withrsaencryption" -> assertEquals(SignatureScheme.RSA_PKCS1_SHA512, found);
                case "ecdsa-with-sha256" -> assertEquals(SignatureScheme.ECDSA_SHA256, found);
                case "ecdsa-with-sha384" -> assertEquals(SignatureScheme.ECDSA_SHA384, found);
                case "ecdsa-with-sha512" -> assertEquals(SignatureScheme.ECDSA_SHA512, found);
                case "rsassa-pss with sha-256" -> assertEquals(SignatureScheme.RSA_PSS_SHA256, found);
                default -> assertNull(found, test.get("name").text());
            }
            count++;
        }
        report("AlgorithmIdentifiers of RFC 7427", count);
    }

    /** AES-CTR and AES-CBC of RFC 3686 and RFC 3602, as a payload's cipher. */
    @Test
    void rfcCiphers() {
        int count = 0;
        for (Json test : tests("rfc/rfc3602-aes-cbc.json")) {
            assertCipher(EncryptionAlgorithm.AES_CBC, test, new byte[0]);
            count++;
        }
        for (Json test : tests("rfc/rfc3686-aes-ctr.json")) {
            assertCipher(EncryptionAlgorithm.AES_CTR, test, test.get("nonce").bytes());
            count++;
        }
        report("ciphers printed in RFCs", count);
    }

    private void assertCipher(EncryptionAlgorithm algorithm, Json test, byte[] salt) {
        byte[] material = SymmetricCryptoTest.join(test.get("key").bytes(), salt);
        byte[] iv = test.get("iv").bytes();
        byte[] plaintext = test.get("plaintext").bytes();
        byte[] message = SymmetricCryptoTest.join(iv, plaintext);
        PayloadCipher cipher = new PayloadCipher(symmetric, algorithm);
        cipher.encrypt(material, message, iv.length, plaintext.length);
        assertArrayEquals(test.get("ciphertext").bytes(), Arrays.copyOfRange(message, iv.length, message.length));
        assertTrue(cipher.decrypt(material, message, iv.length, plaintext.length));
        assertArrayEquals(plaintext, Arrays.copyOfRange(message, iv.length, message.length));
    }

    /** Nonces of 96 bits split into salt and IV, which is how a payload's AEAD makes them. */
    @Test
    void wycheproofAeads() {
        int count = aead("crypto/wycheproof-aes_gcm_test.json.gz", EncryptionAlgorithm.AES_GCM_16)
                + aead("crypto/wycheproof-chacha20_poly1305_test.json.gz", EncryptionAlgorithm.CHACHA20_POLY1305);
        report("Wycheproof AEADs with nonces of 96 bits and whole tags", count);
    }

    private int aead(String file, EncryptionAlgorithm algorithm) {
        int count = 0;
        PayloadCipher cipher = new PayloadCipher(symmetric, algorithm);
        for (Json group : SharedVectors.file(file)
                .map(path -> Json.read(path).get("testGroups").elements())
                .orElse(List.of())) {
            if (group.get("ivSize").number() != 96 || group.get("tagSize").number() != 128) {
                continue;
            }
            for (Json test : group.get("tests").elements()) {
                byte[] iv = test.get("iv").bytes();
                byte[] aad = test.get("aad").bytes();
                byte[] ciphertext = test.get("ct").bytes();
                byte[] material = SymmetricCryptoTest.join(test.get("key").bytes(), Arrays.copyOf(iv, 4));
                byte[] message = SymmetricCryptoTest.join(
                        aad,
                        Arrays.copyOfRange(iv, 4, 12),
                        ciphertext,
                        test.get("tag").bytes());
                boolean opened = cipher.decrypt(material, message, aad.length + 8, ciphertext.length);
                assertEquals(test.get("result").text().equals("valid"), opened, file + " " + test.get("tcId"));
                if (opened) {
                    assertArrayEquals(
                            test.get("msg").bytes(),
                            Arrays.copyOfRange(message, aad.length + 8, aad.length + 8 + ciphertext.length));
                }
                count++;
            }
        }
        return count;
    }

    /** Openswan's recorded messages carry their keys. */
    @Test
    void recordedMessages() throws Exception {
        int count = 0;
        for (Json message : SharedVectors.file("messages/openswan-messages.json")
                .map(path -> Json.read(path).get("messages").elements())
                .orElse(List.of())) {
            Optional<Json> decrypt = message.find("decrypt");
            if (decrypt.isEmpty() || message.get("version").number() != 2) {
                continue;
            }
            Json keys = decrypt.get();
            if (keys.get("encryption").text().startsWith("3DES")) {
                continue; // not spoken here
            }
            IntegrityAlgorithm integrity = keys.get("integrity").text().contains("SHA1 ")
                    ? IntegrityAlgorithm.HMAC_SHA1_96
                    : IntegrityAlgorithm.HMAC_SHA2_256_128;
            try (MessageProtection protection = protection(
                    EncryptionAlgorithm.AES_CBC,
                    keys.get("skE").bytes(),
                    integrity,
                    keys.get("skA").bytes())) {
                assertOpens(
                        protection,
                        message.get("hex").bytes(),
                        keys.get("plaintext").bytes());
                count++;
            }
        }
        report("recorded messages of Openswan", count);
    }

    @Test
    void recordedPskExchange() throws Exception {
        Optional<Json> file =
                SharedVectors.file("messages/aosp-ikev2-psk-exchange.json").map(Json::read);
        if (file.isPresent()) {
            Json exchange = file.get();
            byte[] ni = exchange.get("ni").bytes();
            byte[] nr = exchange.get("nr").bytes();
            PseudorandomFunction prf = PseudorandomFunction.HMAC_SHA1;
            try (Secret gir = Secret.owning(exchange.get("gir").bytes());
                    Secret skeyseed = symmetric.derive(new SecretDerivation.Skeyseed(prf, ni, nr), gir);
                    MessageProtection protection = protection(
                            EncryptionAlgorithm.AES_CBC,
                            exchange.get("skEi").bytes(),
                            IntegrityAlgorithm.HMAC_SHA1_96,
                            exchange.get("skAi").bytes());
                    Secret psk = Secret.owning(exchange.get("psk").bytes());
                    Secret pad = symmetric.prf(prf, psk, "Key Pad for IKEv2".getBytes(StandardCharsets.US_ASCII));
                    Secret skPi = Secret.owning(exchange.get("skPi").bytes())) {
                assertEquals(exchange.get("skeyseed").text(), hex(skeyseed));
                assertOpens(
                        protection,
                        exchange.get("ikeAuthRequest").bytes(),
                        exchange.get("ikeAuthPlaintext").bytes());
                // RFC 7296 section 2.15
                assertEquals(
                        exchange.get("authInitiator").text(),
                        HexFormat.of()
                                .formatHex(symmetric.prfPublic(
                                        prf,
                                        pad,
                                        exchange.get("ikeSaInitRequest").bytes(),
                                        nr,
                                        symmetric.prfPublic(
                                                prf,
                                                skPi,
                                                exchange.get("idInitiatorBody").bytes()))));
            }
        }
        report("recorded exchanges with a pre-shared key", file.isPresent() ? 1 : 0);
    }

    @Test
    void capturedMessages() throws Exception {
        int count = 0;
        Optional<Json> keys = SharedVectors.file("pcap/keys.json").map(Json::read);
        for (String name : List.of(
                "wireshark-ikev2-decrypt-aes128ccm12.pcap",
                "wireshark-ikev2-decrypt-aes256cbc.pcapng",
                "wireshark-ikev2-decrypt-aes256gcm8.pcap")) {
            if (keys.isEmpty()) {
                break;
            }
            Json capture = keys.get().get(name);
            EncryptionAlgorithm encryption = name.contains("ccm12")
                    ? EncryptionAlgorithm.AES_CCM_12
                    : name.contains("gcm8") ? EncryptionAlgorithm.AES_GCM_8 : EncryptionAlgorithm.AES_CBC;
            IntegrityAlgorithm integrity = encryption.isAead() ? null : IntegrityAlgorithm.HMAC_SHA2_256_128;
            List<byte[]> packets =
                    CapturedMessages.ike(SharedVectors.file("pcap/" + name).orElseThrow());
            for (Json message : capture.get("messages").elements()) {
                boolean initiator = message.get("initiator").truth();
                try (MessageProtection protection = protection(
                        encryption,
                        capture.get(initiator ? "skEi" : "skEr").bytes(),
                        integrity,
                        integrity == null
                                ? new byte[0]
                                : capture.get(initiator ? "skAi" : "skAr").bytes())) {
                    byte[] datagram = packets.get(message.get("packet").number());
                    byte[] expected = message.get("plaintext").bytes();
                    assertOpens(protection, datagram, expected);
                    count++;
                }
            }
        }
        report("captured encrypted messages", count);
    }

    private MessageProtection protection(
            EncryptionAlgorithm encryption, byte[] key, @Nullable IntegrityAlgorithm integrity, byte[] macKey) {
        return new MessageProtection(
                symmetric,
                target -> Arrays.fill(target, (byte) 0),
                encryption,
                Secret.owning(key),
                integrity,
                integrity == null ? null : Secret.owning(Arrays.copyOf(macKey, integrity.keyLength())));
    }

    private static void assertOpens(MessageProtection protection, byte[] datagram, byte[] expected)
            throws MalformedMessage, IntegrityFailure {
        IkeMessage outer = MessageCodec.decode(datagram);
        byte[] inner = protection.unprotect(datagram, outer);
        // some published plaintexts hold the padding and its length too
        assertArrayEquals(Arrays.copyOf(expected, inner.length), inner);
        int rest = expected.length - inner.length;
        assertTrue(rest == 0 || (expected[expected.length - 1] & 0xff) == rest - 1, "rest of " + rest);
        byte[] flipped = datagram.clone();
        flipped[datagram.length / 2] ^= 1;
        assertThrows(IntegrityFailure.class, () -> protection.unprotect(flipped, outer));
    }
}
