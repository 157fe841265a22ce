package dev.cardinal.ike.sim;

import java.util.PriorityQueue;

/**
 * Virtual time and what is to happen in it. Things due at one moment happen in the order in which they were asked for, so
 * that a run depends on its seed alone.
 */
final class VirtualTime {
    /** What a thing in the queue means for whether the world is at rest. */
    enum Kind {
        /** A datagram, a completion: something is still under way while it is queued. */
        UNDER_WAY,
        /** A timer or an order: it may lie far ahead. */
        TIMER
    }

    private record Due(long nanos, long order, Kind kind, Runnable action) implements Comparable<Due> {
        @Override
        public int compareTo(Due other) {
            int byTime = Long.compare(nanos, other.nanos);
            return byTime != 0 ? byTime : Long.compare(order, other.order);
        }
    }

    private final PriorityQueue<Due> queue = new PriorityQueue<>();
    private long now;
    private long asked;
    private int underWay;

    /** @param startNanos as of a monotonic clock: any number, negative ones too */
    VirtualTime(long startNanos) {
        this.now = startNanos;
    }

    long nowNanos() {
        return now;
    }

    /** How many datagrams and completions are still to arrive. */
    int underWay() {
        return underWay;
    }

    void after(long delayNanos, Kind kind, Runnable action) {
        at(now + delayNanos, kind, action);
    }

    /** @param nanos a moment that has passed means now */
    void at(long nanos, Kind kind, Runnable action) {
        if (kind == Kind.UNDER_WAY) {
            underWay++;
        }
        queue.add(new Due(Math.max(nanos, now), asked++, kind, action));
    }

    /** Lets the next thing happen, unless it lies after {@code limitNanos}. */
    boolean step(long limitNanos) {
        Due due = queue.peek();
        if (due == null || due.nanos > limitNanos) {
            return false;
        }
        queue.remove();
        now = due.nanos;
        if (due.kind == Kind.UNDER_WAY) {
            underWay--;
        }
        due.action.run();
        return true;
    }

    /** Lets everything happen up to and including a moment, and ends there. */
    void runUntil(long nanos) {
        while (step(nanos)) {
            // each step may ask for more
        }
        now = Math.max(now, nanos);
    }
}
