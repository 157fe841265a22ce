package dev.cardinal.ike.loop;

import dev.cardinal.ike.wire.Identification;
import java.util.ArrayList;
import java.util.List;

/**
 * Established SAs of one loop by the pair of identities. Identities are the peers' choice, hence the keyed hash. For one
 * thread.
 */
final class UniquenessIndex {
    private final KeyedHash hash;
    private final LongTable<List<HostedSa>> table = new LongTable<>();

    /** Who talks to whom. */
    record Pair(Identification local, Identification remote) {}

    UniquenessIndex(KeyedHash hash) {
        this.hash = hash;
    }

    void add(Pair pair, HostedSa hosted) {
        long key = key(pair);
        List<HostedSa> same = table.get(key);
        if (same == null) {
            same = new ArrayList<>(1);
            table.put(key, same);
        }
        same.add(hosted);
    }

    void remove(Pair pair, HostedSa hosted) {
        long key = key(pair);
        List<HostedSa> same = table.get(key);
        if (same != null && same.remove(hosted) && same.isEmpty()) {
            table.remove(key);
        }
    }

    /** The SAs of a pair that were established before {@code order}. */
    List<HostedSa> olderThan(Pair pair, long order) {
        List<HostedSa> same = table.get(key(pair));
        if (same == null) {
            return List.of();
        }
        List<HostedSa> older = new ArrayList<>();
        for (HostedSa hosted : same) {
            if (hosted.establishedOrder() < order && pair.equals(hosted.pair())) {
                older.add(hosted);
            }
        }
        return older;
    }

    private long key(Pair pair) {
        long local = hash.hash(1L + pair.local().type(), pair.local().data());
        return hash.hash(local ^ pair.remote().type(), pair.remote().data());
    }
}
