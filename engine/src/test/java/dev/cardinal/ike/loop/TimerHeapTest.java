package dev.cardinal.ike.loop;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.cardinal.ike.sa.IkeSa;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class TimerHeapTest {
    private static final class Entry implements TimerHeap.Node {
        final String name;
        private long enteredNanos = IkeSa.NEVER;
        private int place = TimerHeap.ABSENT;

        Entry(String name) {
            this.name = name;
        }

        @Override
        public long enteredNanos() {
            return enteredNanos;
        }

        @Override
        public void setEnteredNanos(long deadlineNanos) {
            enteredNanos = deadlineNanos;
        }

        @Override
        public int place() {
            return place;
        }

        @Override
        public void setPlace(int index) {
            place = index;
        }
    }

    /** Random changes against a plain list, on a virtual clock that starts just before nanoTime's overflow. */
    @Test
    void givesNodesInTheOrderOfTheirDeadlines() {
        for (long seed = 1; seed <= 20; seed++) {
            Random random = new Random(seed);
            TimerHeap<Entry> heap = new TimerHeap<>();
            List<Entry> nodes = new ArrayList<>();
            List<Long> deadlines = new ArrayList<>();
            for (int i = 0; i < 200; i++) {
                nodes.add(new Entry(Integer.toString(i)));
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
                        Entry due = heap.pollDue(now);
                        if (least == IkeSa.NEVER || least - now > 0) {
                            assertNull(due);
                        } else {
                            int index = Integer.parseInt(requireNonNull(due).name);
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
        TimerHeap<Entry> heap = new TimerHeap<>();
        Entry early = new Entry("early");
        Entry late = new Entry("late");
        heap.set(early, 10);
        heap.set(late, 20);
        heap.set(early, 30);
        assertEquals(20, heap.nextNanos());
        assertNull(heap.pollDue(19));
        assertEquals(late, heap.pollDue(20));
        assertNull(heap.pollDue(29));
        assertEquals(early, heap.pollDue(31));
        assertEquals(IkeSa.NEVER, heap.nextNanos());
        heap.remove(early); // removing what is not there
        assertEquals(0, heap.size());
    }

    @Test
    void laterDeadlineWaitsForTheEarlierOne() {
        TimerHeap<Entry> heap = new TimerHeap<>();
        Entry entry = new Entry("entry");
        heap.bringForward(entry, 20);
        heap.bringForward(entry, 30);
        assertEquals(20, heap.nextNanos());
        heap.bringForward(entry, 10);
        assertEquals(10, heap.nextNanos());
        assertEquals(entry, heap.pollDue(10));
        heap.bringForward(entry, 30);
        assertEquals(30, heap.nextNanos());
        heap.bringForward(entry, IkeSa.NEVER);
        assertEquals(0, heap.size());
    }
}
