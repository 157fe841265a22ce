package dev.cardinal.ike.sa;

import dev.cardinal.ike.wire.Payload.EncryptedFragment;
import java.util.SortedMap;
import java.util.TreeMap;
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

    private final SortedMap<Integer, byte[]> parts = new TreeMap<>();
    private int messageId = -1;
    private int total;
    private int length;
    private int firstInner;

    /** Whether a fragment need not even be decrypted: it was taken already, or belongs to an older division. */
    public boolean has(int id, EncryptedFragment fragment) {
        return id == messageId
                && (fragment.total() < total || (fragment.total() == total && parts.containsKey(fragment.number())));
    }

    /**
     * Takes a part.
     *
     * @param id the message ID
     * @param part its decrypted content
     * @return the whole chain of payloads once all parts are there, else null
     */
    public byte @Nullable [] add(int id, EncryptedFragment fragment, byte[] part) {
        if (fragment.total() > MAX_FRAGMENTS || has(id, fragment)) {
            return null;
        }
        if (id != messageId || fragment.total() > total) {
            // RFC 7383 section 2.6: a larger total means that the peer began anew with smaller fragments
            clear();
            messageId = id;
            total = fragment.total();
        }
        if (length + part.length > MAX_LENGTH) {
            return null;
        }
        parts.put(fragment.number(), part);
        length += part.length;
        if (fragment.number() == 1) {
            firstInner = fragment.firstInner();
        }
        if (parts.size() < total) {
            return null;
        }
        byte[] whole = new byte[length];
        int at = 0;
        for (byte[] each : parts.values()) {
            System.arraycopy(each, 0, whole, at, each.length);
            at += each.length;
        }
        parts.clear();
        return whole;
    }

    /** The type of the first payload of the message that {@link #add} completed. */
    public int firstInner() {
        return firstInner;
    }

    /** Forgets everything. */
    public void clear() {
        parts.clear();
        length = 0;
        total = 0;
        messageId = -1;
    }
}
