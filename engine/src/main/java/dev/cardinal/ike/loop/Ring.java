package dev.cardinal.ike.loop;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A bounded queue of many producers and one consumer, without locks. */
public final class Ring<T> {
    private static final VarHandle HEAD;
    private static final VarHandle TAIL;
    private static final VarHandle SLOT = MethodHandles.arrayElementVarHandle(Object[].class);

    static {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            HEAD = lookup.findVarHandle(Ring.class, "head", long.class);
            TAIL = lookup.findVarHandle(Ring.class, "tail", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final @Nullable Object[] slots;
    private final int mask;

    @SuppressWarnings("UnusedVariable") // reached through HEAD
    private volatile long head;

    @SuppressWarnings("UnusedVariable") // reached through TAIL
    private volatile long tail;

    /** @param capacity a power of two */
    public Ring(int capacity) {
        if (Integer.bitCount(capacity) != 1) {
            throw new IllegalArgumentException("no power of two: " + capacity);
        }
        slots = new Object[capacity];
        mask = capacity - 1;
    }

    public int capacity() {
        return slots.length;
    }

    /** Adds, from any thread. @return false where it is full */
    public boolean offer(T item) {
        Objects.requireNonNull(item);
        while (true) {
            long claimed = (long) TAIL.getVolatile(this);
            if (claimed - (long) HEAD.getAcquire(this) >= slots.length) {
                return false;
            }
            if (TAIL.compareAndSet(this, claimed, claimed + 1)) {
                SLOT.setVolatile(slots, (int) claimed & mask, item);
                return true;
            }
        }
    }

    /** Takes the oldest, on the consumer's thread only; null where there is none, or its producer is still at it. */
    @SuppressWarnings("unchecked")
    public @Nullable T poll() {
        long position = (long) HEAD.get(this);
        int index = (int) position & mask;
        Object item = SLOT.getAcquire(slots, index);
        if (item == null) {
            return null;
        }
        SLOT.set(slots, index, (Object) null);
        HEAD.setRelease(this, position + 1);
        return (T) item;
    }

    /** Whether {@link #poll} would return null now; the consumer's thread only. */
    public boolean isEmpty() {
        return SLOT.getVolatile(slots, (int) (long) HEAD.get(this) & mask) == null;
    }

    /** How many are queued, about. */
    public int size() {
        return (int) ((long) TAIL.getVolatile(this) - (long) HEAD.getVolatile(this));
    }
}
