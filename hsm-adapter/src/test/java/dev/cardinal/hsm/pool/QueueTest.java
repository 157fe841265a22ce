package dev.cardinal.hsm.pool;

import static dev.cardinal.hsm.pool.HsmContract.assertFails;
import static dev.cardinal.hsm.pool.HsmContract.get;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cardinal.hsm.HsmBusy;
import dev.cardinal.hsm.HsmFailure.Kind;
import dev.cardinal.hsm.HsmRequest;
import dev.cardinal.hsm.HsmResult;
import dev.cardinal.hsm.HsmStatistics;
import dev.cardinal.hsm.KeyExchangeGroup;
import dev.cardinal.hsm.Urgency;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Queues, batches and deadlines of a pool whose one worker is held by the test. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class QueueTest {

    private static final int BATCH_LIMIT = 16;
    private static final long LATER = 1_000_000;

    private TokenSettings settings;
    private final AtomicLong now = new AtomicLong();
    private FaultyCryptoki faulty;
    private TokenPool pool;

    @BeforeAll
    void makeToken() throws Exception {
        settings = TestTokens.softHsm("queue")
                .withGroups(Set.of(KeyExchangeGroup.X25519))
                .withWorkers(1)
                .withBatchLimit(BATCH_LIMIT)
                .withQueueLimits(new TokenSettings.QueueLimits(200, 20, 5));
    }

    @BeforeEach
    void open() throws Exception {
        faulty = new FaultyCryptoki();
        now.set(0);
        pool = TokenPool.open(settings, faulty, now::get);
        faulty.forget();
    }

    @AfterEach
    void close() {
        pool.close();
    }

    /** Keeps the worker busy until closed. */
    private final class Held implements AutoCloseable {
        private final CountDownLatch entered = new CountDownLatch(1);
        private final CountDownLatch left = new CountDownLatch(1);
        private final CompletableFuture<Boolean> errand = pool.errand(session -> {
            entered.countDown();
            try {
                return left.await(60, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });

        Held() throws InterruptedException {
            assertTrue(entered.await(60, TimeUnit.SECONDS));
        }

        @Override
        public void close() {
            left.countDown();
            errand.join();
        }
    }

    @Test
    void expiredWorkIsNeverStarted() throws Exception {
        CompletableFuture<HsmResult> expired;
        CompletableFuture<HsmResult> alive;
        try (Held held = new Held()) {
            expired = pool.submit(new HsmRequest.Generate(KeyExchangeGroup.X25519, Urgency.BEGUN, 1_000));
            alive = pool.submit(new HsmRequest.Random(8, Urgency.BEGUN, 1_001));
            now.set(1_000);
            assertFalse(expired.isDone());
        }
        assertFails(Kind.EXPIRED, expired);
        get(alive);
        assertEquals(0, faulty.calls("generateKeyPair"));
        assertEquals(Long.valueOf(1), pool.statistics().failures().get(Kind.EXPIRED));
        assertEquals(Long.valueOf(0), pool.statistics().operations().get("generate"));
    }

    @Test
    void cancelledWorkIsNeverStarted() throws Exception {
        CompletableFuture<HsmResult> cancelled;
        CompletableFuture<HsmResult> alive;
        try (Held held = new Held()) {
            cancelled = pool.submit(new HsmRequest.Generate(KeyExchangeGroup.X25519, Urgency.BEGUN, LATER));
            alive = random(Urgency.BEGUN);
            assertTrue(cancelled.cancel(false));
        }
        get(alive);
        assertEquals(0, faulty.calls("generateKeyPair"));
    }

    @Test
    void aFullQueueRefusesItsClassOnly() throws Exception {
        List<CompletableFuture<HsmResult>> queued = new ArrayList<>();
        HsmResult.Generated generated = (HsmResult.Generated)
                get(pool.submit(new HsmRequest.Generate(KeyExchangeGroup.X25519, Urgency.NEW, LATER)));
        try (Held held = new Held()) {
            for (int i = 0; i < 5; i++) {
                queued.add(random(Urgency.NEW));
            }
            HsmBusy busy = assertThrows(HsmBusy.class, () -> random(Urgency.NEW));
            assertEquals(0, busy.getStackTrace().length);
            for (int i = 0; i < 20; i++) {
                queued.add(random(Urgency.ESTABLISHED));
            }
            assertThrows(HsmBusy.class, () -> random(Urgency.ESTABLISHED));
            queued.add(random(Urgency.BEGUN));
            // a release is never refused
            pool.release(generated.handle());
            assertEquals(0, pool.statistics().liveHandles());
        }
        for (CompletableFuture<HsmResult> future : queued) {
            get(future);
        }
        assertEquals(2, pool.statistics().refused());
        assertEquals(26, pool.statistics().queueHighWater());
        // the place is free again
        get(random(Urgency.NEW));
    }

    @Test
    void urgencyDecidesTheOrder() throws Exception {
        List<String> order = new CopyOnWriteArrayList<>();
        List<CompletableFuture<?>> all = new ArrayList<>();
        try (Held held = new Held()) {
            for (Urgency urgency : List.of(Urgency.NEW, Urgency.ESTABLISHED, Urgency.BEGUN, Urgency.NEW)) {
                all.add(random(urgency).thenRun(() -> order.add(urgency.name())));
            }
        }
        for (CompletableFuture<?> future : all) {
            future.get(60, TimeUnit.SECONDS);
        }
        assertEquals(List.of("BEGUN", "ESTABLISHED", "NEW", "NEW"), order);
    }

    @Test
    void aWorkerTakesWhatHasQueuedUpToItsLimit() throws Exception {
        List<CompletableFuture<HsmResult>> all = new ArrayList<>();
        HsmStatistics before = pool.statistics();
        try (Held held = new Held()) {
            for (int i = 0; i < 10 * BATCH_LIMIT; i++) {
                all.add(random(Urgency.BEGUN));
            }
        }
        for (CompletableFuture<HsmResult> future : all) {
            get(future);
        }
        HsmStatistics after = pool.statistics();
        assertEquals(10L * BATCH_LIMIT, after.batched() - before.batched());
        assertEquals(10, after.batches() - before.batches());
        assertEquals(Long.valueOf(10L * BATCH_LIMIT), after.operations().get("random"));
    }

    @Test
    void nothingWaitsForABatchToFill() throws Exception {
        for (int i = 0; i < 3; i++) {
            get(random(Urgency.NEW));
        }
        assertEquals(3, pool.statistics().batches());
        assertEquals(3, pool.statistics().batched());
    }

    @Test
    void workersShareWhatHasQueued() throws Exception {
        WorkQueue queue = new WorkQueue(new TokenSettings.QueueLimits(100, 100, 100), BATCH_LIMIT, 1);
        queue.serve(4);
        for (int i = 0; i < 20; i++) {
            assertTrue(queue.offer(
                    new Work.Requested(new HsmRequest.Random(1, Urgency.NEW, LATER), new CompletableFuture<>())));
        }
        List<Work> batch = new ArrayList<>();
        assertEquals(5, queue.take(batch));
        batch.clear();
        assertEquals(4, queue.take(batch));
        assertEquals(11, queue.close().size());
        assertEquals(-1, queue.take(new ArrayList<>()));
    }

    @Test
    void idleWorkersReleaseAtOnce() throws Exception {
        try (ObjectCount objects = new ObjectCount(settings)) {
            int before = objects.count();
            HsmResult.Generated generated = (HsmResult.Generated)
                    get(pool.submit(new HsmRequest.Generate(KeyExchangeGroup.X25519, Urgency.NEW, LATER)));
            assertEquals(before + 1, objects.count());
            assertEquals(1, pool.statistics().liveHandles());
            pool.release(generated.handle());
            pool.errand(session -> true).get(60, TimeUnit.SECONDS);
            pool.errand(session -> true).get(60, TimeUnit.SECONDS);
            assertEquals(before, objects.count());
        }
    }

    @Test
    void anInternalErrorFailsOneRequest() throws Exception {
        faulty.next("generateRandom", (real, arguments) -> {
            throw new IllegalStateException("secret detail");
        });
        assertFalse(
                assertFails(Kind.OUR_FAULT, random(Urgency.NEW)).getMessage().contains("secret detail"));
        get(random(Urgency.NEW));
    }

    @Test
    void closeFailsWhatIsQueuedAndWaitsForWhatRuns() throws Exception {
        CompletableFuture<HsmResult> queued;
        CountDownLatch closing = new CountDownLatch(1);
        CountDownLatch running = new CountDownLatch(1);
        faulty.next("generateRandom", (real, arguments) -> {
            running.countDown();
            closing.await();
        });
        CompletableFuture<HsmResult> taken = random(Urgency.BEGUN);
        assertTrue(running.await(60, TimeUnit.SECONDS));
        queued = random(Urgency.NEW);
        Thread closer = Thread.ofPlatform().start(pool::close);
        assertFails(Kind.CLOSED, queued);
        closing.countDown();
        closer.join();
        get(taken);
        assertFails(Kind.CLOSED, random(Urgency.BEGUN));
        assertEquals(List.of(), faulty.opened());
    }

    private CompletableFuture<HsmResult> random(Urgency urgency) throws HsmBusy {
        return pool.submit(new HsmRequest.Random(8, urgency, LATER));
    }
}
