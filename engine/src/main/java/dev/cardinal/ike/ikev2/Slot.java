package dev.cardinal.ike.ikev2;

import dev.cardinal.ike.sa.IkeSa;
import org.jspecify.annotations.Nullable;

/** One direction's place for an exchange, and what it waits for. */
final class Slot {
    @Nullable
    Exchange exchange;

    /** Ticket of the request or installation under way, 0 for none. */
    long ticket;

    /** When the ticket is overdue. */
    long deadlineNanos = IkeSa.NEVER;

    boolean isFree() {
        return exchange == null;
    }

    void clear() {
        exchange = null;
        forgetTicket();
    }

    void forgetTicket() {
        ticket = 0;
        deadlineNanos = IkeSa.NEVER;
    }
}
