package dev.cardinal.bench.tune;

import java.util.Comparator;
import java.util.List;

/**
 * What one way to use a token came to.
 *
 * @param workers of the pool
 * @param batchLimit requests that a worker takes at once
 * @param perSecond operations a second
 * @param cpuMicros processor time of this process for each operation; the load is part of it
 * @param p99Millis 99th percentile of an operation's time, from its submission to its outcome
 * @param meanBatch operations that a worker took at once
 */
public record Point(
        int workers, int batchLimit, double perSecond, double cpuMicros, double p99Millis, double meanBatch) {

    /** Throughputs that differ by less are taken as equal: about what two runs of the same differ by. */
    static final double EQUAL_WITHIN = 0.03;

    /** A bound on latency that nothing keeps is of no use: so many times the least latency seen is always allowed. */
    static final double LATENCY_SLACK = 2;

    /**
     * The choice among what was measured:
     *
     * <ol>
     *   <li>what has a p99 latency above the bound is left out; the bound is {@code latencyMillis}, or
     *       {@link #LATENCY_SLACK} times the least p99 latency of all where that is more;
     *   <li>of the rest, whatever comes within {@link #EQUAL_WITHIN} of the highest throughput is equal to it;
     *   <li>of equals, the fewest workers; then the smallest batch limit.
     * </ol>
     *
     * @param points at least one
     */
    static Point choose(List<Point> points, double latencyMillis) {
        double least = points.stream().mapToDouble(Point::p99Millis).min().orElseThrow();
        double bound = Math.max(latencyMillis, LATENCY_SLACK * least);
        List<Point> prompt = points.stream().filter(p -> p.p99Millis() <= bound).toList();
        double highest = prompt.stream().mapToDouble(Point::perSecond).max().orElseThrow();
        return prompt.stream()
                .filter(p -> p.perSecond() >= (1 - EQUAL_WITHIN) * highest)
                .min(Comparator.comparingInt(Point::workers).thenComparingInt(Point::batchLimit))
                .orElseThrow();
    }

    /** Whether more workers are still worth a try: the best of the last number beats all before it by more than noise. */
    static boolean stillGrows(List<Point> points) {
        int last = points.getLast().workers();
        double before = points.stream()
                .filter(p -> p.workers() != last)
                .mapToDouble(Point::perSecond)
                .max()
                .orElse(0);
        double now = points.stream()
                .filter(p -> p.workers() == last)
                .mapToDouble(Point::perSecond)
                .max()
                .orElse(0);
        return now > (1 + EQUAL_WITHIN) * before;
    }
}
