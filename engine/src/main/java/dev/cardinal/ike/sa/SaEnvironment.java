package dev.cardinal.ike.sa;

import dev.cardinal.ike.crypto.RandomSource;
import dev.cardinal.ike.crypto.SymmetricCrypto;
import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/**
 * What the SAs of one loop share.
 *
 * @param natT the NAT-T sockets
 * @param departures when the answers leave that follow a decryption
 * @param keyObserver the debug key log, null where it is off
 */
public record SaEnvironment(
        RandomSource random,
        SymmetricCrypto symmetric,
        PeerPolicies policies,
        Credentials credentials,
        AddressPools pools,
        SpiSource spis,
        NatTSockets natT,
        SaSettings settings,
        DepartureGrid departures,
        @Nullable IkeKeyObserver keyObserver) {

    /** Knows the port of the NAT-T socket on each local address. */
    @FunctionalInterface
    public interface NatTSockets {
        /** The local NAT-T port, 4500 by default; 0 where that address has no such socket. */
        int port(InetAddress local);
    }
}
