package dev.cardinal.ike.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class RateLimitTest {
    @Test
    void allowsABurstAndThenTheRate() {
        for (long start : new long[] {0, Long.MAX_VALUE - 3_000_000_000L, -5}) {
            RateLimit limit = new RateLimit(10, 20);
            int burst = 0;
            while (limit.tryAcquire(start)) {
                burst++;
            }
            assertEquals(20, burst);
            int later = 0;
            for (long now = start; now - start < 5_000_000_000L; now += 1_000_000) {
                if (limit.tryAcquire(now)) {
                    later++;
                }
            }
            assertTrue(later >= 49 && later <= 50, "in five seconds: " + later);
            assertFalse(limit.tryAcquire(start + 4_999_000_000L));
        }
    }
}
