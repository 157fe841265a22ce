package dev.cardinal.ike.backend;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/** A map of the entries added last: each further one takes the place of the oldest. Reading waits for nobody. */
final class RecentlyAdded<K, V> {
    private final ConcurrentHashMap<K, V> entries = new ConcurrentHashMap<>();
    private final AtomicReferenceArray<@Nullable K> order;
    private final AtomicInteger next = new AtomicInteger();

    /** @param limit entries at most, a power of two */
    RecentlyAdded(int limit) {
        if (Integer.bitCount(limit) != 1) {
            throw new IllegalArgumentException("limit of " + limit);
        }
        order = new AtomicReferenceArray<>(limit);
    }

    @Nullable
    V get(K key) {
        return entries.get(key);
    }

    void add(K key, V value) {
        if (entries.putIfAbsent(key, value) == null) {
            K oldest = order.getAndSet(next.getAndIncrement() & (order.length() - 1), key);
            if (oldest != null) {
                entries.remove(oldest);
            }
        }
    }

    int size() {
        return entries.size();
    }
}
