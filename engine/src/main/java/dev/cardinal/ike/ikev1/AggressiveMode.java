package dev.cardinal.ike.ikev1;

import dev.cardinal.ike.crypto.CryptoOutcome;
import dev.cardinal.ike.crypto.CryptoRequest;
import dev.cardinal.ike.crypto.KeyExchangeMethod;
import dev.cardinal.ike.crypto.Urgency;
import dev.cardinal.ike.sa.Ikev1Policy;
import dev.cardinal.ike.sa.PeerPolicy;
import dev.cardinal.ike.sa.ProposalSelection;
import dev.cardinal.ike.sa.SaNotice;
import dev.cardinal.ike.sa.SaNotice.CloseReason;
import dev.cardinal.ike.wire.Identification;
import dev.cardinal.ike.wire.IsakmpBody;
import dev.cardinal.ike.wire.IsakmpMessage;
import dev.cardinal.ike.wire.IsakmpPayload.KeyExchange;
import dev.cardinal.ike.wire.IsakmpPayload.Nonce;
import dev.cardinal.ike.wire.IsakmpPayload.SecurityAssociation;
import dev.cardinal.ike.wire.MalformedMessage;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Aggressive mode (RFC 2409 sections 5.1 and 5.4): three messages, identities in the clear, and with a pre-shared key a
 * HASH_R by which anybody who asks can guess that key off line.
 *
 * <pre>
 *   HDR, SA, KE, Ni, IDii                              -->
 *                <--  HDR, SA, KE, Nr, IDir, [CERT,] [NAT-D, ...,] HASH_R or SIG_R
 *   HDR[*], [CERT,] HASH_I or SIG_I, [NAT-D, ...]      -->
 * </pre>
 */
final class AggressiveMode {
    private AggressiveMode() {}

    // ------------------------------------------------------------------------------------------------ initiator

    /** Our aggressive mode. */
    static final class Initiator implements Exchange {
        private final Ikev1Sa sa;
        private final Phase1 phase1;
        private final SecurityAssociation offer;
        private Step step = new Generating();

        private sealed interface Step {}

        private record Generating() implements Step {}

        private record AwaitingAnswer() implements Step {}

        private record Agreeing(Contents answer, Identification peer) implements Step {}

        private record Verifying(Contents answer) implements Step {}

        private record Signing(Contents answer, List<IsakmpBody> bodies) implements Step {}

        private Initiator(Ikev1Sa sa, Phase1 phase1, SecurityAssociation offer) {
            this.sa = sa;
            this.phase1 = phase1;
            this.offer = offer;
        }

        static void begin(Ikev1Sa sa) {
            PeerPolicy policy = sa.requirePolicy();
            Ikev1Policy ikev1 = Ikev1Sa.required(policy.ikev1());
            Phase1 phase1 = new Phase1(sa);
            int method = phase1.prepare();
            KeyExchangeMethod group = KeyExchangeMethod.of(ProposalSelection.firstKeyExchange(ikev1.proposals()));
            if (method == 0 || group == null) {
                sa.close(CloseReason.FAILED, "no certificate, or one that IKEv1 has no method for");
                return;
            }
            // RFC 2409 section 5: the group cannot be negotiated, its public value goes along
            SecurityAssociation offer =
                    Phase1Proposals.offer(ikev1.proposals(), method, Phase1.lifeNanos(policy), group);
            Initiator exchange = new Initiator(sa, phase1, offer);
            sa.phase1.exchange = exchange;
            sa.suite = Phase1Proposals.accept(
                    offer,
                    new SecurityAssociation(List.of(new dev.cardinal.ike.wire.IsakmpProposal(
                            1,
                            dev.cardinal.ike.wire.Proposal.IKE,
                            new byte[0],
                            offer.proposals().getFirst().transforms().subList(0, 1)))));
            sa.report(new SaNotice.HandshakeBegun(sa.subject(), true, "IKEv1 aggressive mode"));
            if (!sa.submit(sa.phase1, phase1.generate(Urgency.NEW))) {
                sa.close(CloseReason.BACKEND, "the back end is busy");
            }
        }

        private void sendOffer(CryptoOutcome.Generated generated) {
            phase1.handle = generated.handle();
            phase1.gxi = generated.publicValue();
            phase1.ni = phase1.freshNonce();
            List<IsakmpBody> bodies = new ArrayList<>();
            IsakmpBody body = IsakmpBody.of(offer);
            phase1.offer = body.octets();
            bodies.add(body);
            bodies.add(IsakmpBody.of(new KeyExchange(phase1.gxi)));
            bodies.add(IsakmpBody.of(new Nonce(phase1.ni)));
            bodies.add(phase1.ownIdentity());
            phase1.addCertificateRequests(bodies);
            phase1.announce(bodies, sa.policy);
            step = new AwaitingAnswer();
            sa.sendOpen(sa.phase1, bodies, true);
        }

        @Override
        public void onMessage(IsakmpMessage message) throws MalformedMessage, Refusal {
            if (!(step instanceof AwaitingAnswer)) {
                return;
            }
            Contents contents = Contents.of(message);
            Phase1Suite suite = Phase1Proposals.accept(offer, contents.one(SecurityAssociation.class));
            if (suite == null || message.header().responderSpi() == 0) {
                throw new MalformedMessage("an answer that is none of the transforms offered");
            }
            Identification id = phase1.readIdentity(contents);
            sa.suite = suite;
            phase1.readKeyExchange(contents);
            sa.peerCookie = message.header().responderSpi();
            phase1.readAnnouncements(contents);
            phase1.detectNat(contents, sa.path);
            sa.take();
            step = new Agreeing(contents, id);
            if (!phase1.submitAgreement(id)) {
                sa.close(CloseReason.BACKEND, "the back end is busy");
            }
        }

        private void onAgreed(Agreeing agreeing) {
            try {
                CryptoRequest verification = phase1.check(agreeing.answer(), agreeing.peer());
                if (verification == null) {
                    prove(agreeing.answer());
                    return;
                }
                step = new Verifying(agreeing.answer());
                if (!sa.submit(sa.phase1, verification)) {
                    sa.close(CloseReason.BACKEND, "the back end is busy");
                }
            } catch (Refusal refusal) {
                sa.onRefusal(sa.phase1, refusal);
            }
        }

        private void prove(Contents answer) {
            List<IsakmpBody> bodies = new ArrayList<>();
            // the hashes are about the ports that this message goes from and to
            phase1.floatPorts();
            phase1.addNatDetection(bodies);
            if (!phase1.signs()) {
                bodies.addFirst(phase1.proofByHash());
                sendProof(answer, bodies);
                return;
            }
            step = new Signing(answer, bodies);
            if (!sa.submit(sa.phase1, phase1.signing())) {
                sa.close(CloseReason.BACKEND, "the back end is busy");
            }
        }

        private void sendProof(Contents answer, List<IsakmpBody> bodies) {
            phase1.addInitialContact(bodies);
            sa.sendEncrypted(sa.phase1, bodies, false);
            phase1.finish(answer);
        }

        @Override
        public void onCrypto(CryptoOutcome outcome) {
            if (step instanceof Generating && outcome instanceof CryptoOutcome.Generated generated) {
                sendOffer(generated);
            } else if (step instanceof Agreeing agreeing && outcome instanceof CryptoOutcome.Agreed agreed) {
                phase1.derived(agreed.derived());
                onAgreed(agreeing);
            } else if (step instanceof Verifying verifying && outcome instanceof CryptoOutcome.PeerVerified) {
                prove(verifying.answer());
            } else if (step instanceof Signing signing && outcome instanceof CryptoOutcome.Signed signed) {
                List<IsakmpBody> bodies = new ArrayList<>();
                phase1.addSignature(bodies, signed.signature());
                bodies.addAll(signing.bodies());
                sendProof(signing.answer(), bodies);
            } else {
                MainMode.failed(sa, outcome);
            }
        }

        @Override
        public void onInstalled(@Nullable String failure) {
            throw new IllegalStateException("nothing is installed in phase 1");
        }

        @Override
        public void onOverdue() {
            sa.close(CloseReason.BACKEND, "a back end did not answer in time");
        }

        @Override
        public void abandon() {
            phase1.abandon();
        }
    }

    // ------------------------------------------------------------------------------------------------ responder

    /** The peer's aggressive mode. */
    static final class Responder implements Exchange {
        private final Ikev1Sa sa;
        private final Phase1 phase1;
        private Step step = new AwaitingOffer();

        private sealed interface Step {}

        private record AwaitingOffer() implements Step {}

        private record Agreeing(SecurityAssociation answer) implements Step {}

        private record Signing(List<IsakmpBody> bodies) implements Step {}

        private record AwaitingProof() implements Step {}

        private record Verifying(Contents last) implements Step {}

        Responder(Ikev1Sa sa) {
            this.sa = sa;
            this.phase1 = new Phase1(sa);
        }

        @Override
        public void onMessage(IsakmpMessage message) throws MalformedMessage, Refusal {
            if (step instanceof AwaitingOffer) {
                onOffer(Contents.of(message));
            } else if (step instanceof AwaitingProof) {
                onProof(Contents.of(message));
            }
        }

        private void onOffer(Contents contents) throws Refusal {
            SecurityAssociation answer = phase1.choose(contents, true);
            Identification id = phase1.readIdentity(contents);
            phase1.readKeyExchange(contents);
            phase1.readAnnouncements(contents);
            phase1.nr = phase1.freshNonce();
            sa.take();
            sa.report(new SaNotice.HandshakeBegun(sa.subject(), false, "IKEv1 aggressive mode"));
            step = new Agreeing(answer);
            if (!phase1.submitAgreement(id)) {
                sa.close(CloseReason.BACKEND, "the back end is busy");
            }
        }

        private void onAgreed(SecurityAssociation answer, CryptoOutcome.Agreed agreed) {
            phase1.gxr = Ikev1Sa.required(agreed.publicValue());
            phase1.derived(agreed.derived());
            List<IsakmpBody> bodies = new ArrayList<>();
            bodies.add(IsakmpBody.of(answer));
            bodies.add(IsakmpBody.of(new KeyExchange(phase1.gxr)));
            bodies.add(IsakmpBody.of(new Nonce(phase1.nr)));
            bodies.add(phase1.ownIdentity());
            if (!phase1.signs()) {
                bodies.add(phase1.proofByHash());
                sendAnswer(bodies);
                return;
            }
            step = new Signing(bodies);
            if (!sa.submit(sa.phase1, phase1.signing())) {
                sa.close(CloseReason.BACKEND, "the back end is busy");
            }
        }

        private void sendAnswer(List<IsakmpBody> bodies) {
            phase1.addCertificateRequests(bodies);
            phase1.addNatDetection(bodies);
            phase1.announce(bodies, sa.policy);
            step = new AwaitingProof();
            sa.sendOpen(sa.phase1, bodies, false);
        }

        private void onProof(Contents contents) throws Refusal {
            Identification id = Ikev1Sa.required(sa.remoteId);
            CryptoRequest verification = phase1.check(contents, id);
            sa.take();
            phase1.detectNat(contents, sa.path);
            if (verification == null) {
                phase1.finish(contents);
                return;
            }
            step = new Verifying(contents);
            if (!sa.submit(sa.phase1, verification)) {
                sa.close(CloseReason.BACKEND, "the back end is busy");
            }
        }

        @Override
        public void onCrypto(CryptoOutcome outcome) {
            if (step instanceof Agreeing agreeing && outcome instanceof CryptoOutcome.Agreed agreed) {
                onAgreed(agreeing.answer(), agreed);
            } else if (step instanceof Signing signing && outcome instanceof CryptoOutcome.Signed signed) {
                phase1.addSignature(signing.bodies(), signed.signature());
                sendAnswer(signing.bodies());
            } else if (step instanceof Verifying verifying && outcome instanceof CryptoOutcome.PeerVerified) {
                phase1.finish(verifying.last());
            } else {
                MainMode.failed(sa, outcome);
            }
        }

        @Override
        public void onInstalled(@Nullable String failure) {
            throw new IllegalStateException("nothing is installed in phase 1");
        }

        @Override
        public void onOverdue() {
            sa.close(CloseReason.BACKEND, "a back end did not answer in time");
        }

        @Override
        public void abandon() {
            phase1.abandon();
        }
    }
}
