package dev.cardinal.ike.wire;

import java.net.InetAddress;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

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

    /** The type and three reserved octets. */
    static final int HEADER_LENGTH = 4;

    /** An address as an identity. */
    public static Identification of(InetAddress address) {
        byte[] octets = address.getAddress();
        return new Identification(octets.length == 4 ? IPV4_ADDR : IPV6_ADDR, octets);
    }

    static Identification decode(PayloadReader body) throws MalformedMessage {
        int type = body.u8();
        body.skip(3);
        byte[] data = body.rest();
        switch (type) {
            case IPV4_ADDR -> expectLength(data, 4);
            case IPV6_ADDR -> expectLength(data, 16);
            case FQDN, RFC822_ADDR -> expectNoTerminators(data);
            default -> {
                // opaque here: whoever compares identities parses them
            }
        }
        return new Identification(type, data);
    }

    void write(PayloadWriter writer) {
        writer.u8(type).zeros(3).bytes(data);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Identification that && type == that.type && Arrays.equals(data, that.data);
    }

    @Override
    public int hashCode() {
        return 31 * type + Arrays.hashCode(data);
    }

    private static void expectLength(byte[] data, int length) throws MalformedMessage {
        if (data.length != length) {
            throw new MalformedMessage("address of " + data.length + " octets in an identity");
        }
    }

    /** RFC 7296 section 3.5: the string MUST not contain any terminators, which could hide its end from a log's reader. */
    static void expectNoTerminators(byte[] data) throws MalformedMessage {
        for (byte octet : data) {
            if (octet >= 0 && octet < 0x20 || octet == 0x7f) {
                throw new MalformedMessage("control character in an identity");
            }
        }
    }
}
