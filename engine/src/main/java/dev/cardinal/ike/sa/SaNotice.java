package dev.cardinal.ike.sa;

import dev.cardinal.ike.wire.Identification;
import java.net.InetAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What an SA reports; {@code observe} picks the words, the level and the rate. Never holds a secret. */
public sealed interface SaNotice {

    /** Who reports: enough to find the SA in a listing. @param connection null before a policy was chosen */
    record Subject(@Nullable String connection, int serial, long ownSpi, Path path) {}

    Subject subject();

    /**
     * A peer's first message was accepted and an SA was made for it, or ours was sent.
     *
     * @param how the version of IKE, and in IKEv1 the mode
     */
    record HandshakeBegun(Subject subject, boolean initiator, String how) implements SaNotice {}

    /**
     * @param version of IKE, 1 or 2
     * @param durationNanos since the first message
     */
    record IkeEstablished(
            Subject subject,
            int version,
            boolean initiator,
            Identification localId,
            Identification remoteId,
            String proposal,
            String authentication,
            long durationNanos)
            implements SaNotice {}

    record IkeRekeyed(Subject subject, boolean initiator, long successorSpi, String proposal) implements SaNotice {}

    /** @param why in our words */
    record IkeClosed(Subject subject, CloseReason reason, String why) implements SaNotice {}

    record ChildEstablished(Subject subject, ChildSa child, boolean rekey) implements SaNotice {}

    record ChildRemoved(Subject subject, ChildSa child, String why) implements SaNotice {}

    /** A Child SA that was wanted and did not come about. */
    record ChildFailed(Subject subject, String name, String why) implements SaNotice {}

    /** The peer did not prove who it is, or we could not prove it to the peer. */
    record AuthenticationFailed(Subject subject, @Nullable Identification remoteId, String why) implements SaNotice {}

    /** A message that is no valid one, or breaks a rule; nothing was changed by it. */
    record MessageRejected(Subject subject, String why) implements SaNotice {}

    /** A back end failed or refused. */
    record BackendFailed(Subject subject, String why) implements SaNotice {}

    record Retransmitted(Subject subject, int messageId, int count) implements SaNotice {}

    /**
     * Addresses inside the tunnel.
     *
     * @param ours whether the peer gave them to us; else they are the peer's, from our pools
     * @param dns servers that the peer named with them
     */
    record AddressesAssigned(Subject subject, boolean ours, List<InetAddress> addresses, List<InetAddress> dns)
            implements SaNotice {
        public AddressesAssigned {
            addresses = List.copyOf(addresses);
            dns = List.copyOf(dns);
        }
    }

    /** The peer moved behind its NAT. */
    record PathChanged(Subject subject, Path before, Path after) implements SaNotice {}

    /** Two rekeys met. @param outcome in our words */
    record Collision(Subject subject, String outcome) implements SaNotice {}

    /** A flaw of ours: the SA was closed for it. */
    record InternalError(Subject subject, String what) implements SaNotice {}

    /** Why an IKE SA ended. */
    enum CloseReason {
        /** Deleted by us, on an order. */
        DELETED,
        /** Deleted by the peer. */
        PEER_DELETED,
        /** Its successor took over. */
        REKEYED,
        /** The peer did not answer. */
        PEER_DEAD,
        /** The handshake did not end in time. */
        HALF_OPEN_TIMEOUT,
        /** Negotiation or authentication failed. */
        FAILED,
        /** A back end was busy or failed. */
        BACKEND,
        /** Another SA of the same peer replaced it. */
        REPLACED,
        /** A flaw of ours. */
        INTERNAL
    }
}
