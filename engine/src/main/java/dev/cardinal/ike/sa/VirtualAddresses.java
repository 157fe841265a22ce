package dev.cardinal.ike.sa;

import java.net.InetAddress;
import java.util.List;

/**
 * Addresses inside the tunnel: those we ask the peer for, and where those come from that it may ask us for.
 *
 * @param requested {@code vips}: what we ask for; 0.0.0.0 or :: for any address of the family
 * @param pools {@code pools}: names of {@link AddressPools} for the peer, tried in order
 */
public record VirtualAddresses(List<InetAddress> requested, List<String> pools) {

    /** Neither asks nor gives. */
    public static final VirtualAddresses NONE = new VirtualAddresses(List.of(), List.of());

    public VirtualAddresses {
        requested = List.copyOf(requested);
        pools = List.copyOf(pools);
    }
}
