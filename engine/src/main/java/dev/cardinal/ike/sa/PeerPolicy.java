package dev.cardinal.ike.sa;

import dev.cardinal.ike.crypto.KeyExchangePlacement;
import dev.cardinal.ike.wire.Proposal;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the operator wants of one connection: strongSwan's {@code connections.NAME}, already valid. Times are nanoseconds,
 * 0 for never.
 *
 * @param version 2 for IKEv2, 1 for IKEv1, 0 for either
 * @param local our addresses; empty for any
 * @param remote the peer's addresses; empty for any. The initiator uses the first
 * @param remotePort the peer's port, 500 by default
 * @param proposals for the IKE SA, in the order of preference, without SPI
 * @param localAuth how we prove who we are
 * @param remoteAuth how the peer proves who it is
 * @param rekeyNanos soft lifetime of the IKE SA; in IKEv1 the peers authenticate anew then
 * @param randNanos upper bound of what is taken off {@code rekeyNanos} at random
 * @param overNanos hard lifetime beyond {@code rekeyNanos}
 * @param dpdDelayNanos silence after which a sign of life is asked for
 * @param dpdTimeoutNanos silence of the peer after which an IKEv1 SA is dead, never 0; IKEv2 goes by its retransmissions
 * @param encapsulate pretend a NAT, so that ESP goes inside UDP
 * @param fragmentSize octets of an IP packet that carries a fragment, headers included
 * @param sendCertificateRequest whether CERTREQ is sent
 * @param virtualAddresses addresses inside the tunnel that are asked for or given
 * @param ikev1 null where IKEv1 is not spoken: version 2, and version 0 where IKEv1 has no words for what is configured
 */
public record PeerPolicy(
        String name,
        int version,
        List<AddressRange> local,
        List<AddressRange> remote,
        int remotePort,
        List<Proposal> proposals,
        AuthPolicy localAuth,
        AuthPolicy remoteAuth,
        List<ChildPolicy> children,
        Childless childless,
        Fragmentation fragmentation,
        int fragmentSize,
        long rekeyNanos,
        long randNanos,
        long overNanos,
        long dpdDelayNanos,
        long dpdTimeoutNanos,
        boolean encapsulate,
        SendCertificate sendCertificate,
        boolean sendCertificateRequest,
        Uniqueness unique,
        KeyExchangePlacement placement,
        VirtualAddresses virtualAddresses,
        @Nullable Ikev1Policy ikev1) {

    public PeerPolicy {
        local = List.copyOf(local);
        remote = List.copyOf(remote);
        proposals = List.copyOf(proposals);
        children = List.copyOf(children);
    }

    /** Childless IKE SAs (RFC 6023): strongSwan's {@code childless}. */
    public enum Childless {
        /** Accepted as responder, not used as initiator. */
        ALLOW,
        /** Used as initiator where the peer supports it. */
        PREFER,
        /** The only way. */
        FORCE,
        NEVER
    }

    /** IKEv2 fragmentation (RFC 7383): strongSwan's {@code fragmentation}. */
    public enum Fragmentation {
        YES,
        /** Announced and accepted, never sent. */
        ACCEPT,
        FORCE,
        NO
    }

    /** When our certificate is sent. */
    public enum SendCertificate {
        ALWAYS,
        IF_ASKED,
        NEVER
    }

    /** What a new SA of an identity means for the older ones: strongSwan's {@code unique}. */
    public enum Uniqueness {
        /** Older SAs stay, unless the peer says INITIAL_CONTACT. */
        NO,
        /** Older SAs stay, always. */
        NEVER,
        /** The older SAs are deleted. */
        REPLACE
    }
}
