package dev.cardinal.ike.sa;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class DepartureGridTest {
    private static final long MILLISECOND = 1_000_000;
    private static final long MINUTE = 60_000 * MILLISECOND;

    private final DepartureGrid grid = new DepartureGrid(10 * MILLISECOND);

    /** Milliseconds from the queueing to the departure of an answer that took so many. */
    private double delay(long queuedNanos, double took) {
        long ready = queuedNanos + (long) (took * MILLISECOND);
        return (grid.departureNanos(queuedNanos, ready) - queuedNanos) / (double) MILLISECOND;
    }

    @Test
    void anAnswerLeavesAfterTheNextLineOfTheGrid() {
        assertEquals(10, delay(-5 * MINUTE, 0));
        assertEquals(10, delay(-5 * MINUTE, 9.999));
        assertEquals(20, delay(-5 * MINUTE, 10));
    }

    @Test
    void whatIsSlowForOneIsSlowForAll() {
        assertEquals(10, delay(0, 8));
        assertEquals(20, delay(MINUTE, 13));
        assertEquals(20, delay(MINUTE + 1, 8));
        assertEquals(20, delay(10 * MINUTE, 8));
        assertEquals(30, delay(10 * MINUTE, 21));
        assertEquals(30, delay(10 * MINUTE, 13));
    }

    @Test
    void aDelayIsForgottenAfterTenToTwentyMinutes() {
        delay(0, 13);
        assertEquals(20, delay(9 * MINUTE, 8));
        assertEquals(20, delay(11 * MINUTE, 8));
        assertEquals(20, delay(19 * MINUTE, 8));
        assertEquals(10, delay(22 * MINUTE, 8));
    }

    @Test
    void afterALongRestNothingIsRemembered() {
        delay(0, 55);
        assertEquals(10, delay(30 * MINUTE, 8));
    }

    /** A token that stood still for seconds must not cost everybody seconds from then on. */
    @Test
    void nobodyWaitsForOthersLongerThanTwentyFiveStepsOfTheGrid() {
        assertEquals(3010, delay(0, 3000));
        assertEquals(250, delay(1, 8));
        assertEquals(2010, delay(2, 2000));
        assertEquals(250, delay(3, 1));
    }
}
