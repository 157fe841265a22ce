package dev.cardinal.ike.sa;

import dev.cardinal.ike.crypto.RandomSource;
import dev.cardinal.ike.crypto.SymmetricCrypto;
import java.net.InetAddress;

/**
 * What the SAs of one loop share.
 *
 * @param natT the NAT-T sockets
 */
public record SaEnvironment(
        RandomSource random,
        SymmetricCrypto symmetric,
        PeerPolicies policies,
        Credentials credentials,
        SpiSource spis,
        NatTSockets natT,
        SaSettings settings) {

    /** Knows the port of the NAT-T socket on each local address. */
    @FunctionalInterface
    public interface NatTSockets {
        /** The local NAT-T port, 4500 by default; 0 where that address has no such socket. */
        int port(InetAddress local);
    }
}
