package dev.cardinal.ike.wire;

import java.util.Arrays;

/**
 * Octets being written in network order. What does not fit its field is our own fault and throws
 * {@link IllegalArgumentException}. Not safe for use by several threads.
 */
public final class PayloadWriter {
    /** Enough for most messages without certificates; large public values make the buffer grow. */
    static final int INITIAL_CAPACITY = 400;

    private byte[] octets;
    private int position;

    public PayloadWriter() {
        this(INITIAL_CAPACITY);
    }

    /** @param expected octets that will most likely be written */
    PayloadWriter(int expected) {
        octets = new byte[expected];
    }

    /** Octets written so far. */
    public int length() {
        return position;
    }

    public PayloadWriter u8(int value) {
        int at = advance(1);
        octets[at] = (byte) fitting(value, 0xff);
        return this;
    }

    public PayloadWriter u16(int value) {
        int at = advance(2);
        fitting(value, 0xffff);
        octets[at] = (byte) (value >>> 8);
        octets[at + 1] = (byte) value;
        return this;
    }

    public PayloadWriter u32(int value) {
        return u16(value >>> 16).u16(value & 0xffff);
    }

    public PayloadWriter u64(long value) {
        return u32((int) (value >>> 32)).u32((int) value);
    }

    /** Reserved octets (RFC 7296 section 3.1: sent as zero). */
    public PayloadWriter zeros(int count) {
        advance(count);
        return this;
    }

    public PayloadWriter bytes(byte[] value) {
        int at = advance(value.length); // may replace the array
        System.arraycopy(value, 0, octets, at, value.length);
        return this;
    }

    /** Leaves room for a 16-bit length field; the answer goes to {@link #endLength}. */
    int beginLength() {
        return advance(2);
    }

    /** Fills in a 16-bit length field: the octets from {@code start}, where its structure begins, to here. */
    void endLength(int field, int start) {
        int length = fitting(position - start, 0xffff);
        octets[field] = (byte) (length >>> 8);
        octets[field + 1] = (byte) length;
    }

    /** Fills in a 32-bit field that was left zero. */
    void patchU32(int field, int value) {
        for (int i = 0; i < 4; i++) {
            octets[field + i] = (byte) (value >>> (24 - 8 * i));
        }
    }

    /** What was written; nothing more may be written then. */
    public byte[] toByteArray() {
        return position == octets.length ? octets : Arrays.copyOf(octets, position);
    }

    /** The same, and what was written is wiped here: it may hold a password. */
    byte[] drain() {
        byte[] written = Arrays.copyOf(octets, position);
        Arrays.fill(octets, (byte) 0);
        return written;
    }

    private int advance(int count) {
        int needed = Math.addExact(position, count);
        if (needed > octets.length) {
            octets = Arrays.copyOf(octets, Math.max(needed, 2 * octets.length));
        }
        int at = position;
        position = needed;
        return at;
    }

    private static int fitting(int value, int greatest) {
        if (value < 0 || value > greatest) {
            throw new IllegalArgumentException(value + " does not fit a field of at most " + greatest);
        }
        return value;
    }
}
