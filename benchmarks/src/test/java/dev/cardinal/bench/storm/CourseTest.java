package dev.cardinal.bench.storm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class CourseTest {
    private static final long STEP = 500_000_000L;

    @Test
    void tellsWhenHowManyStood() {
        Course course = new Course(STEP, List.of(10L, 60L, 60L, 100L));
        assertEquals(0.5, course.secondsUntil(1));
        assertEquals(1.0, course.secondsUntil(50));
        assertEquals(2.0, course.secondsUntil(100));
        assertEquals(-1, course.secondsUntil(101));
        assertEquals(List.of(60.0, 40.0), course.goodput());
    }

    @Test
    void leastGoodputLeavesOutTheFirstSecondAndTheLastClients() {
        // a slow first second, a dip in the fourth, a tail with fewer left than a second's worth
        Course course = new Course(STEP, counts(10, 50, 50, 50, 50, 20, 20, 50, 50, 20, 3));
        assertEquals(70, course.leastGoodput(373, 100));
        assertEquals(List.of(60.0, 100.0, 70.0, 70.0, 70.0), course.goodput());
        Course even = new Course(STEP, counts(50, 50, 50, 50));
        assertEquals(100, even.leastGoodput(200, 100), "over before there was a dip");
        Course dead = new Course(STEP, counts(50, 50, 0, 0, 0, 0));
        assertEquals(0, dead.leastGoodput(1000, 100));
    }

    @Test
    void plotIsDrawnWithinItsFrame() {
        String svg = StormPlot.draw("a < b", new Course(STEP, counts(50, 50, 50, 50)), 200, 90);
        assertTrue(svg.startsWith("<svg ") && svg.strip().endsWith("</svg>"));
        assertTrue(svg.contains("a &lt; b"));
        assertEquals(2, svg.split("fill='#9ab8d8'", -1).length - 1, "a bar for each second");
        assertTrue(!svg.contains("NaN") && !svg.contains("Infinity"));
    }

    private static List<Long> counts(int... perStep) {
        List<Long> counts = new ArrayList<>();
        long sum = 0;
        for (int each : perStep) {
            sum += each;
            counts.add(sum);
        }
        return counts;
    }
}
