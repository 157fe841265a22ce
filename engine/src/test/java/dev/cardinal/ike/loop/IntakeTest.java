package dev.cardinal.ike.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cardinal.ike.loop.Intake.Answer;
import dev.cardinal.ike.sa.Fragments;
import dev.cardinal.ike.sa.Path;
import dev.cardinal.ike.sa.SaEvent;
import dev.cardinal.ike.wire.IkeHeader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class IntakeTest {
    private static final InetSocketAddress HERE = new InetSocketAddress(InetAddress.getLoopbackAddress(), 500);

    private static final IkeHeader HEADER = FirstMessages.header(FirstMessages.saInit(1, null));

    private final Intake intake = new Intake();
    private long now;

    @Test
    void keepsTheOrderOfEachKindAndTheirPlaceToWhoeverRepeats() {
        assertEquals(Answer.TAKEN, stranger(1, 500));
        assertEquals(Answer.TAKEN, stranger(2, 500));
        assertEquals(Answer.TAKEN, begun(1, 1, 1500)); // the same hash among the others is another message
        assertEquals(Answer.KNOWN, begun(1, 1, 1500));
        assertEquals(Answer.TAKEN, begun(2, 1, 1500));
        assertEquals(Answer.KNOWN, stranger(1, 500));
        assertTrue(intake.hear(2, now));
        assertFalse(intake.hear(3, now));
        assertEquals(4, intake.size());
        assertEquals(1, next(intake.pollBegun()).ownSpi());
        assertTrue(intake.hasBegun());
        assertEquals(2, next(intake.pollBegun()).ownSpi());
        assertNull(intake.pollBegun());
        assertFalse(intake.hasBegun());
        assertEquals(1, next(intake.pollStranger()).hash());
        assertEquals(2, next(intake.pollStranger()).hash());
        assertNull(intake.pollStranger());
        assertTrue(intake.isEmpty());
        assertFalse(intake.hear(1, now));
    }

    @Test
    void forgetsWhoGaveUp() {
        stranger(1, 500);
        stranger(2, 500);
        now += Intake.PATIENCE_NANOS - 1;
        assertTrue(intake.hear(2, now));
        now += 1;
        assertFalse(next(intake.pollStranger()).isAlive(now));
        assertTrue(next(intake.pollStranger()).isAlive(now));
    }

    /** RFC 7383: all fragments of one message wait, in their order; an SA has one place, whatever it sends. */
    @Test
    void halfOpenSaHasOnePlaceForTheFragmentsOfOneMessage() {
        List<SaEvent.Datagram> fragments = new ArrayList<>();
        for (int i = 0; i < Fragments.MAX_FRAGMENTS; i++) {
            SaEvent.Datagram fragment = datagram((Fragments.MAX_LENGTH / Fragments.MAX_FRAGMENTS) + 100);
            fragments.add(fragment);
            assertEquals(Answer.TAKEN, intake.addBegun(1, fragment, i));
            if (i == 0) {
                begun(2, 0, 1500);
            }
        }
        assertEquals(Answer.FULL, begun(1, -1, 28));
        assertEquals(Answer.KNOWN, begun(1, 5, 1100));
        Intake.Backlog first = next(intake.pollBegun());
        assertEquals(1, first.ownSpi());
        List<SaEvent.Datagram> waited = new ArrayList<>();
        first.messages().forEach(waited::add);
        assertEquals(fragments, waited);
        assertEquals(Answer.TAKEN, begun(1, 5, 1100), "its next place is behind the other");
        assertEquals(2, next(intake.pollBegun()).ownSpi());
        assertEquals(1, next(intake.pollBegun()).ownSpi());
    }

    @Test
    void halfOpenSaIsBoundedInOctets() {
        assertEquals(Answer.TAKEN, begun(1, 1, Fragments.MAX_LENGTH), "the longest message");
        assertEquals(Answer.FULL, begun(1, 2, Fragments.MAX_LENGTH));
        assertEquals(Answer.TAKEN, begun(1, 2, 1500));
    }

    @Test
    void endOfAnSaFreesWhatItHasWaiting() {
        for (int spi = 0; fillWith(spi); spi++) {
            // until no octet is left
        }
        assertEquals(Answer.FULL, begun(-1, 1, Fragments.MAX_LENGTH));
        int before = intake.size();
        intake.forget(0);
        intake.forget(0);
        intake.forget(-2);
        assertEquals(before - 1, intake.size());
        assertEquals(Answer.TAKEN, begun(-1, 1, Fragments.MAX_LENGTH));
        assertEquals(1, next(intake.pollBegun()).ownSpi(), "its place is void");
        // an SPI that is used again stands where its new messages came
        intake.forget(2);
        assertEquals(Answer.TAKEN, begun(2, 9, 100));
        assertEquals(3, next(intake.pollBegun()).ownSpi());
    }

    private boolean fillWith(int spi) {
        return begun(spi, 1, Fragments.MAX_LENGTH) == Answer.TAKEN;
    }

    @Test
    void linesAreBoundedInMessagesEachOnItsOwn() {
        for (int i = 0; i < Intake.STRANGER_LIMIT; i++) {
            assertEquals(Answer.TAKEN, stranger(i, 100));
        }
        assertEquals(Answer.FULL, stranger(-1, 100));
        assertEquals(Answer.KNOWN, stranger(5, 100));
        for (int i = 0; i < Intake.BEGUN_LIMIT; i++) {
            assertEquals(Answer.TAKEN, begun(i / 32, i, 100));
        }
        assertEquals(Answer.FULL, begun(-1, -1, 100));
        assertNotNull(intake.pollStranger());
        assertEquals(Answer.FULL, begun(-1, -1, 100));
        assertEquals(Answer.TAKEN, stranger(-1, 100));
        assertNotNull(intake.pollBegun());
        assertEquals(Answer.TAKEN, begun(-1, -1, 100));
    }

    @Test
    void linesAreBoundedInOctetsEachOnItsOwn() {
        int length = 1 << 15;
        int strangers = 0;
        while (stranger(strangers, length) == Answer.TAKEN) {
            strangers++;
        }
        assertEquals(Intake.STRANGER_OCTETS / length, strangers);
        int sas = 0;
        while (begun(sas, 1, length) == Answer.TAKEN) {
            sas++;
        }
        assertEquals(
                Intake.BEGUN_OCTETS / length, sas, "strangers take nothing of what is kept for those that have begun");
        assertNotNull(intake.pollStranger());
        assertEquals(Answer.FULL, begun(-1, 1, length));
        assertEquals(Answer.TAKEN, stranger(-1, length));
    }

    private Answer stranger(long hash, int length) {
        return intake.addStranger(HEADER, datagram(length), hash, now);
    }

    private Answer begun(long ownSpi, long hash, int length) {
        return intake.addBegun(ownSpi, datagram(length), hash);
    }

    private static SaEvent.Datagram datagram(int length) {
        return new SaEvent.Datagram(new byte[length], new Path(HERE, HERE, false));
    }

    private static <T> T next(@Nullable T waiting) {
        if (waiting == null) {
            throw new AssertionError("nobody waits");
        }
        return waiting;
    }
}
