package dev.cardinal.ike.ikev2;

import dev.cardinal.ike.wire.NotifyType;
import dev.cardinal.ike.wire.Payload.Notify;

/** The peer broke a rule of the exchange in an authentic message, or asks for what is refused: it gets the notify. */
final class ProtocolViolation extends Exception {
    private static final long serialVersionUID = 1L;

    private final transient Notify notify;

    ProtocolViolation(NotifyType type, String message) {
        this(Notify.of(type), message);
    }

    ProtocolViolation(Notify notify, String message) {
        super(message, null, false, false);
        this.notify = notify;
    }

    Notify notifyPayload() {
        return notify;
    }
}
