package dev.cardinal.ike.ikev1;

import dev.cardinal.ike.wire.IsakmpNotify;
import java.io.Serial;

/** The peer asks for, or does, what we do not accept. Without a stack trace, since peers can cause it at will. */
final class Refusal extends Exception {
    @Serial
    private static final long serialVersionUID = 1L;

    private final int notifyType;

    /** @param notifyType see {@link IsakmpNotify}: what the peer is told where it may be told anything */
    Refusal(int notifyType, String message) {
        super(message, null, false, false);
        this.notifyType = notifyType;
    }

    int notifyType() {
        return notifyType;
    }
}
