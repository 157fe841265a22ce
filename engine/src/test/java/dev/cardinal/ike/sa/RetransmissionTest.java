package dev.cardinal.ike.sa;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class RetransmissionTest {

    @Test
    void strongSwansDefaultSchedule() {
        Retransmission retransmission = new Retransmission(List.of(new byte[1]), SaSettings.DEFAULT, 0);
        List<Long> milliseconds = new ArrayList<>();
        long now;
        do {
            now = retransmission.deadlineNanos();
            milliseconds.add(now / 1_000_000);
        } while (retransmission.onDeadline(now));
        // 4 s, then 7.2, 12.96, 23.3, 42 and 75.6 s more
        assertEquals(List.of(4_000L, 11_200L, 24_160L, 47_488L, 89_478L, 165_061L), milliseconds);
        assertEquals(5, retransmission.count());
    }

    @Test
    void withoutTriesThePeerIsDeadAtTheFirstDeadline() {
        SaSettings none = new SaSettings(1_000, 2, 0, 1, 0, 1, 1);
        assertFalse(new Retransmission(List.of(), none, 0).onDeadline(1_000));
        assertTrue(new Retransmission(List.of(), new SaSettings(1_000, 2, 1, 1, 0, 1, 1), 0).onDeadline(1_000));
    }
}
