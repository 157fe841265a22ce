package dev.cardinal.ike.wire;

import static dev.cardinal.ike.wire.Identification.IPV4_ADDR;
import static dev.cardinal.ike.wire.Identification.IPV6_ADDR;
import static dev.cardinal.ike.wire.IsakmpPayload.Identification.IPV4_ADDR_RANGE;
import static dev.cardinal.ike.wire.IsakmpPayload.Identification.IPV4_ADDR_SUBNET;
import static dev.cardinal.ike.wire.IsakmpPayload.Identification.IPV6_ADDR_RANGE;
import static dev.cardinal.ike.wire.IsakmpPayload.Identification.IPV6_ADDR_SUBNET;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Identities of phase 2 as traffic selectors and back (RFC 2407 section 4.6.2, RFC 2409 section 5.5). */
final class IsakmpTraffic {
    private static final int IPV4_LENGTH = 4;
    private static final int PORT_MAX = 65535;

    private IsakmpTraffic() {}

    /** See {@link IsakmpPayload.Identification#of(TrafficSelector)}. */
    static IsakmpPayload.Identification identification(TrafficSelector selector) {
        byte[] first = selector.start().getAddress();
        byte[] last = selector.end().getAddress();
        boolean four = first.length == IPV4_LENGTH;
        int port = port(selector);
        if (Arrays.equals(first, last)) {
            return new IsakmpPayload.Identification(four ? IPV4_ADDR : IPV6_ADDR, selector.protocol(), port, first);
        }
        byte[] mask = mask(first, last);
        int type;
        if (mask == null) {
            type = four ? IPV4_ADDR_RANGE : IPV6_ADDR_RANGE;
        } else {
            type = four ? IPV4_ADDR_SUBNET : IPV6_ADDR_SUBNET;
        }
        byte[] data = Arrays.copyOf(first, 2 * first.length);
        System.arraycopy(mask == null ? last : mask, 0, data, first.length, first.length);
        return new IsakmpPayload.Identification(type, selector.protocol(), port, data);
    }

    /** See {@link IsakmpPayload.Identification#traffic()}. */
    static TrafficSelector selector(IsakmpPayload.Identification id) throws MalformedMessage {
        byte[] data = id.data();
        byte[] first;
        byte[] last;
        switch (id.type()) {
            case IPV4_ADDR, IPV6_ADDR -> {
                first = data;
                last = data;
            }
            case IPV4_ADDR_RANGE, IPV6_ADDR_RANGE -> {
                first = Arrays.copyOf(data, data.length / 2);
                last = Arrays.copyOfRange(data, data.length / 2, data.length);
                if (Arrays.compareUnsigned(first, last) > 0) {
                    throw new MalformedMessage("traffic whose addresses end before they start");
                }
            }
            case IPV4_ADDR_SUBNET, IPV6_ADDR_SUBNET -> {
                byte[] mask = Arrays.copyOfRange(data, data.length / 2, data.length);
                first = Arrays.copyOf(data, data.length / 2);
                last = first.clone();
                for (int i = 0; i < mask.length; i++) {
                    first[i] &= mask[i];
                    last[i] |= (byte) ~mask[i];
                }
                if (!Arrays.equals(mask, mask(first, last))) {
                    throw new MalformedMessage("subnet whose mask has holes");
                }
            }
            default -> throw new MalformedMessage("identity of type " + id.type() + " names no traffic");
        }
        int endPort = id.port() == 0 ? PORT_MAX : id.port();
        return new TrafficSelector(
                id.protocol(), id.port(), endPort, TrafficSelector.address(first), TrafficSelector.address(last));
    }

    private static int port(TrafficSelector selector) {
        if (selector.startPort() == 0 && selector.endPort() == PORT_MAX) {
            return 0;
        }
        // a port of zero would come to mean any: more than was asked for
        if (selector.startPort() != selector.endPort() || selector.startPort() == 0) {
            throw new IllegalArgumentException(
                    "IKEv1 has any port or one, not " + selector.startPort() + " to " + selector.endPort());
        }
        return selector.startPort();
    }

    /** The mask whose subnet is exactly this range, or null. */
    private static byte @Nullable [] mask(byte[] first, byte[] last) {
        byte[] mask = new byte[first.length];
        boolean host = false;
        for (int bit = 0; bit < 8 * first.length; bit++) {
            int at = 0x80 >> bit % 8;
            boolean low = (first[bit / 8] & at) != 0;
            boolean high = (last[bit / 8] & at) != 0;
            host |= low != high;
            if (host && (low || !high)) {
                return null;
            }
            if (!host) {
                mask[bit / 8] |= (byte) at;
            }
        }
        return mask;
    }
}
