package dev.cardinal.ike.sa;

import java.net.InetAddress;
import java.net.InetSocketAddress;

/**
 * Where a datagram came from or goes to.
 *
 * @param local our address and port, never the wildcard
 * @param remote the peer's address and port
 * @param natT whether {@code local} is the NAT-T socket, whose IKE messages begin with the non-ESP marker (RFC 3948); the
 *     transport adds and strips it
 */
public record Path(InetSocketAddress local, InetSocketAddress remote, boolean natT) {

    public InetAddress localAddress() {
        return local.getAddress();
    }

    public InetAddress remoteAddress() {
        return remote.getAddress();
    }
}
