package dev.cardinal.ike.crypto;

import java.security.GeneralSecurityException;
import java.security.spec.AlgorithmParameterSpec;
import java.util.Arrays;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.IvParameterSpec;
import org.bouncycastle.crypto.InvalidCipherTextException;
import org.bouncycastle.crypto.modes.AEADBlockCipher;
import org.bouncycastle.crypto.params.AEADParameters;
import org.bouncycastle.crypto.params.KeyParameter;

/**
 * The cipher of encrypted payloads, for one algorithm and any keys, in place within the message's octets: encryption turns plaintext at an offset into
 * ciphertext there, followed by the check value of an AEAD; decryption undoes that.
 */
final class PayloadCipher {
    private final SymmetricCrypto symmetric;
    private final EncryptionAlgorithm algorithm;

    PayloadCipher(SymmetricCrypto symmetric, EncryptionAlgorithm algorithm) {
        this.symmetric = symmetric;
        this.algorithm = algorithm;
    }

    /**
     * @param keyMaterial key and salt
     * @param message its octets up to {@code textOffset - ivLength} are an AEAD's associated data; then the IV stands
     * @param textLength octets of plaintext; an AEAD's check value follows them
     */
    void encrypt(byte[] keyMaterial, byte[] message, int textOffset, int textLength) {
        try {
            if (!run(Cipher.ENCRYPT_MODE, keyMaterial, message, textOffset, textLength)) {
                throw new IllegalStateException(algorithm + " failed to encrypt");
            }
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(algorithm + " failed to encrypt", e);
        }
    }

    /**
     * @param textLength octets of ciphertext, the check value of an AEAD not counted
     * @return false where the check value is wrong; the octets are of no use then
     */
    boolean decrypt(byte[] keyMaterial, byte[] message, int textOffset, int textLength) {
        try {
            return run(Cipher.DECRYPT_MODE, keyMaterial, message, textOffset, textLength + algorithm.icvLength());
        } catch (AEADBadTagException e) {
            return false;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(algorithm + " failed to decrypt", e);
        }
    }

    private boolean run(int mode, byte[] keyMaterial, byte[] message, int offset, int length)
            throws GeneralSecurityException {
        return switch (algorithm) {
            case AES_CBC, TRIPLE_DES_CBC -> {
                byte[] iv = Arrays.copyOfRange(message, offset - algorithm.ivLength(), offset);
                yield cbc(mode, keyMaterial, new IvParameterSpec(iv), message, offset, length);
            }
            case AES_CTR -> {
                // RFC 5930 section 2 and RFC 3686 section 4: nonce, IV, a block counter that begins with one
                byte[] block = Arrays.copyOf(nonce(keyMaterial, message, offset), AesBlock.LENGTH);
                block[AesBlock.LENGTH - 1] = 1;
                yield jdk("AES/CTR/NoPadding", new IvParameterSpec(block), mode, keyMaterial, message, offset, length);
            }
            case AES_GCM_12, AES_GCM_16 -> {
                GCMParameterSpec spec =
                        new GCMParameterSpec(algorithm.icvLength() * 8, nonce(keyMaterial, message, offset));
                yield jdk("AES/GCM/NoPadding", spec, mode, keyMaterial, message, offset, length);
            }
            case CHACHA20_POLY1305 -> {
                IvParameterSpec spec = new IvParameterSpec(nonce(keyMaterial, message, offset));
                yield jdk("ChaCha20-Poly1305", spec, mode, keyMaterial, message, offset, length);
            }
            case AES_GCM_8 -> bouncyCastle(symmetric.gcm(), mode, keyMaterial, message, offset, length);
            case AES_CCM_8, AES_CCM_12, AES_CCM_16 ->
                bouncyCastle(symmetric.ccm(), mode, keyMaterial, message, offset, length);
            case NULL -> throw new IllegalStateException("NULL does not protect IKE");
        };
    }

    /**
     * CBC with an IV that is not in the message, as IKEv1's is not, in place.
     *
     * @param mode of {@link Cipher}
     * @param length octets, a multiple of the block
     */
    void chain(int mode, byte[] key, byte[] iv, byte[] message, int offset, int length) {
        try {
            cbc(mode, key, new IvParameterSpec(iv), message, offset, length);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(algorithm + " failed", e);
        }
    }

    private boolean cbc(int mode, byte[] key, IvParameterSpec iv, byte[] message, int offset, int length)
            throws GeneralSecurityException {
        String transformation =
                algorithm == EncryptionAlgorithm.TRIPLE_DES_CBC ? "DESede/CBC/NoPadding" : "AES/CBC/NoPadding";
        return jdk(transformation, iv, mode, key, message, offset, length);
    }

    /** The JDK's name of the cipher itself. */
    private String name() {
        return switch (algorithm) {
            case TRIPLE_DES_CBC -> "DESede";
            case CHACHA20_POLY1305 -> "ChaCha20";
            case NULL, AES_CBC, AES_CTR, AES_CCM_8, AES_CCM_12, AES_CCM_16, AES_GCM_8, AES_GCM_12, AES_GCM_16 -> "AES";
        };
    }

    private boolean jdk(
            String transformation,
            AlgorithmParameterSpec spec,
            int mode,
            byte[] keyMaterial,
            byte[] message,
            int offset,
            int length)
            throws GeneralSecurityException {
        Cipher cipher = symmetric.cipher(transformation);
        int keyLength = keyMaterial.length - algorithm.saltLength();
        try (LentKey key = new LentKey(name(), keyMaterial, 0, keyLength)) {
            cipher.init(mode, key, spec);
        }
        if (algorithm.isAead()) {
            cipher.updateAAD(message, 0, offset - algorithm.ivLength());
        }
        cipher.doFinal(message, offset, length, message, offset);
        return true;
    }

    private boolean bouncyCastle(
            AEADBlockCipher cipher, int mode, byte[] keyMaterial, byte[] message, int offset, int length) {
        KeyParameter key = new KeyParameter(keyMaterial, 0, keyMaterial.length - algorithm.saltLength());
        byte[] associated = Arrays.copyOf(message, offset - algorithm.ivLength());
        byte[] nonce = nonce(keyMaterial, message, offset);
        try {
            cipher.init(
                    mode == Cipher.ENCRYPT_MODE, new AEADParameters(key, algorithm.icvLength() * 8, nonce, associated));
            byte[] result = new byte[cipher.getOutputSize(length)];
            int written = cipher.processBytes(message, offset, length, result, 0);
            written += cipher.doFinal(result, written);
            System.arraycopy(result, 0, message, offset, written);
            Arrays.fill(result, (byte) 0);
            return true;
        } catch (InvalidCipherTextException e) {
            return false;
        } finally {
            Arrays.fill(key.getKey(), (byte) 0);
        }
    }

    /** The salt that ends the key material, then the IV (RFC 5282 section 4, RFC 5930 section 2, RFC 7634 section 2). */
    private byte[] nonce(byte[] keyMaterial, byte[] message, int offset) {
        byte[] nonce = new byte[algorithm.saltLength() + algorithm.ivLength()];
        System.arraycopy(keyMaterial, keyMaterial.length - algorithm.saltLength(), nonce, 0, algorithm.saltLength());
        System.arraycopy(message, offset - algorithm.ivLength(), nonce, algorithm.saltLength(), algorithm.ivLength());
        return nonce;
    }
}
