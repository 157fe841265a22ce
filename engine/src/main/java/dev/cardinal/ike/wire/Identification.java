package dev.cardinal.ike.wire;

import java.util.Arrays;

/**
 * An identity as it stands on the wire (RFC 7296 section 3.5).
 *
 * @param type see the constants here
 * @param data its octets; owned by the record
 */
public record Identification(int type, byte[] data) {
    public static final int IPV4_ADDR = 1;
    public static final int FQDN = 2;
    public static final int RFC822_ADDR = 3;
    public static final int IPV6_ADDR = 5;
    public static final int DER_ASN1_DN = 9;
    public static final int DER_ASN1_GN = 10;
    public static final int KEY_ID = 11;

    @Override
    public boolean equals(Object other) {
        return other instanceof Identification that && type == that.type && Arrays.equals(data, that.data);
    }

    @Override
    public int hashCode() {
        return 31 * type + Arrays.hashCode(data);
    }
}
