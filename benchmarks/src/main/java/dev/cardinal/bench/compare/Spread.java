package dev.cardinal.bench.compare;

import java.util.Arrays;

/** Where the middle and the ends of some figures are. */
record Spread(double median, double min, double max) {

    /** @param figures at least one, each finite; an even number of them has the mean of the two in the middle as median */
    static Spread of(double... figures) {
        if (figures.length == 0) {
            throw new IllegalArgumentException("no figures");
        }
        double[] sorted = figures.clone();
        Arrays.sort(sorted);
        if (!Double.isFinite(sorted[0]) || !Double.isFinite(sorted[sorted.length - 1])) {
            throw new IllegalArgumentException("not a figure: " + Arrays.toString(figures));
        }
        int middle = sorted.length / 2;
        double median = sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
        return new Spread(median, sorted[0], sorted[sorted.length - 1]);
    }
}
