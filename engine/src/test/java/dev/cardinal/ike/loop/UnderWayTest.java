package dev.cardinal.ike.loop;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class UnderWayTest {
    private final UnderWay underWay = new UnderWay();
    private long now = Long.MAX_VALUE - 100; // the clock may wrap

    @Test
    void letsInAsManyAsEnd() {
        List<HostedSa.HalfOpen> all = new ArrayList<>();
        for (int i = 0; i < UnderWay.LIMIT; i++) {
            assertTrue(underWay.hasRoom(now, true));
            all.add(begin());
        }
        assertFalse(underWay.hasRoom(now, true));
        underWay.end(all.get(7));
        assertTrue(underWay.hasRoom(now, true));
        underWay.end(all.get(7));
        begin();
        assertFalse(underWay.hasRoom(now, true), "one end counts once");
        all.forEach(underWay::end);
        for (int i = 1; i < UnderWay.LIMIT; i++) {
            assertTrue(underWay.hasRoom(now, true));
            begin();
        }
        assertFalse(underWay.hasRoom(now, true));
    }

    @Test
    void whoeverDoesNotGoOnKeepsNobodyOutForLong() {
        HostedSa.HalfOpen first = begin();
        now++;
        while (underWay.hasRoom(now, true)) {
            begin();
        }
        now += UnderWay.ANSWER_NANOS - 2;
        assertFalse(underWay.hasRoom(now, true));
        now++;
        assertFalse(underWay.hasRoom(now, false), "busy back ends: it is not the peers that keep us waiting");
        assertTrue(underWay.hasRoom(now, true), "the first has had its time");
        begin();
        assertFalse(underWay.hasRoom(now, true));
        underWay.end(first);
        assertFalse(underWay.hasRoom(now, true), "its end comes too late to count");
        now++;
        for (int i = 1; i < UnderWay.LIMIT; i++) {
            assertTrue(underWay.hasRoom(now, true));
            begin();
        }
        assertFalse(underWay.hasRoom(now, true));
    }

    @Test
    void endsAreSeenBehindOneThatStaysForLong() {
        begin();
        for (int i = 0; i < 20 * UnderWay.LIMIT; i++) {
            assertTrue(underWay.hasRoom(now, false));
            underWay.end(begin());
        }
        for (int i = 1; i < UnderWay.LIMIT; i++) {
            assertTrue(underWay.hasRoom(now, false));
            begin();
        }
        assertFalse(underWay.hasRoom(now, false));
    }

    private HostedSa.HalfOpen begin() {
        HostedSa.HalfOpen halfOpen = new HostedSa.HalfOpen(InetAddress.getLoopbackAddress(), 1, now);
        underWay.begin(halfOpen);
        return halfOpen;
    }
}
