package dev.cardinal.ike.loop;

import dev.cardinal.ike.sa.IkeSa;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * SAs by their next deadline: a binary heap whose entries know their place, so that a change of deadline moves one entry a
 * few steps. For one thread.
 */
final class TimerHeap<N extends TimerHeap.Node> {
    /** The place of what is not in the heap. */
    static final int ABSENT = -1;

    private static final int FIRST_SIZE = 64;

    /** A heap less than an eighth full is halved. */
    private static final int SHRINK_SHIFT = 3;

    private @Nullable N[] heap = heap(FIRST_SIZE);
    private int size;

    /** Something with a deadline. It keeps its place for the heap: as entered, NEVER and {@link #ABSENT} at first. */
    interface Node {
        long enteredNanos();

        void setEnteredNanos(long deadlineNanos);

        int place();

        void setPlace(int index);
    }

    int size() {
        return size;
    }

    /** The earliest deadline, {@link IkeSa#NEVER} if there is none. */
    long nextNanos() {
        N first = heap[0];
        return first == null ? IkeSa.NEVER : first.enteredNanos();
    }

    /** Enters, moves or, with {@link IkeSa#NEVER}, removes. */
    void set(N node, long deadlineNanos) {
        if (node.enteredNanos() == deadlineNanos) {
            return;
        }
        if (deadlineNanos == IkeSa.NEVER) {
            remove(node);
            return;
        }
        node.setEnteredNanos(deadlineNanos);
        if (node.place() == ABSENT) {
            if (size == heap.length) {
                heap = Arrays.copyOf(heap, size << 1);
            }
            place(node, size++);
        }
        up(node);
        down(node);
    }

    /**
     * The same, but a later deadline is not entered: the present one comes first, and whoever is told then enters the true
     * one. Most events only put a deadline off.
     */
    void bringForward(N node, long deadlineNanos) {
        if (node.enteredNanos() == IkeSa.NEVER
                || deadlineNanos == IkeSa.NEVER
                || deadlineNanos - node.enteredNanos() < 0) {
            set(node, deadlineNanos);
        }
    }

    void remove(N node) {
        node.setEnteredNanos(IkeSa.NEVER);
        int gap = node.place();
        if (gap == ABSENT) {
            return;
        }
        node.setPlace(ABSENT);
        N last = at(--size);
        heap[size] = null;
        if (heap.length > FIRST_SIZE && size < heap.length >> SHRINK_SHIFT) {
            heap = Arrays.copyOf(heap, heap.length >> 1);
        }
        if (last != node) {
            place(last, gap);
            up(last);
            down(last);
        }
    }

    /** Takes out the earliest whose deadline is not after {@code nowNanos}; null if there is none. */
    @Nullable
    N pollDue(long nowNanos) {
        N first = heap[0];
        // nanoTime values are compared by their difference
        if (first == null || first.enteredNanos() - nowNanos > 0) {
            return null;
        }
        remove(first);
        return first;
    }

    private void up(N node) {
        int i = node.place();
        while (i > 0) {
            N parent = at((i - 1) >>> 1);
            if (!before(node, parent)) {
                break;
            }
            int parentIndex = parent.place();
            place(parent, i);
            i = parentIndex;
        }
        place(node, i);
    }

    private void down(N node) {
        int i = node.place();
        while (true) {
            int child = (i << 1) + 1;
            if (child >= size) {
                break;
            }
            N least = at(child);
            if (child + 1 < size && before(at(child + 1), least)) {
                least = at(child + 1);
            }
            if (!before(least, node)) {
                break;
            }
            int leastIndex = least.place();
            place(least, i);
            i = leastIndex;
        }
        place(node, i);
    }

    private static boolean before(Node a, Node b) {
        return a.enteredNanos() - b.enteredNanos() < 0;
    }

    private void place(N node, int i) {
        heap[i] = node;
        node.setPlace(i);
    }

    private N at(int i) {
        N node = heap[i];
        if (node == null) {
            throw new IllegalStateException("heap of " + size + " without entry " + i);
        }
        return node;
    }

    @SuppressWarnings("unchecked")
    private static <N extends Node> @Nullable N[] heap(int length) {
        return (N[]) new Node[length];
    }
}
