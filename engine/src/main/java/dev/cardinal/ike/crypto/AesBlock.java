package dev.cardinal.ike.crypto;

import java.security.GeneralSecurityException;
import javax.crypto.Cipher;
import org.bouncycastle.crypto.BlockCipher;
import org.bouncycastle.crypto.CipherParameters;
import org.bouncycastle.crypto.params.KeyParameter;

/**
 * The forward AES permutation of the JDK behind Bouncy Castle's interface: the modes come from there, while the JDK's
 * AES runs on the processor's instructions, in time that does not depend on the key, where Bouncy Castle's looks up tables.
 */
final class AesBlock implements BlockCipher {
    static final int LENGTH = 16;

    private final Cipher cipher;

    AesBlock() {
        try {
            cipher = Cipher.getInstance("AES/ECB/NoPadding");
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("the JDK lacks AES", e);
        }
    }

    void init(byte[] key) {
        try (LentKey lent = new LentKey("AES", key, 0, key.length)) {
            cipher.init(Cipher.ENCRYPT_MODE, lent);
        } catch (GeneralSecurityException e) {
            throw new IllegalArgumentException("no AES key: " + key.length + " octets", e);
        }
    }

    @Override
    public void init(boolean forEncryption, CipherParameters parameters) {
        if (!forEncryption || !(parameters instanceof KeyParameter key)) {
            throw new IllegalArgumentException("only the forward permutation");
        }
        init(key.getKey());
    }

    @Override
    public String getAlgorithmName() {
        return "AES";
    }

    @Override
    public int getBlockSize() {
        return LENGTH;
    }

    @Override
    public int processBlock(byte[] in, int inOffset, byte[] out, int outOffset) {
        try {
            return cipher.update(in, inOffset, LENGTH, out, outOffset);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("AES failed", e);
        }
    }

    @Override
    public void reset() {
        // a permutation keeps nothing between blocks
    }
}
