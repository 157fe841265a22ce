package dev.cardinal.ike.wire;

import java.util.Arrays;

/**
 * A cursor over a stretch of a peer's octets. Every read is checked against the stretch's end; reading past it throws
 * {@link MalformedMessage}. The octets are borrowed, what is returned is a copy. Not safe for use by several threads.
 */
public final class PayloadReader {
    private final byte[] octets;
    private final int limit;
    private final String name;
    private int position;

    /** A reader of all octets. @param name what they are, for the error's text */
    public PayloadReader(byte[] octets, String name) {
        this(octets, 0, octets.length, name);
    }

    private PayloadReader(byte[] octets, int position, int limit, String name) {
        this.octets = octets;
        this.position = position;
        this.limit = limit;
        this.name = name;
    }

    /** Octets not yet read. */
    public int remaining() {
        return limit - position;
    }

    public boolean isEmpty() {
        return position == limit;
    }

    /** One octet, 0 to 255. */
    public int u8() throws MalformedMessage {
        return octets[advance(1)] & 0xff;
    }

    /** Two octets in network order, 0 to 65535. */
    public int u16() throws MalformedMessage {
        int at = advance(2);
        return (octets[at] & 0xff) << 8 | octets[at + 1] & 0xff;
    }

    /** Four octets in network order; unsigned, in a signed type. */
    public int u32() throws MalformedMessage {
        return u16() << 16 | u16();
    }

    /** Eight octets in network order; unsigned, in a signed type. */
    public long u64() throws MalformedMessage {
        return (long) u32() << 32 | u32() & 0xffff_ffffL;
    }

    /** Passes over octets whose value does not matter, as reserved ones (RFC 7296 section 3.1: ignored on receipt). */
    public void skip(int count) throws MalformedMessage {
        advance(count);
    }

    /** A copy of the next octets. */
    public byte[] bytes(int count) throws MalformedMessage {
        int at = advance(count);
        return Arrays.copyOfRange(octets, at, at + count);
    }

    /** A copy of all that is left, perhaps nothing. */
    public byte[] rest() {
        byte[] rest = Arrays.copyOfRange(octets, position, limit);
        position = limit;
        return rest;
    }

    /** A reader of the next octets, which this one passes over. @param name what they are, for the error's text */
    public PayloadReader slice(int count, String name) throws MalformedMessage {
        int at = advance(count);
        return new PayloadReader(octets, at, at + count, name);
    }

    /** Fails unless everything was read: a length that covers more than its content is no valid one. */
    public void expectEnd() throws MalformedMessage {
        if (position != limit) {
            throw new MalformedMessage(name + " has " + remaining() + " octets too many");
        }
    }

    private int advance(int count) throws MalformedMessage {
        // a negative count comes from a length field smaller than the header it counts
        if (count < 0 || count > limit - position) {
            throw new MalformedMessage(name + " ends early: " + count + " octets wanted, " + remaining() + " left");
        }
        int at = position;
        position += count;
        return at;
    }
}
