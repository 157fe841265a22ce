package dev.cardinal.ike.sa;

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

    /** An immutable picture for listings. */
    SaSnapshot snapshot(long nowNanos);
}
