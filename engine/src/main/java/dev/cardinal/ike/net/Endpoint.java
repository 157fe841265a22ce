package dev.cardinal.ike.net;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/**
 * The sockets of one local address, the same for every loop.
 *
 * @param address never the wildcard: the answer's source must be the address that was asked
 * @param port of IKE
 * @param natTPort of IKE and ESP in UDP, {@link ListenSettings#NO_NAT_T} without such a socket
 */
public record Endpoint(InetAddress address, int port, int natTPort) {

    public boolean hasNatT() {
        return natTPort != ListenSettings.NO_NAT_T;
    }

    /** The address of the IKE socket. */
    public InetSocketAddress ike() {
        return new InetSocketAddress(address, port);
    }

    /** The address of the NAT-T socket. */
    public InetSocketAddress natT() {
        return new InetSocketAddress(address, natTPort);
    }

    /** {@code 192.0.2.1:500} or {@code [2001:db8::1]:500}. */
    static String text(InetAddress address, int port) {
        String host = address.getHostAddress();
        return address instanceof Inet6Address ? "[" + host + "]:" + port : host + ":" + port;
    }

    @Override
    public String toString() {
        return text(address, port) + (hasNatT() ? " " + text(address, natTPort) : "");
    }
}
