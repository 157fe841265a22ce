package dev.cardinal.ike.ikev2;

import dev.cardinal.ike.sa.ChildPolicy;
import dev.cardinal.ike.sa.ChildSa;
import dev.cardinal.ike.sa.IkeSa;
import org.jspecify.annotations.Nullable;

/** A Child SA in an IKE SA's care. */
final class Child {
    final ChildSa facts;
    final ChildPolicy policy;
    final long installedNanos;
    State state = State.INSTALLED;
    long rekeyNanos = IkeSa.NEVER;
    long expireNanos = IkeSa.NEVER;

    /** Our rekeying of this Child SA: null where none was begun. */
    @Nullable
    Rekey ours;

    /** The peer's rekeying of this Child SA: null where none was begun. */
    @Nullable
    Rekey theirs;

    Child(ChildSa facts, ChildPolicy policy, long installedNanos) {
        this.facts = facts;
        this.policy = policy;
        this.installedNanos = installedNanos;
    }

    /** Its life. */
    enum State {
        INSTALLED,
        /** Replaced; whoever made the replacement deletes it. */
        REKEYED,
        /** Our Delete is under way, or waits for its turn. */
        DELETING
    }

    /** A rekeying by one side (RFC 7296 section 2.8.1). */
    static final class Rekey {
        /** Null until both are known. */
        @Nullable
        Nonces nonces;

        /** What it made; null while it runs and when it failed. */
        @Nullable
        Child created;

        boolean settled;
    }

    boolean isSettled(@Nullable Rekey rekey) {
        return rekey == null || rekey.settled;
    }
}
