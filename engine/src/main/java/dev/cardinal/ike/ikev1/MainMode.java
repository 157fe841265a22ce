package dev.cardinal.ike.ikev1;

import dev.cardinal.ike.crypto.CryptoOutcome;
import dev.cardinal.ike.crypto.CryptoRequest;
import dev.cardinal.ike.crypto.Urgency;
import dev.cardinal.ike.sa.Ikev1Policy;
import dev.cardinal.ike.sa.PeerPolicy;
import dev.cardinal.ike.sa.SaNotice;
import dev.cardinal.ike.sa.SaNotice.CloseReason;
import dev.cardinal.ike.wire.Identification;
import dev.cardinal.ike.wire.IsakmpBody;
import dev.cardinal.ike.wire.IsakmpMessage;
import dev.cardinal.ike.wire.IsakmpNotify;
import dev.cardinal.ike.wire.IsakmpPayload.KeyExchange;
import dev.cardinal.ike.wire.IsakmpPayload.Nonce;
import dev.cardinal.ike.wire.IsakmpPayload.SecurityAssociation;
import dev.cardinal.ike.wire.MalformedMessage;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Main mode (RFC 2409 sections 5.1 and 5.4):
 *
 * <pre>
 *   HDR, SA                                -->
 *                                          <--  HDR, SA
 *   HDR, KE, Ni, [CERT_REQ,] [NAT-D, ...]  -->
 *                                          <--  HDR, KE, Nr, [CERT_REQ,] [NAT-D, ...]
 *   HDR*, IDii, [CERT,] HASH_I or SIG_I    -->
 *                                          <--  HDR*, IDir, [CERT,] HASH_R or SIG_R
 * </pre>
 *
 * With public key encryption (sections 5.2, 5.3) the identities stand in the second pair of messages, which
 * {@link Phase1Encryption} encrypts and decrypts.
 */
final class MainMode {
    private MainMode() {}

    // ------------------------------------------------------------------------------------------------ initiator

    /** Our main mode. */
    static final class Initiator implements Exchange {
        private final Ikev1Sa sa;
        private final Phase1 phase1;
        private final SecurityAssociation offer;
        private Step step = new AwaitingChoice();

        private sealed interface Step {}

        private record AwaitingChoice() implements Step {}

        private record Generating() implements Step {}

        private record Encrypting() implements Step {}

        private record AwaitingKeyExchange() implements Step {}

        private record Agreeing() implements Step {}

        private record Signing(List<IsakmpBody> bodies) implements Step {}

        private record AwaitingProof() implements Step {}

        private record Verifying(Contents last) implements Step {}

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
            SecurityAssociation offer =
                    Phase1Proposals.offer(ikev1.proposals(), method, Phase1.lifeNanos(policy), null);
            if (method == 0) {
                sa.close(CloseReason.FAILED, "no certificate or key that its method takes");
                return;
            }
            sa.phase1.exchange = new Initiator(sa, phase1, offer);
            List<IsakmpBody> bodies = new ArrayList<>();
            IsakmpBody body = IsakmpBody.of(offer);
            phase1.offer = body.octets();
            bodies.add(body);
            phase1.announce(bodies, policy);
            sa.report(new SaNotice.HandshakeBegun(sa.subject(), true));
            sa.sendOpen(sa.phase1, bodies, true);
        }

        @Override
        public void onMessage(IsakmpMessage message) throws MalformedMessage, Refusal {
            if (step instanceof AwaitingChoice) {
                onChoice(message, Contents.of(message));
            } else if (step instanceof AwaitingKeyExchange) {
                onKeyExchange(Contents.of(message, phase1.closed()));
            } else if (step instanceof AwaitingProof) {
                onProof(phase1.encrypted(message));
            }
        }

        private void onChoice(IsakmpMessage message, Contents contents) throws Refusal, MalformedMessage {
            Phase1Suite suite = Phase1Proposals.accept(offer, contents.one(SecurityAssociation.class));
            if (suite == null || message.header().responderSpi() == 0) {
                throw new MalformedMessage("an answer that is none of the transforms offered");
            }
            sa.peerCookie = message.header().responderSpi();
            sa.suite = suite;
            phase1.readAnnouncements(contents);
            sa.take();
            step = new Generating();
            if (!sa.submit(sa.phase1, phase1.generate(Urgency.BEGUN))) {
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
            sendKeyExchange(List.of(IsakmpBody.of(new KeyExchange(phase1.gxi)), IsakmpBody.of(new Nonce(phase1.ni))));
        }

        private void sendKeyExchange(List<IsakmpBody> values) {
            List<IsakmpBody> bodies = new ArrayList<>(values);
            phase1.addCertificateRequests(bodies);
            phase1.addNatDetection(bodies);
            step = new AwaitingKeyExchange();
            sa.sendOpen(sa.phase1, bodies, true);
        }

        private void onKeyExchange(Contents contents) throws Refusal {
            CryptoRequest decryption = phase1.readKeyExchangeOrDecrypt(contents);
            phase1.readAnnouncements(contents);
            phase1.detectNat(contents, sa.path);
            sa.take();
            step = new Agreeing();
            if (decryption != null) {
                phase1.submit(decryption);
            } else if (!phase1.submitAgreement(null)) {
                sa.close(CloseReason.BACKEND, "the back end is busy");
            }
        }

        private void prove() {
            phase1.floatPorts();
            List<IsakmpBody> bodies = new ArrayList<>();
            if (phase1.encryption == null) {
                bodies.add(phase1.ownIdentity());
            }
            if (!phase1.signs()) {
                bodies.add(phase1.proofByHash());
                sendProof(bodies);
                return;
            }
            step = new Signing(bodies);
            if (!sa.submit(sa.phase1, phase1.signing())) {
                sa.close(CloseReason.BACKEND, "the back end is busy");
            }
        }

        private void sendProof(List<IsakmpBody> bodies) {
            phase1.addInitialContact(bodies);
            step = new AwaitingProof();
            sa.sendEncrypted(sa.phase1, bodies, true);
        }

        private void onProof(Contents contents) throws Refusal {
            Identification id = phase1.encryption == null ? phase1.readIdentity(contents) : null;
            CryptoRequest verification = phase1.check(contents, id);
            sa.take();
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
            if (step instanceof Generating && outcome instanceof CryptoOutcome.Generated generated) {
                onGenerated(generated);
            } else if (step instanceof Encrypting && outcome instanceof CryptoOutcome.Encrypted encrypted) {
                sendKeyExchange(Ikev1Sa.required(phase1.encryption).bodies(encrypted));
            } else if (step instanceof Agreeing && outcome instanceof CryptoOutcome.Agreed agreed) {
                phase1.derived(agreed.derived());
                sa.depart(sa.phase1, this::prove);
            } else if (step instanceof Agreeing && phase1.decryptionGoesOn(outcome)) {
                return;
            } else if (step instanceof Signing signing && outcome instanceof CryptoOutcome.Signed signed) {
                phase1.addSignature(signing.bodies(), signed.signature());
                sendProof(signing.bodies());
            } else if (step instanceof Verifying verifying && outcome instanceof CryptoOutcome.PeerVerified) {
                phase1.finish(verifying.last());
            } else {
                failed(sa, outcome);
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

    /** The peer's main mode. */
    static final class Responder implements Exchange {
        private final Ikev1Sa sa;
        private final Phase1 phase1;
        private Step step = new AwaitingOffer();

        private sealed interface Step {}

        private record AwaitingOffer() implements Step {}

        private record AwaitingKeyExchange() implements Step {}

        private record Agreeing() implements Step {}

        private record Encrypting() implements Step {}

        private record AwaitingProof() implements Step {}

        private record Verifying(Contents last) implements Step {}

        private record Signing(Contents last, List<IsakmpBody> bodies) implements Step {}

        Responder(Ikev1Sa sa) {
            this.sa = sa;
            this.phase1 = new Phase1(sa);
        }

        @Override
        public void onMessage(IsakmpMessage message) throws MalformedMessage, Refusal {
            if (step instanceof AwaitingOffer) {
                onOffer(Contents.of(message));
            } else if (step instanceof AwaitingKeyExchange) {
                onKeyExchange(Contents.of(message, phase1.closed()));
            } else if (step instanceof AwaitingProof) {
                onProof(phase1.encrypted(message));
            }
        }

        private void onOffer(Contents contents) throws Refusal {
            SecurityAssociation answer = phase1.choose(contents, false);
            phase1.readAnnouncements(contents);
            sa.take();
            sa.report(new SaNotice.HandshakeBegun(sa.subject(), false));
            List<IsakmpBody> bodies = new ArrayList<>();
            bodies.add(IsakmpBody.of(answer));
            phase1.announce(bodies, sa.policy);
            step = new AwaitingKeyExchange();
            sa.sendOpen(sa.phase1, bodies, false);
        }

        private void onKeyExchange(Contents contents) throws Refusal {
            CryptoRequest decryption = phase1.readKeyExchangeOrDecrypt(contents);
            phase1.readAnnouncements(contents);
            sa.take();
            phase1.detectNat(contents, sa.path);
            step = new Agreeing();
            if (decryption != null) {
                phase1.submit(decryption);
                return;
            }
            phase1.nr = phase1.freshNonce();
            if (!phase1.submitAgreement(null)) {
                sa.close(CloseReason.BACKEND, "the back end is busy");
            }
        }

        private void onAgreed(CryptoOutcome.Agreed agreed) {
            phase1.derivedWith(agreed);
            if (phase1.encryption != null) {
                step = new Encrypting();
                phase1.encryption.encrypt();
                return;
            }
            sendKeyExchange(List.of(IsakmpBody.of(new KeyExchange(phase1.gxr)), IsakmpBody.of(new Nonce(phase1.nr))));
        }

        private void sendKeyExchange(List<IsakmpBody> values) {
            List<IsakmpBody> bodies = new ArrayList<>(values);
            phase1.addCertificateRequests(bodies);
            phase1.addNatDetection(bodies);
            step = new AwaitingProof();
            sa.sendOpen(sa.phase1, bodies, false);
        }

        private void onProof(Contents contents) throws Refusal {
            Identification id = phase1.encryption == null ? phase1.readIdentity(contents) : null;
            CryptoRequest verification = phase1.check(contents, id);
            sa.take();
            if (verification == null) {
                prove(contents);
                return;
            }
            step = new Verifying(contents);
            if (!sa.submit(sa.phase1, verification)) {
                sa.close(CloseReason.BACKEND, "the back end is busy");
            }
        }

        private void prove(Contents last) {
            List<IsakmpBody> bodies = new ArrayList<>();
            if (phase1.encryption == null) {
                bodies.add(phase1.ownIdentity());
            }
            if (!phase1.signs()) {
                bodies.add(phase1.proofByHash());
                sendProof(last, bodies);
                return;
            }
            step = new Signing(last, bodies);
            if (!sa.submit(sa.phase1, phase1.signing())) {
                sa.close(CloseReason.BACKEND, "the back end is busy");
            }
        }

        private void sendProof(Contents last, List<IsakmpBody> bodies) {
            sa.sendEncrypted(sa.phase1, bodies, false);
            phase1.finish(last);
        }

        @Override
        public void onCrypto(CryptoOutcome outcome) {
            if (step instanceof Agreeing && outcome instanceof CryptoOutcome.Agreed agreed) {
                onAgreed(agreed);
            } else if (step instanceof Agreeing && phase1.decryptionGoesOn(outcome)) {
                return;
            } else if (step instanceof Encrypting && outcome instanceof CryptoOutcome.Encrypted encrypted) {
                List<IsakmpBody> bodies = Ikev1Sa.required(phase1.encryption).bodies(encrypted);
                sa.depart(sa.phase1, () -> sendKeyExchange(bodies));
            } else if (step instanceof Verifying verifying && outcome instanceof CryptoOutcome.PeerVerified) {
                prove(verifying.last());
            } else if (step instanceof Signing signing && outcome instanceof CryptoOutcome.Signed signed) {
                phase1.addSignature(signing.bodies(), signed.signature());
                sendProof(signing.last(), signing.bodies());
            } else {
                failed(sa, outcome);
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

    /** Phase 1 ends on an outcome that is not the one hoped for. */
    static void failed(Ikev1Sa sa, CryptoOutcome outcome) {
        sa.dispose(outcome);
        if (outcome instanceof CryptoOutcome.PeerRejected rejected) {
            sa.report(new SaNotice.AuthenticationFailed(sa.subject(), sa.remoteId, rejected.reason()));
            Informational.tell(sa, IsakmpNotify.AUTHENTICATION_FAILED);
            sa.close(CloseReason.FAILED, "the peer did not prove its identity");
        } else {
            sa.report(new SaNotice.BackendFailed(sa.subject(), String.valueOf(outcome)));
            sa.close(CloseReason.BACKEND, "a back end failed");
        }
    }
}
