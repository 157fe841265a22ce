package dev.cardinal.ike.sim;

import dev.cardinal.ike.crypto.Secret;
import dev.cardinal.ike.sa.ChildKeys;
import dev.cardinal.ike.sa.ChildSa;
import dev.cardinal.ike.sa.SadPort;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The Child SAs of one end, installed late or not at all, and a watch over them. */
final class SimulatedSad implements SadPort {

    /** What becomes of an installation. @param failure null where it succeeds */
    record Fate(long delayNanos, @Nullable String failure) {
        static final Fate PROMPT = new Fate(0, null);
    }

    /** A Child SA with the hashes of its keys. */
    static final class Entry {
        final ChildSa child;
        final int outboundHash;
        final int inboundHash;
        private @Nullable String failure;
        private boolean answered;

        Entry(ChildSa child, int outboundHash, int inboundHash) {
            this.child = child;
            this.outboundHash = outboundHash;
            this.inboundHash = inboundHash;
        }

        @Override
        public String toString() {
            return "%s{%d %08x_i %08x_o%s}"
                    .formatted(
                            child.name(),
                            child.reqid(),
                            child.inboundSpi(),
                            child.outboundSpi(),
                            failure != null ? " failed" : answered ? "" : " pending");
        }
    }

    private final VirtualTime time;
    private final Map<Integer, Entry> entries = new LinkedHashMap<>();
    private Supplier<Fate> behaviour = () -> Fate.PROMPT;
    private @Nullable SimulatedSad peer;
    private int installations;

    SimulatedSad(VirtualTime time) {
        this.time = time;
    }

    /** Compares the keys with those at the other end from now on. */
    void face(SimulatedSad other) {
        this.peer = other;
    }

    void behave(Supplier<Fate> how) {
        this.behaviour = how;
    }

    /** What is held, installed or about to be. */
    Collection<Entry> entries() {
        return entries.values();
    }

    @Nullable
    Entry entry(int inboundSpi) {
        return entries.get(inboundSpi);
    }

    /** How often something was installed. */
    int installations() {
        return installations;
    }

    @Override
    public void install(ChildSa child, ChildKeys keys, Completion completion) {
        Entry entry;
        try (keys) {
            entry = new Entry(
                    child,
                    hash(keys.outboundEncryption(), keys.outboundIntegrity()),
                    hash(keys.inboundEncryption(), keys.inboundIntegrity()));
        }
        installations++;
        if (entry.inboundHash == entry.outboundHash) {
            throw new AssertionError("both directions of a Child SA have one key: " + entry);
        }
        if (entries.putIfAbsent(child.inboundSpi(), entry) != null) {
            throw new AssertionError("a Child SA was installed twice: " + entry);
        }
        compareWithPeer(entry);
        Fate fate = behaviour.get();
        entry.failure = fate.failure();
        time.after(fate.delayNanos(), VirtualTime.Kind.UNDER_WAY, () -> {
            entry.answered = true;
            completion.completed(fate.failure());
        });
    }

    @Override
    public void remove(ChildSa child) {
        Entry entry = entries.remove(child.inboundSpi());
        if (entry == null || entry.child.outboundSpi() != child.outboundSpi()) {
            throw new AssertionError("a Child SA was removed that is not held: %08x_i %08x_o"
                    .formatted(child.inboundSpi(), child.outboundSpi()));
        }
    }

    /** Both ends of one Child SA have the same keys, selectors and shape. */
    private void compareWithPeer(Entry ours) {
        Entry theirs = peer == null ? null : peer.entries.get(ours.child.outboundSpi());
        if (theirs == null || theirs.child.outboundSpi() != ours.child.inboundSpi()) {
            return;
        }
        if (ours.outboundHash != theirs.inboundHash || ours.inboundHash != theirs.outboundHash) {
            throw new AssertionError("the ends of a Child SA hold different keys: " + ours + " and " + theirs);
        }
        if (!ours.child.local().equals(theirs.child.remote())
                || !ours.child.remote().equals(theirs.child.local())) {
            throw new AssertionError(
                    "the ends of a Child SA hold different selectors: " + ours.child + " and " + theirs.child);
        }
        if (!ours.child.suite().equals(theirs.child.suite())
                || ours.child.tunnel() != theirs.child.tunnel()
                || ours.child.udpEncapsulated() != theirs.child.udpEncapsulated()
                || ours.child.initiatorKeysOutbound() == theirs.child.initiatorKeysOutbound()) {
            throw new AssertionError("the ends of a Child SA differ: " + ours.child + " and " + theirs.child);
        }
    }

    private static int hash(Secret encryption, @Nullable Secret integrity) {
        int first = encryption.lend(Arrays::hashCode);
        return integrity == null ? first : 31 * first + integrity.lend(Arrays::hashCode);
    }
}
