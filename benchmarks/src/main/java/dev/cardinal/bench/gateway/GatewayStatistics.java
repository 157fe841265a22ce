package dev.cardinal.bench.gateway;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What Cardinal's gateway tells of itself.
 *
 * @param established IKE SAs that stand
 * @param halfOpen IKE SAs whose peer is not authenticated yet
 * @param batches calls to tokens with work
 * @param batched operations in them
 * @param lanes of all tokens, as {@code HsmStatistics} has them
 * @param operations that the devices have completed, by {@code device/operation}
 * @param counts the loops' counters of messages and drops, by name
 * @param heapOctets used heap, garbage included
 * @param liveOctets used heap after a full collection, 0 where none was asked for
 * @param gcMillis spent in collections since start
 * @param allocatedOctets by all threads since start
 */
public record GatewayStatistics(
        long established,
        long halfOpen,
        long batches,
        long batched,
        Map<String, List<Long>> lanes,
        Map<String, Long> operations,
        Map<String, Long> counts,
        long heapOctets,
        long liveOctets,
        long gcMillis,
        long allocatedOctets) {

    /** Operations of a batch in the mean since an earlier reading, 0 where there was none. */
    public double meanBatchSince(GatewayStatistics earlier) {
        long calls = batches - earlier.batches;
        return calls == 0 ? 0 : (double) (batched - earlier.batched) / calls;
    }

    /** The calls since an earlier reading; see {@link #lanes}. */
    public Map<String, List<Long>> lanesSince(GatewayStatistics earlier) {
        Map<String, List<Long>> during = new TreeMap<>();
        lanes.forEach((kind, counts) -> {
            List<Long> before = earlier.lanes.getOrDefault(kind, List.of());
            List<Long> difference = new ArrayList<>();
            for (int i = 0; i < counts.size(); i++) {
                difference.add(counts.get(i) - (i < before.size() ? before.get(i) : 0));
            }
            during.put(kind, difference);
        });
        return during;
    }
}
