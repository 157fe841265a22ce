package dev.cardinal.ike.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.cardinal.ike.sa.IkeSa;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class TimerHeapTest {
    /** Random changes against a plain list, on a virtual clock that starts just before nanoTime's overflow. */
    @Test
    void givesNodesInTheOrderOfTheirDeadlines() {
        for (long seed = 1; seed <= 20; seed++) {
            Random random = new Random(seed);
            TimerHeap<String> heap = new TimerHeap<>();
            List<TimerHeap.Node<String>> nodes = new ArrayList<>();
            List<Long> deadlines = new ArrayList<>();
            for (int i = 0; i < 200; i++) {
                nodes.add(new TimerHeap.Node<>(Integer.toString(i)));
                deadlines.add(IkeSa.NEVER);
            }
            long now = Long.MIN_VALUE + 1000; // what nanoTime may well be
            for (int step = 0; step < 5000; step++) {
                int i = random.nextInt(nodes.size());
                switch (random.nextInt(4)) {
                    case 0, 1 -> {
                        long deadline = now + random.nextInt(500);
                        deadlines.set(i, deadline);
                        heap.set(nodes.get(i), deadline);
                    }
                    case 2 -> {
                        deadlines.set(i, IkeSa.NEVER);
                        heap.set(nodes.get(i), IkeSa.NEVER);
                    }
                    default -> {
                        now += random.nextInt(50);
                        long least = deadlines.stream()
                                .filter(deadline -> deadline != IkeSa.NEVER)
                                .min((a, b) -> Long.compare(a - Long.MIN_VALUE, b - Long.MIN_VALUE))
                                .orElse(IkeSa.NEVER);
                        assertEquals(least, heap.nextNanos(), "seed " + seed + " step " + step);
                        String due = heap.pollDue(now);
                        if (least == IkeSa.NEVER || least - now > 0) {
                            assertNull(due);
                        } else {
                            int index = Integer.parseInt(String.valueOf(due));
                            assertEquals(least, deadlines.get(index));
                            deadlines.set(index, IkeSa.NEVER);
                        }
                    }
                }
                assertEquals(
                        deadlines.stream()
                                .filter(deadline -> deadline != IkeSa.NEVER)
                                .count(),
                        heap.size());
            }
        }
    }

    @Test
    void nodeMovesWithItsDeadline() {
        TimerHeap<String> heap = new TimerHeap<>();
        TimerHeap.Node<String> early = new TimerHeap.Node<>("early");
        TimerHeap.Node<String> late = new TimerHeap.Node<>("late");
        heap.set(early, 10);
        heap.set(late, 20);
        heap.set(early, 30);
        assertEquals(20, heap.nextNanos());
        assertNull(heap.pollDue(19));
        assertEquals("late", heap.pollDue(20));
        assertNull(heap.pollDue(29));
        assertEquals("early", heap.pollDue(31));
        assertEquals(IkeSa.NEVER, heap.nextNanos());
        heap.remove(early); // removing what is not there
        assertEquals(0, heap.size());
    }
}
