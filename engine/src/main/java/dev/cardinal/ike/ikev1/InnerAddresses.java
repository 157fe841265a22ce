package dev.cardinal.ike.ikev1;

import dev.cardinal.ike.sa.AddressPools;
import dev.cardinal.ike.sa.Path;
import dev.cardinal.ike.wire.Identification;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The addresses of an ISAKMP SA inside its tunnels: those the peer gave us, and those we leased to it. */
final class InnerAddresses {
    /** Leases of one SA: a bound on what a peer may take of a pool. */
    static final int LEASES_LIMIT = 4;

    private final AddressPools pools;
    private final List<Lease> leases = new ArrayList<>(1);
    private List<InetAddress> own = List.of();

    /** @param peer who has it */
    record Lease(String pool, Identification peer, InetAddress address) {}

    InnerAddresses(AddressPools pools) {
        this.pools = pools;
    }

    /** What the peer gave us, in its order; empty for nothing. */
    List<InetAddress> own() {
        return own;
    }

    void setOwn(List<InetAddress> addresses) {
        own = List.copyOf(addresses);
    }

    /** What we leased to the peer. */
    List<InetAddress> leased() {
        return leases.stream().map(Lease::address).toList();
    }

    /** What {@code dynamic} stands for on our side: the tunnel's end point. */
    List<InetAddress> local(Path path) {
        return own.isEmpty() ? List.of(path.localAddress()) : own;
    }

    /** The same on the peer's side. */
    List<InetAddress> remote(Path path) {
        return leases.isEmpty() ? List.of(path.remoteAddress()) : leased();
    }

    /**
     * An address for the peer: the one that it has already, however often it asks, else a new one.
     *
     * @param names the pools, tried in order
     * @param wanted what it asks for, of the family that it asks for; 0.0.0.0 or :: for any
     * @param index how many of the family were asked for before, in the same question
     * @return null where no pool has any, or the peer has enough
     */
    @Nullable
    Lease lease(List<String> names, Identification peer, InetAddress wanted, int index) {
        int before = 0;
        for (Lease lease : leases) {
            if (lease.address().getClass() == wanted.getClass() && before++ == index) {
                return lease;
            }
        }
        for (String name : names) {
            InetAddress address = leases.size() < LEASES_LIMIT ? pools.acquire(name, peer, wanted) : null;
            if (address != null) {
                Lease lease = new Lease(name, peer, address);
                leases.add(lease);
                return lease;
            }
        }
        return null;
    }

    /** A successor goes on with them. What it leased itself meanwhile is given back once. */
    void moveTo(InnerAddresses successor) {
        for (Lease lease : leases) {
            if (successor.leases.contains(lease) || successor.leases.size() >= LEASES_LIMIT) {
                pools.release(lease.pool(), lease.peer(), lease.address());
            } else {
                successor.leases.add(lease);
            }
        }
        leases.clear();
        if (successor.own.isEmpty()) {
            successor.own = own;
        }
        own = List.of();
    }

    /** The SA ends. */
    void release() {
        for (Lease lease : leases) {
            pools.release(lease.pool(), lease.peer(), lease.address());
        }
        leases.clear();
    }
}
