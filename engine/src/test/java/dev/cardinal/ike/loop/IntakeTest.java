package dev.cardinal.ike.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cardinal.ike.loop.Intake.Answer;
import dev.cardinal.ike.loop.Intake.Waiting;
import dev.cardinal.ike.sa.Path;
import dev.cardinal.ike.sa.SaEvent;
import dev.cardinal.ike.wire.IkeHeader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
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
        assertEquals(Answer.TAKEN, begun(1, 1500)); // the same hash among the others is another message
        assertEquals(Answer.KNOWN, stranger(1, 500));
        assertTrue(intake.hear(2, now));
        assertFalse(intake.hear(3, now));
        assertEquals(3, intake.size());
        assertEquals(1, next(intake.pollBegun()).hash());
        assertNull(intake.pollBegun());
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

    @Test
    void isBoundedInMessagesAndOctets() {
        for (int i = 0; i < Intake.MESSAGE_LIMIT; i++) {
            assertEquals(Answer.TAKEN, stranger(i, 100));
        }
        assertEquals(Answer.FULL, stranger(-1, 100));
        assertEquals(Answer.KNOWN, stranger(5, 100));
        assertEquals(Answer.TAKEN, begun(7, 100), "strangers leave room for those that have begun");
        Intake large = new Intake();
        int taken = 0;
        SaEvent.Datagram datagram = datagram(1 << 20);
        while (large.addStranger(HEADER, datagram, taken, now) == Answer.TAKEN) {
            taken++;
        }
        assertEquals(Intake.OCTET_LIMIT >> 20, taken);
        assertNotNull(large.pollStranger());
        assertEquals(Answer.TAKEN, large.addBegun(HEADER, datagram, 1, now));
    }

    private Answer stranger(long hash, int length) {
        SaEvent.Datagram datagram = datagram(length);
        return intake.addStranger(HEADER, datagram, hash, now);
    }

    private Answer begun(long hash, int length) {
        SaEvent.Datagram datagram = datagram(length);
        return intake.addBegun(HEADER, datagram, hash, now);
    }

    private static SaEvent.Datagram datagram(int length) {
        return new SaEvent.Datagram(new byte[length], new Path(HERE, HERE, false));
    }

    private static Waiting next(@Nullable Waiting waiting) {
        if (waiting == null) {
            throw new AssertionError("nobody waits");
        }
        return waiting;
    }
}
