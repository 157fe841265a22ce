package dev.cardinal.ike.wire;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A traffic selector (RFC 7296 section 3.13.1): a range of addresses of one family, ports, and an IP protocol.
 *
 * @param protocol IP protocol, 0 for any
 * @param startPort 0 to 65535; for ICMP type and code (RFC 7296 section 3.13.1). OPAQUE is start 65535, end 0
 * @param endPort 0 to 65535
 * @param start first address
 * @param end last address, same family, not below {@code start}
 */
public record TrafficSelector(int protocol, int startPort, int endPort, InetAddress start, InetAddress end) {
    /** Selectors of one payload. The count's octet allows 255, and narrowing compares each of them with ours. */
    static final int SELECTORS_LIMIT = 128;

    private static final int IPV4_ADDR_RANGE = 7;
    private static final int IPV6_ADDR_RANGE = 8;
    private static final int HEADER_LENGTH = 4;
    private static final int PORT_MAX = 65535;

    /** @throws IllegalArgumentException where the addresses or ports are no range */
    public TrafficSelector {
        String problem = problem(protocol, startPort, endPort, start.getAddress(), end.getAddress());
        if (problem != null) {
            throw new IllegalArgumentException(problem);
        }
    }

    /** Decodes the selectors of a payload's body; those of an unknown type are left out, as they match nothing here. */
    static List<TrafficSelector> decodeList(PayloadReader body) throws MalformedMessage {
        int count = body.u8();
        body.skip(3);
        // RFC 7296 section 2.9: each TS payload contains one or more traffic selectors
        if (count == 0 || count > SELECTORS_LIMIT) {
            throw new MalformedMessage(count + " traffic selectors");
        }
        List<TrafficSelector> selectors = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            int type = body.u8();
            int protocol = body.u8();
            PayloadReader selector = body.slice(body.u16() - HEADER_LENGTH, "traffic selector");
            switch (type) {
                case IPV4_ADDR_RANGE -> selectors.add(decodeRange(protocol, 4, selector));
                case IPV6_ADDR_RANGE -> selectors.add(decodeRange(protocol, 16, selector));
                default -> {
                    // RFC 7296 section 2.9: the responder narrows to what it can accept
                }
            }
        }
        return selectors;
    }

    static void writeList(PayloadWriter writer, List<TrafficSelector> selectors) {
        writer.u8(selectors.size()).zeros(3);
        for (TrafficSelector selector : selectors) {
            selector.write(writer);
        }
    }

    private static TrafficSelector decodeRange(int protocol, int addressLength, PayloadReader selector)
            throws MalformedMessage {
        int startPort = selector.u16();
        int endPort = selector.u16();
        byte[] start = selector.bytes(addressLength);
        byte[] end = selector.bytes(addressLength);
        selector.expectEnd();
        String problem = problem(protocol, startPort, endPort, start, end);
        if (problem != null) {
            throw new MalformedMessage(problem);
        }
        return new TrafficSelector(protocol, startPort, endPort, address(start), address(end));
    }

    private void write(PayloadWriter writer) {
        byte[] first = start.getAddress();
        byte[] last = end.getAddress();
        writer.u8(first.length == 4 ? IPV4_ADDR_RANGE : IPV6_ADDR_RANGE).u8(protocol);
        writer.u16(HEADER_LENGTH + 4 + first.length + last.length);
        writer.u16(startPort).u16(endPort).bytes(first).bytes(last);
    }

    private static @Nullable String problem(int protocol, int startPort, int endPort, byte[] start, byte[] end) {
        if (start.length != end.length) {
            return "traffic selector of two address families";
        }
        if (Arrays.compareUnsigned(start, end) > 0) {
            return "traffic selector whose addresses end before they start";
        }
        if (protocol < 0
                || protocol > 255
                || Math.min(startPort, endPort) < 0
                || Math.max(startPort, endPort) > PORT_MAX) {
            return "traffic selector with a protocol or port out of range";
        }
        // RFC 7296 section 3.13.1: OPAQUE is the one pair whose start is above its end
        boolean opaque = startPort == PORT_MAX && endPort == 0;
        return startPort > endPort && !opaque ? "traffic selector whose ports end before they start" : null;
    }

    static InetAddress address(byte[] octets) throws MalformedMessage {
        try {
            // InetAddress would turn an IPv4-mapped IPv6 address into an IPv4 one, and so change the selector's family
            return octets.length == 4 ? InetAddress.getByAddress(octets) : Inet6Address.getByAddress(null, octets, -1);
        } catch (UnknownHostException e) {
            throw new MalformedMessage("address of " + octets.length + " octets");
        }
    }
}
