package dev.cardinal.ike.sa;

import java.util.List;

/**
 * A request that awaits its response, and when it is sent again: after {@code timeout * base^n} (strongSwan's rule).
 *
 * <p>RFC 7296 section 2.1: a retransmission is octet for octet the same message.
 */
public final class Retransmission {
    private final List<byte[]> datagrams;
    private final SaSettings settings;
    private int sent;
    private long deadlineNanos;

    /** @param datagrams the message, or its fragments; sent by the caller at {@code nowNanos} */
    public Retransmission(List<byte[]> datagrams, SaSettings settings, long nowNanos) {
        this.datagrams = List.copyOf(datagrams);
        this.settings = settings;
        this.deadlineNanos = nowNanos + wait(0);
    }

    public List<byte[]> datagrams() {
        return datagrams;
    }

    /** When the next step is due. */
    public long deadlineNanos() {
        return deadlineNanos;
    }

    /** How often it was sent again. */
    public int count() {
        return sent;
    }

    /**
     * The deadline has come.
     *
     * @return true where the message is to be sent again, false where the peer counts as dead
     */
    public boolean onDeadline(long nowNanos) {
        if (sent >= settings.retransmitTries()) {
            return false;
        }
        sent++;
        deadlineNanos = nowNanos + wait(sent);
        return true;
    }

    private long wait(int n) {
        return (long) (settings.retransmitTimeoutNanos() * Math.pow(settings.retransmitBase(), n));
    }
}
