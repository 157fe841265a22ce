package dev.cardinal.bench.compare;

import dev.cardinal.bench.load.LoadResult;
import java.util.Locale;

/** Tells a window that can be compared from one that cannot. */
final class Window {
    /** Handshakes under way, below which a responder may be idle between them. */
    static final int LEAST_IN_FLIGHT = 64;

    /** What may be waiting to be sent again because a datagram was lost; the others keep a responder busy. */
    private static final double AT_WORK = 0.9;

    /** Percentile of latencies that counts as long; one datagram that was lost and sent again shall not void a window. */
    private static final double LONG = 99;

    private Window() {}

    /**
     * The responder's processor time for each handshake.
     *
     * @param inFlight as ordered
     * @throws IllegalStateException where handshakes failed, or where fewer were under way than ordered
     */
    static double millis(String gateway, LoadResult result, int inFlight) {
        requireNoFailure(gateway, result);
        double mean = meanInFlight(result.completed(), result.latency().getMean(), result.elapsedNanos());
        double least = leastInFlight(inFlight, result.latency().getValueAtPercentile(LONG), result.elapsedNanos());
        if (least <= 0) {
            throw new IllegalStateException(
                    gateway + ": handshakes take longer than the window: --seconds is too small");
        }
        if (mean < least) {
            throw new IllegalStateException(String.format(
                    Locale.ROOT, "%s: %.1f handshakes under way in the mean, not %d", gateway, mean, inFlight));
        }
        return result.responderMillis();
    }

    /** @throws IllegalStateException where a handshake failed or none ended */
    static void requireNoFailure(String gateway, LoadResult result) {
        if (result.failed() > 0) {
            throw new IllegalStateException(gateway + ": " + result.failed() + " of "
                    + (result.failed() + result.completed()) + " handshakes failed, the first: "
                    + result.firstFailure());
        }
        if (result.completed() == 0) {
            throw new IllegalStateException(gateway + ": no handshake ended in the window");
        }
    }

    /** Little's law: rate times mean latency. */
    static double meanInFlight(long completed, double meanLatencyNanos, long elapsedNanos) {
        return completed * meanLatencyNanos / elapsedNanos;
    }

    /** What {@link #meanInFlight} is at least where so many were under way: the window's end cuts off the last ones. */
    static double leastInFlight(int inFlight, long longLatencyNanos, long elapsedNanos) {
        return inFlight * AT_WORK * (1 - (double) longLatencyNanos / elapsedNanos);
    }
}
