package dev.cardinal.ike.loop;

import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** What the loops of a group know of each other: their number, their inboxes, and how work is divided. */
final class LoopPeers {
    private final KeyedHash hash;
    private final HalfOpenCounts halfOpen;
    private final int spiBits;
    private final @Nullable Inbox[] inboxes;
    private final AtomicLong establishedOrder = new AtomicLong();

    LoopPeers(int loops, KeyedHash hash) {
        this.hash = hash;
        this.halfOpen = new HalfOpenCounts(hash);
        this.spiBits = LoopSpis.bits(loops);
        this.inboxes = new Inbox[loops];
    }

    /** Before any loop runs. */
    void join(EventLoop loop) {
        inboxes[loop.index()] = loop.inbox();
    }

    int count() {
        return inboxes.length;
    }

    Inbox inbox(int loop) {
        Inbox inbox = inboxes[loop];
        if (inbox == null) {
            throw new IllegalStateException("loop " + loop + " has not joined");
        }
        return inbox;
    }

    int spiBits() {
        return spiBits;
    }

    KeyedHash hash() {
        return hash;
    }

    HalfOpenCounts halfOpen() {
        return halfOpen;
    }

    /** The loop of a stranger. */
    int loopOfHash(long keyedHash) {
        return (int) (((keyedHash >>> 32) * inboxes.length) >>> 32);
    }

    long nextEstablishedOrder() {
        return establishedOrder.incrementAndGet();
    }
}
