package dev.cardinal.bench.tune;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class PointTest {

    @Test
    void theHighestThroughputIsChosen() {
        assertEquals("2/16", chosen(100, at(1, 16, 500, 5), at(2, 16, 1000, 5), at(4, 16, 900, 5)));
    }

    @Test
    void ofEqualsTheFewestWorkersThenTheSmallestBatch() {
        assertEquals("1/8", chosen(100, at(2, 4, 1000, 5), at(1, 16, 975, 5), at(1, 8, 971, 5), at(1, 4, 969, 5)));
    }

    @Test
    void whatIsTooSlowToAnswerIsLeftOut() {
        assertEquals("1/8", chosen(100, at(1, 8, 800, 30), at(1, 64, 1000, 101)));
    }

    /** A token that keeps no bound is tuned all the same: by twice the least that it was seen to need. */
    @Test
    void aBoundThatNothingKeepsGivesWay() {
        assertEquals("1/16", chosen(100, at(1, 1, 10, 400), at(1, 16, 20, 800), at(1, 64, 30, 801)));
    }

    @Test
    void moreWorkersAreTriedWhileTheyBringSomething() throws Exception {
        List<Point> serial = run(64, (workers, batch) -> at(workers, batch, 1000, 1));
        assertEquals(4, serial.getLast().workers(), "two doublings in vain");
        List<Point> wide = run(24, (workers, batch) -> at(workers, batch, 1000 * workers, 1));
        assertEquals(24, wide.getLast().workers());
        assertEquals(6 * Search.BATCH_LIMITS.size(), wide.size());
        // one doubling in vain is not the end
        List<Point> step = run(64, (workers, batch) -> at(workers, batch, workers < 4 ? 10 : 20, 1));
        assertEquals(16, step.getLast().workers());
    }

    @Test
    void numbersOfWorkersEndAtTheMost() {
        assertEquals(List.of(1), Search.workers(1));
        assertEquals(List.of(1, 2), Search.workers(2));
        assertEquals(List.of(1, 2, 4, 6), Search.workers(6));
        assertEquals(List.of(1, 2, 4, 8), Search.workers(8));
    }

    @Test
    void growthIsMoreThanNoise() {
        assertTrue(Point.stillGrows(List.of(at(1, 1, 100, 1))));
        assertTrue(Point.stillGrows(List.of(at(1, 1, 100, 1), at(2, 1, 104, 1))));
        assertFalse(Point.stillGrows(List.of(at(1, 1, 100, 1), at(2, 1, 102, 1))));
    }

    @Test
    void ofARoundsPointsTheBestCounts() throws Exception {
        int[] calls = {0};
        List<Point> shown = new ArrayList<>();
        List<Point> points = Search.run(
                1,
                3,
                (workers, batch) -> {
                    int round = calls[0]++ / Search.BATCH_LIMITS.size();
                    return at(workers, batch, round == 1 ? 300 : 200 + round, round);
                },
                shown::add);
        assertEquals(3 * Search.BATCH_LIMITS.size(), calls[0]);
        assertEquals(Search.BATCH_LIMITS, points.stream().map(Point::batchLimit).toList());
        assertTrue(points.stream().allMatch(p -> p.perSecond() == 300 && p.p99Millis() == 1));
        assertEquals(points, shown);
    }

    private static List<Point> run(int most, Search.Meter meter) throws Exception {
        return Search.run(most, 1, meter, point -> {});
    }

    private static String chosen(double latencyMillis, Point... points) {
        Point point = Point.choose(List.of(points), latencyMillis);
        return point.workers() + "/" + point.batchLimit();
    }

    private static Point at(int workers, int batch, double perSecond, double p99) {
        return new Point(workers, batch, perSecond, 1, p99, 1);
    }
}
