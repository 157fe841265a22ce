package dev.cardinal.ike.loop;

import java.net.InetAddress;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;

/**
 * Half-open SAs of peers, in all and by source address, over all loops: what a flooding address sends lands on every loop,
 * and the thresholds mean the sum. Counters only, no locks.
 *
 * <p>By address it is two rows of counters, each found by its part of a keyed hash, and the lesser of the two counts: exact
 * unless an address shares its counter with others in both rows, which a peer cannot bring about.
 */
final class HalfOpenCounts {
    /** Counters a row; 512 KiB in all. */
    private static final int ROW = 1 << 16;

    private final KeyedHash hash;
    private final AtomicInteger total = new AtomicInteger();
    private final AtomicIntegerArray rows = new AtomicIntegerArray(2 * ROW);

    HalfOpenCounts(KeyedHash hash) {
        this.hash = hash;
    }

    int total() {
        return total.get();
    }

    int of(InetAddress source) {
        long where = hash.hash(source.getAddress());
        return Math.min(rows.get(first(where)), rows.get(second(where)));
    }

    void add(InetAddress source) {
        count(source, 1);
    }

    void remove(InetAddress source) {
        count(source, -1);
    }

    private void count(InetAddress source, int change) {
        long where = hash.hash(source.getAddress());
        rows.addAndGet(first(where), change);
        rows.addAndGet(second(where), change);
        total.addAndGet(change);
    }

    private static int first(long where) {
        return (int) where & (ROW - 1);
    }

    private static int second(long where) {
        return ROW + ((int) (where >>> 32) & (ROW - 1));
    }
}
