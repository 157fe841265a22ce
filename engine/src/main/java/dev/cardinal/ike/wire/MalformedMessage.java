package dev.cardinal.ike.wire;

import org.jspecify.annotations.Nullable;

/**
 * Octets that are no valid message. Thrown by the codec only, caught by the SA or the loop; without a stack trace, since
 * peers can cause it at will.
 */
public final class MalformedMessage extends Exception {
    private static final long serialVersionUID = 1L;

    private final NotifyType notify;
    private final byte @Nullable [] notifyData;

    public MalformedMessage(String message) {
        this(NotifyType.INVALID_SYNTAX, null, message);
    }

    /**
     * @param notify what to answer where the message was authentic
     * @param notifyData the notify's data, for UNSUPPORTED_CRITICAL_PAYLOAD the payload type
     */
    public MalformedMessage(NotifyType notify, byte @Nullable [] notifyData, String message) {
        super(message, null, false, false);
        this.notify = notify;
        this.notifyData = notifyData;
    }

    public NotifyType notifyType() {
        return notify;
    }

    public byte[] notifyData() {
        return notifyData == null ? new byte[0] : notifyData;
    }
}
