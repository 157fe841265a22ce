package dev.cardinal.bench.jmh;

import dev.cardinal.hsm.HsmBusy;
import dev.cardinal.hsm.HsmFailure;
import dev.cardinal.hsm.HsmRequest;
import dev.cardinal.hsm.HsmResult;
import dev.cardinal.hsm.pool.TokenPool;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Requests to a token's pool, so many under way at a time. */
final class InFlight {
    private static final long PATIENCE_SECONDS = 60;

    private InFlight() {}

    /**
     * Submits and waits for all.
     *
     * @param depth under way at a time, at most {@code count}
     * @param expected whether an outcome, a result or a failure, is as it should be
     * @throws IllegalStateException where one was not
     */
    static void run(
            TokenPool pool, int count, int depth, Supplier<HsmRequest> requests, Predicate<@Nullable Object> expected)
            throws InterruptedException, HsmBusy {
        Semaphore room = new Semaphore(depth);
        AtomicReference<@Nullable Object> unexpected = new AtomicReference<>();
        for (int i = 0; i < count; i++) {
            room.acquire();
            var unused = pool.submit(requests.get()).whenComplete((result, thrown) -> {
                Object outcome = thrown == null ? result : thrown;
                if (!expected.test(outcome)) {
                    unexpected.set(outcome);
                }
                room.release();
            });
        }
        room.acquire(depth);
        if (unexpected.get() != null) {
            throw new IllegalStateException(String.valueOf(unexpected.get()));
        }
    }

    /** A request that shall succeed. */
    static boolean succeeded(@Nullable Object outcome) {
        return outcome instanceof HsmResult;
    }

    /** A request that shall not have been started. */
    static boolean expired(@Nullable Object outcome) {
        return outcome instanceof HsmFailure failure && failure.kind() == HsmFailure.Kind.EXPIRED;
    }

    static long deadline() {
        return System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    }
}
