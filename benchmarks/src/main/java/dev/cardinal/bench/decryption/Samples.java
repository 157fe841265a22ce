package dev.cardinal.bench.decryption;

import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.TreeMap;

/** What was seen of each kind: how long answers took, and what they looked like. */
final class Samples {
    private final Map<Kind, double[]> nanos = new EnumMap<>(Kind.class);
    private final Map<Kind, Integer> counts = new EnumMap<>(Kind.class);
    private final Map<Kind, Map<String, Integer>> shapes = new EnumMap<>(Kind.class);

    /** @param count exchanges of each kind */
    Samples(int count) {
        for (Kind kind : Kind.values()) {
            nanos.put(kind, new double[count]);
            counts.put(kind, 0);
            shapes.put(kind, new TreeMap<>());
        }
    }

    /**
     * An answer came.
     *
     * @param elapsed nanoseconds; 0 where they mean nothing, for a datagram was lost
     */
    void onAnswer(Kind kind, long elapsed, String shape) {
        onOther(kind, shape);
        if (elapsed > 0) {
            int count = counts.merge(kind, 1, Integer::sum);
            times(kind)[count - 1] = elapsed;
        }
    }

    /** Something else came, or nothing. */
    void onOther(Kind kind, String what) {
        Map<String, Integer> seen = shapes.get(kind);
        if (seen != null) {
            seen.merge(what, 1, Integer::sum);
        }
    }

    private double[] times(Kind kind) {
        double[] times = nanos.get(kind);
        if (times == null) {
            throw new AssertionError(kind);
        }
        return times;
    }

    /** Nanoseconds, sorted. */
    double[] sorted(Kind kind) {
        double[] sorted = Arrays.copyOf(times(kind), counts.getOrDefault(kind, 0));
        Arrays.sort(sorted);
        return sorted;
    }

    /** What was seen, with how often. */
    Map<String, Integer> shapes(Kind kind) {
        return new TreeMap<>(shapes.getOrDefault(kind, Map.of()));
    }

    /** Whether every exchange of every kind was answered, and all answers look the same. */
    boolean alike(int count) {
        Map<String, Integer> good = shapes(Kind.GOOD);
        if (good.size() != 1 || !good.containsValue(count) || good.containsKey("no answer")) {
            return false;
        }
        return Arrays.stream(Kind.values()).allMatch(kind -> shapes(kind).equals(good));
    }
}
