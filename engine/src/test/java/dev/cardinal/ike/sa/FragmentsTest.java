package dev.cardinal.ike.sa;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cardinal.ike.wire.Payload.EncryptedFragment;
import org.junit.jupiter.api.Test;

/** RFC 7383 section 2.6. */
class FragmentsTest {

    private static EncryptedFragment fragment(int number, int total) {
        return new EncryptedFragment(number == 1 ? 35 : 0, number, total, new byte[0]);
    }

    @Test
    void partsComeInAnyOrderAndTwice() {
        Fragments fragments = new Fragments();
        assertNull(fragments.add(1, fragment(3, 3), new byte[] {3}));
        assertTrue(fragments.has(1, fragment(3, 3)));
        assertNull(fragments.add(1, fragment(3, 3), new byte[] {9}));
        assertNull(fragments.add(1, fragment(1, 3), new byte[] {1}));
        assertArrayEquals(new byte[] {1, 2, 3}, fragments.add(1, fragment(2, 3), new byte[] {2}));
        assertEquals(35, fragments.firstInner());
    }

    @Test
    void aLargerTotalBeginsAnewAndASmallerOneIsIgnored() {
        Fragments fragments = new Fragments();
        assertNull(fragments.add(1, fragment(1, 2), new byte[] {1}));
        assertNull(fragments.add(1, fragment(1, 3), new byte[] {7}));
        assertNull(fragments.add(1, fragment(2, 2), new byte[] {2}));
        assertNull(fragments.add(1, fragment(2, 3), new byte[] {8}));
        assertArrayEquals(new byte[] {7, 8, 9}, fragments.add(1, fragment(3, 3), new byte[] {9}));
    }

    @Test
    void anotherMessageBeginsAnew() {
        Fragments fragments = new Fragments();
        assertNull(fragments.add(1, fragment(1, 2), new byte[] {1}));
        assertNull(fragments.add(2, fragment(2, 2), new byte[] {2}));
        assertFalse(fragments.has(2, fragment(1, 2)));
        assertArrayEquals(new byte[] {5, 2}, fragments.add(2, fragment(1, 2), new byte[] {5}));
    }

    @Test
    void numberAndSizeAreBounded() {
        Fragments fragments = new Fragments();
        assertNull(fragments.add(1, fragment(1, Fragments.MAX_FRAGMENTS + 1), new byte[] {1}));
        assertFalse(fragments.has(1, fragment(1, Fragments.MAX_FRAGMENTS + 1)));
        assertNull(fragments.add(1, fragment(1, 2), new byte[Fragments.MAX_LENGTH]));
        assertNull(fragments.add(1, fragment(2, 2), new byte[1]), "one octet too many");
    }
}
