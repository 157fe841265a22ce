package dev.cardinal.ike.wire;

import java.net.InetAddress;

/**
 * A traffic selector (RFC 7296 section 3.13.1): a range of addresses of one family, ports, and an IP protocol.
 *
 * @param protocol IP protocol, 0 for any
 * @param startPort 0 to 65535; for ICMP type and code (RFC 7296 section 3.13.1). OPAQUE is start 65535, end 0
 * @param endPort 0 to 65535
 * @param start first address
 * @param end last address, same family, not below {@code start}
 */
public record TrafficSelector(int protocol, int startPort, int endPort, InetAddress start, InetAddress end) {}
