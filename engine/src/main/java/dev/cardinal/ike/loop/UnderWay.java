package dev.cardinal.ike.loop;

import java.util.ArrayDeque;
import java.util.Queue;

/**
 * Handshakes that strangers have lately begun and not yet ended. Key pairs are made long before anybody asks for a signature,
 * so back ends that look idle say nothing of the work to come: were strangers let in by that alone, thousands would send
 * their IKE_AUTH at once, the requests of those let in next would be passed over until their deadlines, and their peers
 * would begin anew after seconds of silence.
 *
 * <p>A handshake that has not ended in {@link #ANSWER_NANOS} counts no more once the back ends have leisure: then it is its
 * peer that keeps us waiting, and those who never go on, or are far away, keep nobody out for longer. For one loop's thread.
 */
final class UnderWay {
    /** Handshakes at most: a part of a second's work for the fastest back ends, a fraction of a request's deadline for slow ones. */
    static final int LIMIT = 1024;

    /** Longer than the answer of nearly every peer takes, far shorter than a request's deadline. */
    static final long ANSWER_NANOS = 250_000_000L;

    /** Entries from which on those that count no more are taken out. */
    private static final int PURGE_SIZE = 4 * LIMIT;

    private final Queue<HostedSa.HalfOpen> begun = new ArrayDeque<>();
    private int count;

    void begin(HostedSa.HalfOpen halfOpen) {
        if (begun.size() >= PURGE_SIZE) {
            begun.removeIf(each -> !each.isCounted());
        }
        begun.add(halfOpen);
        count++;
    }

    void end(HostedSa.HalfOpen halfOpen) {
        if (halfOpen.endCounting() && --count == 0) {
            // nothing of what has ended is kept where nobody comes
            begun.clear();
        }
    }

    /**
     * Whether another stranger may begin.
     *
     * @param leisure whether the back ends have so little to do that handshakes under way wait for their peers
     */
    boolean hasRoom(long nowNanos, boolean leisure) {
        if (count < LIMIT) {
            return true;
        }
        for (HostedSa.HalfOpen eldest = begun.peek(); eldest != null; eldest = begun.peek()) {
            if (eldest.isCounted() && !(leisure && nowNanos - eldest.begunNanos() >= ANSWER_NANOS)) {
                break;
            }
            begun.remove();
            end(eldest);
        }
        return count < LIMIT;
    }
}
