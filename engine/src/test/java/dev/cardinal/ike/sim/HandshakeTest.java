package dev.cardinal.ike.sim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cardinal.ike.crypto.KeyExchangeMethod;
import dev.cardinal.ike.sa.AuthPolicy;
import dev.cardinal.ike.sa.ChildPolicy;
import dev.cardinal.ike.sa.IkeSa;
import dev.cardinal.ike.sa.PeerPolicy;
import dev.cardinal.ike.sa.SaNotice;
import dev.cardinal.ike.wire.ExchangeType;
import dev.cardinal.ike.wire.NotifyType;
import dev.cardinal.ike.wire.Payload;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

/** IKE_SA_INIT and IKE_AUTH between two SAs, one message at a time. */
class HandshakeTest {
    private static final long SECOND = Policies.SECOND;
    private static final ChildPolicy ALICE_NET =
            Policies.child("net", "10.1.0.0/16", "10.2.0.0/16", Policies.esp(Policies.NO_PFS));
    private static final ChildPolicy BOB_NET =
            Policies.child("net", "10.2.0.0/16", "10.1.0.0/16", Policies.esp(Policies.NO_PFS));

    private static Policies alice() {
        return new Policies("alice", "bob").children(ALICE_NET);
    }

    private static Policies bob() {
        return new Policies("bob", "alice").children(BOB_NET);
    }

    @Test
    void sharedKeyInFourMessages() {
        try (ScriptedConversation talk = new ScriptedConversation(alice().build(), bob().build())) {
            talk.establish();
            assertEquals(4, talk.sent().size());
            assertTrue(talk.sent().get(3).has(Payload.Authentication.class));
            assertEquals(1, talk.childrenOf(talk.saOf(talk.bob())).size());
        }
    }

    @Test
    void bobMayBeginAsWell() {
        try (ScriptedConversation talk = new ScriptedConversation(alice().build(), bob().build())) {
            talk.startFromBob(BOB_NET);
            talk.run();
            talk.requireEstablished(1);
        }
    }

    @Test
    void certificates() {
        PeerPolicy a = alice().authenticating(AuthPolicy.Method.PUBKEY, AuthPolicy.Method.PUBKEY)
                .build();
        PeerPolicy b = bob().authenticating(AuthPolicy.Method.PUBKEY, AuthPolicy.Method.PUBKEY)
                .build();
        try (ScriptedConversation talk = new ScriptedConversation(a, b)) {
            talk.establish();
            assertTrue(talk.sent().get(2).has(Payload.Certificate.class));
        }
    }

    /** RFC 7296 section 1.3: the initiator tries again with the method that the responder wants. */
    @Test
    void invalidKePayloadIsFollowed() {
        PeerPolicy a = alice().proposals(Policies.ike(KeyExchangeMethod.CURVE_25519, KeyExchangeMethod.ECP_256))
                .build();
        PeerPolicy b = bob().proposals(Policies.ike(KeyExchangeMethod.ECP_256)).build();
        try (ScriptedConversation talk = new ScriptedConversation(a, b)) {
            talk.start(ALICE_NET);
            talk.pass();
            CapturedMessage answer = talk.pass();
            assertArrayEquals(
                    new byte[] {0, 19},
                    answer.notify(NotifyType.INVALID_KE_PAYLOAD).orElseThrow().data());
            CapturedMessage again = talk.pass();
            assertEquals(19, again.first(Payload.KeyExchange.class).method());
            talk.run();
            talk.requireEstablished(1);
        }
    }

    /** RFC 7296 section 2.6: the cookie comes first, everything else is as it was. */
    @Test
    void cookieIsReturned() {
        try (ScriptedConversation talk = new ScriptedConversation(alice().build(), bob().build())) {
            talk.bob().demandCookies(true);
            talk.start(ALICE_NET);
            CapturedMessage first = talk.pass();
            assertTrue(talk.bob().sas().isEmpty());
            talk.pass();
            CapturedMessage second = talk.pass();
            assertTrue(second.payloads().getFirst() instanceof Payload.Notify cookie && cookie.is(NotifyType.COOKIE));
            assertArrayEquals(
                    first.first(Payload.Nonce.class).value(),
                    second.first(Payload.Nonce.class).value());
            assertArrayEquals(
                    first.first(Payload.KeyExchange.class).value(),
                    second.first(Payload.KeyExchange.class).value());
            talk.run();
            talk.requireEstablished(1);
        }
    }

    @Test
    void noProposalChosen() {
        PeerPolicy b =
                bob().proposals(Policies.ikeCbc(KeyExchangeMethod.ECP_256)).build();
        try (ScriptedConversation talk = new ScriptedConversation(alice().build(), b)) {
            talk.start(ALICE_NET);
            talk.pass();
            assertTrue(talk.pass().has(NotifyType.NO_PROPOSAL_CHOSEN));
            assertTrue(talk.alice().sas().isEmpty());
            assertTrue(talk.bob().sas().isEmpty());
        }
    }

    /** RFC 7296 section 2.21.2. */
    @Test
    void wrongSharedKeyFailsAuthentication() {
        try (ScriptedConversation talk = new ScriptedConversation(
                alice().build(),
                bob().build(),
                new SimulatedCredentials("right", 100),
                new SimulatedCredentials("wrong", 100))) {
            talk.start(ALICE_NET);
            List<CapturedMessage> all = talk.run();
            assertTrue(all.getLast().has(NotifyType.AUTHENTICATION_FAILED));
            assertTrue(talk.alice().sas().isEmpty());
            assertTrue(talk.bob().establishedSas().isEmpty());
            assertEquals(
                    0, talk.alice().sad().installations() + talk.bob().sad().installations());
        }
    }

    /** RFC 7296 section 2.5: an unknown payload with the critical bit fails the message and is named. */
    @Test
    void unknownCriticalPayloadIsRefused() {
        try (ScriptedConversation talk = new ScriptedConversation(alice().build(), bob().build())) {
            IkeSa sa = talk.establish();
            CapturedMessage forged = talk.forge(
                    talk.alice(),
                    sa,
                    ExchangeType.INFORMATIONAL,
                    false,
                    2,
                    List.of(new Payload.Unknown(200, true, new byte[4])));
            talk.deliver(forged);
            Payload.Notify notify =
                    talk.take().notify(NotifyType.UNSUPPORTED_CRITICAL_PAYLOAD).orElseThrow();
            assertArrayEquals(new byte[] {(byte) 200}, notify.data());
        }
    }

    /** RFC 7296 section 2.5: without the critical bit it is skipped. */
    @Test
    void unknownPayloadIsSkipped() {
        try (ScriptedConversation talk = new ScriptedConversation(alice().build(), bob().build())) {
            IkeSa sa = talk.establish();
            talk.deliver(talk.forge(
                    talk.alice(),
                    sa,
                    ExchangeType.INFORMATIONAL,
                    false,
                    2,
                    List.of(new Payload.Unknown(200, false, new byte[4]))));
            assertTrue(talk.take().payloads().isEmpty());
        }
    }

    /** RFC 7296 section 2.1: the same octets again, and nothing is done twice. */
    @Test
    void retransmissionsAreAnsweredFromTheCache() {
        try (ScriptedConversation talk = new ScriptedConversation(alice().build(), bob().build())) {
            talk.start(ALICE_NET);
            CapturedMessage init = talk.pass();
            CapturedMessage initAnswer = talk.take();
            talk.deliver(init);
            assertArrayEquals(initAnswer.octets(), talk.take().octets());
            assertEquals(1, talk.bob().sas().size());
            talk.deliver(initAnswer);
            CapturedMessage auth = talk.pass();
            CapturedMessage authAnswer = talk.take();
            int work = talk.bob().token().submitted();
            talk.deliver(auth);
            assertArrayEquals(authAnswer.octets(), talk.take().octets());
            assertEquals(work, talk.bob().token().submitted());
            assertEquals(1, talk.bob().sad().installations());
            talk.deliver(authAnswer);
            talk.requireEstablished(1);
        }
    }

    /** RFC 7296 section 2.1: after several minutes the response may be forgotten; then the request MUST be ignored. */
    @Test
    void forgottenResponseIsNotMadeAgain() {
        try (ScriptedConversation talk = new ScriptedConversation(alice().build(), bob().build())) {
            talk.start(ALICE_NET);
            talk.pass();
            talk.pass();
            CapturedMessage auth = talk.pass();
            talk.run();
            talk.requireEstablished(1);
            talk.advance(239 * SECOND);
            talk.deliver(auth);
            talk.take();
            talk.advance(2 * SECOND);
            talk.deliver(auth);
            assertTrue(talk.inFlight().isEmpty());
            talk.requireEstablished(1);
        }
    }

    /** Whatever is lost comes again. */
    @Test
    void everyMessageMayBeLostOnce() {
        for (int lost = 0; lost < 4; lost++) {
            try (ScriptedConversation talk = new ScriptedConversation(alice().build(), bob().build())) {
                talk.start(ALICE_NET);
                for (int i = 0; i < lost; i++) {
                    talk.pass();
                }
                talk.drop();
                talk.advance(2 * SECOND);
                talk.run();
                talk.requireEstablished(1);
            }
        }
    }

    /** A wrong check value changes nothing: not an SA that is established, and not one that has its keys still to make. */
    @Test
    void badCheckValueChangesNothing() {
        try (ScriptedConversation talk = new ScriptedConversation(alice().build(), bob().build())) {
            talk.start(ALICE_NET);
            talk.pass();
            talk.pass();
            CapturedMessage auth = talk.take();
            talk.deliver(auth.damagedAt(-1));
            assertTrue(talk.inFlight().isEmpty());
            int work = talk.bob().token().submitted();
            talk.deliver(auth.damagedAt(-20));
            assertEquals(work, talk.bob().token().submitted(), "a bad check value never repeats the agreement");
            talk.deliver(auth);
            CapturedMessage answer = talk.take();
            talk.deliver(answer.damagedAt(40));
            assertTrue(talk.alice().establishedSas().isEmpty());
            talk.deliver(answer);
            talk.requireEstablished(1);
            assertEquals(work, talk.bob().token().submitted());
        }
    }

    /** While the secret is agreed at most 16 datagrams are held, and one agreement runs, however much comes. */
    @Test
    void datagramsHeldDuringTheAgreementAreBounded() {
        try (ScriptedConversation talk = new ScriptedConversation(alice().build(), bob().build())) {
            talk.start(ALICE_NET);
            talk.pass();
            talk.pass();
            CapturedMessage auth = talk.take();
            talk.bob().token().behave(SimulatedToken.Behaviour.HOLDING);
            for (int i = 0; i < 16; i++) {
                talk.deliver(auth.damagedAt(-1 - i));
            }
            talk.deliver(auth);
            assertEquals(1, talk.bob().token().held());
            talk.bob().token().completeHeld();
            talk.settle();
            assertTrue(talk.inFlight().isEmpty(), () -> "the seventeenth was held: " + talk.trace());
            talk.bob().token().behave(SimulatedToken.Behaviour.PROMPT);
            talk.deliver(auth);
            talk.run();
            talk.requireEstablished(1);
        }
    }

    @Test
    void messageIdsOutsideTheWindowAreIgnored() {
        try (ScriptedConversation talk = new ScriptedConversation(alice().build(), bob().build())) {
            IkeSa sa = talk.establish();
            for (int id : new int[] {0, 3, 100, -1}) {
                talk.deliver(talk.forge(talk.alice(), sa, ExchangeType.INFORMATIONAL, false, id, List.of()));
                assertTrue(talk.inFlight().isEmpty(), () -> "message ID " + id);
            }
            talk.requireEstablished(1);
        }
    }

    @Test
    void halfOpenSaTimesOut() {
        try (ScriptedConversation talk = new ScriptedConversation(alice().build(), bob().build())) {
            talk.start(ALICE_NET);
            talk.pass();
            assertEquals(1, talk.bob().sas().size());
            talk.advanceWithoutNetwork(31 * SECOND);
            assertTrue(talk.bob().sas().isEmpty());
            assertTrue(talk.alice().sas().isEmpty());
            assertEquals(
                    SaNotice.CloseReason.HALF_OPEN_TIMEOUT,
                    talk.bob().notices(SaNotice.IkeClosed.class).getFirst().reason());
            assertEquals(0, talk.bob().token().liveHandles());
        }
    }

    /** A full queue drops a new SA; the peer's retransmission asks again. */
    @Test
    void fullTokenIsAskedAgainByTheRetransmission() {
        try (ScriptedConversation talk = new ScriptedConversation(alice().build(), bob().build())) {
            talk.bob().token().behave(SimulatedToken.Behaviour.FULL);
            talk.start(ALICE_NET);
            talk.pass();
            assertTrue(talk.bob().sas().isEmpty());
            talk.bob().token().behave(SimulatedToken.Behaviour.PROMPT);
            talk.advance(2 * SECOND);
            talk.run();
            talk.requireEstablished(1);
        }
    }

    /** RFC 6023. */
    @Test
    void childless() {
        PeerPolicy a = alice().childless(PeerPolicy.Childless.FORCE).build();
        try (ScriptedConversation talk = new ScriptedConversation(a, bob().build())) {
            talk.start(null);
            List<CapturedMessage> all = talk.run();
            talk.requireEstablished(0);
            assertTrue(all.get(1).has(NotifyType.CHILDLESS_IKEV2_SUPPORTED));
            assertFalse(all.get(2).has(Payload.SecurityAssociation.class));
        }
    }

    @Test
    void narrowedSelectorsAreTheSameAtBothEnds() {
        ChildPolicy narrow = Policies.child("net", "10.2.3.0/24", "10.1.0.0/17", Policies.esp(Policies.NO_PFS));
        try (ScriptedConversation talk =
                new ScriptedConversation(alice().build(), bob().children(narrow).build())) {
            IkeSa sa = talk.establish();
            assertEquals(
                    Policies.address("10.2.3.0"),
                    talk.childrenOf(sa).getFirst().remote().getFirst().start());
        }
    }

    // ------------------------------------------------------------------------------------------------ RFC 7383

    private static ScriptedConversation fragmented() {
        PeerPolicy a = alice().authenticating(AuthPolicy.Method.PUBKEY, AuthPolicy.Method.PUBKEY)
                .fragments(PeerPolicy.Fragmentation.YES, 300)
                .build();
        PeerPolicy b = bob().authenticating(AuthPolicy.Method.PUBKEY, AuthPolicy.Method.PUBKEY)
                .fragments(PeerPolicy.Fragmentation.YES, 300)
                .build();
        ScriptedConversation talk = new ScriptedConversation(
                a, b, new SimulatedCredentials(null, 900), new SimulatedCredentials(null, 900));
        talk.start(ALICE_NET);
        talk.pass();
        talk.pass();
        return talk;
    }

    private static List<CapturedMessage> takeAll(ScriptedConversation talk) {
        List<CapturedMessage> all = new ArrayList<>();
        while (!talk.inFlight().isEmpty()) {
            all.add(talk.take());
        }
        return all;
    }

    @Test
    void fragmentsInAnyOrderAndTwice() {
        try (ScriptedConversation talk = fragmented()) {
            List<CapturedMessage> fragments = takeAll(talk);
            assertTrue(fragments.size() > 4);
            assertTrue(fragments.stream().allMatch(each -> each.octets().length <= 300 - 28));
            Collections.reverse(fragments);
            for (CapturedMessage fragment : fragments) {
                talk.deliver(fragment);
                talk.deliver(fragment);
            }
            talk.run();
            talk.requireEstablished(1);
            assertEquals(1, talk.bob().sad().installations());
        }
    }

    @Test
    void lostFragmentComesWithTheRetransmission() {
        try (ScriptedConversation talk = fragmented()) {
            talk.drop();
            for (CapturedMessage fragment : takeAll(talk)) {
                talk.deliver(fragment);
            }
            assertTrue(talk.inFlight().isEmpty());
            talk.advance(2 * SECOND);
            talk.run();
            talk.requireEstablished(1);
        }
    }

    /** A message in more fragments than anybody needs is never put together. */
    @Test
    void tooManyFragmentsAreNotKept() {
        try (ScriptedConversation talk = new ScriptedConversation(alice().build(), bob().build())) {
            IkeSa sa = talk.establish();
            for (int number = 1; number <= 2000; number++) {
                talk.deliver(talk.forgeFragment(
                        talk.alice(), sa, ExchangeType.INFORMATIONAL, false, 2, 0, number, 2000, new byte[100]));
            }
            assertTrue(talk.inFlight().isEmpty());
            talk.deliver(talk.forge(talk.alice(), sa, ExchangeType.INFORMATIONAL, false, 2, List.of()));
            assertNotNull(talk.take(), "the SA lives on");
        }
    }
}
