package dev.cardinal.ike.sa;

import dev.cardinal.ike.wire.Identification;
import dev.cardinal.ike.wire.TrafficSelector;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An IKE SA at one moment, for listings. Holds no secret.
 *
 * @param connection name of the policy, null before one was chosen
 * @param serial number of the SA, unique in the process
 * @param version of IKE, 1 or 2
 * @param establishedNanos age since it was established, -1 before
 * @param rekeyInNanos time until the rekey begins, -1 for never
 * @param proposal algorithms as strongSwan lists them, empty before they were agreed
 */
public record SaSnapshot(
        @Nullable String connection,
        int serial,
        int version,
        State state,
        boolean initiator,
        long initiatorSpi,
        long responderSpi,
        Path path,
        @Nullable Identification localId,
        @Nullable Identification remoteId,
        String proposal,
        long establishedNanos,
        long rekeyInNanos,
        List<Child> children) {

    public SaSnapshot {
        children = List.copyOf(children);
    }

    /** The coarse life of an IKE SA. */
    public enum State {
        CONNECTING,
        ESTABLISHED,
        REKEYING,
        REKEYED,
        DELETING
    }

    /**
     * A Child SA at one moment.
     *
     * @param reqid kept when the Child SA is rekeyed
     * @param udpEncapsulated whether ESP goes inside UDP
     * @param proposal algorithms as strongSwan lists them
     */
    public record Child(
            String name,
            int serial,
            int reqid,
            int inboundSpi,
            int outboundSpi,
            boolean tunnel,
            boolean udpEncapsulated,
            String proposal,
            long installedNanos,
            long rekeyInNanos,
            List<TrafficSelector> local,
            List<TrafficSelector> remote) {
        public Child {
            local = List.copyOf(local);
            remote = List.copyOf(remote);
        }
    }
}
