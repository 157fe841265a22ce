package dev.cardinal.ike.ikev1;

import dev.cardinal.ike.sa.ChildPolicy;
import dev.cardinal.ike.sa.ChildSa;
import dev.cardinal.ike.sa.IkeSa;

/** A Child SA in an ISAKMP SA's care: a pair of IPsec SAs, as quick mode makes them. */
final class Child {
    final ChildSa facts;
    final ChildPolicy policy;
    final long installedNanos;
    State state = State.INSTALLED;
    long rekeyNanos = IkeSa.NEVER;
    long expireNanos = IkeSa.NEVER;

    Child(ChildSa facts, ChildPolicy policy, long installedNanos) {
        this.facts = facts;
        this.policy = policy;
        this.installedNanos = installedNanos;
    }

    /** Its life. */
    enum State {
        INSTALLED,
        /** Our quick mode for its successor is under way. */
        REKEYING,
        /** A successor carries its traffic; it ends soon. */
        REPLACED
    }

    /** Whether both carry the same traffic for the same policy. */
    boolean isTwinOf(Child other) {
        return policy.name().equals(other.policy.name())
                && facts.local().equals(other.facts.local())
                && facts.remote().equals(other.facts.remote());
    }
}
