package dev.cardinal.ike.loop;

import dev.cardinal.ike.wire.Identification;
import java.util.ArrayList;
import java.util.List;

/**
 * Established SAs of one loop by the pair of identities. Identities are the peers' choice, hence the keyed hash; where many
 * SAs share a pair they are chained through themselves, so that one leaves without a search. For one thread.
 */
final class UniquenessIndex {
    private final KeyedHash hash;
    private final LongTable<HostedSa> newest = new LongTable<>();

    /** Who talks to whom. */
    record Pair(Identification local, Identification remote) {}

    UniquenessIndex(KeyedHash hash) {
        this.hash = hash;
    }

    void add(Pair pair, HostedSa hosted) {
        HostedSa first = newest.put(key(pair), hosted);
        hosted.older = first;
        if (first != null) {
            first.newer = hosted;
        }
    }

    /** @param hosted is there */
    void remove(Pair pair, HostedSa hosted) {
        HostedSa newer = hosted.newer;
        HostedSa older = hosted.older;
        if (older != null) {
            older.newer = newer;
        }
        if (newer != null) {
            newer.older = older;
        } else if (older != null) {
            newest.put(key(pair), older);
        } else {
            newest.remove(key(pair));
        }
        hosted.newer = null;
        hosted.older = null;
    }

    /** The SAs of a pair that were established before {@code order}. */
    List<HostedSa> olderThan(Pair pair, long order) {
        List<HostedSa> found = new ArrayList<>();
        for (HostedSa next = newest.get(key(pair)); next != null; next = next.older) {
            if (next.establishedOrder() < order && pair.equals(next.pair())) {
                found.add(next);
            }
        }
        return found;
    }

    private long key(Pair pair) {
        long local = hash.hash(1L + pair.local().type(), pair.local().data());
        return hash.hash(local ^ pair.remote().type(), pair.remote().data());
    }
}
