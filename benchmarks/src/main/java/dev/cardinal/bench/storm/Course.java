package dev.cardinal.bench.storm;

import java.util.ArrayList;
import java.util.List;

/**
 * How many clients stood at which time, in even steps from the storm's beginning.
 *
 * @param stepNanos between two counts
 * @param counts clients established at the end of each step; the last is the end of the storm
 */
public record Course(long stepNanos, List<Long> counts) {

    public Course {
        counts = List.copyOf(counts);
    }

    /** Seconds until so many stood, negative where that never was. */
    public double secondsUntil(long clients) {
        for (int i = 0; i < counts.size(); i++) {
            if (counts.get(i) >= clients) {
                return (i + 1) * stepNanos / 1e9;
            }
        }
        return -1;
    }

    /** Handshakes a second in each whole second. */
    public List<Double> goodput() {
        int steps = (int) (1_000_000_000L / stepNanos);
        List<Double> rates = new ArrayList<>();
        long before = 0;
        for (int i = steps - 1; i < counts.size(); i += steps) {
            long after = counts.get(i);
            rates.add((double) (after - before));
            before = after;
        }
        return rates;
    }

    /**
     * The least goodput of any whole second after the first, as long as more clients were missing at its end than a
     * second's worth of {@code maximum}: the last second serves whoever is left.
     *
     * @param clients in all
     * @param maximum handshakes a second at best
     * @return handshakes a second; the maximum where the storm was over in two seconds
     */
    public double leastGoodput(long clients, double maximum) {
        List<Double> rates = goodput();
        double least = Double.MAX_VALUE;
        double done = rates.isEmpty() ? 0 : rates.getFirst();
        for (int second = 1; second < rates.size(); second++) {
            done += rates.get(second);
            if (clients - done < maximum) {
                break;
            }
            least = Math.min(least, rates.get(second));
        }
        return least == Double.MAX_VALUE ? maximum : least;
    }
}
