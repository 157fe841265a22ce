package dev.cardinal.ike.loop;

import dev.cardinal.ike.sa.SaEvent;

/**
 * What other threads tell a loop: the only concurrent object of a loop. Completions have their own queue, which cannot
 * overflow because the loop submits no more than it holds; datagrams of strangers cannot crowd out orders.
 */
final class Inbox {
    /** Requests that may be with back ends at a time; more are refused as if the back end's queue were full. */
    static final int COMPLETION_LIMIT = 1 << 14;

    /** Orders of the edge and of other loops. */
    static final int ORDER_LIMIT = 1 << 12;

    /** Datagrams that other loops received for this one. */
    static final int DATAGRAM_LIMIT = 1 << 12;

    private final Ring<Completion> completions = new Ring<>(COMPLETION_LIMIT);
    private final Ring<Order> orders = new Ring<>(ORDER_LIMIT);
    private final Ring<SaEvent.Datagram> datagrams = new Ring<>(DATAGRAM_LIMIT);
    private final Runnable wake;
    private volatile boolean closed;

    /** The answer of a back end, run on the loop's thread. */
    interface Completion {
        void deliver();

        /** The loop has ended: frees what the answer holds, on any thread. */
        void discard();
    }

    /** Something to be done on the loop's thread. */
    interface Order {
        void carryOut(EventLoop loop);

        /** The loop has ended. */
        default void abandon() {}
    }

    /** @param wake ends the loop's sleep; called after every arrival */
    Inbox(Runnable wake) {
        this.wake = wake;
    }

    void complete(Completion completion) {
        if (closed || !completions.offer(completion)) {
            completion.discard();
            return;
        }
        wake.run();
    }

    boolean order(Order order) {
        if (closed || !orders.offer(order)) {
            return false;
        }
        wake.run();
        return true;
    }

    boolean handOver(SaEvent.Datagram datagram) {
        if (closed || !datagrams.offer(datagram)) {
            return false;
        }
        wake.run();
        return true;
    }

    Ring<Completion> completions() {
        return completions;
    }

    Ring<Order> orders() {
        return orders;
    }

    Ring<SaEvent.Datagram> datagrams() {
        return datagrams;
    }

    boolean isEmpty() {
        return completions.isEmpty() && orders.isEmpty() && datagrams.isEmpty();
    }

    int size() {
        return completions.size() + orders.size() + datagrams.size();
    }

    /** No more arrivals; what is queued is discarded. On the loop's thread, which has ended its work. */
    void close() {
        closed = true;
        for (Completion completion = completions.poll(); completion != null; completion = completions.poll()) {
            completion.discard();
        }
        for (Order order = orders.poll(); order != null; order = orders.poll()) {
            order.abandon();
        }
        while (datagrams.poll() != null) {
            // nobody is left to read it
        }
    }
}
