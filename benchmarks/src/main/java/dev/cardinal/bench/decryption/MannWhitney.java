package dev.cardinal.bench.decryption;

import java.util.Arrays;

/**
 * The rank test of Mann and Whitney (1947): whether values of one sample tend to be larger than those of another. Ties share
 * their mean rank; the p-value is that of the normal approximation with the variance corrected for ties and for continuity,
 * good from some twenty values on. Nothing is assumed of the distribution, and outliers weigh no more than other values.
 *
 * @param u of the first sample: in how many pairs its value is the larger, ties by halves
 * @param p two-sided: how likely ranks at least as far apart are where both come from one distribution; 1 where either is
 *     empty or all values are the same
 */
record MannWhitney(double u, double p) {

    static MannWhitney of(double[] first, double[] second) {
        double n = first.length;
        double m = second.length;
        double all = n + m;
        double[] one = sorted(first);
        double[] other = sorted(second);
        double ranks = 0;
        double ties = 0;
        int i = 0;
        int j = 0;
        // a group of equal values at a time, in rising order
        while (i < one.length || j < other.length) {
            double value = j == other.length || i < one.length && one[i] <= other[j] ? one[i] : other[j];
            int before = i + j;
            int mine = i;
            while (i < one.length && one[i] == value) {
                i++;
            }
            mine = i - mine;
            while (j < other.length && other[j] == value) {
                j++;
            }
            double group = i + j - before;
            ranks += mine * (before + (group + 1) / 2);
            ties += group * group * group - group;
        }
        double u = ranks - n * (n + 1) / 2;
        double variance = n * m / 12 * (all + 1 - (all > 1 ? ties / (all * (all - 1)) : 0));
        if (!(variance > 0)) {
            return new MannWhitney(u, 1);
        }
        double distance = Math.max(Math.abs(u - n * m / 2) - 0.5, 0);
        return new MannWhitney(u, 2 * upperTail(distance / Math.sqrt(variance)));
    }

    private static double[] sorted(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted;
    }

    /**
     * The standard normal distribution beyond z. Near the middle by its Taylor series, far out by the continued fraction of
     * Laplace (Abramowitz and Stegun 26.2.10 and 26.2.14).
     *
     * @param z at least 0
     */
    static double upperTail(double z) {
        double density = Math.exp(-z * z / 2) / Math.sqrt(2 * Math.PI);
        if (z < 3) {
            double term = z;
            double sum = z;
            for (int k = 1; term > sum * 1e-17; k++) {
                term *= z * z / (2 * k + 1);
                sum += term;
            }
            return 0.5 - density * sum;
        }
        double fraction = z;
        for (int k = 60; k > 0; k--) {
            fraction = z + k / fraction;
        }
        return density / fraction;
    }
}
