package dev.cardinal.ike.loop;

import dev.cardinal.ike.sa.IkeSa;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * SAs by their next deadline: a binary heap whose entries know their place, so that a change of deadline, which most
 * events bring, moves one entry a few steps. For one thread.
 */
final class TimerHeap<T> {
    private static final int ABSENT = -1;

    private @Nullable Node<T>[] heap = heap(64);
    private int size;

    /** The place of something with a deadline. */
    static final class Node<T> {
        private final T owner;
        private long deadlineNanos = IkeSa.NEVER;
        private int index = ABSENT;

        Node(T owner) {
            this.owner = owner;
        }
    }

    int size() {
        return size;
    }

    /** The earliest deadline, {@link IkeSa#NEVER} if there is none. */
    long nextNanos() {
        Node<T> first = heap[0];
        return first == null ? IkeSa.NEVER : first.deadlineNanos;
    }

    /** Enters, moves or, with {@link IkeSa#NEVER}, removes. */
    void set(Node<T> node, long deadlineNanos) {
        if (node.deadlineNanos == deadlineNanos) {
            return;
        }
        if (deadlineNanos == IkeSa.NEVER) {
            remove(node);
            return;
        }
        node.deadlineNanos = deadlineNanos;
        if (node.index == ABSENT) {
            if (size == heap.length) {
                heap = Arrays.copyOf(heap, size << 1);
            }
            place(node, size++);
        }
        up(node);
        down(node);
    }

    void remove(Node<T> node) {
        node.deadlineNanos = IkeSa.NEVER;
        int gap = node.index;
        if (gap == ABSENT) {
            return;
        }
        node.index = ABSENT;
        Node<T> last = at(--size);
        heap[size] = null;
        if (last != node) {
            place(last, gap);
            up(last);
            down(last);
        }
    }

    /** Takes out the earliest whose deadline is not after {@code nowNanos}; null if there is none. */
    @Nullable
    T pollDue(long nowNanos) {
        Node<T> first = heap[0];
        // nanoTime values are compared by their difference
        if (first == null || first.deadlineNanos - nowNanos > 0) {
            return null;
        }
        remove(first);
        return first.owner;
    }

    private void up(Node<T> node) {
        int i = node.index;
        while (i > 0) {
            Node<T> parent = at((i - 1) >>> 1);
            if (!before(node, parent)) {
                break;
            }
            int parentIndex = parent.index;
            place(parent, i);
            i = parentIndex;
        }
        place(node, i);
    }

    private void down(Node<T> node) {
        int i = node.index;
        while (true) {
            int child = (i << 1) + 1;
            if (child >= size) {
                break;
            }
            Node<T> least = at(child);
            if (child + 1 < size && before(at(child + 1), least)) {
                least = at(child + 1);
            }
            if (!before(least, node)) {
                break;
            }
            int leastIndex = least.index;
            place(least, i);
            i = leastIndex;
        }
        place(node, i);
    }

    private static <T> boolean before(Node<T> a, Node<T> b) {
        return a.deadlineNanos - b.deadlineNanos < 0;
    }

    private void place(Node<T> node, int i) {
        heap[i] = node;
        node.index = i;
    }

    private Node<T> at(int i) {
        Node<T> node = heap[i];
        if (node == null) {
            throw new IllegalStateException("heap of " + size + " without entry " + i);
        }
        return node;
    }

    @SuppressWarnings("unchecked")
    private static <T> @Nullable Node<T>[] heap(int length) {
        return (Node<T>[]) new Node<?>[length];
    }
}
