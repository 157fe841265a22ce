package dev.cardinal.ike.crypto;

import dev.cardinal.ike.wire.IkeHeader;
import dev.cardinal.ike.wire.IkeMessage;
import dev.cardinal.ike.wire.Payload;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * One direction of an IKE SA's encrypted payloads (RFC 7296 section 3.14, RFC 5282, RFC 7383 section 2.5). Owns its keys.
 * Belongs to the loop of its {@link SymmetricCrypto}.
 */
public final class MessageProtection implements AutoCloseable {
    /** Payload type of Encrypted and Authenticated (RFC 7296 section 3.2). */
    private static final int ENCRYPTED = 46;

    /** Payload type of Encrypted and Authenticated Fragment (RFC 7383 section 2.5). */
    private static final int ENCRYPTED_FRAGMENT = 53;

    private static final int GENERIC_HEADER_LENGTH = 4;

    /** Fragment number and total, 16 bits each. */
    private static final int FRAGMENT_FIELDS_LENGTH = 4;

    private static final int MAX_PAYLOAD_LENGTH = 0xffff;

    private final SymmetricCrypto symmetric;
    private final RandomSource random;
    private final EncryptionAlgorithm encryption;
    private final @Nullable IntegrityAlgorithm integrity;
    private final Secret encryptionKey;
    private final @Nullable Secret integrityKey;

    /** The explicit IV of the counter modes: never twice under one key, for this object owns the key. */
    private long counter;

    /**
     * @param encryptionKey key and salt; passes to this object
     * @param integrity null with an AEAD
     * @param integrityKey passes to this object; null with an AEAD
     * @throws IllegalArgumentException where algorithms and keys do not fit each other; the keys stay the caller's
     */
    public MessageProtection(
            SymmetricCrypto symmetric,
            RandomSource random,
            EncryptionAlgorithm encryption,
            Secret encryptionKey,
            @Nullable IntegrityAlgorithm integrity,
            @Nullable Secret integrityKey) {
        int keyBits = (encryptionKey.length() - encryption.saltLength()) * 8;
        boolean keyFits = encryption.hasKeyLength()
                ? encryption.accepts(keyBits)
                : encryption != EncryptionAlgorithm.NULL && encryptionKey.length() == encryption.keyMaterialLength(0);
        if (!keyFits) {
            throw new IllegalArgumentException(encryption + " does not take a key of " + keyBits + " bits");
        }
        if (encryption.isAead() ? integrity != null || integrityKey != null : integrity == null) {
            throw new IllegalArgumentException(encryption + " does not go with " + integrity);
        }
        if (integrity != null && (integrityKey == null || integrityKey.length() != integrity.keyLength())) {
            throw new IllegalArgumentException(integrity + " lacks a key of its length");
        }
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
     * @throws IllegalArgumentException where the chain is longer than a payload can be
     */
    public byte[] protect(IkeHeader header, int firstInner, byte[] inner) {
        return seal(header, ENCRYPTED, firstInner, 0, 0, inner);
    }

    /**
     * A whole message that consists of one Encrypted Fragment payload.
     *
     * @param firstInner type of the first payload inside for fragment 1, else 0
     * @param number 1 to {@code total}
     * @param part the fragment's part of the encoded chain
     */
    public byte[] protectFragment(IkeHeader header, int firstInner, int number, int total, byte[] part) {
        return seal(header, ENCRYPTED_FRAGMENT, firstInner, number, total, part);
    }

    /** Octets of {@code inner} that fit a fragment of at most {@code datagramLength} octets; below 1 where none do. */
    public int fragmentCapacity(int datagramLength) {
        int room = datagramLength
                - IkeHeader.LENGTH
                - GENERIC_HEADER_LENGTH
                - FRAGMENT_FIELDS_LENGTH
                - encryption.ivLength()
                - icvLength();
        return Math.floorDiv(room, encryption.blockLength()) * encryption.blockLength() - 1;
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
        int bodyLength = outer.payloads().isEmpty()
                ? -1
                : switch (outer.payloads().getLast()) {
                    case Payload.Encrypted encrypted -> encrypted.body().length;
                    case Payload.EncryptedFragment fragment -> fragment.body().length;
                    // the other payloads need no names here: none of them is protected
                    case Payload other -> -1;
                };
        int bodyOffset = datagram.length - bodyLength;
        if (bodyLength < 0 || bodyOffset < IkeHeader.LENGTH + GENERIC_HEADER_LENGTH) {
            throw new IntegrityFailure("no encrypted payload");
        }
        int textOffset = bodyOffset + encryption.ivLength();
        int textLength = bodyLength - encryption.ivLength() - icvLength();
        if (textLength < 1 || textLength % encryption.blockLength() != 0) {
            throw new IntegrityFailure("encrypted payload of an impossible length");
        }
        if (!icvMatches(datagram)) {
            throw new IntegrityFailure("wrong check value");
        }
        byte[] work = datagram.clone();
        if (!encryptionKey.lend(key -> cipher().decrypt(key, work, textOffset, textLength))) {
            throw new IntegrityFailure("wrong check value");
        }
        // RFC 7296 section 3.14: the padding may hold anything, only its length must fit
        int padding = work[textOffset + textLength - 1] & 0xff;
        int innerLength = textLength - 1 - padding;
        if (innerLength < 0) {
            throw new IntegrityFailure("wrong padding");
        }
        byte[] inner = Arrays.copyOfRange(work, textOffset, textOffset + innerLength);
        Arrays.fill(work, textOffset, textOffset + textLength, (byte) 0);
        return inner;
    }

    private byte[] seal(IkeHeader header, int type, int firstInner, int number, int total, byte[] inner) {
        int fields = type == ENCRYPTED_FRAGMENT ? FRAGMENT_FIELDS_LENGTH : 0;
        int block = encryption.blockLength();
        int padding = block - 1 - inner.length % block;
        int textLength = inner.length + padding + 1;
        int payloadLength = GENERIC_HEADER_LENGTH + fields + encryption.ivLength() + textLength + icvLength();
        if (payloadLength > MAX_PAYLOAD_LENGTH) {
            throw new IllegalArgumentException("chain of " + inner.length + " octets does not fit a payload");
        }
        byte[] message = new byte[IkeHeader.LENGTH + payloadLength];
        ByteBuffer out = ByteBuffer.wrap(message);
        out.putLong(header.initiatorSpi()).putLong(header.responderSpi());
        out.put((byte) type).put((byte) (header.majorVersion() << 4 | header.minorVersion()));
        out.put((byte) header.exchangeType()).put((byte) header.flags());
        out.putInt(header.messageId()).putInt(message.length);
        out.put((byte) firstInner).put((byte) 0).putShort((short) payloadLength);
        if (fields != 0) {
            out.putShort((short) number).putShort((short) total);
        }
        out.put(nextIv()).put(inner).position(out.position() + padding).put((byte) padding);
        int textOffset = out.position() - textLength;
        encryptionKey.<@Nullable Void>lend(key -> {
            cipher().encrypt(key, message, textOffset, textLength);
            return null;
        });
        if (integrity != null) {
            byte[] icv = icv(integrity, message);
            out.put(icv, 0, icvLength());
        }
        return message;
    }

    private PayloadCipher cipher() {
        return symmetric.payloadCipher(encryption);
    }

    private int icvLength() {
        return integrity == null ? encryption.icvLength() : integrity.icvLength();
    }

    private byte[] nextIv() {
        if (encryption.shape() == EncryptionAlgorithm.Shape.CBC) {
            return random.octets(encryption.ivLength());
        }
        return ByteBuffer.allocate(Long.BYTES).putLong(counter++).array();
    }

    /** RFC 7296 section 3.14: proven before anything is decrypted; with an AEAD the cipher does both at once. */
    private boolean icvMatches(byte[] message) {
        if (integrity == null) {
            return true;
        }
        byte[] expected = Arrays.copyOf(icv(integrity, message), icvLength());
        byte[] found = Arrays.copyOfRange(message, message.length - icvLength(), message.length);
        return MessageDigest.isEqual(expected, found);
    }

    /** The untruncated value over the message up to where the check value stands. */
    private byte[] icv(IntegrityAlgorithm algorithm, byte[] message) {
        if (integrityKey == null) {
            throw new IllegalStateException("no integrity key");
        }
        return integrityKey.lend(key -> {
            MacFunction mac = symmetric.mac(algorithm.macName());
            mac.init(key);
            mac.update(message, 0, message.length - icvLength());
            byte[] value = new byte[mac.length()];
            mac.finish(value, 0);
            return value;
        });
    }

    @Override
    public void close() {
        encryptionKey.close();
        if (integrityKey != null) {
            integrityKey.close();
        }
    }
}
