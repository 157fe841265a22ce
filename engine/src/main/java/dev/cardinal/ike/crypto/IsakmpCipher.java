package dev.cardinal.ike.crypto;

import dev.cardinal.ike.wire.IkeHeader;
import java.nio.ByteBuffer;
import java.util.Arrays;
import javax.crypto.Cipher;
import org.jspecify.annotations.Nullable;

/**
 * The encryption of an ISAKMP SA's messages (RFC 2409 section 5 and appendix B): CBC over all that follows the header, with
 * IVs that both sides know and no message carries. It proves nothing of where a message comes from: the hashes inside do.
 * One key serves both directions, and is this object's. Belongs to the loop of its {@link SymmetricCrypto}.
 */
public final class IsakmpCipher implements AutoCloseable {
    private static final int LENGTH_OFFSET = 24;

    private final SymmetricCrypto symmetric;
    private final EncryptionAlgorithm encryption;
    private final Secret key;

    /**
     * @param encryption of the shape CBC
     * @param prf the HMAC of the hash that was negotiated
     * @param skeyidE SKEYID_e, or {@code Ne} of the revised mode of public key encryption, whose keys are made alike; stays the
     *     caller's
     * @param keyLengthBits the key length attribute, 0 where the algorithm has none
     * @throws IllegalArgumentException where algorithm and key length do not fit each other, or it is no CBC
     */
    public IsakmpCipher(
            SymmetricCrypto symmetric,
            EncryptionAlgorithm encryption,
            PseudorandomFunction prf,
            Secret skeyidE,
            int keyLengthBits) {
        if (encryption.shape() != EncryptionAlgorithm.Shape.CBC || !encryption.accepts(keyLengthBits)) {
            throw new IllegalArgumentException("no ISAKMP SA with " + encryption + " of " + keyLengthBits + " bits");
        }
        this.symmetric = symmetric;
        this.encryption = encryption;
        this.key = symmetric.isakmpKey(prf, skeyidE, encryption.keyMaterialLength(keyLengthBits));
    }

    /** Octets of a block, and of an IV. */
    public int blockLength() {
        return encryption.blockLength();
    }

    /** For the debug key log; stays this object's. */
    public Secret key() {
        return key;
    }

    /**
     * A new message with the header of the given one, whose length field is set, and the rest encrypted, zeros up to a whole
     * block included.
     *
     * @param message header and payloads, at least one octet of these; left as it is
     * @param iv {@link #blockLength()} octets
     */
    public byte[] encrypt(byte[] message, byte[] iv) {
        int textLength = Math.ceilDiv(message.length - IkeHeader.LENGTH, blockLength()) * blockLength();
        if (textLength < blockLength()) {
            throw new IllegalArgumentException("message of " + message.length + " octets has nothing to encrypt");
        }
        byte[] encrypted = Arrays.copyOf(message, IkeHeader.LENGTH + textLength);
        ByteBuffer.wrap(encrypted).putInt(LENGTH_OFFSET, encrypted.length);
        run(Cipher.ENCRYPT_MODE, encrypted, IkeHeader.LENGTH, iv);
        return encrypted;
    }

    /**
     * The octets after the header, padding included: the payloads say where they end.
     *
     * @param message as it was received; left as it is
     * @param iv {@link #blockLength()} octets
     * @return null where what follows the header is not one block or more
     */
    public byte @Nullable [] decrypt(byte[] message, byte[] iv) {
        int textLength = message.length - IkeHeader.LENGTH;
        if (textLength < blockLength() || textLength % blockLength() != 0) {
            return null;
        }
        byte[] text = Arrays.copyOfRange(message, IkeHeader.LENGTH, message.length);
        run(Cipher.DECRYPT_MODE, text, 0, iv);
        return text;
    }

    /**
     * Whole blocks that are no message: a body of the revised mode of public key encryption (RFC 2409 section 5.3).
     *
     * @param text a multiple of {@link #blockLength()} octets; left as it is
     */
    public byte[] encryptBlocks(byte[] text, byte[] iv) {
        byte[] encrypted = text.clone();
        run(Cipher.ENCRYPT_MODE, encrypted, 0, iv);
        return encrypted;
    }

    /** Undoes {@link #encryptBlocks}. */
    public byte[] decryptBlocks(byte[] text, byte[] iv) {
        byte[] decrypted = text.clone();
        run(Cipher.DECRYPT_MODE, decrypted, 0, iv);
        return decrypted;
    }

    /**
     * The IV of the message that follows an encrypted one (RFC 2409 appendix B).
     *
     * @throws IllegalArgumentException where the message has no whole block after its header
     */
    public static byte[] lastBlock(byte[] message, int blockLength) {
        if (message.length - IkeHeader.LENGTH < blockLength) {
            throw new IllegalArgumentException("message of " + message.length + " octets has no block");
        }
        return Arrays.copyOfRange(message, message.length - blockLength, message.length);
    }

    private void run(int mode, byte[] octets, int offset, byte[] iv) {
        if (iv.length != blockLength()) {
            throw new IllegalArgumentException("IV of " + iv.length + " octets");
        }
        PayloadCipher cipher = symmetric.payloadCipher(encryption);
        key.<@Nullable Void>lend(each -> {
            cipher.chain(mode, each, iv, octets, offset, octets.length - offset);
            return null;
        });
    }

    /** Wipes the key. Closing twice is harmless. */
    @Override
    public void close() {
        key.close();
    }
}
