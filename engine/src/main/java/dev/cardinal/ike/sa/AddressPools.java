package dev.cardinal.ike.sa;

import dev.cardinal.ike.wire.Identification;
import dev.cardinal.ike.wire.Payload;
import java.net.InetAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Virtual addresses for peers. Shared by all loops; every method is quick and never blocks. */
public interface AddressPools {

    /**
     * Leases an address. A peer gets the one it had before as long as nobody else needed it, and the one it asks for where
     * that is its own already (it authenticates anew) or was never anybody's; else the next that was never used, else the
     * one that has been free longest.
     *
     * @param pool a name out of {@link VirtualAddresses#pools}
     * @param peer the authenticated identity; the XAUTH user where there is one
     * @param wanted what the peer asks for; 0.0.0.0 or :: for any of that family, null for any
     * @return to be given back by {@link #release} as often as it was acquired; null where the pool is exhausted, of the
     *     other family, or unknown
     */
    @Nullable
    InetAddress acquire(String pool, Identification peer, @Nullable InetAddress wanted);

    /** Gives back what {@link #acquire} returned for the same peer; anything else is ignored. */
    void release(String pool, Identification peer, InetAddress address);

    /** What a peer with an address of the pool is told besides, such as DNS servers; empty for an unknown pool. */
    List<Payload.Configuration.Attribute> attributes(String pool);

    /** No pools. */
    AddressPools NONE = new AddressPools() {
        @Override
        public @Nullable InetAddress acquire(String pool, Identification peer, @Nullable InetAddress wanted) {
            return null;
        }

        @Override
        public void release(String pool, Identification peer, InetAddress address) {
            // nothing was leased
        }

        @Override
        public List<Payload.Configuration.Attribute> attributes(String pool) {
            return List.of();
        }
    };
}
