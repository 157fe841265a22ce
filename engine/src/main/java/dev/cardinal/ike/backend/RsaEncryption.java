package dev.cardinal.ike.backend;

import dev.cardinal.hsm.HsmRequest;
import dev.cardinal.ike.crypto.RandomSource;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.interfaces.RSAKey;
import java.util.Arrays;
import javax.crypto.Cipher;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * RSA encryption in PKCS #1 v1.5 blocks of type 2 (RFC 8017 section 7.2), as IKEv1's public key encryption wants it. Nobody
 * learns from here whether a block was one: where it was not, other octets come out of a keyed function of the ciphertext
 * (implicit rejection, draft-irtf-cfrg-rsa-guidance), which were made before anything was decrypted, are the same each time
 * that the same ciphertext comes, and are of a length as likely as any other.
 */
final class RsaEncryption {
    /** RFC 8017 section 7.2.1: two octets, eight of padding at least, a zero. */
    static final int OVERHEAD = 11;

    private static final String MAC = "HmacSHA256";
    private static final int MAC_LENGTH = 32;

    /** One of so many candidates fits the block, but for less than one case in {@code 2^128}. */
    private static final int LENGTH_CANDIDATES = 128;

    /** Of this process: who has it not takes what comes out of it for plaintext. */
    private final byte[] rejectionKey;

    RsaEncryption(RandomSource random) {
        this.rejectionKey = random.octets(MAC_LENGTH);
    }

    /** @throws GeneralSecurityException where the plaintext does not fit the key's block */
    static byte[] encrypt(PublicKey key, byte[] plaintext) throws GeneralSecurityException {
        Cipher cipher = Cipher.getInstance("RSA/ECB/PKCS1Padding");
        cipher.init(Cipher.ENCRYPT_MODE, key);
        return cipher.doFinal(plaintext);
    }

    /** What comes of a ciphertext that is none: a whole block, whose last {@code length} octets are the answer. */
    record Substitute(byte[] block, int length) {
        /** The same for a token's pool, which answers the first octets; the block stays this one's. */
        HsmRequest.Substitute onToken() {
            return new HsmRequest.Substitute(block, length);
        }

        void wipe() {
            Arrays.fill(block, (byte) 0);
        }
    }

    /** @param blockLength octets of the modulus */
    Substitute substitute(byte[] ciphertext, int blockLength) throws GeneralSecurityException {
        Mac mac = Mac.getInstance(MAC);
        mac.init(new SecretKeySpec(rejectionKey, MAC));
        byte[] key = mac.doFinal(ciphertext);
        mac.init(new SecretKeySpec(key, MAC));
        Arrays.fill(key, (byte) 0);
        byte[] lengths = expand(mac, "length", 2 * LENGTH_CANDIDATES);
        int longest = blockLength - OVERHEAD;
        int mask = (Integer.highestOneBit(longest) << 1) - 1;
        int length = 0;
        for (int i = 0; i < lengths.length; i += 2) {
            int candidate = ((lengths[i] & 0xff) << 8 | lengths[i + 1] & 0xff) & mask;
            int fits = (candidate - longest - 1) >> 31; // all ones where it does
            length = candidate & fits | length & ~fits;
        }
        return new Substitute(expand(mac, "message", blockLength), length);
    }

    private static byte[] expand(Mac mac, String label, int length) throws GeneralSecurityException {
        byte[] octets = new byte[Math.ceilDiv(length, MAC_LENGTH) * MAC_LENGTH];
        for (int done = 0; done < octets.length; done += MAC_LENGTH) {
            mac.update((byte) (done / MAC_LENGTH));
            mac.update(label.getBytes(StandardCharsets.US_ASCII));
            mac.doFinal(octets, done);
        }
        return Arrays.copyOf(octets, length);
    }

    /**
     * Decrypts on the host.
     *
     * @param ciphertext anything at all, hostile octets included
     * @return a secret of the caller's: the plaintext, or what stands for it
     */
    byte[] decrypt(PrivateKey key, byte[] ciphertext) throws GeneralSecurityException {
        if (!(key instanceof RSAKey rsa)) {
            throw new GeneralSecurityException("decryption with a key of the algorithm " + key.getAlgorithm());
        }
        int blockLength = (rsa.getModulus().bitLength() + 7) / 8;
        Substitute substitute = substitute(ciphertext, blockLength);
        byte[] block = null;
        try {
            // length and range of a ciphertext are no secret
            if (ciphertext.length == blockLength && new BigInteger(1, ciphertext).compareTo(rsa.getModulus()) < 0) {
                Cipher cipher = Cipher.getInstance("RSA/ECB/NoPadding");
                cipher.init(Cipher.DECRYPT_MODE, key);
                block = cipher.doFinal(ciphertext);
            }
            return choose(block, substitute);
        } finally {
            if (block != null) {
                Arrays.fill(block, (byte) 0);
            }
            substitute.wipe();
        }
    }

    /** The message of the block, or the substitute where the block is none, without a branch on which. */
    static byte[] choose(byte @Nullable [] decrypted, Substitute substitute) {
        byte[] instead = substitute.block();
        byte[] block = decrypted == null ? new byte[instead.length] : decrypted;
        int good = isZero(block[0]) & isZero((byte) (block[1] ^ 2));
        int zeroAt = 0;
        int found = 0;
        for (int i = 2; i < block.length; i++) {
            int first = isZero(block[i]) & ~found;
            zeroAt |= i & first;
            found |= first;
        }
        good &= found & ~((zeroAt - (OVERHEAD - 1)) >> 31);
        int length = block.length - 1 - zeroAt & good | substitute.length() & ~good;
        byte[] message = new byte[length];
        int offset = block.length - length;
        for (int i = 0; i < length; i++) {
            message[i] = (byte) (block[offset + i] & good | instead[offset + i] & ~good);
        }
        return message;
    }

    /** All ones where the octet is zero, else none. */
    private static int isZero(byte octet) {
        return (octet & 0xff) - 1 >> 31;
    }
}
