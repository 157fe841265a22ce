package dev.cardinal.hsm.pool;

import java.math.BigInteger;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Big integers as octet strings of a fixed length. */
final class Octets {
    private Octets() {}

    /** Big-endian, padded with zeros on the left; the value must fit. */
    static byte[] of(BigInteger value, int length) {
        byte[] magnitude = unsigned(value);
        byte[] padded = new byte[length];
        System.arraycopy(magnitude, 0, padded, length - magnitude.length, magnitude.length);
        return padded;
    }

    /** Big-endian without leading zeros. */
    static byte[] unsigned(BigInteger value) {
        byte[] octets = value.toByteArray();
        return octets.length > 1 && octets[0] == 0 ? Arrays.copyOfRange(octets, 1, octets.length) : octets;
    }

    /**
     * The octets at exactly this length: zeros are added or, where they lead, removed on the left. Null where the value
     * is longer than that.
     */
    static byte @Nullable [] leftPadded(byte[] value, int length) {
        int excess = value.length - length;
        for (int i = 0; i < excess; i++) {
            if (value[i] != 0) {
                return null;
            }
        }
        byte[] padded = new byte[length];
        System.arraycopy(value, Math.max(excess, 0), padded, Math.max(-excess, 0), Math.min(value.length, length));
        return padded;
    }

    /** Little-endian, as RFC 7748 encodes coordinates. */
    static BigInteger littleEndian(byte[] value) {
        byte[] reversed = value.clone();
        for (int i = 0; i < reversed.length / 2; i++) {
            byte octet = reversed[i];
            reversed[i] = reversed[reversed.length - 1 - i];
            reversed[reversed.length - 1 - i] = octet;
        }
        return new BigInteger(1, reversed);
    }
}
