package dev.cardinal.ike.sa;

import java.net.InetAddress;
import java.net.UnknownHostException;

/** IP addresses from octets, without any name service. */
public final class Addresses {
    private Addresses() {}

    /** @param octets 4 or 16; an IPv4-mapped IPv6 address becomes IPv4 */
    public static InetAddress of(byte[] octets) {
        try {
            return InetAddress.getByAddress(octets);
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException("an address of " + octets.length + " octets", e);
        }
    }
}
