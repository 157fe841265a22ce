package dev.cardinal.ike.daemon;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cardinal.ike.backend.TestToken;
import dev.cardinal.ike.crypto.Secret;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class DemoTest {
    private static final int HANDSHAKES = 100;

    @Test
    @Timeout(120)
    void everyHandshakeIsTheCardsWork() throws Exception {
        everyHandshakeIsTheTokensWork(
                Demo.TokenKind.CARD, Path.of(System.getProperty("cardinal.card", "libcardinal-card.so")));
    }

    @Test
    @Timeout(120)
    void everyHandshakeIsSoftHsmsWork() throws Exception {
        assertEquals(8, TestToken.PIN.length); // its class empties the token folder of earlier runs
        everyHandshakeIsTheTokensWork(Demo.TokenKind.SOFTHSM, null);
    }

    private static void everyHandshakeIsTheTokensWork(Demo.TokenKind kind, @Nullable Path module) throws Exception {
        long openSecrets = Secret.open();
        AtomicInteger last = new AtomicInteger();
        DemoReport report;
        try (Demo demo = Demo.start(kind, module)) {
            assertTrue(demo.gatewayAddress().startsWith("127.0.0.1:"));
            report = demo.run(HANDSHAKES, ended -> last.accumulateAndGet(ended, Math::max));
        }
        assertEquals("", report.firstFailure());
        assertEquals(HANDSHAKES, report.established());
        assertEquals(0, report.failed());
        assertEquals(HANDSHAKES, last.get());
        assertEquals(HANDSHAKES, report.operations("sign"));
        assertEquals(HANDSHAKES, report.operations("generate"));
        assertEquals(HANDSHAKES, report.operations("agree"));
        assertTrue(report.p50Nanos() > 0 && report.p50Nanos() <= report.p99Nanos());
        assertTrue(report.meanBatch() >= 1);
        assertTrue(report.perSecond() > 0);
        assertTrue(report.listing().contains(", ESTABLISHED, IKEv2, "), report.listing());
        assertTrue(report.listing().contains("INSTALLED, TUNNEL, ESP:AES_GCM_16-256"), report.listing());
        assertEquals(openSecrets, Secret.open(), "secrets left open");
        assertFalse(Thread.getAllStackTraces().keySet().stream()
                .anyMatch(thread -> thread.getName().startsWith("ike-")));
    }
}
