package dev.cardinal.hsm.pool;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** {@code CKA_EC_POINT}: a DER octet string by the standard, the bare point by some tokens. */
final class EcPoints {
    private static final byte OCTET_STRING = 4;
    private static final int LONG_FORM = 0x81;

    private EcPoints() {}

    /** The bare point of a known length, in whichever form it came; null where it has another length. */
    static byte @Nullable [] unwrapped(byte[] point, int length) {
        if (point.length == length) {
            return point;
        }
        int header = length < 128 ? 2 : 3;
        boolean wrapped = point.length == header + length
                && point[0] == OCTET_STRING
                && (header == 2 ? point[1] == length : (point[1] & 0xff) == LONG_FORM && (point[2] & 0xff) == length);
        return wrapped ? Arrays.copyOfRange(point, header, point.length) : null;
    }

    /** The point as a DER octet string; points here are at most 133 octets long. */
    static byte[] wrapped(byte[] point) {
        int header = point.length < 128 ? 2 : 3;
        byte[] der = new byte[header + point.length];
        der[0] = OCTET_STRING;
        if (header == 3) {
            der[1] = (byte) LONG_FORM;
        }
        der[header - 1] = (byte) point.length;
        System.arraycopy(point, 0, der, header, point.length);
        return der;
    }
}
