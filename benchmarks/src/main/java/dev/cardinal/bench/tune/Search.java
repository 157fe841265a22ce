package dev.cardinal.bench.tune;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Tries numbers of workers, doubling, each with all batch limits. It ends at the most workers that may be, or where two numbers
 * in a row brought no more throughput: tokens that serialize their work inside gain nothing from a hundred of threads.
 */
final class Search {
    /** The most that a worker takes at once; past the last one the card's kernels have nothing to gain. */
    static final List<Integer> BATCH_LIMITS = List.of(1, 4, 8, 16, 32, 64);

    private static final int PATIENCE = 2;

    private Search() {}

    /** Measures one way to use the token. */
    interface Meter {
        Point measure(int workers, int batchLimit) throws IOException, InterruptedException;
    }

    /**
     * The points, each the one of its rounds with the highest throughput: what else the machine does only takes from it. The
     * rounds of one point lie apart, so that a disturbance does not meet them all.
     *
     * @param most workers, at least 1
     * @param rounds at least 1
     * @param shown sees each point when it is final
     */
    static List<Point> run(int most, int rounds, Meter meter, Consumer<Point> shown)
            throws IOException, InterruptedException {
        List<Point> points = new ArrayList<>();
        int idle = 0;
        for (int workers : workers(most)) {
            Map<Integer, Point> best = new LinkedHashMap<>();
            for (int round = 0; round < rounds; round++) {
                for (int batchLimit : BATCH_LIMITS) {
                    best.merge(
                            batchLimit,
                            meter.measure(workers, batchLimit),
                            (a, b) -> a.perSecond() >= b.perSecond() ? a : b);
                }
            }
            best.values().forEach(shown);
            points.addAll(best.values());
            idle = Point.stillGrows(points) ? 0 : idle + 1;
            if (idle == PATIENCE) {
                break;
            }
        }
        return points;
    }

    /** 1, 2, 4 and so on, and the last of them {@code most}. */
    static List<Integer> workers(int most) {
        List<Integer> counts = new ArrayList<>();
        for (int count = 1; count < most; count *= 2) {
            counts.add(count);
        }
        counts.add(most);
        return counts;
    }
}
