package dev.cardinal.ike.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cardinal.ike.crypto.CryptoOutcome;
import dev.cardinal.ike.crypto.CryptoPort;
import dev.cardinal.ike.crypto.CryptoRequest;
import dev.cardinal.ike.crypto.KeyExchangeHandle;
import dev.cardinal.ike.crypto.KeyExchangeMethod;
import dev.cardinal.ike.crypto.Secret;
import dev.cardinal.ike.net.ListenSettings;
import dev.cardinal.ike.net.PortInUse;
import dev.cardinal.ike.net.SocketKind;
import dev.cardinal.ike.net.TransportCount;
import dev.cardinal.ike.sa.AddressPools;
import dev.cardinal.ike.sa.AddressRange;
import dev.cardinal.ike.sa.Fragments;
import dev.cardinal.ike.sa.PeerPolicy;
import dev.cardinal.ike.sa.PeerPolicy.Uniqueness;
import dev.cardinal.ike.sa.SaCommand;
import dev.cardinal.ike.sa.SaNotice;
import dev.cardinal.ike.sa.SaSnapshot;
import dev.cardinal.ike.sad.RecordingSad;
import dev.cardinal.ike.wire.ExchangeType;
import dev.cardinal.ike.wire.IkeHeader;
import dev.cardinal.ike.wire.NotifyType;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Loops with real sockets on loopback, and SAs that do what they are told. */
@Timeout(60)
class LoopGroupTest {
    private static final int I = IkeHeader.FLAG_INITIATOR;
    private static final InetAddress LOOPBACK = address("127.0.0.1");

    private final FakeSa.Journal journal = new FakeSa.Journal();
    private final Queue<SaNotice> notices = new ConcurrentLinkedQueue<>();
    private final ScriptedCrypto crypto = new ScriptedCrypto();
    private final RecordingSad sad = new RecordingSad();
    private long openSecrets;
    private @Nullable LoopGroup running;

    /** Completes when told. */
    private static final class ScriptedCrypto implements CryptoPort {
        final Queue<Completion> waiting = new ConcurrentLinkedQueue<>();
        final Queue<KeyExchangeHandle> released = new ConcurrentLinkedQueue<>();
        volatile boolean full;
        volatile boolean immediate;

        @Override
        public boolean submit(CryptoRequest request, Completion completion) {
            if (full) {
                return false;
            }
            if (immediate) {
                completion.completed(new CryptoOutcome.Agreed(Secret.owning(new byte[8]), null));
            } else {
                waiting.add(completion);
            }
            return true;
        }

        @Override
        public void release(KeyExchangeHandle handle) {
            released.add(handle);
        }

        Completion next() {
            await(() -> !waiting.isEmpty(), "a request");
            Completion completion = waiting.poll();
            assertTrue(completion != null);
            return completion;
        }
    }

    /** A peer with a socket of its own. */
    private static final class Peer implements AutoCloseable {
        final DatagramSocket socket;
        private final InetSocketAddress gateway;

        Peer(InetSocketAddress gateway) {
            try {
                socket = new DatagramSocket(0, LOOPBACK);
                socket.setSoTimeout(10_000);
            } catch (IOException e) {
                throw new AssertionError(e);
            }
            this.gateway = gateway;
        }

        void send(byte[] datagram) {
            try {
                socket.send(new DatagramPacket(datagram, datagram.length, gateway));
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        }

        byte[] receive() {
            try {
                DatagramPacket packet = new DatagramPacket(new byte[70_000], 70_000);
                socket.receive(packet);
                return Arrays.copyOf(packet.getData(), packet.getLength());
            } catch (IOException e) {
                throw new AssertionError("no answer", e);
            }
        }

        byte[] ask(byte[] datagram) {
            send(datagram);
            return receive();
        }

        /** A first message; the gateway's SPI. */
        long open(long spi) {
            return FirstMessages.header(ask(FirstMessages.saInit(spi, null))).responderSpi();
        }

        /** IKE_AUTH as the peer of this number. */
        void establish(long spiI, long spiR, int peer, boolean initialContact) {
            ask(FirstMessages.message(spiI, spiR, 2, ExchangeType.IKE_AUTH, I, 2 * peer + (initialContact ? 1 : 0)));
        }

        /** An order to the SA and its answer; the SPI in it. */
        long tell(long spiI, long spiR, int order) {
            return FirstMessages.header(ask(order(spiI, spiR, order))).responderSpi();
        }

        static byte[] order(long spiI, long spiR, int order) {
            return FirstMessages.message(spiI, spiR, 2, ExchangeType.INFORMATIONAL, I, order);
        }

        boolean isSilent() {
            try {
                socket.setSoTimeout(50);
                socket.receive(new DatagramPacket(new byte[1], 1));
                return false;
            } catch (SocketTimeoutException e) {
                return true;
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        }

        @Override
        public void close() {
            socket.close();
        }
    }

    @BeforeEach
    void countSecrets() {
        openSecrets = Secret.open();
    }

    @AfterEach
    void leavesNothing() {
        if (running != null) {
            running.close();
        }
        assertEquals(openSecrets, Secret.open(), "secrets left open");
        for (Thread thread : Thread.getAllStackTraces().keySet()) {
            assertFalse(thread.getName().startsWith("ike-"), "left: " + thread.getName());
        }
    }

    @Test
    void repeatedFirstMessageGoesToTheSaItMade() {
        for (SocketKind kind : SocketKind.values()) {
            LoopGroup group = start(settings(1, CookieSettings.OFF).with(kind), Uniqueness.NEVER);
            try (Peer peer = peer(group);
                    Peer other = peer(group)) {
                long spi = peer.open(1);
                assertNotEquals(0, spi);
                assertEquals(spi, peer.open(1));
                assertEquals(spi, peer.open(1));
                assertNotEquals(spi, peer.open(2), "another SPI is another SA");
                assertNotEquals(spi, other.open(1), "another port is another SA");
                assertEquals(3, count(group, LoopCount.RESPONDERS));
                assertEquals(2, count(group, LoopCount.FIRST_MESSAGES_REPEATED));
                assertEquals(3, sum(group, LoopStatistics::halfOpen));
            }
            group.close();
        }
    }

    @Test
    void halfOpenSasAreCountedExactly() {
        LoopGroup group = start(settings(2, CookieSettings.OFF), Uniqueness.NEVER);
        try (Peer peer = peer(group)) {
            long first = peer.open(1);
            long second = peer.open(2);
            peer.open(3);
            assertEquals(3, sum(group, LoopStatistics::halfOpen));
            peer.establish(1, first, 1, false);
            await(() -> sum(group, LoopStatistics::halfOpen) == 2, "one less");
            peer.tell(2, second, FakeSa.CLOSE);
            await(() -> sum(group, LoopStatistics::halfOpen) == 1, "one less");
            assertEquals(1, sum(group, LoopStatistics::established));
            assertEquals(2, sum(group, LoopStatistics::sas));
            // the first message of an established SA is a stranger's again
            assertNotEquals(first, peer.open(1));
        }
    }

    @Test
    void strangersNeedCookiesAboveTheThreshold() {
        LoopGroup group = start(settings(2, new CookieSettings(0, 2, 3)), Uniqueness.NEVER);
        try (Peer peer = peer(group)) {
            peer.open(1);
            peer.open(2);
            byte[] demand = peer.ask(FirstMessages.saInit(3, null));
            assertEquals(0, FirstMessages.header(demand).responderSpi());
            assertEquals(3, FirstMessages.header(demand).initiatorSpi());
            assertEquals(
                    NotifyType.COOKIE.code(), FirstMessages.onlyNotify(demand).type());
            byte[] cookie = FirstMessages.onlyNotify(demand).data();
            byte[] second = peer.ask(FirstMessages.saInit(3, new byte[36]));
            assertEquals(
                    NotifyType.COOKIE.code(), FirstMessages.onlyNotify(second).type(), "a wrong one is none");
            byte[] passed = peer.ask(FirstMessages.saInit(3, cookie));
            long spi = FirstMessages.header(passed).responderSpi();
            assertNotEquals(0, spi);
            assertEquals(
                    spi,
                    FirstMessages.header(peer.ask(FirstMessages.saInit(3, cookie)))
                            .responderSpi());
            // three half-open SAs of one address: blocked
            peer.send(FirstMessages.saInit(4, null));
            await(() -> count(group, LoopCount.DROPPED_BLOCKED) == 1, "the drop");
            assertEquals(2, count(group, LoopCount.COOKIES_DEMANDED));
            assertEquals(3, count(group, LoopCount.RESPONDERS));
            // an established SA is half-open no more: room for a stranger with a cookie
            peer.establish(3, spi, 1, false);
            assertEquals(
                    NotifyType.COOKIE.code(),
                    FirstMessages.onlyNotify(peer.ask(FirstMessages.saInit(4, null)))
                            .type());
        }
    }

    @Test
    void datagramsFindTheLoopOfTheirSa() {
        int loops = 4;
        LoopGroup group = start(settings(loops, CookieSettings.OFF), Uniqueness.NEVER);
        Set<Integer> seen = new HashSet<>();
        Random random = new Random(11);
        for (int i = 0; i < 40; i++) {
            try (Peer peer = peer(group)) {
                long own = random.nextLong() | 1;
                long spi = peer.open(own);
                seen.add((int) spi & (loops - 1));
                peer.establish(own, spi, i, false);
                assertEquals(spi, peer.tell(own, spi, 1));
            }
        }
        assertEquals(Set.of(0, 1, 2, 3), seen);
        assertTrue(count(group, LoopCount.HANDED_OVER) > 0, "the system spreads by address and port");
        assertEquals(40, count(group, LoopCount.RESPONDERS));
        assertEquals(40, count(group, LoopCount.ESTABLISHED));
        assertEquals(0, count(group, LoopCount.DROPPED_INBOX_FULL));
        assertEquals(0, count(group, LoopCount.INTERNAL_ERRORS));
        assertTrue(group.statistics().stream().allMatch(loop -> loop.sas() > 0));
    }

    @Test
    void portOfAnotherIsOneError() throws Exception {
        LoopGroup group = start(settings(1, CookieSettings.OFF), Uniqueness.NEVER);
        int taken = group.localEndpoints().getFirst().port();
        LoopSettings same = LoopSettings.of(2, new ListenSettings(List.of(LOOPBACK), taken, 0));
        try (LoopGroup second = new LoopGroup(same, ports(Uniqueness.NEVER))) {
            PortInUse refused = assertThrows(PortInUse.class, second::start);
            assertEquals(taken, refused.port());
            assertEquals(LOOPBACK, refused.address());
            assertEquals("UDP port 127.0.0.1:" + taken + " is in use by another process", refused.getMessage());
        }
        try (DatagramSocket plain = new DatagramSocket(0, LOOPBACK);
                LoopGroup third = new LoopGroup(
                        LoopSettings.of(1, new ListenSettings(List.of(LOOPBACK), 0, plain.getLocalPort())),
                        ports(Uniqueness.NEVER))) {
            assertEquals(
                    plain.getLocalPort(),
                    assertThrows(PortInUse.class, third::start).port());
        }
        try (LoopGroup foreign = new LoopGroup(
                LoopSettings.of(1, new ListenSettings(List.of(address("192.0.2.77")), 0, 0)),
                ports(Uniqueness.NEVER))) {
            IOException refused = assertThrows(IOException.class, foreign::start);
            assertEquals("cannot listen on 192.0.2.77: not an address of this machine", refused.getMessage());
        }
    }

    @Test
    void natTSocketStripsAndAddsTheMarker() {
        LoopGroup group = start(settings(1, CookieSettings.OFF), Uniqueness.NEVER);
        try (Peer peer = new Peer(group.localEndpoints().getFirst().natT())) {
            peer.send(new byte[] {(byte) 0xff});
            peer.send(new byte[] {0, 0, 0});
            peer.send(new byte[] {0, 0, 16, 1, 0, 0, 0, 1, 9, 9, 9, 9});
            peer.send(FirstMessages.saInit(0x5555555555555555L, null)); // no marker: ESP, as far as anyone can tell
            byte[] answer = peer.ask(marked(FirstMessages.saInit(6, null)));
            assertEquals(0, ByteBuffer.wrap(answer).getInt());
            assertEquals(
                    6,
                    FirstMessages.header(Arrays.copyOfRange(answer, 4, answer.length))
                            .initiatorSpi());
            assertEquals(1, transport(group, TransportCount.KEEPALIVE_RECEIVED));
            assertEquals(1, transport(group, TransportCount.TOO_SHORT));
            assertEquals(2, transport(group, TransportCount.ESP_DROPPED));
            assertEquals(1, transport(group, TransportCount.RECEIVED));
            assertEquals(1, transport(group, TransportCount.SENT));
        }
    }

    @Test
    void noDatagramEndsTheLoop() {
        LoopGroup group = start(settings(2, CookieSettings.DEFAULT), Uniqueness.NEVER);
        Random random = new Random(13);
        byte[] whole = FirstMessages.saInit(77, new byte[36]);
        try (Peer peer = peer(group)) {
            int sent = 0;
            for (int i = 0; i < 2000; i++) {
                byte[] datagram = whole.clone();
                for (int flips = random.nextInt(4); flips >= 0; flips--) {
                    datagram[random.nextInt(datagram.length)] ^= (byte) (1 << random.nextInt(8));
                }
                peer.send(i % 3 == 0 ? Arrays.copyOf(datagram, random.nextInt(datagram.length)) : datagram);
                sent++;
                if (sent % 100 == 0) {
                    int now = sent;
                    await(() -> arrived(group) >= now, "the datagrams");
                }
            }
            byte[] large = new byte[60_000];
            peer.send(large);
            await(() -> arrived(group) >= 2001, "the large one");
        }
        assertTrue(count(group, LoopCount.DROPPED_MALFORMED) > 100);
        assertEquals(0, count(group, LoopCount.INTERNAL_ERRORS));
        assertTrue(group.sas().join().size() <= 5, "block_threshold holds");
    }

    @Test
    void flawCostsItsSaOnly() {
        LoopGroup group = start(settings(1, CookieSettings.OFF), Uniqueness.NEVER);
        try (Peer peer = peer(group)) {
            long healthy = peer.open(1);
            int flaws = 0;
            for (int order : new int[] {FakeSa.THROW, FakeSa.FAIL_ASSERTION, FakeSa.THROW_FOR_EVER}) {
                long broken = peer.open(10 + order);
                peer.send(Peer.order(10 + order, broken, order));
                int now = ++flaws;
                await(() -> count(group, LoopCount.INTERNAL_ERRORS) == now, "the flaw");
            }
            await(() -> sum(group, LoopStatistics::sas) == 1, "their end");
            assertEquals(1, sum(group, LoopStatistics::halfOpen));
            assertEquals(
                    3,
                    notices.stream()
                            .filter(SaNotice.InternalError.class::isInstance)
                            .count());
            assertEquals(healthy, peer.tell(1, healthy, 1));
        }
    }

    @Test
    void completionsComeBackAndStaleOnesAreFreed() {
        LoopGroup group = start(settings(1, CookieSettings.OFF), Uniqueness.NEVER);
        KeyExchangeHandle handle = () -> KeyExchangeMethod.CURVE_25519;
        try (Peer peer = peer(group)) {
            long spi = peer.open(1);
            peer.tell(1, spi, FakeSa.SUBMIT);
            crypto.next().completed(new CryptoOutcome.Generated(handle, new byte[32]));
            await(() -> journal.count("completed 7 Generated") == 1, "the completion");
            await(() -> crypto.released.size() == 1, "the release");

            peer.tell(1, spi, FakeSa.SUBMIT);
            peer.tell(1, spi, FakeSa.SUBMIT);
            CryptoPort.Completion first = crypto.next();
            CryptoPort.Completion second = crypto.next();
            peer.tell(1, spi, FakeSa.CLOSE);
            await(() -> sum(group, LoopStatistics::sas) == 0, "its end");
            Secret late = Secret.owning(new byte[32]);
            first.completed(new CryptoOutcome.Agreed(late, null));
            second.completed(new CryptoOutcome.Generated(handle, new byte[32]));
            await(() -> count(group, LoopCount.STALE_COMPLETIONS) == 2, "both");
            assertTrue(late.isClosed());
            assertEquals(2, crypto.released.size());
            assertEquals(0, sum(group, LoopStatistics::waiting));

            // a port that answers before submit returns: still a later event
            crypto.immediate = true;
            long third = peer.open(2);
            peer.tell(2, third, FakeSa.SUBMIT);
            await(() -> journal.count("completed 7 Agreed") == 1, "the completion");
            List<String> lines = List.copyOf(journal.lines());
            assertTrue(lines.lastIndexOf("submit true") < lines.indexOf("completed 7 Agreed"));
        }
    }

    @Test
    void answersAfterTheEndAreFreed() {
        LoopGroup group = start(settings(1, CookieSettings.OFF), Uniqueness.NEVER);
        CryptoPort.Completion pending;
        try (Peer peer = peer(group)) {
            long spi = peer.open(1);
            peer.tell(1, spi, FakeSa.SUBMIT);
            pending = crypto.next();
        }
        group.close(); // waits a little for the answer, in vain
        Secret late = Secret.owning(new byte[32]);
        pending.completed(new CryptoOutcome.Agreed(late, null));
        assertTrue(late.isClosed());
    }

    @Test
    void fullBackEndRaisesTheGate() {
        LoopGroup group = start(settings(1, new CookieSettings(1000, 0, 0)), Uniqueness.NEVER);
        try (Peer peer = peer(group)) {
            long spi = peer.open(1);
            crypto.full = true;
            peer.tell(1, spi, FakeSa.SUBMIT);
            assertEquals(1, journal.count("submit false"));
            assertEquals(1, count(group, LoopCount.REFUSED));
            assertEquals(
                    NotifyType.COOKIE.code(),
                    FirstMessages.onlyNotify(peer.ask(FirstMessages.saInit(2, null)))
                            .type());
        }
    }

    /** Nothing is begun for a stranger while the back ends have enough to do; a repeated message keeps its one place. */
    @Test
    void strangersWaitWhileTheBackEndsAreBusy() {
        LoopGroup group = start(settings(1, CookieSettings.OFF), Uniqueness.NEVER);
        try (Peer peer = peer(group)) {
            occupyBackEnds(peer, 1, peer.open(1));
            peer.send(FirstMessages.saInit(2, null));
            peer.send(FirstMessages.saInit(2, null));
            await(() -> count(group, LoopCount.INTAKE_REPEATED) == 1, "the repetition");
            await(() -> sum(group, LoopStatistics::intake) == 1, "the one that waits");
            assertEquals(1, count(group, LoopCount.RESPONDERS));
            assertTrue(peer.isSilent());
            crypto.next().completed(new CryptoOutcome.PeerVerified());
            await(() -> count(group, LoopCount.RESPONDERS) == 2, "its turn");
            assertEquals(0, count(group, LoopCount.INTAKE_EXPIRED));
        }
    }

    /** A crowd is let in as fast as it goes on; those who never do keep it out for a moment only. */
    @Test
    void strangersWaitWhileManyAreUnderWay() {
        AtomicLong clock = new AtomicLong(1);
        LoopGroup group = new LoopGroup(settings(1, CookieSettings.OFF), ports(Uniqueness.NEVER), clock::get);
        running = group;
        start(group);
        try (Peer crowd = peer(group);
                Peer late = peer(group)) {
            long[] spis = new long[UnderWay.LIMIT + 1];
            for (int i = 1; i <= UnderWay.LIMIT; i++) {
                spis[i] = crowd.open(i);
            }
            late.send(FirstMessages.saInit(1, null));
            late.send(FirstMessages.saInit(2, null));
            late.send(FirstMessages.saInit(3, null));
            await(() -> sum(group, LoopStatistics::intake) == 3, "those that wait");
            assertTrue(late.isSilent());
            crowd.establish(5, spis[5], 5, false);
            assertEquals(1, FirstMessages.header(receive(late)).initiatorSpi(), "one is let in for one that stands");
            crowd.tell(6, spis[6], FakeSa.CLOSE);
            assertEquals(2, FirstMessages.header(receive(late)).initiatorSpi(), "and for one that ended");
            await(() -> sum(group, LoopStatistics::intake) == 1, "one is left");
            clock.addAndGet(UnderWay.ANSWER_NANOS);
            assertEquals(3, FirstMessages.header(receive(late)).initiatorSpi(), "the rest had their time");
            assertEquals(UnderWay.LIMIT + 1, sum(group, LoopStatistics::halfOpen));
        }
    }

    /**
     * What a half-open SA's peer sends is not authenticated: while the back ends are busy, one may send as much nonsense as
     * it likes, another's message still waits for its turn and need not be repeated.
     */
    @Test
    void nonsenseForOneHalfOpenSaKeepsNobodyElseOut() {
        LoopGroup group = start(settings(1, CookieSettings.OFF), Uniqueness.NEVER);
        try (Peer busy = peer(group);
                Peer hostile = peer(group);
                Peer honest = peer(group)) {
            long busySpi = busy.open(1);
            long hostileSpi = hostile.open(2);
            long doomedSpi = hostile.open(3);
            long honestSpi = honest.open(4);
            occupyBackEnds(busy, 1, busySpi);
            int nonsense = (1 << 16) + 100; // more than all that wait in one loop
            for (int i = 0; i < nonsense; i++) {
                hostile.send(Peer.order(2, hostileSpi, 1000 + i));
                if (i % 100 == 99) {
                    int sent = i + 1;
                    await(() -> waitingOrDropped(group) == sent, "the nonsense");
                }
            }
            await(() -> waitingOrDropped(group) == nonsense, "the nonsense");
            long dropped = count(group, LoopCount.DROPPED_INTAKE_FULL);
            // RFC 7383: a message in as many fragments as are ever put together, one of them twice
            for (int i = 0; i < Fragments.MAX_FRAGMENTS; i++) {
                hostile.send(Peer.order(3, doomedSpi, 1000 + i));
            }
            hostile.send(Peer.order(3, doomedSpi, 1000));
            await(() -> count(group, LoopCount.INTAKE_REPEATED) == 1, "the repetition");
            honest.send(FirstMessages.message(4, honestSpi, 2, ExchangeType.IKE_AUTH, I, 8));
            await(() -> waitingOrDropped(group) == nonsense + Fragments.MAX_FRAGMENTS + 1, "the honest message");
            assertEquals(dropped, count(group, LoopCount.DROPPED_INTAKE_FULL), "only one SA lost anything");
            long waiting = sum(group, LoopStatistics::intake);
            // the end of an SA frees what it has waiting
            group.command(doomedSpi, new SaCommand.Forget());
            await(() -> sum(group, LoopStatistics::intake) == waiting - Fragments.MAX_FRAGMENTS, "the release");
            assertEquals(0, journal.count("message"), "nobody's turn yet");
            crypto.next().completed(new CryptoOutcome.PeerVerified());
            assertEquals(honestSpi, FirstMessages.header(honest.receive()).responderSpi());
            assertEquals(1, sum(group, LoopStatistics::established));
            assertEquals(Fragments.MAX_FRAGMENTS, journal.count("message"), "one message's worth of nonsense");
        }
    }

    private static long waitingOrDropped(LoopGroup group) {
        return sum(group, LoopStatistics::intake) + count(group, LoopCount.DROPPED_INTAKE_FULL);
    }

    /** As many requests as let handshakes wait. */
    private void occupyBackEnds(Peer peer, long spiI, long spiR) {
        for (int i = 0; i < Intake.WAITING_LIMIT; i++) {
            peer.tell(spiI, spiR, FakeSa.SUBMIT);
            await(() -> !crypto.waiting.isEmpty(), "a request");
        }
        await(() -> crypto.waiting.size() == Intake.WAITING_LIMIT, "all requests");
    }

    @Test
    void childSasAreInstalledAndAnswered() {
        LoopGroup group = start(settings(1, CookieSettings.OFF), Uniqueness.NEVER);
        try (Peer peer = peer(group)) {
            long spi = peer.open(1);
            peer.tell(1, spi, FakeSa.INSTALL);
            await(() -> journal.count("installed null") == 1, "the answer");
            assertEquals(1, sad.installed().size());
            peer.tell(1, spi, FakeSa.INSTALL); // the same serial again
            await(() -> journal.count("installed Child SA child #") == 1, "the refusal");
        }
    }

    @Test
    void initialContactForgetsOlderSasOnEveryLoop() {
        LoopGroup group = start(settings(4, CookieSettings.OFF), Uniqueness.NO);
        try (Peer peer = peer(group)) {
            for (int i = 1; i <= 12; i++) {
                peer.establish(i, peer.open(i), 1, false);
            }
            peer.establish(100, peer.open(100), 2, false);
            assertEquals(13, sum(group, LoopStatistics::established));
            long last = peer.open(200);
            peer.establish(200, last, 1, true);
            await(() -> sum(group, LoopStatistics::established) == 2, "the older ones' end");
            assertEquals(12, journal.count("Forget"));
            assertEquals(0, journal.count("DeleteIke"));
            assertEquals(last, peer.tell(200, last, 1));
        }
    }

    /** SAs of one pair of identities may end in any order; the rest is still found. */
    @Test
    void initialContactFindsWhatIsLeft() {
        LoopGroup group = start(settings(1, CookieSettings.OFF), Uniqueness.NO);
        Random random = new Random(19);
        try (Peer peer = peer(group)) {
            for (int round = 1; round <= 5; round++) {
                List<long[]> sas = new ArrayList<>();
                for (int i = 1; i <= 10; i++) {
                    long own = 1000L * round + i;
                    long spi = peer.open(own);
                    peer.establish(own, spi, 1, i == 1);
                    sas.add(new long[] {own, spi});
                }
                java.util.Collections.shuffle(sas, random);
                for (long[] sa : sas.subList(0, 2 * round - 1)) {
                    peer.tell(sa[0], sa[1], FakeSa.CLOSE);
                }
                int left = 10 - (2 * round - 1);
                await(() -> sum(group, LoopStatistics::established) == left, "the rest of round");
            }
            // each round's first SA forgot what the round before had left
            assertEquals(9 + 7 + 5 + 3, journal.count("Forget"));
        }
    }

    @Test
    void replaceDeletesOlderSas() {
        LoopGroup group = start(settings(3, CookieSettings.OFF), Uniqueness.REPLACE);
        try (Peer peer = peer(group)) {
            for (int i = 1; i <= 6; i++) {
                peer.establish(i, peer.open(i), 1, false);
                await(() -> sum(group, LoopStatistics::sas) == 1, "the newest only");
            }
            assertEquals(5, journal.count("DeleteIke"));
        }
    }

    @Test
    void neverKeepsOlderSas() {
        LoopGroup group = start(settings(2, CookieSettings.OFF), Uniqueness.NEVER);
        try (Peer peer = peer(group)) {
            for (int i = 1; i <= 6; i++) {
                peer.establish(i, peer.open(i), 1, true);
            }
            assertEquals(6, sum(group, LoopStatistics::established));
            assertEquals(0, journal.count("Forget"));
        }
    }

    @Test
    void successorTakesOver() {
        LoopGroup group = start(settings(4, CookieSettings.OFF), Uniqueness.NO);
        try (Peer peer = peer(group)) {
            long old = peer.open(1);
            peer.establish(1, old, 1, false);
            peer.tell(1, old, FakeSa.ADOPT);
            long successor = Long.parseLong(journal.lines().stream()
                    .filter(line -> line.startsWith("successor "))
                    .findFirst()
                    .orElseThrow()
                    .substring(10));
            assertEquals(old & 3, successor & 3, "the same loop");
            peer.tell(1, old, FakeSa.CLOSE);
            assertEquals(successor, peer.tell(1, successor, 1));
            assertEquals(1, sum(group, LoopStatistics::sas));
            assertEquals(1, sum(group, LoopStatistics::established));
            // it inherits the identities: the peer's next initial contact ends it
            peer.establish(9, peer.open(9), 1, true);
            await(() -> journal.count("Forget " + Long.toHexString(successor)) == 1, "its end");
        }
    }

    @Test
    void timersAreTold() {
        LoopGroup group = start(settings(1, CookieSettings.OFF), Uniqueness.NEVER);
        try (Peer peer = peer(group)) {
            long spi = peer.open(1);
            peer.tell(1, spi, FakeSa.TIMER);
            await(() -> journal.count("timer") == 1, "the timer");
            peer.tell(1, spi, 1);
            assertEquals(1, journal.count("timer"), "once");
        }
    }

    @Test
    void errorsAreAnsweredRarelyAndNeverToResponses() {
        LoopGroup group = start(settings(1, CookieSettings.OFF), Uniqueness.NEVER);
        try (Peer peer = peer(group)) {
            byte[] version = peer.ask(FirstMessages.message(1, 0, 3, ExchangeType.IKE_SA_INIT, I, 0));
            assertEquals(
                    NotifyType.INVALID_MAJOR_VERSION.code(),
                    FirstMessages.onlyNotify(version).type());
            byte[] spi = peer.ask(FirstMessages.message(1, 2, 2, ExchangeType.INFORMATIONAL, I, 4));
            assertEquals(
                    NotifyType.INVALID_IKE_SPI.code(),
                    FirstMessages.onlyNotify(spi).type());
            peer.send(FirstMessages.message(1, 2, 2, ExchangeType.INFORMATIONAL, I | IkeHeader.FLAG_RESPONSE, 4));
            peer.send(FirstMessages.message(1, 0, 3, ExchangeType.IKE_SA_INIT, IkeHeader.FLAG_RESPONSE, 0));
            peer.send(FirstMessages.message(1, 0, 1, 2, 0, 0)); // IKEv1 is dropped without a word
            await(() -> count(group, LoopCount.DROPPED_VERSION) == 3, "the drops");
            assertEquals(2, count(group, LoopCount.ERRORS_ANSWERED));
            assertTrue(peer.isSilent());
            for (int i = 0; i < 200; i++) {
                peer.send(FirstMessages.message(1, 2, 2, ExchangeType.INFORMATIONAL, I, 4));
            }
            await(() -> count(group, LoopCount.DROPPED_UNKNOWN_SPI) == 202, "the drops");
            assertTrue(count(group, LoopCount.ERRORS_ANSWERED) <= 100, "rate limited");
        }
    }

    @Test
    void initiatorsReachResponders() throws Exception {
        LoopGroup group = start(settings(2, CookieSettings.OFF), Uniqueness.NEVER);
        PeerPolicy policy = FakeSa.policy(
                Uniqueness.NEVER,
                List.of(AddressRange.of(LOOPBACK)),
                group.localEndpoints().getFirst().port());
        try (LoopGroup initiators = new LoopGroup(settings(3, CookieSettings.OFF), ports(Uniqueness.NEVER))) {
            initiators.start();
            List<Long> spis = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                Initiated initiated = initiators.initiate(policy, null).get(10, TimeUnit.SECONDS);
                assertNull(initiated.child());
                spis.add(initiated.ownSpi());
            }
            assertEquals(20, new HashSet<>(spis).size());
            assertEquals(20, initiators.sas().get(10, TimeUnit.SECONDS).size());
            List<SaSnapshot> responders = group.sas().get(10, TimeUnit.SECONDS);
            assertEquals(20, responders.size());
            assertTrue(responders.stream().allMatch(sa -> spis.contains(sa.initiatorSpi())));
            assertEquals(0, initiators.terminateAll(Duration.ofSeconds(10)));
            assertEquals(20, journal.count("DeleteIke"));
        }
    }

    @Test
    void initiationsFailWithAReason() {
        LoopGroup group = start(settings(1, CookieSettings.OFF), Uniqueness.NEVER);
        ExecutionException none = assertThrows(
                ExecutionException.class,
                () -> group.initiate(FakeSa.policy(Uniqueness.NEVER, List.of(), 500), null)
                        .get(10, TimeUnit.SECONDS));
        assertInstanceOf(InitiationFailed.class, none.getCause());
        ExecutionException family = assertThrows(
                ExecutionException.class,
                () -> group.initiate(
                                FakeSa.policy(Uniqueness.NEVER, List.of(AddressRange.of(address("::1"))), 500), null)
                        .get(10, TimeUnit.SECONDS));
        assertTrue(String.valueOf(family.getCause()).contains("not listening"));
        // nobody answers: the end of the group ends the wait
        var waiting = group.initiate(FakeSa.policy(Uniqueness.NEVER, List.of(AddressRange.of(LOOPBACK)), 9), null);
        await(() -> sum(group, LoopStatistics::sas) == 1, "the initiator");
        group.close();
        ExecutionException closed = assertThrows(ExecutionException.class, () -> waiting.get(10, TimeUnit.SECONDS));
        assertEquals("forgotten", Objects.requireNonNull(closed.getCause()).getMessage());
        assertThrows(
                ExecutionException.class,
                () -> group.sas().get(10, TimeUnit.SECONDS),
                "orders to a closed group fail at once");
    }

    /** Both families; the answer's source is the address that was asked, which a wildcard socket could not promise. */
    @Test
    void everyLocalAddressHasItsOwnSockets() throws Exception {
        LoopGroup group = start(LoopSettings.of(2, new ListenSettings(List.of(), 0, 0)), Uniqueness.NEVER);
        assertTrue(group.localEndpoints().stream()
                .anyMatch(endpoint -> endpoint.address().equals(LOOPBACK)));
        for (var endpoint : group.localEndpoints()) {
            assertFalse(endpoint.address().isAnyLocalAddress());
            assertTrue(endpoint.port() > 0 && endpoint.natTPort() > 0 && endpoint.port() != endpoint.natTPort());
            try (DatagramSocket socket = new DatagramSocket(0, endpoint.address())) {
                socket.setSoTimeout(10_000);
                byte[] first = FirstMessages.saInit(9, null);
                socket.send(new DatagramPacket(first, first.length, endpoint.ike()));
                DatagramPacket answer = new DatagramPacket(new byte[2000], 2000);
                socket.receive(answer);
                assertEquals(endpoint.ike(), answer.getSocketAddress());
            }
        }
    }

    @Test
    void socketsFollowTheAddresses() {
        LoopGroup group = start(settings(2, CookieSettings.OFF), Uniqueness.NEVER);
        InetAddress second = address("127.0.0.2");
        group.rescan(List.of(LOOPBACK, second));
        assertEquals(2, group.localEndpoints().size());
        InetSocketAddress there = group.localEndpoints().get(1).ike();
        assertEquals(second, there.getAddress());
        try (Peer peer = new Peer(there);
                Peer first = peer(group)) {
            long spi = peer.open(1);
            first.open(1);
            group.rescan(List.of(second));
            assertEquals(
                    List.of(there),
                    group.localEndpoints().stream().map(e -> e.ike()).toList());
            first.send(FirstMessages.saInit(2, null));
            assertTrue(first.isSilent());
            assertEquals(spi, peer.tell(1, spi, 1));
        }
    }

    private LoopGroup start(LoopSettings settings, Uniqueness unique) {
        LoopGroup group = new LoopGroup(settings, ports(unique));
        start(group);
        running = group;
        return group;
    }

    private static void start(LoopGroup group) {
        try {
            group.start();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** After {@link Peer#isSilent}, which shortens the peer's patience. */
    private static byte[] receive(Peer peer) {
        try {
            peer.socket.setSoTimeout(10_000);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        return peer.receive();
    }

    private static LoopSettings settings(int loops, CookieSettings cookies) {
        return LoopSettings.of(loops, new ListenSettings(List.of(LOOPBACK), 0, 0))
                .with(cookies);
    }

    private LoopPorts ports(Uniqueness unique) {
        return new LoopPorts(
                () -> new Random(1)::nextBytes,
                crypto,
                sad,
                path -> List.of(),
                NoCredentials.INSTANCE,
                AddressPools.NONE,
                notices::add,
                FakeSa.factory(FakeSa.policy(unique, List.of(), 500), journal),
                null);
    }

    private static Peer peer(LoopGroup group) {
        return new Peer(group.localEndpoints().getFirst().ike());
    }

    private static byte[] marked(byte[] message) {
        byte[] datagram = new byte[message.length + 4];
        System.arraycopy(message, 0, datagram, 4, message.length);
        return datagram;
    }

    private static long arrived(LoopGroup group) {
        return transport(group, TransportCount.RECEIVED) + transport(group, TransportCount.TOO_SHORT);
    }

    private static long count(LoopGroup group, LoopCount count) {
        return sum(group, loop -> loop.count(count));
    }

    private static long transport(LoopGroup group, TransportCount count) {
        return sum(group, loop -> loop.count(count));
    }

    private static long sum(LoopGroup group, ToLongFunction<LoopStatistics> value) {
        return group.statistics().stream().mapToLong(value).sum();
    }

    /** Waits for another thread; the test's timeout ends it. */
    private static void await(BooleanSupplier condition, String what) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - deadline > 0) {
                throw new AssertionError("waited in vain for " + what);
            }
            Thread.yield();
        }
    }

    private static InetAddress address(String text) {
        try {
            return InetAddress.getByName(text);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
