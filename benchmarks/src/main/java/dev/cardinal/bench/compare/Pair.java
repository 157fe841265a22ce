package dev.cardinal.bench.compare;

import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * Two windows, one after the other, so that what disturbs the machine for longer disturbs both.
 *
 * @param cardinalMillis of Cardinal's processor time for each handshake, positive
 * @param peerMillis of the peer's
 */
record Pair(double cardinalMillis, double peerMillis) {

    Pair {
        if (!(cardinalMillis > 0) || !(peerMillis > 0)) {
            throw new IllegalArgumentException("a handshake costs something: " + cardinalMillis + ", " + peerMillis);
        }
    }

    /** How many of Cardinal's handshakes go into one of the peer's. */
    double ratio() {
        return peerMillis / cardinalMillis;
    }

    /** The spread of one of a pair's figures; of {@link #ratio}, it is not the ratio of medians. */
    static Spread spread(List<Pair> pairs, ToDoubleFunction<Pair> figure) {
        return Spread.of(pairs.stream().mapToDouble(figure).toArray());
    }
}
