package dev.cardinal.ike.loop;

import dev.cardinal.ike.sa.AddressPool;
import dev.cardinal.ike.sa.AddressPools;
import dev.cardinal.ike.wire.Identification;
import dev.cardinal.ike.wire.Payload;
import java.net.InetAddress;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The pools of the configuration and who has which of their addresses, for all loops. */
public final class AddressLeases implements AddressPools {
    private final Map<String, LeasedPool> pools;

    public AddressLeases(Collection<AddressPool> configured) {
        Map<String, LeasedPool> made = new HashMap<>();
        configured.forEach(pool -> made.put(pool.name(), new LeasedPool(pool)));
        pools = Map.copyOf(made);
    }

    @Override
    public @Nullable InetAddress acquire(String pool, Identification peer, @Nullable InetAddress wanted) {
        LeasedPool leases = pools.get(pool);
        return leases == null ? null : leases.acquire(peer, wanted);
    }

    @Override
    public void release(String pool, Identification peer, InetAddress address) {
        LeasedPool leases = pools.get(pool);
        if (leases != null) {
            leases.release(peer, address);
        }
    }

    @Override
    public List<Payload.Configuration.Attribute> attributes(String pool) {
        LeasedPool leases = pools.get(pool);
        return leases == null ? List.of() : leases.pool().attributes();
    }

    /** Addresses of a pool that are leased now; 0 for an unknown pool. */
    public int leased(String pool) {
        LeasedPool leases = pools.get(pool);
        return leases == null ? 0 : leases.leased();
    }
}
