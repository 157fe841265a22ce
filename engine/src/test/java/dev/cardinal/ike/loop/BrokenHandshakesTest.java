package dev.cardinal.ike.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cardinal.hsm.pkcs11.Pkcs11Module;
import dev.cardinal.hsm.pkcs11.Session;
import dev.cardinal.hsm.pool.TokenPool;
import dev.cardinal.ike.backend.CryptoRouter;
import dev.cardinal.ike.backend.HsmCryptoPort;
import dev.cardinal.ike.backend.JcaCryptoPort;
import dev.cardinal.ike.backend.SystemRandom;
import dev.cardinal.ike.backend.TestToken;
import dev.cardinal.ike.crypto.KeyExchangePlacement;
import dev.cardinal.ike.crypto.Secret;
import dev.cardinal.ike.net.ListenSettings;
import dev.cardinal.ike.sa.AddressPools;
import dev.cardinal.ike.sa.IdentityPattern;
import dev.cardinal.ike.sa.PeerPolicy;
import dev.cardinal.ike.sa.SaSettings;
import dev.cardinal.ike.sad.RecordingSad;
import dev.cardinal.ike.wire.ExchangeType;
import dev.cardinal.ike.wire.IkeHeader;
import dev.cardinal.ike.wire.MessageCodec;
import dev.cardinal.ike.wire.Payload;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Clock;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Strangers that begin handshakes on a gateway whose key exchange is on a token, and never end one. */
@Timeout(120)
class BrokenHandshakesTest {
    private static final int HANDSHAKES = 2_000;

    /** Unanswered first messages at a time: below the sockets' and the back end's queues. */
    private static final int IN_FLIGHT = 50;

    private static final SaSettings IMPATIENT =
            new SaSettings(100_000_000L, 1.8, 1, 1_000_000_000L, 0, 4_000_000_000L, SaSettings.DECRYPTION_GRID_NANOS);

    @Test
    void nothingOfThemIsLeftOnTheToken() throws Exception {
        TestToken token = new TestToken("broken");
        long secrets = Secret.open();
        try (TokenPool pool = token.open();
                JcaCryptoPort host = new JcaCryptoPort(1, 16, new SystemRandom(), Clock.systemUTC(), System::nanoTime);
                Pkcs11Module module = Pkcs11Module.open(TestToken.module(), null)) {
            CryptoRouter crypto = new CryptoRouter(
                    host,
                    List.of(new CryptoRouter.Token(new HsmCryptoPort("broken", pool, false), true)),
                    Clock.systemUTC());
            int before = objects(module, "broken");
            assertTrue(before >= 10, "the keys of the token are seen: " + before);
            try (LoopGroup gateway = gateway(crypto)) {
                long garbage =
                        breakHandshakes(gateway.localEndpoints().getFirst().port());
                assertTrue(garbage > HANDSHAKES / 2, "answered first messages: " + garbage);
                await(() -> sum(gateway) == 0);
                assertTrue(pool.statistics().operations().getOrDefault("agree", 0L) > HANDSHAKES / 4);
            }
            await(() -> pool.statistics().liveHandles() == 0);
            assertEquals(before, objects(module, "broken"));
        }
        assertEquals(secrets, Secret.open());
    }

    /** Every other answered first message is followed by an IKE_AUTH request that no key protects. */
    private static long breakHandshakes(int port) throws Exception {
        long answered = 0;
        try (DatagramSocket socket = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
            socket.setSoTimeout(500);
            InetSocketAddress gateway = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
            byte[] buffer = new byte[2048];
            for (int sent = 0; sent < HANDSHAKES; ) {
                for (int i = 0; i < IN_FLIGHT; i++, sent++) {
                    byte[] first = FirstMessages.saInitWithBasePoint(0x1000L + sent);
                    socket.send(new DatagramPacket(first, first.length, gateway));
                }
                for (int i = 0; i < IN_FLIGHT; i++) {
                    DatagramPacket answer = new DatagramPacket(buffer, buffer.length);
                    try {
                        socket.receive(answer);
                    } catch (java.net.SocketTimeoutException e) {
                        break;
                    }
                    IkeHeader header =
                            FirstMessages.header(java.util.Arrays.copyOf(answer.getData(), answer.getLength()));
                    answered++;
                    if (answered % 2 == 0) {
                        byte[] garbage = MessageCodec.encode(
                                FirstMessages.header(
                                        header.initiatorSpi(),
                                        header.responderSpi(),
                                        2,
                                        ExchangeType.IKE_AUTH,
                                        IkeHeader.FLAG_INITIATOR,
                                        1),
                                List.of(new Payload.Encrypted(35, new byte[64])));
                        socket.send(new DatagramPacket(garbage, garbage.length, gateway));
                    }
                }
            }
        }
        return answered;
    }

    private static LoopGroup gateway(CryptoRouter crypto) throws Exception {
        PeerPolicy policy = Ikev2OverLoopsTest.policy(
                "gateway",
                "gateway",
                IdentityPattern.ANY,
                List.of(),
                500,
                PeerPolicy.Uniqueness.NEVER,
                KeyExchangePlacement.TOKEN_ONLY);
        LoopGroup group = new LoopGroup(
                LoopSettings.of(2, new ListenSettings(List.of(InetAddress.getLoopbackAddress()), 0, 0))
                        .with(CookieSettings.OFF)
                        .with(IMPATIENT),
                new LoopPorts(
                        SystemRandom::new,
                        crypto,
                        new RecordingSad(),
                        path -> List.of(policy),
                        NoCredentials.INSTANCE,
                        AddressPools.NONE,
                        notice -> {},
                        SaFactory.ikev2(),
                        null));
        group.start();
        return group;
    }

    /** All objects of the token, session objects among them: the login is shared with the pool. */
    private static int objects(Pkcs11Module module, String label) throws Exception {
        for (long slot : module.cryptoki().getSlotList(true)) {
            if (module.cryptoki().getTokenInfo(slot).label().strip().equals(label)) {
                Session session = Session.open(module.cryptoki(), slot, false);
                try {
                    return session.find(List.of()).size();
                } finally {
                    session.close();
                }
            }
        }
        throw new AssertionError("no token " + label);
    }

    private static long sum(LoopGroup group) {
        return group.statistics().stream().mapToLong(LoopStatistics::sas).sum();
    }

    private static void await(BooleanSupplier condition) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() - deadline < 0, "not in time");
            TimeUnit.MILLISECONDS.sleep(20);
        }
    }
}
