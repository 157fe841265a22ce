package dev.cardinal.hsm.pool;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cardinal.hsm.HsmBusy;
import dev.cardinal.hsm.HsmRequest;
import dev.cardinal.hsm.KeyExchangeGroup;
import dev.cardinal.hsm.Urgency;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** What a worker takes, from a queue alone. */
final class WorkQueueTest {
    private static final int GRAIN = 8;
    private static final TokenSettings.QueueLimits LIMITS = new TokenSettings.QueueLimits(1000, 1000, 1000);

    private final WorkQueue queue = new WorkQueue(LIMITS, 64, GRAIN);

    @Test
    void takesWholeGrainsAndLeavesTheirRests() throws Exception {
        offer(KeyExchangeGroup.P256, 11, Urgency.BEGUN);
        offer(KeyExchangeGroup.X25519, 5, Urgency.BEGUN);
        assertEquals(Map.of(KeyExchangeGroup.P256, 8), take());
        offer(KeyExchangeGroup.X25519, 4, Urgency.NEW);
        assertEquals(Map.of(KeyExchangeGroup.X25519, 8), take(), "urgent or not, they are one kind");
        assertEquals(
                Map.of(KeyExchangeGroup.P256, 3, KeyExchangeGroup.X25519, 1),
                take(),
                "nothing waits for an idle token");
    }

    /** The one that was left behind is not the one that came last. */
    @Test
    void keepsTheOrderWithinAKind() throws Exception {
        List<Work.Requested> offered = offer(KeyExchangeGroup.P256, 20, Urgency.BEGUN);
        List<Work> batch = new ArrayList<>();
        queue.take(batch);
        queue.take(batch);
        assertEquals(List.<Work>copyOf(offered), batch);
    }

    @Test
    void nobodyIsPassedOverForEver() throws Exception {
        offer(KeyExchangeGroup.X25519, 3, Urgency.NEW);
        int takes = 0;
        Map<KeyExchangeGroup, Integer> taken = Map.of();
        while (!taken.containsKey(KeyExchangeGroup.X25519)) {
            offer(KeyExchangeGroup.P256, 8, Urgency.BEGUN);
            taken = take();
            takes++;
        }
        assertEquals(5, takes);
        assertEquals(3, taken.get(KeyExchangeGroup.X25519), "its kin come along");
    }

    @Test
    void takesNoMoreThanTheLimitAndLosesNothing() throws Exception {
        Random random = new Random(5);
        KeyExchangeGroup[] groups = {KeyExchangeGroup.P256, KeyExchangeGroup.X25519, KeyExchangeGroup.MODP_2048};
        List<Work.Requested> offered = new ArrayList<>();
        List<Work> taken = new ArrayList<>();
        for (int round = 0; round < 500; round++) {
            if (offered.size() - taken.size() < 500) {
                offered.addAll(offer(
                        groups[random.nextInt(groups.length)],
                        random.nextInt(20),
                        Urgency.values()[random.nextInt(Urgency.values().length)]));
            }
            if (offered.size() > taken.size()) {
                int before = taken.size();
                assertEquals(queue.take(taken), taken.size() - before);
                assertTrue(taken.size() > before && taken.size() - before <= 64);
            }
        }
        while (taken.size() < offered.size()) {
            queue.take(taken);
        }
        assertEquals(Collections.emptyList(), queue.close());
        assertEquals(new java.util.HashSet<>(offered), new java.util.HashSet<>(taken));
    }

    @Test
    void aSessionDriversQueueKnowsNoGrains() throws Exception {
        WorkQueue plain = new WorkQueue(LIMITS, 64, 1);
        for (int i = 0; i < 11; i++) {
            plain.offer(new Work.Requested(request(KeyExchangeGroup.P256, Urgency.NEW), new CompletableFuture<>()));
        }
        assertEquals(11, plain.take(new ArrayList<>()));
    }

    private List<Work.Requested> offer(KeyExchangeGroup group, int count, Urgency urgency) throws HsmBusy {
        List<Work.Requested> offered = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Work.Requested work = new Work.Requested(request(group, urgency), new CompletableFuture<>());
            assertTrue(queue.offer(work));
            offered.add(work);
        }
        return offered;
    }

    private static HsmRequest request(KeyExchangeGroup group, Urgency urgency) {
        return new HsmRequest.Generate(group, urgency, Long.MAX_VALUE);
    }

    private Map<KeyExchangeGroup, Integer> take() throws InterruptedException {
        List<Work> batch = new ArrayList<>();
        assertEquals(queue.take(batch), batch.size());
        Map<KeyExchangeGroup, Integer> counts = new HashMap<>();
        for (Work work : batch) {
            Work.Requested requested = (Work.Requested) work;
            counts.merge(((HsmRequest.Generate) requested.request()).group(), 1, Integer::sum);
        }
        return counts;
    }
}
