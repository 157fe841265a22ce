package dev.cardinal.ike.sa;

import java.net.InetAddress;
import java.util.Arrays;

/**
 * A range of addresses of one family.
 *
 * @param first lowest address
 * @param last highest address, same family
 */
public record AddressRange(InetAddress first, InetAddress last) {

    public AddressRange {
        if (first.getAddress().length != last.getAddress().length
                || Arrays.compareUnsigned(first.getAddress(), last.getAddress()) > 0) {
            throw new IllegalArgumentException("no range: " + first + " to " + last);
        }
    }

    /** One address. */
    public static AddressRange of(InetAddress address) {
        return new AddressRange(address, address);
    }

    /** The addresses that share the first {@code prefix} bits with {@code address}. */
    public static AddressRange of(InetAddress address, int prefix) {
        byte[] first = address.getAddress();
        byte[] last = first.clone();
        if (prefix < 0 || prefix > first.length * 8) {
            throw new IllegalArgumentException("prefix length " + prefix + " for " + address.getHostAddress());
        }
        for (int bit = prefix; bit < first.length * 8; bit++) {
            first[bit / 8] &= (byte) ~(0x80 >> (bit % 8));
            last[bit / 8] |= (byte) (0x80 >> (bit % 8));
        }
        return new AddressRange(Addresses.of(first), Addresses.of(last));
    }

    public boolean contains(InetAddress address) {
        byte[] octets = address.getAddress();
        return octets.length == first.getAddress().length
                && Arrays.compareUnsigned(first.getAddress(), octets) <= 0
                && Arrays.compareUnsigned(octets, last.getAddress()) <= 0;
    }

    /** Whether this is one address and no more. */
    public boolean isSingle() {
        return first.equals(last);
    }
}
