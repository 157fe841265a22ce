package dev.cardinal.ike.net;

import java.io.IOException;
import java.net.BindException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.ProtocolFamily;
import java.net.SocketException;
import java.net.StandardProtocolFamily;
import java.nio.channels.DatagramChannel;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Settles which addresses and ports the loops will share. Called at the edge, never in a loop: enumerating interfaces and
 * proving ports are system calls that may take a while.
 */
public final class PortGroup {
    /** Addresses served at most, so that a machine with a routing table's worth of them does not eat all descriptors. */
    public static final int ADDRESS_LIMIT = 1024;

    private PortGroup() {}

    /** What the machine has now, or what was configured. Multicast, wildcard and link-local addresses are left out. */
    public static List<InetAddress> addresses(ListenSettings settings) throws SocketException {
        if (!settings.everyAddress()) {
            return settings.addresses();
        }
        Set<InetAddress> found = new LinkedHashSet<>();
        NetworkInterface.networkInterfaces()
                .filter(PortGroup::isUp)
                .flatMap(NetworkInterface::inetAddresses)
                .filter(address ->
                        !address.isAnyLocalAddress() && !address.isMulticastAddress() && !address.isLinkLocalAddress())
                .limit(ADDRESS_LIMIT)
                .forEach(found::add);
        return List.copyOf(found);
    }

    /**
     * Proves that each port is free, by a plain bind without SO_REUSEPORT: with it, a second daemon of the same user would
     * silently share our datagrams.
     *
     * @return the end points with the ports the system chose where it was asked to
     * @throws PortInUse naming the first port that is taken
     */
    public static List<Endpoint> prove(List<InetAddress> addresses, ListenSettings settings) throws IOException {
        List<Endpoint> endpoints = new ArrayList<>(addresses.size());
        for (InetAddress address : addresses) {
            endpoints.add(prove(address, settings));
        }
        return endpoints;
    }

    private static Endpoint prove(InetAddress address, ListenSettings settings) throws IOException {
        // both are held at once, so that the system does not choose one port twice
        try (DatagramChannel ike = plain(address, settings.port())) {
            int port = port(ike);
            if (settings.natTPort() == ListenSettings.NO_NAT_T) {
                return new Endpoint(address, port, ListenSettings.NO_NAT_T);
            }
            try (DatagramChannel natT = plain(address, settings.natTPort())) {
                return new Endpoint(address, port, port(natT));
            }
        }
    }

    private static DatagramChannel plain(InetAddress address, int port) throws IOException {
        ProtocolFamily family =
                address instanceof Inet6Address ? StandardProtocolFamily.INET6 : StandardProtocolFamily.INET;
        DatagramChannel channel = DatagramChannel.open(family);
        try {
            channel.bind(new InetSocketAddress(address, port));
            return channel;
        } catch (BindException e) {
            channel.close();
            if (isLocal(address)) {
                throw e.getMessage() != null && e.getMessage().contains("in use")
                        ? new PortInUse(address, port, e)
                        : new IOException(
                                "cannot bind UDP port " + Endpoint.text(address, port) + ": " + e.getMessage(), e);
            }
            throw new IOException(
                    "cannot listen on " + address.getHostAddress() + ": not an address of this machine", e);
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    private static boolean isLocal(InetAddress address) throws SocketException {
        // the whole of 127/8 is local without being listed
        return address.isLoopbackAddress() || NetworkInterface.getByInetAddress(address) != null;
    }

    private static int port(DatagramChannel channel) throws IOException {
        if (channel.getLocalAddress() instanceof InetSocketAddress local) {
            return local.getPort();
        }
        throw new IOException("socket without an address");
    }

    private static boolean isUp(NetworkInterface candidate) {
        try {
            return candidate.isUp();
        } catch (SocketException e) {
            return false; // it went away while we looked
        }
    }
}
