package dev.cardinal.ike.crypto;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cardinal.ike.wire.IkeHeader;
import dev.cardinal.ike.wire.IkeMessage;
import dev.cardinal.ike.wire.Payload;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class MessageProtectionTest {
    private static final IkeHeader HEADER =
            new IkeHeader(0x1122334455667788L, 0x99aabbccddeeff01L, 0, 2, 0, 35, IkeHeader.FLAG_INITIATOR, 1, 0);
    private static final int[] INNER_LENGTHS = {0, 1, 14, 15, 16, 17, 31, 32, 100, 1399, 20_000};

    private final SymmetricCrypto symmetric = new SymmetricCrypto();
    private final Random random = new Random(7296);
    private long openBefore;

    @BeforeEach
    void countSecrets() {
        openBefore = Secret.open();
    }

    @AfterEach
    void noSecretStaysOpen() {
        assertEquals(openBefore, Secret.open());
    }

    /** A pair of algorithms and the AES key length, 0 where there is none. */
    private record Suite(
            EncryptionAlgorithm encryption,
            int keyBits,
            @Nullable IntegrityAlgorithm integrity) {}

    private static List<Suite> suites() {
        List<Suite> suites = new ArrayList<>();
        for (EncryptionAlgorithm encryption : EncryptionAlgorithm.values()) {
            for (int bits : encryption.hasKeyLength() ? new int[] {128, 192, 256} : new int[] {0}) {
                switch (encryption.shape()) {
                    case NULL -> {}
                    case AEAD -> suites.add(new Suite(encryption, bits, null));
                    case CBC, CTR -> {
                        for (IntegrityAlgorithm integrity : IntegrityAlgorithm.values()) {
                            suites.add(new Suite(encryption, bits, integrity));
                        }
                    }
                }
            }
        }
        return suites;
    }

    private MessageProtection protection(Suite suite, long seed) {
        Random keys = new Random(seed);
        byte[] key = new byte[suite.encryption().keyMaterialLength(suite.keyBits())];
        keys.nextBytes(key);
        Secret integrityKey = null;
        IntegrityAlgorithm integrity = suite.integrity();
        if (integrity != null) {
            byte[] octets = new byte[integrity.keyLength()];
            keys.nextBytes(octets);
            integrityKey = Secret.owning(octets);
        }
        return new MessageProtection(
                symmetric, random::nextBytes, suite.encryption(), Secret.owning(key), integrity, integrityKey);
    }

    @Test
    void everySuiteCarriesEveryLength() throws IntegrityFailure {
        assertEquals(2 * 3 * 6 + 6 + 6 * 3 + 1, suites().size());
        for (Suite suite : suites()) {
            try (MessageProtection sender = protection(suite, 1);
                    MessageProtection receiver = protection(suite, 1)) {
                for (int length : INNER_LENGTHS) {
                    byte[] inner = new byte[length];
                    random.nextBytes(inner);
                    byte[] message = sender.protect(HEADER, 41, inner);
                    IkeMessage outer = outer(message);
                    assertEquals(message.length, ByteBuffer.wrap(message).getInt(24));
                    assertEquals(new Payload.Encrypted(41, new byte[0]).firstInner(), message[28]);
                    assertFalse(length >= 16 && contains(message, inner), suite + " leaves plaintext");
                    assertArrayEquals(inner, receiver.unprotect(message, outer), suite + " " + length);
                    // a retransmission is opened again, the sender's own loop may be the receiver's
                    assertArrayEquals(inner, receiver.unprotect(message, outer), suite + " again " + length);
                    assertArrayEquals(inner, sender.unprotect(message, outer), suite + " own " + length);
                }
            }
        }
    }

    @Test
    void everySuiteFillsFragmentsToTheirCapacity() throws IntegrityFailure {
        for (Suite suite : suites()) {
            try (MessageProtection sender = protection(suite, 2);
                    MessageProtection receiver = protection(suite, 2)) {
                for (int datagram : new int[] {576, 1280, 1281, 1295, 1400}) {
                    int capacity = sender.fragmentCapacity(datagram);
                    byte[] part = new byte[capacity];
                    random.nextBytes(part);
                    byte[] fragment = sender.protectFragment(HEADER, 35, 1, 3, part);
                    assertTrue(fragment.length <= datagram, suite + " overfull");
                    byte[] larger = sender.protectFragment(HEADER, 0, 2, 3, new byte[capacity + 1]);
                    assertTrue(larger.length > datagram, suite + " wastes room");
                    assertArrayEquals(part, receiver.unprotect(fragment, outer(fragment)), suite.toString());
                    assertEquals(1, ByteBuffer.wrap(fragment).getShort(32));
                    assertEquals(3, ByteBuffer.wrap(fragment).getShort(34));
                }
                assertTrue(sender.fragmentCapacity(40) < 1);
            }
        }
    }

    @Test
    void everyFlippedBitIsAnIntegrityFailure() {
        for (Suite suite : suites()) {
            try (MessageProtection sender = protection(suite, 3)) {
                byte[] inner = new byte[37];
                random.nextBytes(inner);
                byte[] message = sender.protect(HEADER, 35, inner);
                IkeMessage outer = outer(message);
                for (int bit = 0; bit < message.length * 8; bit++) {
                    byte[] flipped = message.clone();
                    flipped[bit / 8] ^= (byte) (1 << bit % 8);
                    assertThrows(IntegrityFailure.class, () -> sender.unprotect(flipped, outer), suite + " bit " + bit);
                }
            }
        }
    }

    @Test
    void everyLengthOfGarbageIsAnIntegrityFailure() {
        for (Suite suite : suites()) {
            try (MessageProtection receiver = protection(suite, 4)) {
                for (int length = 0; length < 120; length++) {
                    byte[] body = new byte[length];
                    random.nextBytes(body);
                    byte[] message = SymmetricCryptoTest.join(new byte[32], body);
                    IkeMessage outer = new IkeMessage(HEADER, List.of(new Payload.Encrypted(0, body)));
                    assertThrows(IntegrityFailure.class, () -> receiver.unprotect(message, outer), suite.toString());
                }
                IkeMessage none = new IkeMessage(HEADER, List.of());
                assertThrows(IntegrityFailure.class, () -> receiver.unprotect(new byte[100], none));
                IkeMessage open = new IkeMessage(HEADER, List.of(new Payload.Nonce(new byte[16])));
                assertThrows(IntegrityFailure.class, () -> receiver.unprotect(new byte[100], open));
            }
        }
    }

    /** RFC 7296 section 3.14: any content of the padding is accepted, a length beyond the payload is not. */
    @Test
    void paddingLengthMustFit() throws IntegrityFailure {
        Suite suite = new Suite(EncryptionAlgorithm.AES_GCM_16, 256, null);
        try (MessageProtection sender = protection(suite, 5)) {
            byte[] padded = sender.protect(HEADER, 35, new byte[] {1, 2, 3, 9, 9});
            byte[] inner = sender.unprotect(padded, outer(padded));
            assertArrayEquals(new byte[] {1, 2, 3, 9, 9}, inner);
            byte[] material = new byte[36];
            new Random(5).nextBytes(material);
            for (int claimed : new int[] {0, 2, 5, 6, 255}) {
                byte[] message = padded.clone();
                byte[] text = {1, 2, 3, 9, 9, (byte) claimed};
                int textOffset = message.length - 16 - text.length;
                System.arraycopy(text, 0, message, textOffset, text.length);
                message[textOffset - 1] = (byte) (77 + claimed); // an IV of its own
                new PayloadCipher(symmetric, suite.encryption()).encrypt(material, message, textOffset, text.length);
                if (claimed <= 5) {
                    assertArrayEquals(Arrays.copyOf(text, 5 - claimed), sender.unprotect(message, outer(message)));
                } else {
                    assertThrows(IntegrityFailure.class, () -> sender.unprotect(message, outer(message)));
                }
            }
        }
    }

    @Test
    void payloadsBeforeTheEncryptedOneAreAuthenticated() {
        Suite suite = new Suite(EncryptionAlgorithm.CHACHA20_POLY1305, 0, null);
        byte[] material = new byte[36];
        new Random(6).nextBytes(material);
        try (MessageProtection receiver = protection(suite, 6)) {
            byte[] nonce = SymmetricCryptoTest.join(new byte[] {46, 0, 0, 20}, new byte[16]);
            byte[] inner = {7, 8, 9};
            ByteBuffer out = ByteBuffer.allocate(28 + 20 + 4 + 8 + 4 + 16);
            out.putLong(1)
                    .putLong(2)
                    .put(new byte[] {40, 0x20, 35, 8})
                    .putInt(1)
                    .putInt(out.capacity());
            out.put(nonce).put(new byte[] {0, 0, 0, 32}).putLong(5).put(inner).put((byte) 0);
            byte[] message = out.array();
            new PayloadCipher(symmetric, suite.encryption()).encrypt(material, message, 60, 4);
            byte[] body = Arrays.copyOfRange(message, 52, message.length);
            IkeMessage outer =
                    new IkeMessage(HEADER, List.of(new Payload.Nonce(new byte[16]), new Payload.Encrypted(0, body)));
            assertArrayEquals(inner, assertOpens(receiver, message, outer));
            message[40] ^= 1;
            assertThrows(IntegrityFailure.class, () -> receiver.unprotect(message, outer));
        }
    }

    @Test
    void counterIvsNeverRepeat() {
        for (Suite suite : suites()) {
            try (MessageProtection sender = protection(suite, 7)) {
                Set<String> ivs = new HashSet<>();
                int length = suite.encryption().ivLength();
                for (int i = 0; i < 300; i++) {
                    byte[] message = i % 2 == 0
                            ? sender.protect(HEADER, 35, new byte[3])
                            : sender.protectFragment(HEADER, 35, 1, 2, new byte[3]);
                    int at = i % 2 == 0 ? 32 : 36;
                    assertTrue(ivs.add(HexFormat.of().formatHex(message, at, at + length)), suite.toString());
                }
            }
        }
    }

    @Test
    void oneDirectionDoesNotOpenTheOther() {
        for (Suite suite : suites()) {
            try (MessageProtection sender = protection(suite, 8);
                    MessageProtection other = protection(suite, 9)) {
                byte[] message = sender.protect(HEADER, 35, new byte[40]);
                assertThrows(IntegrityFailure.class, () -> other.unprotect(message, outer(message)));
            }
        }
    }

    /** RFC 7634 appendix B: one whole message under ChaCha20-Poly1305, here with the IV 1011121314151617. */
    @Test
    void messageOfRfc7634() throws IntegrityFailure {
        byte[] message = SymmetricCryptoTest.hex("c0c1c2c3c4c5c6c7d0d1d2d3d4d5d6d72e202500000000090000004529000029"
                + "1011121314151617610394701f8d017f7c12924889"
                + "6b71bfe25236efd7cdc67066906315b2");
        Secret key = Secret.owning(
                SymmetricCryptoTest.hex("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9fa0a1a2a3"));
        try (MessageProtection receiver = new MessageProtection(
                symmetric, random::nextBytes, EncryptionAlgorithm.CHACHA20_POLY1305, key, null, null)) {
            assertArrayEquals(
                    SymmetricCryptoTest.hex("0000000c000040010000000a"), receiver.unprotect(message, outer(message)));
        }
    }

    @Test
    void keysThatDoNotFitAreRefused() {
        assertRefused(EncryptionAlgorithm.NULL, 0, IntegrityAlgorithm.HMAC_SHA2_256_128, 32);
        assertRefused(EncryptionAlgorithm.AES_CBC, 17, IntegrityAlgorithm.HMAC_SHA2_256_128, 32);
        assertRefused(EncryptionAlgorithm.AES_CBC, 16, IntegrityAlgorithm.HMAC_SHA2_256_128, 31);
        assertRefused(EncryptionAlgorithm.AES_CBC, 16, null, 0);
        assertRefused(EncryptionAlgorithm.AES_GCM_16, 36, IntegrityAlgorithm.HMAC_SHA2_256_128, 32);
        assertRefused(EncryptionAlgorithm.AES_GCM_16, 32, null, 0);
        assertRefused(EncryptionAlgorithm.CHACHA20_POLY1305, 32, null, 0);
    }

    private void assertRefused(
            EncryptionAlgorithm encryption, int keyLength, @Nullable IntegrityAlgorithm integrity, int macKey) {
        try (Secret key = Secret.owning(new byte[keyLength]);
                Secret integrityKey = Secret.owning(new byte[macKey])) {
            assertThrows(
                    IllegalArgumentException.class,
                    () -> new MessageProtection(
                            symmetric,
                            random::nextBytes,
                            encryption,
                            key,
                            integrity,
                            integrity == null ? null : integrityKey));
        }
    }

    @Test
    void sameMessageTwiceLooksDifferent() {
        for (Suite suite : suites()) {
            try (MessageProtection sender = protection(suite, 10)) {
                assertNotEquals(
                        HexFormat.of().formatHex(sender.protect(HEADER, 35, new byte[40])),
                        HexFormat.of().formatHex(sender.protect(HEADER, 35, new byte[40])));
            }
        }
    }

    private static byte[] assertOpens(MessageProtection receiver, byte[] message, IkeMessage outer) {
        try {
            return receiver.unprotect(message, outer);
        } catch (IntegrityFailure e) {
            throw new AssertionError(e);
        }
    }

    /** The message as the codec would see it, where the encrypted payload stands alone. */
    private static IkeMessage outer(byte[] message) {
        boolean fragment = message[16] == 53;
        byte[] body = Arrays.copyOfRange(message, fragment ? 36 : 32, message.length);
        Payload payload = fragment
                ? new Payload.EncryptedFragment(message[28], 1, 1, body)
                : new Payload.Encrypted(message[28], body);
        return new IkeMessage(HEADER, List.of(payload));
    }

    private static boolean contains(byte[] haystack, byte[] needle) {
        for (int at = 0; at + needle.length <= haystack.length; at++) {
            if (Arrays.equals(haystack, at, at + needle.length, needle, 0, needle.length)) {
                return true;
            }
        }
        return false;
    }
}
