package dev.cardinal.ike.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class LongTableTest {
    /** Every operation against the JDK's map, with keys dense enough to collide and to be found again. */
    @Test
    void agreesWithTheJdksMap() {
        for (long seed = 1; seed <= 20; seed++) {
            Random random = new Random(seed);
            LongTable<Long> table = new LongTable<>();
            Map<Long, Long> model = new HashMap<>();
            long mask = seed % 2 == 0 ? 0x3ff : 0xff00000000L | 0x3f; // like SPIs of one loop: constant low bits
            for (int step = 0; step < 20_000; step++) {
                long key = random.nextLong() & mask;
                String where = "seed " + seed + " step " + step;
                switch (random.nextInt(3)) {
                    case 0 -> assertEquals(model.put(key, (long) step), table.put(key, (long) step), where);
                    case 1 -> assertEquals(model.remove(key), table.remove(key), where);
                    default -> assertEquals(model.get(key), table.get(key), where);
                }
                assertEquals(model.size(), table.size(), where);
            }
            Set<Long> seen = new HashSet<>();
            table.forEach(seen::add);
            assertEquals(new HashSet<>(model.values()), seen);
        }
    }

    @Test
    void zeroIsAKey() {
        LongTable<String> table = new LongTable<>();
        assertNull(table.get(0));
        assertNull(table.put(0, "zero"));
        assertEquals("zero", table.get(0));
        assertEquals("zero", table.remove(0));
        assertNull(table.get(0));
        assertEquals(0, table.size());
    }

    /** Down to nothing and up again, through every size. */
    @Test
    void growsAndShrinks() {
        LongTable<Long> table = new LongTable<>();
        for (int round = 0; round < 2; round++) {
            for (long key = 0; key < 10_000; key++) {
                assertNull(table.put(key, key));
            }
            for (long key = 0; key < 10_000; key++) {
                assertEquals(key, table.remove(key));
                assertNull(table.get(key));
                if (key % 97 == 0 && key < 9_999) {
                    assertEquals(9_999L, table.get(9_999));
                }
            }
            assertEquals(0, table.size());
        }
    }

    /** The loop's number in the low bits must not crowd the table. */
    @Test
    void constantLowBitsSpread() {
        LongTable<Integer> table = new LongTable<>();
        Random random = new Random(3);
        for (int i = 0; i < 100_000; i++) {
            table.put(random.nextLong() << 8 | 0x5a, i);
        }
        assertEquals(100_000, table.size());
    }
}
