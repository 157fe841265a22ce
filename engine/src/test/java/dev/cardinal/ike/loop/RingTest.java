package dev.cardinal.ike.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class RingTest {
    @Test
    void isBoundedAndKeepsTheOrder() {
        Ring<Integer> ring = new Ring<>(4);
        for (int round = 0; round < 10; round++) {
            for (int i = 0; i < 4; i++) {
                assertTrue(ring.offer(i));
            }
            assertFalse(ring.offer(4));
            assertEquals(4, ring.size());
            for (int i = 0; i < 4; i++) {
                assertFalse(ring.isEmpty());
                assertEquals(i, ring.poll());
            }
            assertNull(ring.poll());
            assertTrue(ring.isEmpty());
        }
        assertThrows(IllegalArgumentException.class, () -> new Ring<>(3));
    }

    /** Many producers: nothing lost, nothing twice, each producer's items in its order. */
    @Test
    void bearsManyProducers() throws Exception {
        int producers = 4;
        int each = 20_000;
        Ring<long[]> ring = new Ring<>(64);
        List<Thread> threads = new ArrayList<>();
        for (int p = 0; p < producers; p++) {
            long producer = p;
            threads.add(Thread.ofPlatform().start(() -> {
                for (long i = 0; i < each; i++) {
                    long[] item = {producer, i};
                    while (!ring.offer(item)) {
                        Thread.yield();
                    }
                }
            }));
        }
        long[] next = new long[producers];
        int taken = 0;
        while (taken < producers * each) {
            long[] item = ring.poll();
            if (item == null) {
                Thread.yield();
                continue;
            }
            assertEquals(next[(int) item[0]]++, item[1]);
            taken++;
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertNull(ring.poll());
    }
}
