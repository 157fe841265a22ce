package dev.cardinal.bench.compare;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;

final class PairTest {

    @Test
    void medianOfAnOddAndOfAnEvenNumber() {
        assertEquals(new Spread(3, 1, 9), Spread.of(9, 1, 3));
        assertEquals(new Spread(2.5, 1, 4), Spread.of(4, 1, 3, 2));
        assertEquals(new Spread(7, 7, 7), Spread.of(7));
    }

    @Test
    void figuresStayAsTheyWere() {
        double[] figures = {3, 1, 2};
        Spread.of(figures);
        assertEquals(3, figures[0]);
    }

    @Test
    void whatIsNoFigureIsRefused() {
        assertThrows(IllegalArgumentException.class, Spread::of);
        assertThrows(IllegalArgumentException.class, () -> Spread.of(1, Double.NaN));
        assertThrows(IllegalArgumentException.class, () -> Spread.of(Double.POSITIVE_INFINITY, 1));
        assertThrows(IllegalArgumentException.class, () -> new Pair(0, 1));
        assertThrows(IllegalArgumentException.class, () -> new Pair(1, Double.NaN));
    }

    @Test
    void theRatioIsOfPairsNotOfMedians() {
        // the machine was disturbed during the middle pair: both are slow there, and their ratio is as ever
        List<Pair> pairs = List.of(new Pair(1, 2), new Pair(10, 20), new Pair(2, 5));
        assertEquals(new Spread(2, 2, 2.5), Pair.spread(pairs, Pair::ratio));
        assertEquals(2, Pair.spread(pairs, Pair::cardinalMillis).median());
        assertEquals(5, Pair.spread(pairs, Pair::peerMillis).median());
    }
}
