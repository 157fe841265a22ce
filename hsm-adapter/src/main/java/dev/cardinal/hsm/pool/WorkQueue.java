package dev.cardinal.hsm.pool;

import dev.cardinal.hsm.HsmBusy;
import dev.cardinal.hsm.Urgency;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The queues between callers and workers: one bounded queue for each urgency, served in order, and one for destructions
 * and errands, which are never refused and go first.
 */
final class WorkQueue {

    /** Destructions one worker takes at once, so that requests wait for a mass release only so long. */
    private static final int OWN_LIMIT = 64;

    /** Grains queued below which a worker lets others run before it takes what there is. */
    private static final int YIELD_BELOW = 4;

    /** So often a request is left behind for the sake of whole groups. */
    private static final int PASSED_OVER_LIMIT = 4;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition filled = lock.newCondition();
    private final Map<Urgency, ArrayDeque<Work.Requested>> queues = new EnumMap<>(Urgency.class);
    private final ArrayDeque<Work> own = new ArrayDeque<>();
    private final TokenSettings.QueueLimits limits;
    private final int batchLimit;
    private final int grain;
    /** Scratch of {@link #takeGrains}. */
    private final ArrayDeque<Work.Requested> leftBehind = new ArrayDeque<>();

    /** Scratch of {@link #takeGrains}: how many of each kind may still be taken. */
    private final int[] room = new int[LaneKind.COUNT];

    private int workers = 1;
    private int queued;
    private volatile int highWater;
    private boolean closed;

    /**
     * @param batchLimit requests that one worker takes at most
     * @param grain requests of a kind that cost hardly more together than one, at least 1: these are not shared out, and
     *     taken in whole groups where there are such
     */
    WorkQueue(TokenSettings.QueueLimits limits, int batchLimit, int grain) {
        this.limits = limits;
        this.batchLimit = batchLimit;
        this.grain = grain;
        for (Urgency urgency : Urgency.values()) {
            queues.put(urgency, new ArrayDeque<>());
        }
    }

    /** Tells how many workers share the work. */
    void serve(int count) {
        lock.lock();
        try {
            workers = count;
        } finally {
            lock.unlock();
        }
    }

    /** @return false when the queue is closed */
    boolean offer(Work.Requested work) throws HsmBusy {
        Urgency urgency = work.request().urgency();
        int limit = switch (urgency) {
            case BEGUN -> limits.begun();
            case ESTABLISHED -> limits.established();
            case NEW -> limits.unknown();
        };
        lock.lock();
        try {
            if (closed) {
                return false;
            }
            ArrayDeque<Work.Requested> queue = queue(urgency);
            if (queue.size() >= limit) {
                throw new HsmBusy("the queue for " + urgency + " is full");
            }
            queue.add(work);
            queued++;
            if (queued > highWater) {
                highWater = queued;
            }
            filled.signal();
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** @return false when the queue is closed */
    boolean offerOwn(Work work) {
        lock.lock();
        try {
            if (closed) {
                return false;
            }
            own.add(work);
            filled.signal();
            return true;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Waits for work and takes a batch: what has queued, up to the limit, but no more than this worker's share, so that
     * a batch never holds more than a grain of what an idle worker could do. Where there are whole grains of requests of
     * one kind, only these are taken: a rest that would be as dear as a grain waits for more of its kind while the token
     * has better things to do, a few batches long at most. Nothing waits while the token is idle.
     *
     * @param batch empty; receives the work in the order in which it is to be done
     * @return how many requests were taken; -1 when the queue is closed
     */
    int take(List<Work> batch) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            while (queued == 0 && own.isEmpty() && !closed) {
                filled.await();
            }
            if (grain > 1 && queued < YIELD_BELOW * grain && !closed) {
                // callers that share our processor and have more to ask for do so now, and a short batch becomes a
                // whole one
                lock.unlock();
                try {
                    Thread.yield();
                } finally {
                    lock.lock();
                }
            }
            if (closed) {
                return -1;
            }
            int ownShare = Math.min(OWN_LIMIT, share(own.size()));
            for (int i = 0; i < ownShare; i++) {
                batch.add(own.remove());
            }
            int share = Math.min(batchLimit, Math.max(grain, share(queued)));
            int taken = grain == 1 ? takeAll(batch, share) : takeGrains(batch, share);
            queued -= taken;
            return taken;
        } finally {
            lock.unlock();
        }
    }

    private int takeAll(List<Work> batch, int share) {
        int taken = 0;
        for (Urgency urgency : Urgency.values()) {
            ArrayDeque<Work.Requested> queue = queue(urgency);
            while (taken < share && !queue.isEmpty()) {
                batch.add(queue.remove());
                taken++;
            }
        }
        return taken;
    }

    /** Of the requests whose turn it is, those in whole grains of their kind, and the kin of one that has waited enough. */
    private int takeGrains(List<Work> batch, int share) {
        Arrays.fill(room, 0);
        int seen = 0;
        boolean whole = false;
        for (Urgency urgency : Urgency.values()) {
            for (Iterator<Work.Requested> each = queue(urgency).iterator(); seen < share && each.hasNext(); seen++) {
                whole |= ++room[each.next().kind()] >= grain;
            }
        }
        if (!whole) {
            return takeAll(batch, share);
        }
        for (int kind = 0; kind < room.length; kind++) {
            room[kind] -= room[kind] % grain;
        }
        room[LaneKind.OTHER] = share;
        int left = seen;
        for (Urgency urgency : Urgency.values()) {
            for (Iterator<Work.Requested> each = queue(urgency).iterator(); left > 0 && each.hasNext(); left--) {
                Work.Requested next = each.next();
                if (next.passedOver() >= PASSED_OVER_LIMIT) {
                    room[next.kind()] = share;
                }
            }
        }
        left = seen;
        int taken = 0;
        for (Urgency urgency : Urgency.values()) {
            ArrayDeque<Work.Requested> queue = queue(urgency);
            int here = Math.min(left, queue.size());
            left -= here;
            for (int i = 0; i < here; i++) {
                Work.Requested next = queue.remove();
                if (room[next.kind()]-- > 0) {
                    batch.add(next);
                    taken++;
                } else {
                    next.passOver();
                    leftBehind.add(next);
                }
            }
            while (!leftBehind.isEmpty()) {
                queue.addFirst(leftBehind.removeLast());
            }
        }
        return taken;
    }

    private int share(int size) {
        return (size + workers - 1) / workers;
    }

    /** Closes the queue and returns what was left in it. */
    List<Work> close() {
        lock.lock();
        try {
            closed = true;
            List<Work> left = new ArrayList<>(own);
            queues.values().forEach(left::addAll);
            own.clear();
            queues.values().forEach(ArrayDeque::clear);
            queued = 0;
            filled.signalAll();
            return left;
        } finally {
            lock.unlock();
        }
    }

    int highWater() {
        return highWater;
    }

    private ArrayDeque<Work.Requested> queue(Urgency urgency) {
        ArrayDeque<Work.Requested> queue = queues.get(urgency);
        if (queue == null) {
            throw new AssertionError(urgency);
        }
        return queue;
    }
}
