package dev.cardinal.bench.decryption;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Against values that others have published. */
class MannWhitneyTest {

    /** The example of SciPy's documentation of {@code mannwhitneyu}, after Siegel: statistic and asymptotic p. */
    @Test
    void sciPysExample() {
        double[] males = {19, 22, 16, 29, 24};
        double[] females = {20, 11, 17, 12};
        assertEquals(17, MannWhitney.of(males, females).u());
        assertEquals(3, MannWhitney.of(females, males).u());
        assertEquals(0.11134688653314041, MannWhitney.of(males, females).p(), 1e-13);
        assertEquals(0.11134688653314041, MannWhitney.of(females, males).p(), 1e-13);
    }

    /** The example of R's {@code wilcox.test} with ties: ozone in May and in August, W = 127.5, p = 0.0001208. */
    @Test
    void ozoneInMayAndInAugust() {
        double[] may = {
            41, 36, 12, 18, 28, 23, 19, 8, 7, 16, 11, 14, 18, 14, 34, 6, 30, 11, 1, 11, 4, 32, 23, 45, 115, 37
        };
        double[] august = {
            39, 9, 16, 78, 35, 66, 122, 89, 110, 44, 28, 65, 22, 59, 23, 31, 44, 21, 9, 45, 168, 73, 76, 118, 84, 85
        };
        MannWhitney test = MannWhitney.of(may, august);
        assertEquals(127.5, test.u());
        assertEquals(0.0001208, test.p(), 5e-8);
    }

    /** Abramowitz and Stegun table 26.1, and the usual bounds of significance. */
    @Test
    void theNormalDistribution() {
        assertEquals(0.5, MannWhitney.upperTail(0), 1e-16);
        assertEquals(0.158655253931457, MannWhitney.upperTail(1), 1e-14);
        assertEquals(0.025, MannWhitney.upperTail(1.959963984540054), 1e-14);
        assertEquals(0.005, MannWhitney.upperTail(2.575829303548901), 1e-14);
        assertEquals(1.349898031630095e-3, MannWhitney.upperTail(3), 1e-15);
        assertEquals(2.866515718791939e-7, MannWhitney.upperTail(5), 1e-19);
        assertEquals(7.619853024160527e-24, MannWhitney.upperTail(10), 1e-36);
    }

    @Test
    void nothingIsNoDifference() {
        assertEquals(1, MannWhitney.of(new double[0], new double[] {1}).p());
        assertEquals(1, MannWhitney.of(new double[0], new double[0]).p());
        assertEquals(
                1, MannWhitney.of(new double[] {2, 2, 2}, new double[] {2, 2}).p());
    }

    /** A shift of a tenth of the spread is not seen in a hundred values, and is in ten thousand. */
    @Test
    void manyValuesSeeASmallShift() {
        Random random = new Random(3);
        double[] one = random.doubles(10_000).toArray();
        double[] other = random.doubles(10_000).map(value -> value + 0.03).toArray();
        assertTrue(MannWhitney.of(one, other).p() < 1e-6);
        assertTrue(MannWhitney.of(Arrays.copyOf(one, 100), Arrays.copyOf(other, 100))
                        .p()
                > 0.01);
        assertTrue(MannWhitney.of(one, random.doubles(10_000).toArray()).p() > 0.01);
    }
}
