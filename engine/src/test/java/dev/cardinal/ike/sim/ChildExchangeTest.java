package dev.cardinal.ike.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cardinal.ike.crypto.CryptoOutcome;
import dev.cardinal.ike.crypto.KeyExchangeMethod;
import dev.cardinal.ike.sa.ChildPolicy;
import dev.cardinal.ike.sa.IkeSa;
import dev.cardinal.ike.sa.PeerPolicy;
import dev.cardinal.ike.sa.SaCommand;
import dev.cardinal.ike.sa.SaNotice;
import dev.cardinal.ike.wire.NotifyType;
import dev.cardinal.ike.wire.Payload;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** CREATE_CHILD_SA and INFORMATIONAL between two established SAs, with their collisions. */
class ChildExchangeTest {
    private static final long SECOND = Policies.SECOND;
    private static final KeyExchangeMethod[] PFS = {KeyExchangeMethod.CURVE_25519};

    private static PeerPolicy alice(KeyExchangeMethod... pfs) {
        ChildPolicy net = Policies.child("net", "10.1.0.0/16", "10.2.0.0/16", Policies.esp(pfs));
        return new Policies("alice", "bob").children(net).dpdDelay(10 * SECOND).build();
    }

    private static PeerPolicy bob(KeyExchangeMethod... pfs) {
        ChildPolicy net = Policies.child("net", "10.2.0.0/16", "10.1.0.0/16", Policies.esp(pfs));
        return new Policies("bob", "alice").children(net).build();
    }

    private static SaCommand rekeyOnlyChild(ScriptedConversation talk, IkeSa sa) {
        return new SaCommand.RekeyChild(talk.childrenOf(sa).getFirst().inboundSpi());
    }

    @Test
    void childIsRekeyedAndTheOldOneDeleted() {
        for (KeyExchangeMethod[] pfs : new KeyExchangeMethod[][] {{}, PFS}) {
            try (ScriptedConversation talk = new ScriptedConversation(alice(pfs), bob(pfs))) {
                IkeSa sa = talk.establish();
                int before = talk.childrenOf(sa).getFirst().inboundSpi();
                talk.command(talk.alice(), sa, rekeyOnlyChild(talk, sa));
                CapturedMessage request = talk.pass();
                assertTrue(request.has(NotifyType.REKEY_SA));
                assertEquals(pfs.length > 0, request.has(Payload.KeyExchange.class));
                talk.run();
                talk.requireEstablished(1);
                assertTrue(before != talk.childrenOf(sa).getFirst().inboundSpi());
            }
        }
    }

    @Test
    void ikeSaIsRekeyedAndKeepsItsChildren() {
        for (boolean fromAlice : new boolean[] {true, false}) {
            try (ScriptedConversation talk = new ScriptedConversation(alice(), bob())) {
                talk.establish();
                SimulatedHost host = fromAlice ? talk.alice() : talk.bob();
                IkeSa old = talk.saOf(host);
                talk.command(host, old, new SaCommand.RekeyIke());
                talk.run();
                talk.requireEstablished(1);
                IkeSa successor = talk.saOf(host);
                assertTrue(successor != old && successor.initiator());
                talk.command(host, successor, new SaCommand.CheckLiveness());
                assertEquals(2, talk.run().size());
            }
        }
    }

    /** RFC 7296 section 2.8.1: of two replacements the one with the lowest nonce is deleted by whoever made it. */
    @Test
    void simultaneousChildRekey() {
        try (ScriptedConversation talk = new ScriptedConversation(alice(PFS), bob(PFS))) {
            IkeSa ofAlice = talk.establish();
            IkeSa ofBob = talk.saOf(talk.bob());
            talk.command(talk.alice(), ofAlice, rekeyOnlyChild(talk, ofAlice));
            talk.command(talk.bob(), ofBob, rekeyOnlyChild(talk, ofBob));
            CapturedMessage fromAlice = talk.pass();
            CapturedMessage fromBob = talk.pass();
            CapturedMessage toAlice = talk.passFrom(talk.bob());
            CapturedMessage toBob = talk.passFrom(talk.alice());
            talk.run();
            talk.requireEstablished(1);
            boolean aliceLoses = lowestIsFirst(lowest(fromAlice, toAlice), lowest(fromBob, toBob));
            int left = talk.childrenOf(ofAlice).getFirst().inboundSpi();
            int made = spi(fromAlice);
            assertEquals(!aliceLoses, left == made, "the lowest nonce loses");
            assertEquals(1, talk.alice().notices(SaNotice.Collision.class).size());
            assertEquals(1, talk.bob().notices(SaNotice.Collision.class).size());
        }
    }

    /** RFC 7296 section 2.8.2. */
    @Test
    void simultaneousIkeRekey() {
        try (ScriptedConversation talk = new ScriptedConversation(alice(), bob())) {
            IkeSa ofAlice = talk.establish();
            IkeSa ofBob = talk.saOf(talk.bob());
            talk.command(talk.alice(), ofAlice, new SaCommand.RekeyIke());
            talk.command(talk.bob(), ofBob, new SaCommand.RekeyIke());
            CapturedMessage fromAlice = talk.pass();
            CapturedMessage fromBob = talk.pass();
            CapturedMessage toAlice = talk.passFrom(talk.bob());
            CapturedMessage toBob = talk.passFrom(talk.alice());
            talk.run();
            talk.requireEstablished(1);
            boolean aliceLoses = lowestIsFirst(lowest(fromAlice, toAlice), lowest(fromBob, toBob));
            assertEquals(!aliceLoses, talk.saOf(talk.alice()).initiator(), "the lowest nonce loses");
        }
    }

    private static byte[] lowest(CapturedMessage request, CapturedMessage response) {
        byte[] ni = request.first(Payload.Nonce.class).value();
        byte[] nr = response.first(Payload.Nonce.class).value();
        return Arrays.compareUnsigned(ni, nr) < 0 ? ni : nr;
    }

    private static boolean lowestIsFirst(byte[] first, byte[] second) {
        return Arrays.compareUnsigned(first, second) < 0;
    }

    private static int spi(CapturedMessage message) {
        return java.nio.ByteBuffer.wrap(message.first(Payload.SecurityAssociation.class)
                        .proposals()
                        .getFirst()
                        .spi())
                .getInt();
    }

    /** RFC 7296 section 2.25.1: a rekeying meets a deletion of the same Child SA. */
    @Test
    void rekeyMeetsDelete() {
        try (ScriptedConversation talk = new ScriptedConversation(alice(), bob())) {
            IkeSa ofAlice = talk.establish();
            IkeSa ofBob = talk.saOf(talk.bob());
            talk.command(talk.alice(), ofAlice, rekeyOnlyChild(talk, ofAlice));
            talk.command(
                    talk.bob(),
                    ofBob,
                    new SaCommand.DeleteChild(talk.childrenOf(ofBob).getFirst().inboundSpi()));
            talk.pass();
            talk.pass();
            assertTrue(talk.passFrom(talk.bob()).has(NotifyType.TEMPORARY_FAILURE));
            talk.run();
            talk.requireEstablished(0);
        }
    }

    /** RFC 7296 section 2.25.2: no Child SA is made while the IKE SA is rekeyed. */
    @Test
    void createMeetsIkeRekey() {
        try (ScriptedConversation talk = new ScriptedConversation(alice(), bob())) {
            IkeSa ofAlice = talk.establish();
            IkeSa ofBob = talk.saOf(talk.bob());
            talk.command(talk.alice(), ofAlice, new SaCommand.RekeyIke());
            talk.command(
                    talk.bob(),
                    ofBob,
                    new SaCommand.CreateChild(bob().children().getFirst()));
            talk.pass();
            talk.pass();
            assertTrue(talk.passFrom(talk.bob()).has(NotifyType.TEMPORARY_FAILURE));
            assertTrue(talk.passFrom(talk.alice()).has(NotifyType.TEMPORARY_FAILURE));
            for (int step = 0; step < 500; step++) {
                talk.advance(SECOND / 50);
                talk.run();
            }
            talk.requireEstablished(2);
        }
    }

    /** RFC 7296 section 2.25.2: a Delete that is under way would be lost with the IKE SA. */
    @Test
    void ikeRekeyMeetsChildDelete() {
        try (ScriptedConversation talk = new ScriptedConversation(alice(), bob())) {
            IkeSa ofAlice = talk.establish();
            IkeSa ofBob = talk.saOf(talk.bob());
            talk.command(
                    talk.bob(),
                    ofBob,
                    new SaCommand.DeleteChild(talk.childrenOf(ofBob).getFirst().inboundSpi()));
            talk.drop();
            talk.command(talk.alice(), ofAlice, new SaCommand.RekeyIke());
            talk.pass();
            assertTrue(talk.pass().has(NotifyType.TEMPORARY_FAILURE));
            for (int step = 0; step < 500; step++) {
                talk.advance(SECOND / 50);
                talk.run();
            }
            talk.requireEstablished(0);
            assertTrue(talk.saOf(talk.alice()) != ofAlice, "it was rekeyed in the end");
        }
    }

    /** RFC 7296 section 2.25.1: the peer has lost the Child SA that we rekey. */
    @Test
    void childSaNotFound() {
        try (ScriptedConversation talk = new ScriptedConversation(alice(), bob())) {
            IkeSa ofAlice = talk.establish();
            IkeSa ofBob = talk.saOf(talk.bob());
            talk.command(
                    talk.bob(),
                    ofBob,
                    new SaCommand.DeleteChild(talk.childrenOf(ofBob).getFirst().inboundSpi()));
            talk.drop();
            talk.advance(SECOND / 2);
            talk.command(talk.alice(), ofAlice, rekeyOnlyChild(talk, ofAlice));
            CapturedMessage rekey = talk.pass();
            assertTrue(rekey.has(NotifyType.REKEY_SA));
            assertTrue(talk.pass().has(NotifyType.TEMPORARY_FAILURE), "it is being deleted");
            talk.advance(2 * SECOND);
            talk.run();
            talk.requireEstablished(0);
        }
    }

    /** A parked CREATE_CHILD_SA is answered when its time is up, and a late completion leaves nothing. */
    @Test
    void stalledTokenIsTemporaryFailure() {
        try (ScriptedConversation talk = new ScriptedConversation(alice(PFS), bob(PFS))) {
            IkeSa sa = talk.establish();
            talk.bob().token().behave(SimulatedToken.Behaviour.HOLDING);
            talk.command(talk.alice(), sa, rekeyOnlyChild(talk, sa));
            talk.pass();
            assertTrue(talk.inFlight().isEmpty());
            talk.advance(4 * SECOND);
            assertTrue(talk.takeFrom(talk.bob()).has(NotifyType.TEMPORARY_FAILURE));
            talk.bob().token().completeHeld();
            talk.requireEstablished(1);
        }
    }

    @Test
    void failingTokenIsTemporaryFailure() {
        for (CryptoOutcome.Failed.Kind kind : CryptoOutcome.Failed.Kind.values()) {
            try (ScriptedConversation talk = new ScriptedConversation(alice(PFS), bob(PFS))) {
                IkeSa sa = talk.establish();
                talk.bob().token().behave(SimulatedToken.Behaviour.HOLDING);
                talk.command(talk.alice(), sa, rekeyOnlyChild(talk, sa));
                talk.pass();
                talk.bob().token().failHeld(kind);
                assertTrue(talk.pass().has(NotifyType.TEMPORARY_FAILURE));
                talk.bob().token().behave(SimulatedToken.Behaviour.PROMPT);
                talk.advance(3 * SECOND);
                talk.run();
                talk.requireEstablished(1);
                assertEquals(3, talk.alice().sad().installations() + 1, "it was tried again");
            }
        }
    }

    @Test
    void deletesFromBothEnds() {
        for (boolean fromAlice : new boolean[] {true, false}) {
            try (ScriptedConversation talk = new ScriptedConversation(alice(), bob())) {
                talk.establish();
                SimulatedHost host = fromAlice ? talk.alice() : talk.bob();
                IkeSa sa = talk.saOf(host);
                talk.command(
                        host,
                        sa,
                        new SaCommand.DeleteChild(talk.childrenOf(sa).getFirst().inboundSpi()));
                talk.run();
                talk.requireEstablished(0);
                talk.command(host, sa, new SaCommand.DeleteIke());
                talk.run();
                assertTrue(talk.alice().sas().isEmpty());
                assertTrue(talk.bob().sas().isEmpty());
            }
        }
    }

    /** The peer deletes a Child SA before we have installed it. */
    @Test
    void childDeletedBeforeItWasInstalled() {
        try (ScriptedConversation talk = new ScriptedConversation(alice(), bob())) {
            IkeSa ofAlice = talk.establish();
            IkeSa ofBob = talk.saOf(talk.bob());
            talk.command(
                    talk.alice(),
                    ofAlice,
                    new SaCommand.CreateChild(alice().children().getFirst()));
            talk.pass();
            CapturedMessage response = talk.take();
            talk.command(talk.bob(), ofBob, new SaCommand.DeleteChild(spi(response)));
            talk.run();
            talk.deliver(response);
            talk.run();
            talk.requireEstablished(1);
        }
    }

    /** An order to delete the IKE SA outlives its rekeying. */
    @Test
    void orderToDeletePassesToTheSuccessor() {
        try (ScriptedConversation talk = new ScriptedConversation(alice(), bob())) {
            IkeSa sa = talk.establish();
            talk.command(talk.alice(), sa, new SaCommand.RekeyIke());
            talk.command(talk.alice(), sa, new SaCommand.DeleteIke());
            talk.run();
            talk.advance(SECOND);
            talk.run();
            assertTrue(talk.alice().sas().isEmpty(), () -> "" + talk.trace());
            assertTrue(talk.bob().sas().isEmpty());
        }
    }

    @Test
    void deadPeerIsNoticed() {
        try (ScriptedConversation talk = new ScriptedConversation(alice(), bob())) {
            talk.establish();
            talk.advanceWithoutNetwork(10 * SECOND);
            talk.advanceWithoutNetwork(60 * SECOND);
            assertTrue(talk.alice().sas().isEmpty());
            assertTrue(talk.alice().sad().entries().isEmpty());
            assertEquals(
                    SaNotice.CloseReason.PEER_DEAD,
                    talk.alice().notices(SaNotice.IkeClosed.class).getFirst().reason());
        }
    }
}
