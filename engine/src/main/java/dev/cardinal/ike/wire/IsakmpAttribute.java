package dev.cardinal.ike.wire;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A data attribute of ISAKMP (RFC 2408 section 3.3), of the basic form (two octets of value) or the variable one. What a
 * transform holds, and in Mode Config what is asked and answered.
 *
 * @param type 0 to 32767
 * @param basic whether it stands in the basic form; an answer must keep the form
 * @param value its octets, two in the basic form; owned by the record
 */
public record IsakmpAttribute(int type, boolean basic, byte[] value) {
    /** Octets before a variable value; no attribute is shorter. */
    static final int HEADER_LENGTH = 4;

    private static final int BASIC = 0x8000;
    private static final int BASIC_LENGTH = 2;

    /** Octets of the largest number: one more could be negative in a long. */
    private static final int NUMBER_LENGTH = 7;

    /** @throws IllegalArgumentException where the type is none, or the value does not fit the basic form */
    public IsakmpAttribute {
        if (type < 0 || type >= BASIC || basic && value.length != BASIC_LENGTH) {
            throw new IllegalArgumentException("attribute " + type + " of " + value.length + " octets");
        }
    }

    /**
     * An attribute whose value is a number, in the shortest form.
     *
     * @param value 0 to 2^32-1
     * @throws IllegalArgumentException where it is outside of that
     */
    public static IsakmpAttribute of(int type, long value) {
        if (value < 0 || value > 0xffff_ffffL) {
            throw new IllegalArgumentException("attribute " + type + " of value " + value);
        }
        if (value <= 0xffff) {
            return new IsakmpAttribute(type, true, new byte[] {(byte) (value >> 8), (byte) value});
        }
        byte[] octets = {(byte) (value >> 24), (byte) (value >> 16), (byte) (value >> 8), (byte) value};
        return new IsakmpAttribute(type, false, octets);
    }

    /** An attribute of the variable form. */
    public static IsakmpAttribute of(int type, byte[] value) {
        return new IsakmpAttribute(type, false, value);
    }

    /** The value as an unsigned number, -1 where it is none that fits. */
    public long number() {
        int first = 0;
        while (first < value.length && value[first] == 0) {
            first++;
        }
        if (value.length == 0 || value.length - first > NUMBER_LENGTH) {
            return -1;
        }
        long number = 0;
        for (int i = first; i < value.length; i++) {
            number = number << 8 | value[i] & 0xff;
        }
        return number;
    }

    static IsakmpAttribute decode(PayloadReader reader) throws MalformedMessage {
        int type = reader.u16();
        if ((type & BASIC) != 0) {
            return new IsakmpAttribute(type & ~BASIC, true, reader.bytes(BASIC_LENGTH));
        }
        return new IsakmpAttribute(type, false, reader.bytes(reader.u16()));
    }

    void write(PayloadWriter writer) {
        if (basic) {
            writer.u16(type | BASIC).bytes(value);
        } else {
            writer.u16(type).u16(value.length).bytes(value);
        }
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof IsakmpAttribute that
                && type == that.type
                && basic == that.basic
                && Arrays.equals(value, that.value);
    }

    @Override
    public int hashCode() {
        return 31 * type + Arrays.hashCode(value);
    }

    /** Without the value, which may be a password. */
    @Override
    public String toString() {
        return "IsakmpAttribute[" + type + ", " + value.length + " octets]";
    }
}
