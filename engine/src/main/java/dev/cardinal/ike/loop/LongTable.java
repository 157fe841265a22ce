package dev.cardinal.ike.loop;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A hash table from {@code long} to objects, without boxes: open addressing, linear probing, entries moved back on removal, smaller again once most have gone.
 * Its keys must be random or come from a {@link KeyedHash}; whoever chooses them could otherwise make it slow. Key 0 is a
 * key like any other. For one thread.
 */
final class LongTable<V> {
    private static final long GOLDEN = 0x9e3779b97f4a7c15L;
    private static final int FIRST_SIZE = 64;

    /** A table less than an eighth full is halved: what a flood has filled is not kept for ever. */
    private static final int SHRINK_SHIFT = 3;

    private long[] keys = new long[FIRST_SIZE];
    private @Nullable Object[] values = new Object[FIRST_SIZE];
    private int shift = Long.SIZE - Integer.numberOfTrailingZeros(FIRST_SIZE);
    private int size;

    int size() {
        return size;
    }

    @Nullable
    V get(long key) {
        int mask = keys.length - 1;
        for (int i = slot(key); ; i = (i + 1) & mask) {
            Object value = values[i];
            if (value == null) {
                return null;
            }
            if (keys[i] == key) {
                return cast(value);
            }
        }
    }

    /** @return what stood there before, null if nothing */
    @Nullable
    V put(long key, V value) {
        if (size >= keys.length - (keys.length >> 2)) {
            resize(keys.length << 1);
        }
        int mask = keys.length - 1;
        int i = slot(key);
        while (true) {
            Object there = values[i];
            if (there == null) {
                keys[i] = key;
                values[i] = value;
                size++;
                return null;
            }
            if (keys[i] == key) {
                values[i] = value;
                return cast(there);
            }
            i = (i + 1) & mask;
        }
    }

    /** @return what stood there, null if nothing */
    @Nullable
    V remove(long key) {
        int mask = keys.length - 1;
        int i = slot(key);
        while (true) {
            Object there = values[i];
            if (there == null) {
                return null;
            }
            if (keys[i] == key) {
                close(i);
                size--;
                if (keys.length > FIRST_SIZE && size < keys.length >> SHRINK_SHIFT) {
                    resize(keys.length >> 1);
                }
                return cast(there);
            }
            i = (i + 1) & mask;
        }
    }

    void forEach(Consumer<V> action) {
        for (Object value : values.clone()) {
            if (value != null) {
                action.accept(cast(value));
            }
        }
    }

    /** Moves later entries of the run into the gap, so that no probe ends too early. */
    private void close(int gap) {
        int mask = keys.length - 1;
        int i = gap;
        int free = gap;
        while (true) {
            i = (i + 1) & mask;
            if (values[i] == null) {
                break;
            }
            int home = slot(keys[i]);
            // may move where its home does not lie between the gap and itself
            if (((i - home) & mask) >= ((i - free) & mask)) {
                keys[free] = keys[i];
                values[free] = values[i];
                free = i;
            }
        }
        values[free] = null;
        keys[free] = 0;
    }

    private void resize(int length) {
        long[] oldKeys = keys;
        @Nullable Object[] oldValues = values;
        keys = new long[length];
        values = new Object[length];
        shift = Long.SIZE - Integer.numberOfTrailingZeros(length);
        int mask = keys.length - 1;
        for (int old = 0; old < oldKeys.length; old++) {
            if (oldValues[old] != null) {
                int i = slot(oldKeys[old]);
                while (values[i] != null) {
                    i = (i + 1) & mask;
                }
                keys[i] = oldKeys[old];
                values[i] = oldValues[old];
            }
        }
    }

    /** The low bits of our SPIs are the same in a whole table: the high bits of the product depend on all. */
    private int slot(long key) {
        return (int) ((key * GOLDEN) >>> shift);
    }

    @SuppressWarnings("unchecked")
    private V cast(Object value) {
        return (V) value;
    }
}
