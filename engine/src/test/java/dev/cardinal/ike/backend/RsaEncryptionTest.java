package dev.cardinal.ike.backend;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cardinal.ike.crypto.CryptoOutcome;
import dev.cardinal.ike.crypto.CryptoOutcome.Failed;
import dev.cardinal.ike.crypto.CryptoRequest;
import dev.cardinal.ike.crypto.RandomSource;
import dev.cardinal.ike.crypto.Secret;
import dev.cardinal.ike.crypto.Urgency;
import java.security.KeyPair;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import javax.crypto.Cipher;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** PKCS #1 v1.5 encryption, and that nobody learns what was no block of it. */
class RsaEncryptionTest {
    private static final KeyPair PAIR = TestCertificate.keys("RSA-2048", "decrypter");
    private static final int BLOCK = 256;

    private final Random random = new Random(11);
    private final RsaEncryption encryption = new RsaEncryption(random::nextBytes);
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
    void everyLengthComesBack() throws Exception {
        for (int length = 0; length <= BLOCK - RsaEncryption.OVERHEAD; length += length < 4 || length > 240 ? 1 : 13) {
            byte[] plaintext = new byte[length];
            random.nextBytes(plaintext);
            byte[] ciphertext = RsaEncryption.encrypt(PAIR.getPublic(), plaintext);
            assertEquals(BLOCK, ciphertext.length);
            assertArrayEquals(plaintext, encryption.decrypt(PAIR.getPrivate(), ciphertext));
        }
        assertThrows(
                java.security.GeneralSecurityException.class,
                () -> RsaEncryption.encrypt(PAIR.getPublic(), new byte[BLOCK - RsaEncryption.OVERHEAD + 1]));
    }

    /** Blocks that are none, each in one way alone. */
    private List<byte[]> badBlocks() {
        List<byte[]> bad = new ArrayList<>();
        for (int[] change : new int[][] {{0, 1}, {1, 1}, {1, 0}, {1, 3}, {1, 0x82}, {2, 0}, {5, 0}, {9, 0}}) {
            byte[] block = block(100);
            block[change[0]] = (byte) change[1];
            bad.add(block);
        }
        byte[] endless = block(100);
        endless[BLOCK - 101] = 1;
        Arrays.fill(endless, BLOCK - 100, BLOCK, (byte) 7);
        bad.add(endless);
        return bad;
    }

    /** A right block whose message is so long. */
    private byte[] block(int length) {
        byte[] block = new byte[BLOCK];
        random.nextBytes(block);
        for (int i = 2; i < BLOCK; i++) {
            if (block[i] == 0) {
                block[i] = 1;
            }
        }
        block[0] = 0;
        block[1] = 2;
        block[BLOCK - length - 1] = 0;
        return block;
    }

    private static byte[] encryptRaw(byte[] block) throws Exception {
        Cipher cipher = Cipher.getInstance("RSA/ECB/NoPadding");
        cipher.init(Cipher.ENCRYPT_MODE, PAIR.getPublic());
        return cipher.doFinal(block);
    }

    @Test
    void eightOctetsOfPaddingAreEnoughAndSevenAreNot() throws Exception {
        byte[] shortest = block(BLOCK - 11);
        assertArrayEquals(
                Arrays.copyOfRange(shortest, 11, BLOCK), encryption.decrypt(PAIR.getPrivate(), encryptRaw(shortest)));
        byte[] tooShort = block(BLOCK - 10);
        byte[] ciphertext = encryptRaw(tooShort);
        assertSubstituted(ciphertext);
    }

    @Test
    void whatIsNoBlockGivesOtherOctetsTheSameEachTime() throws Exception {
        for (byte[] block : badBlocks()) {
            assertSubstituted(encryptRaw(block));
        }
        byte[] all = new byte[BLOCK];
        Arrays.fill(all, (byte) 0xff);
        for (byte[] odd : List.of(new byte[0], new byte[BLOCK - 1], new byte[BLOCK], new byte[BLOCK + 1], all)) {
            assertSubstituted(odd);
        }
    }

    private void assertSubstituted(byte[] ciphertext) throws Exception {
        RsaEncryption.Substitute substitute = encryption.substitute(ciphertext, BLOCK);
        byte[] found = encryption.decrypt(PAIR.getPrivate(), ciphertext);
        assertArrayEquals(Arrays.copyOfRange(substitute.block(), BLOCK - substitute.length(), BLOCK), found);
        assertArrayEquals(found, encryption.decrypt(PAIR.getPrivate(), ciphertext));
        byte[] elsewhere = new RsaEncryption(random::nextBytes).decrypt(PAIR.getPrivate(), ciphertext);
        assertFalse(Arrays.equals(found, elsewhere), "the substitute is not of this process");
    }

    /** Lengths of substitutes are those that a message can have, and the whole range of them. */
    @Test
    void substitutesAreOfEveryLength() throws Exception {
        Set<Integer> lengths = new HashSet<>();
        for (int i = 0; i < 4000; i++) {
            byte[] ciphertext = new byte[BLOCK];
            random.nextBytes(ciphertext);
            int length = encryption.substitute(ciphertext, BLOCK).length();
            assertTrue(length >= 0 && length <= BLOCK - RsaEncryption.OVERHEAD, "" + length);
            lengths.add(length);
        }
        assertEquals(BLOCK - RsaEncryption.OVERHEAD + 1, lengths.size());
    }

    @Test
    void theHostAnswersBothRequests() throws Exception {
        RandomSource source = random::nextBytes;
        HostCrypto host = new HostCrypto(source, Clock.systemUTC());
        HostDecryptionKey key = new HostDecryptionKey(PAIR.getPrivate(), "/etc/key");
        assertEquals(2048, key.bits());
        byte[] nonce = {1, 2, 3, 4, 5, 6, 7, 8};
        try (Secret first = Secret.copyOf(nonce);
                Secret second = Secret.copyOf(new byte[245]);
                Secret tooLong = Secret.copyOf(new byte[246])) {
            CryptoOutcome outcome = host.perform(
                    new CryptoRequest.EncryptToPeer(PAIR.getPublic(), List.of(first, second), Urgency.NEW, 0));
            List<byte[]> ciphertexts = new ArrayList<>(((CryptoOutcome.Encrypted) outcome).ciphertexts());
            ciphertexts.add(1, encryptRaw(badBlocks().getFirst()));
            CryptoOutcome.Decrypted back =
                    (CryptoOutcome.Decrypted) host.perform(new CryptoRequest.Decrypt(key, ciphertexts, Urgency.NEW, 0));
            assertEquals(3, back.plaintexts().size());
            assertTrue(back.plaintexts().get(0).matches(first));
            assertTrue(back.plaintexts().get(2).matches(second));
            back.plaintexts().forEach(Secret::close);
            assertEquals(
                    Failed.Kind.PEER_DATA,
                    ((Failed) host.perform(new CryptoRequest.EncryptToPeer(
                                    PAIR.getPublic(), List.of(first, tooLong), Urgency.NEW, 0)))
                            .kind());
            KeyPair ec = TestCertificate.keys("secp256r1", "no encrypter");
            assertEquals(
                    Failed.Kind.PEER_DATA,
                    ((Failed) host.perform(
                                    new CryptoRequest.EncryptToPeer(ec.getPublic(), List.of(first), Urgency.NEW, 0)))
                            .kind());
            assertThrows(IllegalArgumentException.class, () -> new HostDecryptionKey(ec.getPrivate(), "/etc/key"));
            assertThrows(
                    IllegalArgumentException.class, () -> new CryptoRequest.Decrypt(key, List.of(), Urgency.NEW, 0));
        }
    }
}
