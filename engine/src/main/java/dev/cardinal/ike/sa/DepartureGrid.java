package dev.cardinal.ike.sa;

/**
 * When answers leave that follow the decryption of a peer's octets, so that their time does not tell what was decrypted.
 *
 * <p>They leave so long after the decryption was queued as the slowest one of late took, rounded up to a grid. The grid alone
 * would hide a difference only until it lies across one of its lines: where a token takes 8 ms for a good padding and 13 ms for a
 * bad one, and the grid is 10 ms. As it is, what is slow for one kind is slow for all, except for the very answer that was slower
 * than any other of the last ten minutes.
 *
 * <p>One for the SAs of a loop, on its thread.
 */
public final class DepartureGrid {
    /** The longest delay that is kept up for others, in steps of the grid: a moment's overload is not to cost everybody seconds. */
    private static final long KEPT_STEPS = 25;

    /** A delay is remembered for one to two of these. */
    private static final long MEMORY_NANOS = 600_000_000_000L;

    private final long gridNanos;
    private long delayNanos;
    private long newDelayNanos;
    private long turnNanos;
    private boolean begun;

    /** @param gridNanos above 0 */
    public DepartureGrid(long gridNanos) {
        this.gridNanos = gridNanos;
    }

    /**
     * The moment of an answer.
     *
     * @param queuedNanos when the decryption was queued
     * @param nowNanos when the answer is ready, at least {@code queuedNanos}
     * @return after {@code nowNanos}
     */
    public long departureNanos(long queuedNanos, long nowNanos) {
        if (!begun) {
            begun = true;
            turnNanos = nowNanos;
        } else if (nowNanos - turnNanos >= MEMORY_NANOS) {
            delayNanos = nowNanos - turnNanos >= 2 * MEMORY_NANOS ? 0 : newDelayNanos;
            newDelayNanos = 0;
            turnNanos = nowNanos;
        }
        long own = ((nowNanos - queuedNanos) / gridNanos + 1) * gridNanos;
        newDelayNanos = Math.max(newDelayNanos, Math.min(own, KEPT_STEPS * gridNanos));
        delayNanos = Math.max(delayNanos, newDelayNanos);
        return queuedNanos + Math.max(own, delayNanos);
    }
}
