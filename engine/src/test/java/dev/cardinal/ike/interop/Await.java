package dev.cardinal.ike.interop;

import java.time.Duration;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** Waiting for other processes: asks again until the answer is yes or the time is up. */
final class Await {

    private static final Duration PAUSE = Duration.ofMillis(25);

    private Await() {}

    /**
     * Waits for a condition.
     *
     * @param limit the longest wait
     * @param what the condition, in words, for the assertion error
     * @param detail evaluated only on failure
     */
    static void until(Duration limit, String what, Supplier<String> detail, BooleanSupplier condition) {
        long deadlineNanos = System.nanoTime() + limit.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - deadlineNanos > 0) {
                throw new AssertionError("not within " + limit.toMillis() + " ms: " + what + "\n" + detail.get());
            }
            try {
                Thread.sleep(PAUSE);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new AssertionError("interrupted while waiting for: " + what, e);
            }
        }
    }
}
