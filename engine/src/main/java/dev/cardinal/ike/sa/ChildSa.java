package dev.cardinal.ike.sa;

import dev.cardinal.ike.wire.Proposal;
import dev.cardinal.ike.wire.TrafficSelector;
import java.util.List;

/**
 * A pair of ESP SAs as it is installed: facts that do not change during its life. Its keys travel apart.
 *
 * @param name name of the child policy
 * @param serial unique in the process
 * @param reqid the same for a Child SA and what it is rekeyed to
 * @param protocol {@link Proposal#ESP} or {@link Proposal#AH}
 * @param inboundSpi ours: the peer sends with it
 * @param outboundSpi the peer's
 * @param suite the agreed proposal
 * @param tunnel false for transport mode
 * @param udpEncapsulated ESP inside UDP on the NAT-T ports
 * @param initiatorKeysOutbound whether the exchange's initiator, whose keys are taken first, is us
 */
public record ChildSa(
        String name,
        int serial,
        int reqid,
        int protocol,
        int inboundSpi,
        int outboundSpi,
        ChildSuite suite,
        boolean tunnel,
        boolean udpEncapsulated,
        Path path,
        List<TrafficSelector> local,
        List<TrafficSelector> remote,
        boolean initiatorKeysOutbound) {
    public ChildSa {
        local = List.copyOf(local);
        remote = List.copyOf(remote);
    }
}
