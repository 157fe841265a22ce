package dev.cardinal.bench.compare;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cardinal.bench.gateway.ProcessAccounting;
import dev.cardinal.bench.load.LoadResult;
import java.time.Duration;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class WindowTest {
    private static final long SECOND = Duration.ofSeconds(1).toNanos();
    private static final long MILLISECOND = Duration.ofMillis(1).toNanos();

    private static LoadResult result(int completed, long latencyNanos, int failed, @Nullable String failure) {
        Histogram latency = new Histogram(60 * SECOND, 3);
        latency.recordValueWithCount(latencyNanos, completed);
        ProcessAccounting.Reading used = new ProcessAccounting.Reading(SECOND, SECOND, 5 * SECOND);
        return new LoadResult(completed, failed, failure, 5 * SECOND, latency, used, used);
    }

    @Test
    void aFullWindowIsAFigure() {
        // 64 under way for 5 s, each for 160 ms
        assertEquals(1.0, Window.millis("gateway", result(2000, 160 * MILLISECOND, 0, null), 64));
    }

    @Test
    void aFailureIsNoFigure() {
        LoadResult result = result(2000, 160 * MILLISECOND, 1, "AUTHENTICATION_FAILED");
        String told =
                String.valueOf(assertThrows(IllegalStateException.class, () -> Window.millis("gateway", result, 64))
                        .getMessage());
        assertTrue(told.contains("1 of 2001") && told.contains("AUTHENTICATION_FAILED"), told);
    }

    @Test
    void anIdleResponderIsNoFigure() {
        // as many completions with half the latency: 32 under way
        String told = String.valueOf(assertThrows(
                        IllegalStateException.class,
                        () -> Window.millis("gateway", result(2000, 80 * MILLISECOND, 0, null), 64))
                .getMessage());
        assertTrue(told.contains("32.0 handshakes under way in the mean, not 64"), told);
        assertThrows(IllegalStateException.class, () -> Window.millis("gateway", result(0, MILLISECOND, 0, null), 64));
    }

    @Test
    void aWindowShorterThanAHandshakeIsNoFigure() {
        assertThrows(IllegalStateException.class, () -> Window.millis("gateway", result(64, 6 * SECOND, 0, null), 64));
    }

    @Test
    void theWindowsEndMayCutOffNoMoreThanTheLastHandshakes() {
        assertEquals(64 * 0.9 * 0.9, Window.leastInFlight(64, SECOND / 2, 5 * SECOND), 1e-9);
    }
}
