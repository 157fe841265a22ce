package dev.cardinal.ike.sa;

import dev.cardinal.ike.wire.Payload;
import java.util.List;

/**
 * A pool as configured: {@code pools.NAME}.
 *
 * @param range its addresses, of one family
 * @param attributes what a peer with one of them is told besides, with RFC 7296's numbers of configuration attributes
 *     (section 3.15.1), which IKEv1's Mode Config shares, and Cisco's from 28672 on; in the order of the configuration
 */
public record AddressPool(String name, AddressRange range, List<Payload.Configuration.Attribute> attributes) {
    public AddressPool {
        attributes = List.copyOf(attributes);
    }
}
