package dev.cardinal.bench.load;

import dev.cardinal.bench.gateway.ProcessAccounting;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * What a stretch of load came to.
 *
 * @param completed handshakes that ended well within the stretch
 * @param failed handshakes that ended otherwise within it
 * @param firstFailure why the first of them failed
 * @param elapsedNanos the stretch's length
 * @param latency nanoseconds of the completed ones. Open loop: from when the handshake was due, so that a stall of the
 *     gateway counts for all that were due meanwhile; closed loop: from when it was begun
 * @param responder what the responder's process used meanwhile
 * @param own what this process used meanwhile
 */
public record LoadResult(
        long completed,
        long failed,
        @Nullable String firstFailure,
        long elapsedNanos,
        Histogram latency,
        ProcessAccounting.Reading responder,
        ProcessAccounting.Reading own) {

    public double perSecond() {
        return completed * 1e9 / elapsedNanos;
    }

    /** Milliseconds of the responder's processor time for each completed handshake; infinite where there was none. */
    public double responderMillis() {
        return responder.cpuNanos() / 1e6 / completed;
    }

    /** The load generator's own, which is the clients' price. */
    public double ownMillis() {
        return own.cpuNanos() / 1e6 / completed;
    }
}
