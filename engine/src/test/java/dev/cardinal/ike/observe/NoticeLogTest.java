package dev.cardinal.ike.observe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cardinal.ike.sa.Addresses;
import dev.cardinal.ike.sa.Path;
import dev.cardinal.ike.sa.SaNotice;
import dev.cardinal.ike.wire.Identification;
import dev.cardinal.ike.wire.TrafficSelector;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import javax.security.auth.x500.X500Principal;
import org.junit.jupiter.api.Test;
import org.slf4j.event.Level;

class NoticeLogTest {
    private final List<String> lines = new ArrayList<>();
    private long now = Long.MAX_VALUE - 10;
    private final NoticeLog log = NoticeLog.undriven((level, line) -> lines.add(level + " " + line), () -> now);
    private final SaNotice.Subject subject = new SaNotice.Subject(
            "office",
            7,
            1,
            new Path(
                    new InetSocketAddress(Addresses.of(new byte[] {(byte) 192, 0, 2, 1}), 4500),
                    new InetSocketAddress(Addresses.of(new byte[] {(byte) 198, 51, 100, 7}), 1024),
                    true));

    @Test
    void noticesAreOneLineEach() {
        log.onNotice(new SaNotice.IkeEstablished(
                subject,
                2,
                false,
                fqdn("moon"),
                fqdn("carol"),
                "AES_GCM_16-256/PRF_HMAC_SHA2_256/CURVE_25519",
                "rsa",
                12_345_678));
        log.drain();
        assertEquals(
                List.of(
                        "INFO office[7] 0000000000000001 192.0.2.1[4500]...198.51.100.7[1024] IKE SA established between 'moon' and"
                                + " 'carol', IKEv2, AES_GCM_16-256/PRF_HMAC_SHA2_256/CURVE_25519, rsa, 12 ms"),
                lines);
    }

    /** A peer may choose its identity, and its certificates' names, but neither the log's lines nor the terminal's colours. */
    @Test
    void peersTextIsHarmless() {
        String evil = "x'\r\nERROR office[7] all is lost \u001b[31m\u202e\u2028";
        log.onNotice(new SaNotice.AuthenticationFailed(
                subject,
                new Identification(Identification.FQDN, evil.getBytes(StandardCharsets.UTF_8)),
                evil + "y".repeat(10_000)));
        log.drain();
        assertEquals(1, lines.size());
        String line = lines.getFirst();
        assertTrue(line.startsWith("WARN office[7] "), line);
        assertTrue(line.length() < 800, "bounded");
        assertFalse(line.chars().anyMatch(c -> Character.isISOControl(c) || c == 0x202e || c == 0x2028));
    }

    @Test
    void kindsThatPeersCauseAreBoundedAndCounted() {
        for (int i = 0; i < 500; i++) {
            log.onNotice(new SaNotice.MessageRejected(subject, "bad"));
        }
        log.onNotice(new SaNotice.Retransmitted(subject, 1, 1)); // another kind has its own bound
        log.drain();
        assertEquals(NoticeLog.LINES_PER_WINDOW + 1, lines.size());
        now += NoticeLog.WINDOW_NANOS;
        log.drain();
        assertEquals(
                "INFO " + (500 - NoticeLog.LINES_PER_WINDOW) + " more notices of kind MESSAGE_REJECTED were suppressed",
                lines.getLast());
        log.onNotice(new SaNotice.MessageRejected(subject, "again"));
        log.drain();
        assertTrue(lines.getLast().endsWith("message rejected: again"));
        now += NoticeLog.WINDOW_NANOS;
        int before = lines.size();
        log.drain();
        assertEquals(before, lines.size(), "nothing more was suppressed");
    }

    @Test
    void operatorsEventsAreNeverSuppressed() {
        for (int i = 0; i < 500; i++) {
            log.onNotice(new SaNotice.IkeClosed(subject, SaNotice.CloseReason.DELETED, "by order"));
        }
        log.drain();
        assertEquals(500, lines.size());
    }

    @Test
    void fullQueueLosesAndSaysSo() {
        for (int i = 0; i < NoticeLog.QUEUE_LIMIT + 5; i++) {
            log.onNotice(new SaNotice.Retransmitted(subject, 1, i));
        }
        assertEquals(5, log.lost());
        log.drain();
        assertTrue(lines.contains(Level.WARN + " 5 notices were lost: the log is too slow"));
    }

    @Test
    void countersCountByKindAndReason() {
        NoticeCounters counters = new NoticeCounters();
        counters.onNotice(new SaNotice.IkeClosed(subject, SaNotice.CloseReason.DELETED, ""));
        counters.onNotice(new SaNotice.IkeClosed(subject, SaNotice.CloseReason.HALF_OPEN_TIMEOUT, ""));
        counters.onNotice(new SaNotice.InternalError(subject, ""));
        assertEquals(1, counters.byKind().get(NoticeKind.IKE_CLOSED));
        assertEquals(1, counters.byKind().get(NoticeKind.HANDSHAKE_FAILED));
        assertEquals(1, counters.byKind().get(NoticeKind.INTERNAL_ERROR));
        assertEquals(0, counters.byKind().get(NoticeKind.COLLISION));
        assertEquals(1, counters.byReason().get(SaNotice.CloseReason.DELETED));
    }

    @Test
    void writerEndsWithEverythingWritten() {
        NoticeLog started = NoticeLog.start();
        started.onNotice(new SaNotice.Retransmitted(subject, 1, 1));
        started.close();
        assertEquals(0, started.lost());
        assertFalse(Thread.getAllStackTraces().keySet().stream()
                .anyMatch(thread -> thread.getName().equals("notices")));
    }

    @Test
    void valuesReadAsStrongSwanWritesThem() {
        assertEquals("%any", OperatorText.of((Identification) null));
        assertEquals("192.0.2.1", OperatorText.of(new Identification(1, new byte[] {(byte) 192, 0, 2, 1})));
        byte[] name = new X500Principal("CN=moon, O=Cardinal, C=CH").getEncoded();
        assertEquals("CN=moon, O=Cardinal, C=CH", OperatorText.of(new Identification(9, name)));
        assertEquals("0a0b", OperatorText.of(new Identification(9, new byte[] {10, 11})));
        assertEquals("key-7", OperatorText.of(new Identification(11, "key-7".getBytes(StandardCharsets.UTF_8))));
        assertEquals("00ff", OperatorText.of(new Identification(11, new byte[] {0, (byte) 0xff})));
        assertEquals("10.1.0.0/16", selector(0, 0, 65535, 0x0a010000, 0x0a01ffff));
        assertEquals("10.1.0.1/32[tcp/443]", selector(6, 443, 443, 0x0a010001, 0x0a010001));
        assertEquals("10.1.0.1..10.1.0.9[udp]", selector(17, 0, 65535, 0x0a010001, 0x0a010009));
        assertEquals("0.0.0.0/0[any/1-2]", selector(0, 1, 2, 0, -1));
    }

    private static String selector(int protocol, int from, int to, int first, int last) {
        return OperatorText.of(new TrafficSelector(protocol, from, to, address(first), address(last)));
    }

    private static java.net.InetAddress address(int value) {
        return Addresses.of(java.nio.ByteBuffer.allocate(4).putInt(value).array());
    }

    private static Identification fqdn(String name) {
        return new Identification(Identification.FQDN, name.getBytes(StandardCharsets.US_ASCII));
    }
}
