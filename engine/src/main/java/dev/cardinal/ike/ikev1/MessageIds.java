package dev.cardinal.ike.ikev1;

import java.util.Arrays;

/**
 * Message IDs that the peer has begun exchanges with: each is used once in the life of an ISAKMP SA, since its key and IV would
 * fit a recorded message as well as a new one (RFC 2409 section 5.5 has no other defence against replay).
 */
final class MessageIds {
    /** A busy peer begins some hundred exchanges in an SA's life; beyond this the oldest are forgotten. */
    static final int LIMIT = 4096;

    private int[] ids = {};
    private int count;
    private int next;

    boolean wasUsed(int messageId) {
        for (int i = 0; i < count; i++) {
            if (ids[i] == messageId) {
                return true;
            }
        }
        return false;
    }

    /** Notes a message ID that was not used before. */
    void use(int messageId) {
        if (count < LIMIT) {
            if (count == ids.length) {
                ids = Arrays.copyOf(ids, Math.min(LIMIT, Math.max(4, 2 * count)));
            }
            ids[count++] = messageId;
        } else {
            ids[next] = messageId;
            next = (next + 1) % LIMIT;
        }
    }
}
