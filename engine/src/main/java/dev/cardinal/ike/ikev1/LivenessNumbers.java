package dev.cardinal.ike.ikev1;

import dev.cardinal.ike.crypto.RandomSource;
import java.nio.ByteBuffer;

/** Sequence numbers of both directions' questions for life (RFC 3706 section 6): they count on, and answers repeat them. */
final class LivenessNumbers {
    private static final int LENGTH = 4;

    private boolean asked;
    private boolean awaited;
    private int ours;
    private boolean heard;
    private int theirs;

    /** The number of our next question, in octets; the first is random. */
    byte[] ask(RandomSource random) {
        // RFC 3706 section 6.2: the first number is random, its highest bit zero
        ours = asked ? ours + 1 : ByteBuffer.wrap(random.octets(LENGTH)).getInt() >>> 1;
        asked = true;
        awaited = true;
        return ByteBuffer.allocate(LENGTH).putInt(ours).array();
    }

    /** Takes an answer. @return whether it is the first to our last question */
    boolean onAnswer(byte[] data) {
        boolean answers =
                awaited && data.length == LENGTH && ByteBuffer.wrap(data).getInt() == ours;
        awaited &= !answers;
        return answers;
    }

    /** Whether a question counts on from the peer's last one. */
    boolean isFresh(byte[] data) {
        return data.length == LENGTH && (!heard || ByteBuffer.wrap(data).getInt() - theirs > 0);
    }

    /** Takes a question. @return whether it is to be answered: it is fresh, or the last one again */
    boolean onQuestion(byte[] data) {
        if (isFresh(data)) {
            heard = true;
            theirs = ByteBuffer.wrap(data).getInt();
            return true;
        }
        return data.length == LENGTH && ByteBuffer.wrap(data).getInt() == theirs;
    }
}
