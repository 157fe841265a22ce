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
 *
 * With public key encryption (sections 5.2, 5.3) {@link Phase1Encryption} encrypts and decrypts the first two messages' values,
 * and nobody sees the identities.
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

        private record Encrypting() implements Step {}

        private record AwaitingAnswer() implements Step {}

        private record Agreeing(Contents answer, @Nullable Identification peer) implements Step {}

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
                sa.close(CloseReason.FAILED, "no certificate or key that its method takes");
                return;
            }
            // RFC 2409 section 5: the group cannot be negotiated, its public value goes along
            SecurityAssociation offer =
                    Phase1Proposals.offer(ikev1.proposals(), method, Phase1.lifeNanos(policy), group);
            if (phase1.encryption != null) {
                // what is encrypted along with the offer is so by its hash and cipher
                offer = Phase1Proposals.firstOf(offer);
            }
            Initiator exchange = new Initiator(sa, phase1, offer);
            sa.phase1.exchange = exchange;
            sa.suite = Phase1Proposals.accept(offer, Phase1Proposals.firstOf(offer));
            sa.report(new SaNotice.HandshakeBegun(sa.subject(), true));
            if (!sa.submit(sa.phase1, phase1.generate(Urgency.NEW))) {
                sa.close(CloseReason.BACKEND, "the back end is busy");
            }
        }

        private void onGenerated(CryptoOutcome.Generated generated) {
            phase1.handle = generated.handle();
            phase1.gxi = generated.publicValue();
            if (phase1.encryption != null) {
                step = new Encrypting();
                phase1.encryption.encrypt();
                return;
            }
            phase1.ni = phase1.freshNonce();
            sendOffer(List.of(
                    IsakmpBody.of(new KeyExchange(phase1.gxi)),
                    IsakmpBody.of(new Nonce(phase1.ni)),
                    phase1.ownIdentity()));
        }

        private void sendOffer(List<IsakmpBody> values) {
            List<IsakmpBody> bodies = new ArrayList<>();
            IsakmpBody body = IsakmpBody.of(offer);
            phase1.offer = body.octets();
            bodies.add(body);
            bodies.addAll(values);
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
            Contents contents = Contents.of(message, phase1.closed());
            Phase1Suite suite = Phase1Proposals.accept(offer, contents.one(SecurityAssociation.class));
            if (suite == null || message.header().responderSpi() == 0) {
                throw new MalformedMessage("an answer that is none of the transforms offered");
            }
            Identification id = phase1.encryption == null ? phase1.readIdentity(contents) : null;
            sa.suite = suite;
            CryptoRequest decryption = phase1.readKeyExchangeOrDecrypt(contents);
            sa.peerCookie = message.header().responderSpi();
            phase1.readAnnouncements(contents);
            phase1.detectNat(contents, sa.path);
            sa.take();
            step = new Agreeing(contents, id);
            if (decryption != null) {
                phase1.submit(decryption);
            } else if (!phase1.submitAgreement(id)) {
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
                onGenerated(generated);
            } else if (step instanceof Encrypting && outcome instanceof CryptoOutcome.Encrypted encrypted) {
                sendOffer(Ikev1Sa.required(phase1.encryption).bodies(encrypted));
            } else if (step instanceof Agreeing agreeing && outcome instanceof CryptoOutcome.Agreed agreed) {
                phase1.derived(agreed.derived());
                sa.depart(sa.phase1, () -> onAgreed(agreeing));
            } else if (step instanceof Agreeing && phase1.decryptionGoesOn(outcome)) {
                return;
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

        private record Encrypting(SecurityAssociation answer) implements Step {}

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
                onOffer(message);
            } else if (step instanceof AwaitingProof) {
                onProof(phase1.last(message));
            }
        }

        private void onOffer(IsakmpMessage message) throws Refusal, MalformedMessage {
            // which of the payloads are to be decrypted first, the choice tells
            SecurityAssociation answer = phase1.choose(Contents.of(message, RevisedRsaEncryption.CLOSED), true);
            Contents contents = Contents.of(message, phase1.closed());
            Identification id = phase1.encryption == null ? phase1.readIdentity(contents) : null;
            CryptoRequest decryption = phase1.readKeyExchangeOrDecrypt(contents);
            phase1.readAnnouncements(contents);
            sa.take();
            sa.report(new SaNotice.HandshakeBegun(sa.subject(), false));
            step = new Agreeing(answer);
            if (decryption != null) {
                phase1.submit(decryption);
                return;
            }
            phase1.nr = phase1.freshNonce();
            if (!phase1.submitAgreement(id)) {
                sa.close(CloseReason.BACKEND, "the back end is busy");
            }
        }

        private void onAgreed(SecurityAssociation answer, CryptoOutcome.Agreed agreed) {
            phase1.derivedWith(agreed);
            if (phase1.encryption != null) {
                step = new Encrypting(answer);
                phase1.encryption.encrypt();
                return;
            }
            answer(
                    answer,
                    List.of(
                            IsakmpBody.of(new KeyExchange(phase1.gxr)),
                            IsakmpBody.of(new Nonce(phase1.nr)),
                            phase1.ownIdentity()));
        }

        private void answer(SecurityAssociation answer, List<IsakmpBody> values) {
            List<IsakmpBody> bodies = new ArrayList<>();
            bodies.add(IsakmpBody.of(answer));
            bodies.addAll(values);
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
            CryptoRequest verification = phase1.check(contents, sa.remoteId);
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
            } else if (step instanceof Agreeing && phase1.decryptionGoesOn(outcome)) {
                return;
            } else if (step instanceof Encrypting encrypting && outcome instanceof CryptoOutcome.Encrypted encrypted) {
                List<IsakmpBody> values = Ikev1Sa.required(phase1.encryption).bodies(encrypted);
                sa.depart(sa.phase1, () -> answer(encrypting.answer(), values));
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
