package dev.cardinal.ike.net;

import java.net.InetAddress;
import java.util.List;

/**
 * Where to listen: {@code listen}, {@code port} and {@code port_nat_t} of {@code cardinal.conf}.
 *
 * @param addresses empty for every local address, looked up again when they change
 * @param port of IKE, 500 by default; 0 lets the system choose, per address
 * @param natTPort of IKE and ESP in UDP, 4500 by default; 0 lets the system choose; {@link #NO_NAT_T} for no such socket
 */
public record ListenSettings(List<InetAddress> addresses, int port, int natTPort) {

    /** No socket for NAT traversal. */
    public static final int NO_NAT_T = -1;

    public static final int IKE_PORT = 500;
    public static final int NAT_T_PORT = 4500;

    public ListenSettings {
        addresses = List.copyOf(addresses);
        if (port < 0 || port > 0xffff || natTPort < NO_NAT_T || natTPort > 0xffff) {
            throw new IllegalArgumentException("no UDP ports: " + port + ", " + natTPort);
        }
        if (port == natTPort && port != 0) {
            throw new IllegalArgumentException("port and port_nat_t are both " + port);
        }
    }

    /** Whether the addresses are whatever the machine has. */
    public boolean everyAddress() {
        return addresses.isEmpty();
    }
}
