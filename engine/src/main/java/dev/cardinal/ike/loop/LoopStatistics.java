package dev.cardinal.ike.loop;

import dev.cardinal.ike.net.TransportCount;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;

/**
 * A loop's counters since start, read without asking the loop.
 *
 * @param sas IKE SAs in the table
 * @param halfOpen of these, responders whose peer is not authenticated yet
 * @param established of these, established and not yet replaced
 * @param waiting requests that are with back ends
 * @param inboxHighWater the most that was found in the inbox at once
 * @param intake messages of handshakes that wait for their turn
 */
public record LoopStatistics(
        int sas,
        int halfOpen,
        int established,
        int waiting,
        int inboxHighWater,
        int intake,
        Map<LoopCount, Long> counts,
        Map<TransportCount, Long> transport) {

    public LoopStatistics {
        counts = Collections.unmodifiableMap(new EnumMap<>(counts));
        transport = Collections.unmodifiableMap(new EnumMap<>(transport));
    }

    public long count(LoopCount count) {
        return counts.getOrDefault(count, 0L);
    }

    public long count(TransportCount count) {
        return transport.getOrDefault(count, 0L);
    }
}
