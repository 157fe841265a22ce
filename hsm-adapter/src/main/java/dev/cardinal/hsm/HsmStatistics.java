package dev.cardinal.hsm;

import java.util.List;
import java.util.Map;

/**
 * A token's counters since start.
 *
 * @param operations completed operations by kind ({@code sign}, {@code decrypt}, {@code random}, {@code generate},
 *     {@code agree}, {@code derive})
 * @param failures failed operations by kind of failure
 * @param batches how often a worker took work from the queue
 * @param batched operations taken in those batches: {@code batched / batches} is the mean batch size
 * @param queueHighWater the longest queue seen
 * @param refused requests refused because the queue was full
 * @param liveHandles key-exchange handles and shared secrets not yet released
 * @param lanes for each kind of operation that went in batches of the module's own, such as {@code sign RSA_PKCS1_SHA256} or
 *     {@code agree X25519}: at index n, in how many calls n of them went together; the last index stands for that many and
 *     more
 */
public record HsmStatistics(
        Map<String, Long> operations,
        Map<HsmFailure.Kind, Long> failures,
        long batches,
        long batched,
        int queueHighWater,
        long refused,
        long liveHandles,
        Map<String, List<Long>> lanes) {

    public HsmStatistics {
        operations = Map.copyOf(operations);
        failures = Map.copyOf(failures);
        lanes = Map.copyOf(lanes);
    }
}
