package dev.cardinal.ike.ikev2;

import dev.cardinal.ike.crypto.CryptoOutcome;
import dev.cardinal.ike.crypto.CryptoRequest;
import dev.cardinal.ike.crypto.KeyExchangeHandle;
import dev.cardinal.ike.crypto.KeyExchangeMethod;
import dev.cardinal.ike.crypto.Secret;
import dev.cardinal.ike.crypto.SecretDerivation;
import dev.cardinal.ike.crypto.Urgency;
import dev.cardinal.ike.sa.IkeSuite;
import dev.cardinal.ike.sa.PeerPolicy;
import dev.cardinal.ike.sa.ProposalSelection;
import dev.cardinal.ike.sa.SaCommand;
import dev.cardinal.ike.sa.SaNotice;
import dev.cardinal.ike.wire.ExchangeType;
import dev.cardinal.ike.wire.NotifyType;
import dev.cardinal.ike.wire.Payload;
import dev.cardinal.ike.wire.Payload.KeyExchange;
import dev.cardinal.ike.wire.Payload.Nonce;
import dev.cardinal.ike.wire.Payload.Notify;
import dev.cardinal.ike.wire.Payload.SecurityAssociation;
import dev.cardinal.ike.wire.Proposal;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Rekeying an IKE SA by CREATE_CHILD_SA (RFC 7296 section 1.3.2):
 *
 * <pre>
 *   HDR, SK {SA, Ni, KEi}  -->
 *                        <--  HDR, SK {SA, Nr, KEr}
 * </pre>
 *
 * {@code SKEYSEED = prf(SK_d (old), g^ir (new) | Ni | Nr)} (section 2.18).
 */
final class RekeyIkeSa {
    /** A rekeying that the peer refuses is tried again after this. */
    private static final long REFUSED_NANOS = 10_000_000_000L;

    private RekeyIkeSa() {}

    private static SecretDerivation skeyseed(Ikev2Sa sa, Nonces nonces) {
        return new SecretDerivation.RekeyedSkeyseed(
                sa.requireSuite().prf(), sa.requireKeys().skD(), nonces.ni(), nonces.nr());
    }

    private static Ikev2Sa successor(
            Ikev2Sa sa, IkeSuite suite, Nonces nonces, Secret skeyseed, boolean initiator, long ownSpi, long peerSpi) {
        try (skeyseed) {
            Ikev2KeyMaterial keys = Ikev2KeyMaterial.derive(
                    sa.environment,
                    suite,
                    skeyseed,
                    nonces.ni(),
                    nonces.nr(),
                    initiator ? ownSpi : peerSpi,
                    initiator ? peerSpi : ownSpi,
                    initiator);
            return Ikev2Sa.successor(sa, initiator, ownSpi, peerSpi, suite, keys);
        }
    }

    private static byte[] octets(long spi) {
        return ByteBuffer.allocate(8).putLong(spi).array();
    }

    private static long spi(Proposal proposal) throws ProtocolViolation {
        long spi = proposal.spi().length == 8 ? ByteBuffer.wrap(proposal.spi()).getLong() : 0;
        if (spi == 0) {
            throw new ProtocolViolation(NotifyType.INVALID_SYNTAX, "a proposal for an IKE SA without an SPI");
        }
        return spi;
    }

    // ------------------------------------------------------------------------------------------------ initiator

    /** Our rekeying. */
    static final class Initiator implements Exchange {
        private final Ikev2Sa sa;
        private final PeerPolicy policy;
        private final KeyExchangeMethod method;
        private final boolean secondTry;
        private final long newSpi;
        private final List<Proposal> offered;
        private final byte[] nonce;
        private @Nullable KeyExchangeHandle handle;
        private Step step = new Generating();

        private sealed interface Step {}

        private record Generating() implements Step {}

        private record Waiting() implements Step {}

        private record Agreeing(IkeSuite suite, Nonces nonces, long peerSpi, byte[] peerValue) implements Step {}

        private Initiator(Ikev2Sa sa, PeerPolicy policy, KeyExchangeMethod method, boolean secondTry) {
            this.sa = sa;
            this.policy = policy;
            this.method = method;
            this.secondTry = secondTry;
            this.newSpi = sa.environment.spis().nextIkeSpi();
            this.offered = ProposalSelection.offer(policy.proposals(), octets(newSpi), true);
            this.nonce = sa.environment.random().octets(Nonces.LENGTH);
        }

        static void begin(Ikev2Sa sa) {
            if (sa.rekey.theirs == null) {
                begin(sa, sa.requireSuite().keyExchange(), false);
            }
        }

        private static void begin(Ikev2Sa sa, KeyExchangeMethod method, boolean secondTry) {
            PeerPolicy policy = sa.requirePolicy();
            Initiator exchange = new Initiator(sa, policy, method, secondTry);
            sa.initiated.exchange = exchange;
            CryptoRequest generate =
                    new CryptoRequest.Generate(method, policy.placement(), Urgency.ESTABLISHED, sa.requestDeadline());
            if (!sa.submit(exchange, generate)) {
                exchange.giveUp(new SaCommand.RekeyIke());
            }
        }

        /** Whether the peer may know of it. */
        boolean isInFlight() {
            return !(step instanceof Generating);
        }

        @Override
        public void onCrypto(CryptoOutcome outcome) {
            if (step instanceof Generating && outcome instanceof CryptoOutcome.Generated generated) {
                handle = generated.handle();
                if (sa.life == Ikev2Sa.Life.ESTABLISHED && sa.rekey.theirs == null) {
                    send(generated.publicValue());
                } else {
                    giveUp(null);
                }
                return;
            }
            if (step instanceof Agreeing agreeing && outcome instanceof CryptoOutcome.Agreed agreed) {
                RekeyCollision.Rekey own = Ikev2Sa.required(sa.rekey.ours);
                Ikev2Sa successor = successor(
                        sa, agreeing.suite(), agreeing.nonces(), agreed.derived(), true, newSpi, agreeing.peerSpi());
                sa.effects().adopt(successor);
                own.created = successor;
                finish();
                return;
            }
            sa.dispose(outcome);
            switch (step) {
                case Generating generating -> giveUp(new SaCommand.RekeyIke());
                case Waiting waiting -> {}
                case Agreeing agreeing -> lost(String.valueOf(outcome));
            }
        }

        private void send(byte[] publicValue) {
            step = new Waiting();
            sa.rekey.ours = new RekeyCollision.Rekey();
            sa.request(
                    ExchangeType.CREATE_CHILD_SA,
                    List.of(
                            new SecurityAssociation(offered),
                            new Nonce(nonce),
                            new KeyExchange(method.id(), publicValue)));
        }

        @Override
        public void onResponse(List<Payload> payloads) {
            Contents answer = new Contents(payloads);
            Notify error = answer.error();
            try {
                if (error != null) {
                    onRefused(error);
                    return;
                }
                Proposal accepted = ProposalSelection.verify(
                        offered, answer.one(SecurityAssociation.class).proposals(), true);
                IkeSuite suite = accepted == null ? null : IkeSuite.of(accepted);
                KeyExchange theirs = answer.one(KeyExchange.class);
                if (accepted == null
                        || suite == null
                        || suite.keyExchange() != method
                        || theirs.method() != method.id()
                        || theirs.value().length != method.publicLength()) {
                    throw new ProtocolViolation(NotifyType.INVALID_SYNTAX, "an answer that does not fit the offer");
                }
                Nonces nonces = new Nonces(nonce, answer.one(Nonce.class).value());
                Ikev2Sa.required(sa.rekey.ours).nonces = nonces;
                step = new Agreeing(suite, nonces, spi(accepted), theirs.value());
                agree();
            } catch (ProtocolViolation violation) {
                lost(String.valueOf(violation.getMessage()));
            }
        }

        private void agree() {
            if (step instanceof Agreeing agreeing) {
                CryptoRequest request = new CryptoRequest.Agree(
                        Ikev2Sa.required(handle),
                        agreeing.peerValue(),
                        skeyseed(sa, agreeing.nonces()),
                        Urgency.ESTABLISHED,
                        sa.requestDeadline());
                if (!sa.submit(this, request)) {
                    lost("the back end is busy");
                }
            }
        }

        private void onRefused(Notify error) {
            byte[] data = error.data();
            KeyExchangeMethod other = error.is(NotifyType.INVALID_KE_PAYLOAD) && data.length == 2
                    ? KeyExchangeMethod.of((data[0] & 0xff) << 8 | data[1] & 0xff)
                    : null;
            Ikev2Sa.required(sa.rekey.ours).settled = true;
            giveUp(null);
            sa.rekey.settle(sa);
            if (sa.life != Ikev2Sa.Life.ESTABLISHED) {
                return;
            }
            if (other != null
                    && !secondTry
                    && other != method
                    && ProposalSelection.offersKeyExchange(policy.proposals(), other.id())) {
                begin(sa, other, true);
            } else if (error.is(NotifyType.TEMPORARY_FAILURE)) {
                sa.orders.retry(new SaCommand.RekeyIke());
            } else {
                sa.report(new SaNotice.BackendFailed(
                        sa.subject(), "the peer refused to rekey the IKE SA: " + Contents.words(error)));
                sa.rekeyAgainAt(sa.now() + REFUSED_NANOS);
            }
        }

        private void finish() {
            releaseHandle();
            sa.initiated.clear();
            Ikev2Sa.required(sa.rekey.ours).settled = true;
            sa.rekey.settle(sa);
        }

        /** The peer has a successor that we cannot make: both end here, and the next handshake begins anew. */
        private void lost(String why) {
            sa.deleteAndClose("the IKE SA could not be rekeyed: " + why);
        }

        private void giveUp(@Nullable SaCommand again) {
            releaseHandle();
            sa.initiated.clear();
            if (again != null) {
                sa.orders.retry(again);
            }
        }

        private void releaseHandle() {
            KeyExchangeHandle held = handle;
            if (held != null) {
                handle = null;
                sa.effects().release(held);
            }
        }

        @Override
        public void onInstalled(@Nullable String failure) {
            throw new IllegalStateException("an IKE SA is not installed");
        }

        @Override
        public void onOverdue() {
            switch (step) {
                case Generating generating -> giveUp(new SaCommand.RekeyIke());
                case Waiting waiting -> {}
                case Agreeing agreeing -> lost("no shared secret in time");
            }
        }

        @Override
        public void abandon() {
            releaseHandle();
        }
    }

    // ------------------------------------------------------------------------------------------------ responder

    /** The peer's rekeying. */
    static final class Responder implements Exchange {
        private final Ikev2Sa sa;
        private final Proposal accepted;
        private final IkeSuite suite;
        private final Nonces nonces;
        private final long peerSpi;

        private Responder(Ikev2Sa sa, Proposal accepted, IkeSuite suite, Nonces nonces, long peerSpi) {
            this.sa = sa;
            this.accepted = accepted;
            this.suite = suite;
            this.nonces = nonces;
            this.peerSpi = peerSpi;
        }

        static void begin(Ikev2Sa sa, Contents request) throws ProtocolViolation {
            giveWay(sa);
            PeerPolicy policy = sa.requirePolicy();
            Proposal accepted = ProposalSelection.choose(
                    request.one(SecurityAssociation.class).proposals(), policy.proposals(), true);
            IkeSuite suite = accepted == null ? null : IkeSuite.of(accepted);
            if (accepted == null || suite == null) {
                throw new ProtocolViolation(NotifyType.NO_PROPOSAL_CHOSEN, "none of the proposals for the IKE SA");
            }
            KeyExchange theirs = request.one(KeyExchange.class);
            CreateChildSa.checkKeyExchange(theirs, suite.keyExchange());
            Nonces nonces = new Nonces(
                    request.one(Nonce.class).value(), sa.environment.random().octets(Nonces.LENGTH));
            Responder exchange = new Responder(sa, accepted, suite, nonces, spi(accepted));
            sa.responding.exchange = exchange;
            CryptoRequest agree = new CryptoRequest.GenerateAndAgree(
                    suite.keyExchange(),
                    policy.placement(),
                    theirs.value(),
                    skeyseed(sa, nonces),
                    Urgency.ESTABLISHED,
                    sa.requestDeadline());
            RekeyCollision.Rekey peers = new RekeyCollision.Rekey();
            peers.nonces = nonces;
            sa.rekey.theirs = peers;
            if (!sa.submit(exchange, agree)) {
                exchange.temporaryFailure();
            }
        }

        /** RFC 7296 section 2.25.2: what we have begun ourselves decides whether the peer has to wait. */
        private static void giveWay(Ikev2Sa sa) throws ProtocolViolation {
            Exchange current = sa.initiated.exchange;
            if (current instanceof CreateChildSa.Initiator create) {
                if (create.isInFlight()) {
                    throw new ProtocolViolation(NotifyType.TEMPORARY_FAILURE, "a Child SA is being made");
                }
                create.postpone();
            } else if (current instanceof IkeAuth.Initiator) {
                throw new ProtocolViolation(NotifyType.TEMPORARY_FAILURE, "the first Child SA is being installed");
            } else if (isClosingChild(sa)) {
                throw new ProtocolViolation(NotifyType.TEMPORARY_FAILURE, "a Child SA is being deleted");
            } else if (current instanceof Initiator own && !own.isInFlight()) {
                own.giveUp(null);
            }
        }

        private static boolean isClosingChild(Ikev2Sa sa) {
            return sa.initiated.exchange instanceof Informational.Initiator own && own.deletesChild();
        }

        @Override
        public void onCrypto(CryptoOutcome outcome) {
            if (!(outcome instanceof CryptoOutcome.Agreed agreed) || agreed.publicValue() == null) {
                sa.dispose(outcome);
                temporaryFailure();
                return;
            }
            if (sa.life != Ikev2Sa.Life.ESTABLISHED || isClosingChild(sa)) {
                // decided on receipt, checked again here: meanwhile we began to delete the SA, or a Child SA
                sa.dispose(outcome);
                temporaryFailure();
                return;
            }
            long ownSpi = sa.environment.spis().nextIkeSpi();
            Ikev2Sa successor = successor(sa, suite, nonces, agreed.derived(), false, ownSpi, peerSpi);
            List<Payload> payloads = new ArrayList<>();
            payloads.add(new SecurityAssociation(List.of(
                    new Proposal(accepted.number(), accepted.protocol(), octets(ownSpi), accepted.transforms()))));
            payloads.add(new Nonce(nonces.nr()));
            payloads.add(new KeyExchange(suite.keyExchange().id(), agreed.publicValue()));
            sa.respond(payloads);
            sa.effects().adopt(successor);
            settled(successor);
        }

        private void temporaryFailure() {
            sa.respond(List.of(Notify.of(NotifyType.TEMPORARY_FAILURE)));
            settled(null);
        }

        private void settled(@Nullable Ikev2Sa successor) {
            RekeyCollision.Rekey peers = Ikev2Sa.required(sa.rekey.theirs);
            peers.created = successor;
            peers.settled = true;
            if (successor == null) {
                sa.rekey.theirs = null;
            }
            sa.rekey.settle(sa);
        }

        @Override
        public void onResponse(List<Payload> payloads) {
            throw new IllegalStateException("a responder gets no response");
        }

        @Override
        public void onInstalled(@Nullable String failure) {
            throw new IllegalStateException("an IKE SA is not installed");
        }

        @Override
        public void onOverdue() {
            temporaryFailure();
        }

        @Override
        public void abandon() {
            sa.rekey.theirs = null;
        }
    }
}
