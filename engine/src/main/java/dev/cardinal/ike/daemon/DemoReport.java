package dev.cardinal.ike.daemon;

import java.util.Map;

/**
 * What a demonstration came to.
 *
 * @param handshakes asked for
 * @param established IKE SAs with their Child SA that both sides hold together at the end
 * @param elapsedNanos from the first initiation to the last answer
 * @param p50Nanos of the time from an initiation to its Child SA; 0 where none was established
 * @param operations of the token while the handshakes ran, by kind
 * @param queueHighWater the token's longest queue
 * @param firstFailure why a handshake failed, empty if none did
 * @param listing one SA of the gateway as {@code swanctl --list-sas} prints it
 */
public record DemoReport(
        int handshakes,
        int established,
        long elapsedNanos,
        long p50Nanos,
        long p99Nanos,
        Map<String, Long> operations,
        double meanBatch,
        int queueHighWater,
        String firstFailure,
        String listing) {

    public DemoReport {
        operations = Map.copyOf(operations);
    }

    public int failed() {
        return handshakes - established;
    }

    public double perSecond() {
        return elapsedNanos == 0 ? 0 : established * 1e9 / elapsedNanos;
    }

    /** Completed operations of one kind. */
    public long operations(String kind) {
        return operations.getOrDefault(kind, 0L);
    }
}
