package dev.cardinal.ike.crypto;

import java.math.BigInteger;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The two shapes of an ECDSA signature: {@code r | s}, each as long as the curve's field (RFC 4754 section 7), and the DER
 * of RFC 3279 section 2.2.3, which the Digital Signature method carries (RFC 7427).
 */
public final class EcdsaSignature {
    private static final int SEQUENCE = 0x30;
    private static final int INTEGER = 0x02;

    private EcdsaSignature() {}

    /**
     * @param rs {@code r | s}, of even length
     * @return DER
     */
    public static byte[] toDer(byte[] rs) {
        if (rs.length == 0 || rs.length % 2 != 0) {
            throw new IllegalArgumentException("r | s of " + rs.length + " octets");
        }
        int half = rs.length / 2;
        byte[] r = new BigInteger(1, rs, 0, half).toByteArray();
        byte[] s = new BigInteger(1, rs, half, half).toByteArray();
        int length = 4 + r.length + s.length;
        // P-521 needs the long form of one octet, nothing needs more
        byte[] der = new byte[length + (length < 0x80 ? 2 : 3)];
        int at = 0;
        der[at++] = SEQUENCE;
        if (length >= 0x80) {
            der[at++] = (byte) 0x81;
        }
        der[at++] = (byte) length;
        for (byte[] number : new byte[][] {r, s}) {
            der[at++] = INTEGER;
            der[at++] = (byte) number.length;
            System.arraycopy(number, 0, der, at, number.length);
            at += number.length;
        }
        return der;
    }

    /**
     * @param der what a peer sent
     * @param fieldLength octets of the curve's field
     * @return {@code r | s}, or null where the octets are not exactly one such signature in DER with positive numbers that
     *     fit the field
     */
    public static byte @Nullable [] fromDer(byte[] der, int fieldLength) {
        int longForm = der.length > 1 && (der[1] & 0xff) == 0x81 ? 1 : 0;
        int at = 2 + longForm;
        if (der.length < at + 1 || der[0] != SEQUENCE) {
            return null;
        }
        int length = der[at - 1] & 0xff;
        if (length != der.length - at || (longForm == 1) != (length >= 0x80)) {
            return null;
        }
        byte[] rs = new byte[2 * fieldLength];
        int afterR = integer(der, at, rs, fieldLength, fieldLength);
        if (afterR < 0) {
            return null;
        }
        int afterS = integer(der, afterR, rs, 2 * fieldLength, fieldLength);
        return afterS == der.length ? rs : null;
    }

    /**
     * Copies one INTEGER so that it ends before {@code targetEnd}.
     *
     * @return where the next object begins, or -1
     */
    private static int integer(byte[] der, int offset, byte[] target, int targetEnd, int fieldLength) {
        if (offset + 2 > der.length || der[offset] != INTEGER) {
            return -1;
        }
        int length = der[offset + 1];
        int from = offset + 2;
        int end = from + length;
        if (length < 1 || end > der.length || der[from] < 0) {
            return -1;
        }
        if (der[from] == 0) {
            // a zero octet stands only before a number that would look negative without it
            if (length == 1 || der[from + 1] >= 0) {
                return -1;
            }
            from++;
        }
        if (end - from > fieldLength) {
            return -1;
        }
        byte[] number = Arrays.copyOfRange(der, from, end);
        System.arraycopy(number, 0, target, targetEnd - number.length, number.length);
        return end;
    }
}
