package dev.cardinal.ike.crypto;

import dev.cardinal.ike.wire.IkeHeader;
import dev.cardinal.ike.wire.IkeMessage;
import org.jspecify.annotations.Nullable;

/**
 * One direction of an IKE SA's encrypted payloads (RFC 7296 section 3.14, RFC 5282, RFC 7383 section 2.5). Owns its keys.
 */
public final class MessageProtection implements AutoCloseable {
    private final SymmetricCrypto symmetric;
    private final RandomSource random;
    private final EncryptionAlgorithm encryption;
    private final @Nullable IntegrityAlgorithm integrity;
    private final Secret encryptionKey;
    private final @Nullable Secret integrityKey;

    /**
     * @param encryptionKey key and salt; passes to this object
     * @param integrity null with an AEAD
     * @param integrityKey passes to this object; null with an AEAD
     */
    public MessageProtection(
            SymmetricCrypto symmetric,
            RandomSource random,
            EncryptionAlgorithm encryption,
            Secret encryptionKey,
            @Nullable IntegrityAlgorithm integrity,
            @Nullable Secret integrityKey) {
        this.symmetric = symmetric;
        this.random = random;
        this.encryption = encryption;
        this.integrity = integrity;
        this.encryptionKey = encryptionKey;
        this.integrityKey = integrityKey;
    }

    /**
     * A whole message that consists of one Encrypted payload.
     *
     * @param header next payload and length are filled in
     * @param firstInner type of the first payload inside
     * @param inner the encoded chain of payloads
     */
    public byte[] protect(IkeHeader header, int firstInner, byte[] inner) {
        throw new IllegalStateException("not yet " + symmetric + random + integrity + encryption);
    }

    /**
     * A whole message that consists of one Encrypted Fragment payload.
     *
     * @param firstInner type of the first payload inside for fragment 1, else 0
     * @param number 1 to {@code total}
     * @param part the fragment's part of the encoded chain
     */
    public byte[] protectFragment(IkeHeader header, int firstInner, int number, int total, byte[] part) {
        throw new IllegalStateException("not yet");
    }

    /** Octets of {@code inner} that fit a fragment of at most {@code datagramLength} octets. */
    public int fragmentCapacity(int datagramLength) {
        throw new IllegalStateException("not yet");
    }

    /**
     * Verifies and decrypts the last payload of a message, an Encrypted or Encrypted Fragment one.
     *
     * @param datagram the whole message
     * @param outer the same, decoded
     * @return the chain of payloads (or the fragment's part of it), without padding
     * @throws IntegrityFailure where the check value is wrong, or the padding after a right one
     */
    public byte[] unprotect(byte[] datagram, IkeMessage outer) throws IntegrityFailure {
        throw new IntegrityFailure("not yet");
    }

    @Override
    public void close() {
        encryptionKey.close();
        if (integrityKey != null) {
            integrityKey.close();
        }
    }
}
