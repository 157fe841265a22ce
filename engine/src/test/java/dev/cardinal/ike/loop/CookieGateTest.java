package dev.cardinal.ike.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cardinal.ike.crypto.RandomSource;
import dev.cardinal.ike.crypto.Secret;
import dev.cardinal.ike.crypto.SymmetricCrypto;
import dev.cardinal.ike.loop.CookieGate.Verdict;
import dev.cardinal.ike.sa.Path;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.Objects;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class CookieGateTest {
    private static final long SPI = 0x1122334455667788L;
    private final RandomSource random = new Random(5)::nextBytes;
    private final HalfOpenCounts halfOpen = new HalfOpenCounts(KeyedHash.random(random));
    private long now = Long.MAX_VALUE - 100;

    @Test
    void asksNobodyBelowItsThresholds() throws Exception {
        try (CookieGate gate = gate(CookieSettings.DEFAULT)) {
            for (int i = 0; i < 29; i++) {
                halfOpen.add(InetAddress.getByName("10.0.0." + i));
            }
            assertEquals(Verdict.PASS, judge(gate, path("192.0.2.1", 500), null));
            halfOpen.add(InetAddress.getByName("10.0.0.29"));
            assertEquals(Verdict.DEMAND_COOKIE, judge(gate, path("192.0.2.1", 500), null));
            halfOpen.remove(InetAddress.getByName("10.0.0.29"));
            assertEquals(Verdict.PASS, judge(gate, path("192.0.2.1", 500), null));
        }
    }

    @Test
    void asksAndBlocksByAddress() throws Exception {
        InetAddress busy = InetAddress.getByName("2001:db8::1");
        try (CookieGate gate = gate(CookieSettings.DEFAULT)) {
            Verdict[] expected = {
                Verdict.PASS, Verdict.PASS, Verdict.PASS, Verdict.DEMAND_COOKIE, Verdict.DEMAND_COOKIE, Verdict.BLOCK
            };
            for (Verdict verdict : expected) {
                assertEquals(verdict, judge(gate, path("2001:db8::1", 500), null));
                assertEquals(Verdict.PASS, judge(gate, path("2001:db8::2", 500), null));
                halfOpen.add(busy);
            }
            byte[] cookie = cookie(gate, path("2001:db8::1", 500));
            assertEquals(Verdict.BLOCK, judge(gate, path("2001:db8::1", 500), cookie));
        }
    }

    @Test
    void zeroTurnsEveryRuleOff() throws Exception {
        try (CookieGate gate = gate(CookieSettings.OFF)) {
            for (int i = 0; i < 1000; i++) {
                halfOpen.add(InetAddress.getByName("192.0.2.1"));
            }
            gate.onBackPressure(now);
            assertEquals(Verdict.PASS, judge(gate, path("192.0.2.1", 500), null));
        }
    }

    /** RFC 7296 section 2.6: it proves the address, the port, the SPI and the nonce, and nothing else will do. */
    @Test
    void cookieIsGoodForItsMessageOnly() throws Exception {
        try (CookieGate gate = gate(new CookieSettings(0, 1, 0))) {
            halfOpen.add(InetAddress.getByName("192.0.2.1"));
            halfOpen.add(InetAddress.getByName("192.0.2.2"));
            Path path = path("192.0.2.1", 500);
            byte[] cookie = cookie(gate, path);
            assertTrue(cookie.length <= 64);
            assertEquals(Verdict.PASS, judge(gate, path, cookie));
            assertEquals(Verdict.DEMAND_COOKIE, judge(gate, path("192.0.2.2", 500), cookie));
            assertEquals(Verdict.DEMAND_COOKIE, judge(gate, path("192.0.2.1", 501), cookie));
            assertEquals(
                    Verdict.DEMAND_COOKIE, gate.judge(scan(FirstMessages.saInit(SPI + 1, cookie)), SPI, path, now));
            assertEquals(
                    Verdict.DEMAND_COOKIE, gate.judge(scan(FirstMessages.saInit(SPI, cookie)), SPI + 1, path, now));
            for (int i = 0; i < cookie.length; i++) {
                byte[] forged = cookie.clone();
                forged[i] ^= 0x10;
                assertEquals(Verdict.DEMAND_COOKIE, judge(gate, path, forged), "octet " + i);
            }
            for (int length = 1; length < cookie.length; length++) {
                assertEquals(Verdict.DEMAND_COOKIE, judge(gate, path, Arrays.copyOf(cookie, length)));
            }
        }
    }

    @Test
    void secretIsChangedAndItsPredecessorKept() throws Exception {
        try (CookieGate gate = gate(new CookieSettings(0, 1, 0))) {
            halfOpen.add(InetAddress.getByName("192.0.2.1"));
            Path path = path("192.0.2.1", 500);
            byte[] first = cookie(gate, path);
            now += CookieGate.SECRET_LIFE_NANOS;
            byte[] second = cookie(gate, path);
            assertFalse(Arrays.equals(first, second));
            assertEquals(Verdict.PASS, judge(gate, path, first));
            assertEquals(Verdict.PASS, judge(gate, path, second));
            now += CookieGate.SECRET_LIFE_NANOS;
            assertEquals(Verdict.DEMAND_COOKIE, judge(gate, path, first));
            assertEquals(Verdict.PASS, judge(gate, path, second));
            now += 3 * CookieGate.SECRET_LIFE_NANOS; // nobody came for long
            assertEquals(Verdict.DEMAND_COOKIE, judge(gate, path, second));
        }
    }

    @Test
    void backPressureAsksEverybodyForAWhile() throws Exception {
        try (CookieGate gate = gate(CookieSettings.DEFAULT)) {
            gate.onBackPressure(now);
            assertEquals(Verdict.DEMAND_COOKIE, judge(gate, path("192.0.2.1", 500), null));
            now += CookieGate.BACK_PRESSURE_NANOS;
            assertEquals(Verdict.PASS, judge(gate, path("192.0.2.1", 500), null));
        }
    }

    @Test
    void wipesItsSecrets() throws Exception {
        long before = Secret.open();
        try (CookieGate gate = gate(new CookieSettings(0, 1, 0))) {
            for (int i = 0; i < 10; i++) {
                cookie(gate, path("192.0.2.1", 500));
                assertTrue(Secret.open() - before <= 2, "two generations at most");
                now += CookieGate.SECRET_LIFE_NANOS;
            }
        }
        assertEquals(before, Secret.open());
    }

    /** Every truncation and every changed octet of a first message is a message or none, never an exception. */
    @Test
    void scanBearsAnything() {
        byte[] whole = FirstMessages.saInit(SPI, new byte[36]);
        FirstMessage message = scan(whole);
        assertEquals(36, Objects.requireNonNull(message.cookie()).length);
        assertEquals(32, message.nonce().length);
        for (int length = 28; length < whole.length; length++) {
            assertNull(FirstMessage.scan(Arrays.copyOf(whole, length), FirstMessages.header(whole)), "cut " + length);
        }
        int accepted = 0;
        for (int i = 28; i < whole.length; i++) {
            for (int value = 0; value < 256; value++) {
                byte[] changed = whole.clone();
                changed[i] = (byte) value;
                if (FirstMessage.scan(changed, FirstMessages.header(whole)) != null) {
                    accepted++;
                }
            }
        }
        assertTrue(accepted > 0);
        // 65 empty payloads
        byte[] many = new byte[28 + 65 * 4];
        for (int i = 0; i < 65; i++) {
            many[28 + 4 * i] = 43;
            many[28 + 4 * i + 3] = 4;
        }
        assertNull(
                FirstMessage.scan(many, new dev.cardinal.ike.wire.IkeHeader(SPI, 0, 43, 2, 0, 34, 8, 0, many.length)));
    }

    private CookieGate gate(CookieSettings settings) {
        return new CookieGate(settings, halfOpen, random, new SymmetricCrypto());
    }

    private Verdict judge(CookieGate gate, Path path, byte @Nullable [] cookie) {
        return gate.judge(scan(FirstMessages.saInit(SPI, cookie)), SPI, path, now);
    }

    private byte[] cookie(CookieGate gate, Path path) {
        return gate.cookie(scan(FirstMessages.saInit(SPI, null)), SPI, path, now);
    }

    private static FirstMessage scan(byte[] datagram) {
        FirstMessage message = FirstMessage.scan(datagram, FirstMessages.header(datagram));
        assertNotNull(message);
        return message;
    }

    private static Path path(String remote, int port) throws UnknownHostException {
        return new Path(
                new InetSocketAddress(InetAddress.getByName("198.51.100.1"), 500),
                new InetSocketAddress(InetAddress.getByName(remote), port),
                false);
    }
}
