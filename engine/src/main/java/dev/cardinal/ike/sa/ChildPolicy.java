package dev.cardinal.ike.sa;

import dev.cardinal.ike.wire.Proposal;
import java.util.List;

/**
 * What the operator wants of one Child SA: strongSwan's {@code children.NAME}. Times are nanoseconds, 0 for never.
 *
 * @param proposals ESP, in the order of preference, without SPI
 * @param local traffic selectors on our side
 * @param remote traffic selectors on the peer's side
 * @param tunnel false for transport mode
 * @param rekeyNanos soft lifetime
 * @param randNanos upper bound of what is taken off {@code rekeyNanos} at random
 * @param lifeNanos hard lifetime
 */
public record ChildPolicy(
        String name,
        List<Proposal> proposals,
        List<SelectorPolicy> local,
        List<SelectorPolicy> remote,
        boolean tunnel,
        long rekeyNanos,
        long randNanos,
        long lifeNanos,
        StartAction startAction) {

    public ChildPolicy {
        proposals = List.copyOf(proposals);
        local = List.copyOf(local);
        remote = List.copyOf(remote);
    }

    /** What happens when the configuration is loaded. */
    public enum StartAction {
        NONE,
        START
    }
}
