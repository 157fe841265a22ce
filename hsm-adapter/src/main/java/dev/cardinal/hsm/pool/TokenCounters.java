package dev.cardinal.hsm.pool;

import dev.cardinal.hsm.HsmFailure;
import dev.cardinal.hsm.HsmStatistics;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.LongAdder;

/** A pool's counters: written by workers without contention, read at any time. */
final class TokenCounters {

    /** Requests of one kind in a call that are told apart. */
    static final int LANES_LIMIT = 65;

    /** Kinds of operations, as {@link HsmStatistics#operations} names them in lower case. */
    enum Operation {
        SIGN,
        VERIFY,
        DECRYPT,
        RANDOM,
        GENERATE,
        AGREE,
        DERIVE
    }

    private final Map<Operation, LongAdder> operations = adders(Operation.class);
    private final Map<HsmFailure.Kind, LongAdder> failures = adders(HsmFailure.Kind.class);
    private final LongAdder batches = new LongAdder();
    private final LongAdder batched = new LongAdder();
    private final LongAdder refused = new LongAdder();
    private final LongAdder liveHandles = new LongAdder();

    /** By kind, then by requests of that kind in one call, the last for that many and more. */
    private final AtomicLongArray lanes = new AtomicLongArray(LaneKind.COUNT * LANES_LIMIT);

    private static <E extends Enum<E>> Map<E, LongAdder> adders(Class<E> keys) {
        Map<E, LongAdder> adders = new EnumMap<>(keys);
        for (E key : keys.getEnumConstants()) {
            adders.put(key, new LongAdder());
        }
        return adders;
    }

    void onOperation(Operation operation) {
        adder(operations, operation).increment();
    }

    void onFailure(HsmFailure.Kind kind) {
        adder(failures, kind).increment();
    }

    void onBatch(int size) {
        batches.increment();
        batched.add(size);
    }

    /** @param count requests of a kind that went in one call of {@code ExecuteBatch}, at least 1 */
    void onLanes(int kind, int count) {
        lanes.incrementAndGet(kind * LANES_LIMIT + Math.min(count, LANES_LIMIT - 1));
    }

    void onRefused() {
        refused.increment();
    }

    void onHandle() {
        liveHandles.increment();
    }

    void onHandleReleased() {
        liveHandles.decrement();
    }

    HsmStatistics snapshot(int queueHighWater) {
        Map<String, Long> byName = new TreeMap<>();
        operations.forEach((operation, adder) -> byName.put(operation.name().toLowerCase(Locale.ROOT), adder.sum()));
        Map<HsmFailure.Kind, Long> byKind = new EnumMap<>(HsmFailure.Kind.class);
        failures.forEach((kind, adder) -> {
            if (adder.sum() != 0) {
                byKind.put(kind, adder.sum());
            }
        });
        Map<String, List<Long>> byLanes = new TreeMap<>();
        for (int kind = 0; kind < LaneKind.COUNT; kind++) {
            List<Long> counts = new ArrayList<>();
            long sum = 0;
            for (int count = 0; count < LANES_LIMIT; count++) {
                counts.add(lanes.get(kind * LANES_LIMIT + count));
                sum += counts.getLast();
            }
            if (sum != 0) {
                byLanes.put(LaneKind.name(kind), counts);
            }
        }
        return new HsmStatistics(
                Map.copyOf(byName),
                Map.copyOf(byKind),
                batches.sum(),
                batched.sum(),
                queueHighWater,
                refused.sum(),
                liveHandles.sum(),
                byLanes);
    }

    private static <E extends Enum<E>> LongAdder adder(Map<E, LongAdder> adders, E key) {
        LongAdder adder = adders.get(key);
        if (adder == null) {
            throw new AssertionError(key);
        }
        return adder;
    }
}
