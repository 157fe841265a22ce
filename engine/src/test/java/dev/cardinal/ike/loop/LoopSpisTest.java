package dev.cardinal.ike.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cardinal.ike.crypto.RandomSource;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class LoopSpisTest {
    @Test
    void bitsAreThoseThatTheLoopsNeed() {
        assertEquals(0, LoopSpis.bits(1));
        assertEquals(1, LoopSpis.bits(2));
        assertEquals(2, LoopSpis.bits(3));
        assertEquals(2, LoopSpis.bits(4));
        assertEquals(8, LoopSpis.bits(256));
    }

    @Test
    void spisNameTheirLoopAndAreNeverUsedTwice() {
        for (int loops : new int[] {1, 2, 3, 5, 256}) {
            int bits = LoopSpis.bits(loops);
            for (int loop : new int[] {0, loops - 1}) {
                Set<Long> used = new HashSet<>();
                LoopSpis spis = new LoopSpis(loop, bits, new Random(9)::nextBytes, used::contains);
                Set<Integer> children = new HashSet<>();
                for (int i = 0; i < 1000; i++) {
                    long spi = spis.nextIkeSpi();
                    assertNotEquals(0, spi);
                    assertEquals(loop, LoopSpis.loop(spi, bits));
                    assertTrue(used.add(spi));
                    int child = spis.nextChildSpi();
                    assertTrue(Integer.compareUnsigned(child, 256) >= 0);
                    assertEquals(loop, LoopSpis.loop(child, bits));
                    assertTrue(children.add(child));
                }
            }
        }
    }

    /** A source that says the same again: the SPI in use and the reserved ones are passed over. */
    @Test
    void passesOverWhatIsTaken() {
        RandomSource stuck = new RandomSource() {
            private int call;

            @Override
            public void fill(byte[] target) {
                Arrays.fill(target, (byte) 0);
                target[target.length - 1] = (byte) (call / 2); // each value twice
                target[target.length - 2] = (byte) (call / 2 > 3 ? 1 : 0);
                call++;
            }
        };
        Set<Long> used = new HashSet<>();
        LoopSpis spis = new LoopSpis(0, 0, stuck, used::contains);
        long first = spis.nextIkeSpi();
        assertEquals(1, first);
        used.add(first);
        assertEquals(2, spis.nextIkeSpi());
        int child = spis.nextChildSpi();
        assertEquals(0x104, child);
        assertEquals(0x105, spis.nextChildSpi());
        spis.releaseChildSpi(0x105);
        assertEquals(0x105, spis.nextChildSpi());
    }
}
