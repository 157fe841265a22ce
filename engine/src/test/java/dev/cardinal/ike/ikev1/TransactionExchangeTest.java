package dev.cardinal.ike.ikev1;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cardinal.ike.loop.AddressLeases;
import dev.cardinal.ike.sa.AddressPool;
import dev.cardinal.ike.sa.AddressRange;
import dev.cardinal.ike.sa.SaCommand;
import dev.cardinal.ike.sa.SaEvent;
import dev.cardinal.ike.sa.SaNotice;
import dev.cardinal.ike.sa.UserPattern;
import dev.cardinal.ike.sa.VirtualAddresses;
import dev.cardinal.ike.sa.XauthPolicy;
import dev.cardinal.ike.wire.Identification;
import dev.cardinal.ike.wire.IsakmpAttribute;
import dev.cardinal.ike.wire.IsakmpPayload.Attributes;
import dev.cardinal.ike.wire.Payload.Configuration.Attribute;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** XAUTH and Mode Config with a peer that has the keys and means harm. */
class TransactionExchangeTest {
    private static final InetAddress ANY = InetAddress.ofLiteral("0.0.0.0");
    private static final VirtualAddresses WANTED = new VirtualAddresses(List.of(ANY), List.of());
    private static final VirtualAddresses GIVEN = new VirtualAddresses(List.of(), List.of("road"));
    private static final IsakmpAttribute JOE = Wire.text(Xauth.USER_NAME, "joe");
    private static final IsakmpAttribute RIGHT = Wire.text(Xauth.USER_PASSWORD, Wire.PASSWORD);
    private static final IsakmpAttribute WRONG = Wire.text(Xauth.USER_PASSWORD, "wrong");

    private final AddressLeases leases = new AddressLeases(List.of(new AddressPool(
            "road",
            new AddressRange(InetAddress.ofLiteral("10.3.0.1"), InetAddress.ofLiteral("10.3.0.200")),
            List.of(
                    new Attribute(ModeConfig.IP4_DNS, new byte[] {10, 0, 0, 53}),
                    new Attribute(28676, new byte[14])))));

    private Wire wire() {
        return wire(500);
    }

    private Wire wire(int clientPort) {
        return new Wire(clientPort, WANTED, new XauthPolicy.Asking(UserPattern.ANY), GIVEN, leases);
    }

    private static Attributes reply(Attributes question, IsakmpAttribute... attributes) {
        return new Attributes(Attributes.REPLY, question.identifier(), copies(attributes));
    }

    /** What was sent is wiped: each message gets attributes of its own. */
    private static List<IsakmpAttribute> copies(IsakmpAttribute... attributes) {
        List<IsakmpAttribute> copies = new ArrayList<>();
        for (IsakmpAttribute each : attributes) {
            copies.add(
                    new IsakmpAttribute(each.type(), each.basic(), each.value().clone()));
        }
        return copies;
    }

    private static IsakmpAttribute empty(int type) {
        return IsakmpAttribute.of(type, new byte[0]);
    }

    /** The gateway has asked, and the client's answer is these attributes. @return the status that the gateway tells */
    private static long status(Wire wire, IsakmpAttribute... attributes) throws Exception {
        byte[] question = wire.gateway.sent.remove();
        Attributes asked = wire.client.read(question, null);
        wire.gateway.receive(wire.client.answer(question, reply(asked, attributes), 0));
        byte[] set = wire.gateway.sent.remove();
        Attributes told = wire.client.read(set, null);
        assertEquals(Attributes.SET, told.type());
        assertEquals(asked.identifier(), told.identifier());
        assertTrue(wire.gateway.sa().halfOpen());
        wire.gateway.receive(wire.client.answer(
                set, new Attributes(Attributes.ACK, told.identifier(), List.of(empty(Xauth.STATUS))), 0));
        return told.attributes().getFirst().number();
    }

    private static void established(Wire wire) throws Exception {
        assertEquals(1, status(wire, JOE, RIGHT));
        assertFalse(wire.gateway.sa().halfOpen());
    }

    @Test
    void asksForNameAndPasswordAndPassesOverTheUnknown() throws Exception {
        try (Wire wire = wire()) {
            Attributes asked = wire.client.read(wire.gateway.sent.element(), null);
            assertEquals(Attributes.REQUEST, asked.type());
            assertEquals(List.of(empty(Xauth.USER_NAME), empty(Xauth.USER_PASSWORD)), asked.attributes());
            assertEquals(1, status(wire, Wire.text(30_000, "?"), JOE, IsakmpAttribute.of(Xauth.TYPE, 0), RIGHT));
            SaNotice.IkeEstablished established =
                    wire.gateway.notices(SaNotice.IkeEstablished.class).getFirst();
            assertEquals(
                    new Identification(Identification.KEY_ID, "joe".getBytes(StandardCharsets.UTF_8)),
                    established.remoteId());
            assertEquals("PSK and XAUTH", established.authentication());
        }
    }

    /** Some peers end their strings as C does. */
    @Test
    void terminatorsAreNoPartOfThePassword() throws Exception {
        try (Wire wire = wire()) {
            assertEquals(
                    1,
                    status(
                            wire,
                            Wire.text(Xauth.USER_NAME, "joe\0"),
                            Wire.text(Xauth.USER_PASSWORD, Wire.PASSWORD + "\0")));
        }
    }

    static Stream<List<IsakmpAttribute>> badReplies() {
        return Stream.of(
                List.of(),
                List.of(JOE),
                List.of(RIGHT),
                List.of(JOE, WRONG),
                List.of(JOE, empty(Xauth.USER_PASSWORD)),
                List.of(JOE, JOE, RIGHT),
                List.of(JOE, WRONG, RIGHT),
                List.of(JOE, RIGHT, RIGHT),
                List.of(empty(Xauth.USER_NAME), RIGHT), // for whom a password of everyone's would fit
                List.of(Wire.text(Xauth.USER_NAME, "\0"), RIGHT),
                List.of(Wire.text(Xauth.USER_NAME, "ann"), RIGHT),
                List.of(Wire.text(Xauth.USER_NAME, "ann"), empty(Xauth.USER_PASSWORD)),
                List.of(Wire.text(Xauth.USER_NAME, "jo\ne"), RIGHT),
                List.of(Wire.text(Xauth.USER_NAME, "joe" + "\0".repeat(300)), RIGHT),
                List.of(IsakmpAttribute.of(Xauth.USER_NAME, new byte[] {(byte) 0xff, 'j'}), RIGHT),
                List.of(JOE, Wire.text(Xauth.USER_PASSWORD, Wire.PASSWORD + "\0".repeat(2000))),
                List.of(JOE, Wire.text(Xauth.USER_PASSWORD, Wire.PASSWORD + "x")),
                List.of(JOE, new IsakmpAttribute(Xauth.USER_PASSWORD, true, new byte[] {'o', 'p'})),
                List.of(JOE, RIGHT, empty(Xauth.STATUS)));
    }

    @ParameterizedTest
    @MethodSource("badReplies")
    void whoDoesNotProveItselfIsToldOnceAndLetGo(List<IsakmpAttribute> attributes) throws Exception {
        try (Wire wire = wire()) {
            assertEquals(0, status(wire, attributes.toArray(IsakmpAttribute[]::new)));
            assertTrue(wire.gateway.closed);
            assertEquals(
                    1, wire.gateway.notices(SaNotice.AuthenticationFailed.class).size());
            assertEquals(
                    SaNotice.CloseReason.FAILED,
                    wire.gateway.notices(SaNotice.IkeClosed.class).getFirst().reason());
            assertTrue(wire.gateway.notices(SaNotice.IkeEstablished.class).isEmpty());
            assertFalse(wire.gateway.notices.toString().contains(Wire.PASSWORD));
        }
    }

    /** Messages that have no place change nothing: the right reply is still taken. */
    @Test
    void whatHasNoPlaceIsDropped() throws Exception {
        try (Wire wire = wire()) {
            byte[] question = wire.gateway.sent.element();
            Attributes asked = wire.client.read(question, null);
            List<byte[]> forged = List.of(
                    wire.client.answer(question, reply(asked, JOE, RIGHT), 1),
                    wire.client.answer(
                            question, new Attributes(Attributes.ACK, asked.identifier(), copies(JOE, RIGHT)), 0),
                    wire.client.question(
                            11, new Attributes(Attributes.SET, 1, List.of(IsakmpAttribute.of(Xauth.STATUS, 1)))),
                    wire.client.question(12, new Attributes(Attributes.REQUEST, 2, List.of(empty(Xauth.USER_NAME)))),
                    wire.client.question(
                            13, new Attributes(Attributes.REQUEST, 3, List.of(empty(ModeConfig.IP4_ADDRESS)))),
                    wire.client.question(14, reply(asked, JOE, RIGHT)),
                    wire.client.quickMode(15, new Attributes(Attributes.REQUEST, 4, List.of())));
            for (byte[] datagram : forged) {
                int before =
                        wire.gateway.notices(SaNotice.MessageRejected.class).size();
                wire.gateway.receive(datagram);
                assertEquals(
                        before + 1,
                        wire.gateway.notices(SaNotice.MessageRejected.class).size());
                assertTrue(wire.gateway.sa().halfOpen());
            }
            assertEquals(1, wire.gateway.sent.size());
            assertEquals(0, leases.leased("road"));
            established(wire);
        }
    }

    /** The message ID says which question an answer is for; peers are careless with identifiers. */
    @Test
    void anotherIdentifierIsNoMatter() throws Exception {
        try (Wire wire = wire()) {
            byte[] question = wire.gateway.sent.remove();
            wire.gateway.receive(
                    wire.client.answer(question, new Attributes(Attributes.REPLY, 0, copies(JOE, RIGHT)), 0));
            assertEquals(
                    1,
                    wire.client
                            .read(wire.gateway.sent.remove(), null)
                            .attributes()
                            .getFirst()
                            .number());
        }
    }

    /** After a wrong password a right one does not help: not as the same exchange, and not as another one. */
    @Test
    void thereIsOneTry() throws Exception {
        try (Wire wire = wire()) {
            byte[] question = wire.gateway.sent.remove();
            Attributes asked = wire.client.read(question, null);
            wire.gateway.receive(wire.client.answer(question, reply(asked, JOE, WRONG), 0));
            byte[] set = wire.gateway.sent.remove();
            wire.gateway.receive(wire.client.answer(question, reply(asked, JOE, RIGHT), 0));
            wire.gateway.receive(wire.client.answer(set, reply(asked, JOE, RIGHT), 0));
            assertTrue(wire.gateway.sa().halfOpen());
            assertTrue(wire.gateway.sent.isEmpty());
            wire.gateway.receive(
                    wire.client.answer(set, new Attributes(Attributes.ACK, asked.identifier(), List.of()), 0));
            assertTrue(wire.gateway.closed);
        }
    }

    /** However often and for however much a peer asks, it holds so much of a pool and no more. */
    @Test
    void leasesAreBounded() throws Exception {
        try (Wire wire = wire()) {
            established(wire);
            List<IsakmpAttribute> greed = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                greed.add(empty(ModeConfig.IP4_ADDRESS));
            }
            List<List<IsakmpAttribute>> replies = new ArrayList<>();
            for (int messageId = 1; messageId <= 10; messageId++) {
                byte[] question = wire.client.question(messageId, new Attributes(Attributes.REQUEST, messageId, greed));
                wire.gateway.receive(question);
                byte[] answer = wire.gateway.sent.remove();
                Attributes reply = wire.client.read(answer, iv(question));
                assertEquals(messageId, reply.identifier());
                replies.add(reply.attributes());
                // the same message again is answered by the same octets
                wire.gateway.receive(question);
                assertArrayEquals(answer, wire.gateway.sent.remove());
            }
            assertEquals(InnerAddresses.LEASES_LIMIT, leases.leased("road"));
            // the addresses, then the DNS server; Cisco's attributes are for who announces Cisco Unity
            assertEquals(InnerAddresses.LEASES_LIMIT + 1, replies.getFirst().size());
            assertEquals(1, replies.stream().distinct().count());
            for (int messageId = 11; messageId <= 100; messageId++) {
                wire.gateway.receive(
                        wire.client.question(messageId, new Attributes(Attributes.REQUEST, messageId, greed)));
            }
            assertTrue(wire.gateway.sa().conversations.size() <= Ikev1Sa.MAX_CONVERSATIONS);
        }
        assertEquals(0, leases.leased("road"));
    }

    private static void lease(Wire wire) {
        wire.gateway.receive(wire.client.question(
                21, new Attributes(Attributes.REQUEST, 1, List.of(empty(ModeConfig.IP4_ADDRESS)))));
    }

    /** Who authenticates anew goes on with the address; that another device has the same user changes nothing. */
    @ParameterizedTest
    @ValueSource(ints = {500, 501})
    void anAddressGoesToTheSuccessorOnly(int port) throws Exception {
        try (Wire older = wire();
                Wire newer = wire(port)) {
            established(older);
            lease(older);
            List<InetAddress> leased = older.gateway.sa().inner.leased();
            assertEquals(1, leased.size());
            established(newer);
            boolean same = port == 500;
            older.gateway.handle(new SaEvent.Command(new SaCommand.HandOver(newer.gateway.sa())));
            assertEquals(same ? newer.gateway.sa() : null, older.gateway.successor);
            assertEquals(same ? List.of() : leased, older.gateway.sa().inner.leased());
            assertEquals(same ? leased : List.of(), newer.gateway.sa().inner.leased());
            lease(newer);
            assertEquals(same, leased.equals(newer.gateway.sa().inner.leased()));
            assertEquals(same ? 1 : 2, leases.leased("road"));
        }
        assertEquals(0, leases.leased("road"));
    }

    private static byte[] iv(byte[] datagram) {
        return dev.cardinal.ike.crypto.IsakmpCipher.lastBlock(datagram, 16);
    }

    // ------------------------------------------------------------------------------------------------ the client

    private static Attributes answer(Wire wire, byte[] question) throws Exception {
        wire.client.receive(question);
        return wire.gateway.read(wire.client.sent.remove(), iv(question));
    }

    /** The gateway's question, answered, and its word that all is well. */
    private static void accept(Wire wire) throws Exception {
        byte[] question = wire.gateway.sent.remove();
        assertEquals(List.of(JOE, RIGHT), answer(wire, question).attributes());
        byte[] set = wire.gateway.question(
                77, new Attributes(Attributes.SET, 5, List.of(IsakmpAttribute.of(Xauth.STATUS, 1))));
        Attributes ack = answer(wire, set);
        assertEquals(Attributes.ACK, ack.type());
        assertEquals(5, ack.identifier());
        assertFalse(wire.client.sa().halfOpen());
    }

    @Test
    void passwordsAreShownToNobodyElse() throws Exception {
        try (Wire wire = wire()) {
            Attributes reply = answer(wire, wire.gateway.sent.remove());
            assertEquals(List.of(JOE, RIGHT), reply.attributes());
            assertFalse(reply.toString().contains(Wire.PASSWORD));
            assertFalse(wire.client.notices.toString().contains(Wire.PASSWORD));
        }
    }

    static Stream<List<IsakmpAttribute>> badQuestions() {
        return Stream.of(
                List.of(empty(Xauth.USER_NAME), empty(16523)), // a passcode
                List.of(empty(Xauth.USER_NAME), empty(Xauth.USER_PASSWORD), empty(16525)), // a challenge
                List.of(IsakmpAttribute.of(Xauth.TYPE, 2), empty(Xauth.USER_NAME)));
    }

    @ParameterizedTest
    @MethodSource("badQuestions")
    void whatIsNotUserAndPasswordIsRefused(List<IsakmpAttribute> attributes) throws Exception {
        try (Wire wire = wire()) {
            Attributes reply =
                    answer(wire, wire.gateway.question(5, new Attributes(Attributes.REQUEST, 9, attributes)));
            assertEquals(List.of(IsakmpAttribute.of(Xauth.STATUS, 0)), reply.attributes());
            assertTrue(wire.client.closed);
        }
    }

    @Test
    void questionsAreBounded() throws Exception {
        try (Wire wire = wire()) {
            for (int messageId = 1; messageId <= 3; messageId++) {
                Attributes question =
                        new Attributes(Attributes.REQUEST, messageId, List.of(empty(Xauth.USER_PASSWORD)));
                assertEquals(
                        List.of(RIGHT),
                        answer(wire, wire.gateway.question(messageId, question)).attributes());
            }
            Attributes question = new Attributes(Attributes.REQUEST, 4, List.of(empty(Xauth.USER_PASSWORD)));
            assertEquals(
                    List.of(IsakmpAttribute.of(Xauth.STATUS, 0)),
                    answer(wire, wire.gateway.question(4, question)).attributes());
            assertTrue(wire.client.closed);
        }
    }

    @Test
    void aPasswordIsGivenDuringXauthOnly() throws Exception {
        try (Wire wire = wire()) {
            accept(wire);
            int before = wire.client.sent.size();
            wire.client.receive(wire.gateway.question(
                    78, new Attributes(Attributes.REQUEST, 6, List.of(empty(Xauth.USER_PASSWORD)))));
            assertEquals(before, wire.client.sent.size());
        }
    }

    @Test
    void anAddressThatIsPushedIsTakenOnce() throws Exception {
        try (Wire wire = wire()) {
            accept(wire);
            // its own question is under way
            assertEquals(
                    Attributes.REQUEST,
                    wire.gateway.read(wire.client.sent.remove(), null).type());
            Attributes set = new Attributes(
                    Attributes.SET,
                    7,
                    List.of(
                            IsakmpAttribute.of(ModeConfig.IP4_ADDRESS, new byte[] {10, 3, 0, 7}),
                            IsakmpAttribute.of(ModeConfig.IP4_ADDRESS, new byte[] {10, 3, 0, 8}),
                            IsakmpAttribute.of(ModeConfig.IP4_DNS, new byte[] {10, 0, 0, 53}),
                            Wire.text(30_000, "?")));
            Attributes ack = answer(wire, wire.gateway.question(79, set));
            assertEquals(Attributes.ACK, ack.type());
            assertEquals(List.of(empty(ModeConfig.IP4_ADDRESS), empty(ModeConfig.IP4_DNS)), ack.attributes());
            List<InetAddress> own = List.of(InetAddress.ofLiteral("10.3.0.7"));
            assertEquals(own, wire.client.sa().inner.own());
            assertFalse(wire.client.sa().modeConfig.isPulling());
            Attributes other = new Attributes(
                    Attributes.SET, 8, List.of(IsakmpAttribute.of(ModeConfig.IP4_ADDRESS, new byte[] {10, 3, 0, 9})));
            assertEquals(
                    List.of(), answer(wire, wire.gateway.question(80, other)).attributes());
            assertEquals(own, wire.client.sa().inner.own());
        }
    }

    static Stream<List<IsakmpAttribute>> noAddresses() {
        return Stream.of(
                List.of(),
                List.of(IsakmpAttribute.of(ModeConfig.IP4_DNS, new byte[] {10, 0, 0, 53})),
                List.of(IsakmpAttribute.of(ModeConfig.IP4_ADDRESS, new byte[4])),
                List.of(IsakmpAttribute.of(ModeConfig.IP4_ADDRESS, new byte[3])),
                List.of(IsakmpAttribute.of(ModeConfig.IP4_ADDRESS, new byte[] {(byte) 224, 0, 0, 1})),
                List.of(IsakmpAttribute.of(ModeConfig.IP6_ADDRESS, new byte[16])),
                List.of(IsakmpAttribute.of(ModeConfig.IP4_ADDRESS, 0x0a03)));
    }

    @ParameterizedTest
    @MethodSource("noAddresses")
    void withoutAnAddressThereIsNoTunnel(List<IsakmpAttribute> attributes) throws Exception {
        try (Wire wire = wire()) {
            accept(wire);
            byte[] question = wire.client.sent.remove();
            Attributes asked = wire.gateway.read(question, null);
            assertEquals(
                    List.of(empty(ModeConfig.IP4_ADDRESS), empty(ModeConfig.IP4_NETMASK), empty(ModeConfig.IP4_DNS)),
                    asked.attributes());
            wire.client.receive(
                    wire.gateway.answer(question, new Attributes(Attributes.REPLY, asked.identifier(), attributes), 0));
            assertTrue(wire.client.closed);
            assertEquals(
                    "the peer has no virtual address for us",
                    wire.client.notices(SaNotice.IkeClosed.class).getFirst().why());
        }
    }
}
