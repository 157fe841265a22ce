package dev.cardinal.ike.ikev1;

import dev.cardinal.ike.wire.IsakmpAttribute;
import dev.cardinal.ike.wire.IsakmpPayload;
import dev.cardinal.ike.wire.MalformedMessage;
import java.util.List;

/**
 * Lifetimes as attributes: of phase 1 (RFC 2409 appendix A), of phase 2 and of RESPONDER-LIFETIME (RFC 2407 sections 4.5 and
 * 4.6.3.1), which number them differently.
 */
final class Lifetimes {
    /** Attributes of phase 2. */
    static final int LIFE_TYPE = 1;

    static final int LIFE_DURATION = 2;

    private static final int SECONDS = 1;
    private static final long NANOS = 1_000_000_000L;

    private Lifetimes() {}

    /**
     * The life in seconds that attributes name; types and durations come in pairs, and without a type seconds are meant.
     *
     * @return nanoseconds, 0 where there is none
     */
    static long nanos(List<IsakmpAttribute> attributes, int lifeType, int lifeDuration) {
        long type = SECONDS;
        for (IsakmpAttribute attribute : attributes) {
            if (attribute.type() == lifeType) {
                type = attribute.number();
            } else if (attribute.type() == lifeDuration && type == SECONDS) {
                long seconds = attribute.number();
                return seconds > 0 && seconds < Long.MAX_VALUE / NANOS ? seconds * NANOS : 0;
            }
        }
        return 0;
    }

    /** The attributes of a life. @param nanos above 0 */
    static List<IsakmpAttribute> attributes(long nanos, int lifeType, int lifeDuration) {
        long seconds = Math.max(1, Math.min(nanos / NANOS, 0xffff_ffffL));
        return List.of(IsakmpAttribute.of(lifeType, SECONDS), IsakmpAttribute.of(lifeDuration, seconds));
    }

    /** The same of a RESPONDER-LIFETIME's data; 0 where they are none. */
    static long ofNotification(IsakmpPayload.Notification notification) {
        try {
            return nanos(notification.attributes(), LIFE_TYPE, LIFE_DURATION);
        } catch (MalformedMessage e) {
            return 0;
        }
    }
}
