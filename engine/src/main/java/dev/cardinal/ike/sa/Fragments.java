package dev.cardinal.ike.sa;

import dev.cardinal.ike.wire.Payload.EncryptedFragment;
import java.io.ByteArrayOutputStream;
import org.jspecify.annotations.Nullable;

/**
 * Reassembly of one fragmented message (RFC 7383 section 2.6). Takes parts whose integrity was proven; bounded in number
 * and size.
 */
public final class Fragments {
    /** Fragments of one message: more than a chain of eight large certificates needs at the smallest sensible size. */
    public static final int MAX_FRAGMENTS = 64;

    /** Octets of one reassembled message: what the length field of an unfragmented Encrypted payload could carry. */
    public static final int MAX_LENGTH = 65_535;

    private int messageId = -1;
    private byte @Nullable [] @Nullable [] parts;
    private int received;
    private int length;
    private int firstInner;

    /** Whether a fragment with this number was taken already, so that it need not even be decrypted. */
    public boolean has(int id, EncryptedFragment fragment) {
        byte @Nullable [] @Nullable [] current = parts;
        return current != null
                && id == messageId
                && (fragment.total() < current.length
                        || (fragment.total() == current.length && current[fragment.number() - 1] != null));
    }

    /**
     * Takes a part.
     *
     * @param id the message ID
     * @param part its decrypted content
     * @return the whole chain of payloads once all parts are there, else null
     */
    public byte @Nullable [] add(int id, EncryptedFragment fragment, byte[] part) {
        if (fragment.total() > MAX_FRAGMENTS) {
            return null;
        }
        byte @Nullable [] @Nullable [] current = parts;
        if (current == null || id != messageId || fragment.total() > current.length) {
            // RFC 7383 section 2.6: a larger total means that the peer began anew with smaller fragments
            current = new byte @Nullable [fragment.total()][];
            parts = current;
            messageId = id;
            received = 0;
            length = 0;
        } else if (fragment.total() < current.length) {
            return null;
        }
        if (current[fragment.number() - 1] != null || length + part.length > MAX_LENGTH) {
            return null;
        }
        current[fragment.number() - 1] = part;
        length += part.length;
        received++;
        if (fragment.number() == 1) {
            firstInner = fragment.firstInner();
        }
        return received == current.length ? assembled(current) : null;
    }

    /** The type of the first payload of the message that {@link #add} completed. */
    public int firstInner() {
        return firstInner;
    }

    /** Forgets everything. */
    public void clear() {
        parts = null;
        received = 0;
        length = 0;
        messageId = -1;
    }

    private byte[] assembled(byte @Nullable [] @Nullable [] all) {
        ByteArrayOutputStream whole = new ByteArrayOutputStream(length);
        for (byte @Nullable [] part : all) {
            if (part != null) {
                whole.writeBytes(part);
            }
        }
        parts = null;
        return whole.toByteArray();
    }
}
