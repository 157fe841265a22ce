package dev.cardinal.ike.loop;

/** A token bucket. For one thread. */
final class RateLimit {
    private final long intervalNanos;
    private final long burst;
    private long spentUntilNanos;
    private boolean begun;

    /**
     * @param perSecond how many on average
     * @param burst how many at once after a pause
     */
    RateLimit(int perSecond, int burst) {
        this.intervalNanos = 1_000_000_000L / perSecond;
        this.burst = burst;
    }

    /** Whether one more is allowed now, which it then counts. */
    boolean tryAcquire(long nowNanos) {
        long full = nowNanos - burst * intervalNanos;
        if (!begun || spentUntilNanos - full < 0) {
            begun = true;
            spentUntilNanos = full;
        }
        if (spentUntilNanos + intervalNanos - nowNanos > 0) {
            return false;
        }
        spentUntilNanos += intervalNanos;
        return true;
    }
}
