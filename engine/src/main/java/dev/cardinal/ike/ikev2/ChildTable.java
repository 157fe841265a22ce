package dev.cardinal.ike.ikev2;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The Child SAs of an IKE SA. A rekeyed IKE SA and its successors share one table, so that a Child SA is found whichever
 * of them a message comes through; only the owner runs their timers and takes them along when it ends.
 */
final class ChildTable {
    /** Child SAs of one IKE SA: a bound on what a peer may make us hold. */
    static final int MAX_CHILDREN = 256;

    /** Early Deletes that are remembered: an honest peer sends one. */
    private static final int MAX_EARLY_DELETES = 16;

    /** Most IKE SAs have one. */
    final List<Child> children = new ArrayList<>(1);

    /** Outbound SPIs of Deletes that came early; empty but for a moment. */
    private Set<Integer> earlyDeletes = Set.of();

    Ikev2Sa owner;

    ChildTable(Ikev2Sa owner) {
        this.owner = owner;
    }

    /** By the SPI that we chose. */
    @Nullable
    Child inbound(int spi) {
        for (Child child : children) {
            if (child.facts.inboundSpi() == spi) {
                return child;
            }
        }
        return null;
    }

    /** By the SPI that the peer chose: the one its Delete and REKEY_SA name. */
    @Nullable
    Child outbound(int protocol, int spi) {
        for (Child child : children) {
            if (child.facts.outboundSpi() == spi && child.facts.protocol() == protocol) {
                return child;
            }
        }
        return null;
    }

    /**
     * The peer deleted a Child SA that is not here. It may be the one that we are still making: the peer has had it since
     * it sent its response, which may be under way even now.
     */
    void onUnknownDeleted(int outboundSpi) {
        if (earlyDeletes.size() < MAX_EARLY_DELETES) {
            earlyDeletes = new HashSet<>(earlyDeletes);
            earlyDeletes.add(outboundSpi);
        }
    }

    /** An exchange of ours begins to make a Child SA. */
    void onMaking() {
        earlyDeletes = Set.of();
    }

    /** Whether the peer deleted a Child SA before we had it. */
    boolean wasDeletedEarly(int outboundSpi) {
        return earlyDeletes.contains(outboundSpi);
    }

    boolean isFull() {
        return children.size() >= MAX_CHILDREN;
    }
}
