package dev.cardinal.ike.sa;

import org.jspecify.annotations.Nullable;

/**
 * An IKE SA as the loop sees it: a state machine that takes events one at a time and writes effects. It never blocks and
 * never throws for anything a peer sends.
 */
public interface IkeSa {

    /** The deadline of an SA that waits for nothing. */
    long NEVER = Long.MAX_VALUE;

    /**
     * Takes one event.
     *
     * @param nowNanos the loop's clock, monotonic; deadlines are on the same clock
     */
    void handle(SaEvent event, long nowNanos, Effects effects);

    /** When {@link SaEvent.TimerDue} is wanted next, {@link #NEVER} for not at all. May change with every event. */
    long nextDeadlineNanos();

    /** Our own SPI: SPIi where we initiated, SPIr where we responded. Its low bits name the loop. */
    long ownSpi();

    /** The peer's SPI, 0 until it is known. */
    long peerSpi();

    /** Whether we are the original initiator: flag I of what we send. */
    boolean initiator();

    /** Whether the peer is not authenticated yet. */
    boolean halfOpen();

    /**
     * What older SAs of the same pair of identities are told now that this one is established (RFC 7296 section 2.4).
     *
     * @param initialContact whether the peer said that it knows no other SA with us
     * @return null for nothing; {@link SaCommand.HandOver} goes to those of the same loop only
     */
    default @Nullable SaCommand toOlder(PeerPolicy.Uniqueness unique, boolean initialContact) {
        return switch (unique) {
            case NEVER -> null;
            case NO -> initialContact ? new SaCommand.Forget() : null;
            case REPLACE -> initialContact ? new SaCommand.Forget() : new SaCommand.DeleteIke();
        };
    }

    /** An immutable picture for listings. */
    SaSnapshot snapshot(long nowNanos);
}
