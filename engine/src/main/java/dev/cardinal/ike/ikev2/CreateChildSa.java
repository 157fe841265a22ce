package dev.cardinal.ike.ikev2;

import dev.cardinal.ike.crypto.CryptoOutcome;
import dev.cardinal.ike.crypto.CryptoRequest;
import dev.cardinal.ike.crypto.KeyExchangeHandle;
import dev.cardinal.ike.crypto.KeyExchangeMethod;
import dev.cardinal.ike.crypto.Secret;
import dev.cardinal.ike.crypto.SecretDerivation;
import dev.cardinal.ike.crypto.Urgency;
import dev.cardinal.ike.sa.ChildKeys;
import dev.cardinal.ike.sa.ChildPolicy;
import dev.cardinal.ike.sa.ChildSa;
import dev.cardinal.ike.sa.ChildSuite;
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
 * Making and rekeying Child SAs by CREATE_CHILD_SA (RFC 7296 sections 1.3.1 and 1.3.3):
 *
 * <pre>
 *   HDR, SK {[N(REKEY_SA),] SA, Ni, [KEi,] TSi, TSr}  -->
 *                        <--  HDR, SK {SA, Nr, [KEr,] TSi, TSr}
 * </pre>
 *
 * {@code KEYMAT = prf+(SK_d, [g^ir (new) |] Ni | Nr)} (section 2.17).
 */
final class CreateChildSa {
    /** A rekeying that the peer refuses is tried again after this. */
    private static final long REFUSED_NANOS = 10_000_000_000L;

    private CreateChildSa() {}

    /** A peer's CREATE_CHILD_SA, for a Child SA or for the IKE SA itself. */
    static void onRequest(Ikev2Sa sa, Contents request) throws ProtocolViolation {
        List<Proposal> proposals = request.one(SecurityAssociation.class).proposals();
        if (sa.life != Ikev2Sa.Life.ESTABLISHED) {
            // RFC 7296 section 2.25.2: the IKE SA is being deleted, or was replaced
            throw new ProtocolViolation(NotifyType.TEMPORARY_FAILURE, "the IKE SA is ending");
        }
        if (!proposals.isEmpty() && proposals.getFirst().protocol() == Proposal.IKE) {
            RekeyIkeSa.Responder.begin(sa, request);
        } else {
            Responder.begin(sa, request);
        }
    }

    /** RFC 7296 section 1.3: the public value must be of the method that was chosen. */
    static void checkKeyExchange(KeyExchange theirs, KeyExchangeMethod method) throws ProtocolViolation {
        if (theirs.method() != method.id()) {
            byte[] wanted = {(byte) (method.id() >> 8), (byte) method.id()};
            throw new ProtocolViolation(
                    Notify.of(NotifyType.INVALID_KE_PAYLOAD, wanted), "another key exchange method is wanted");
        }
        if (theirs.value().length != method.publicLength()) {
            throw new ProtocolViolation(NotifyType.INVALID_SYNTAX, "a public value of a wrong length");
        }
    }

    private static SecretDerivation derivation(Ikev2Sa sa, Nonces nonces, ChildSuite suite) {
        return new SecretDerivation.ChildKeyMaterial(
                sa.requireSuite().prf(),
                sa.requireKeys().skD(),
                nonces.ni(),
                nonces.nr(),
                2 * suite.keyMaterialLength());
    }

    private static Secret materialWithoutKeyExchange(Ikev2Sa sa, Nonces nonces, ChildSuite suite) {
        return sa.environment
                .symmetric()
                .prfPlus(
                        sa.requireSuite().prf(),
                        sa.requireKeys().skD(),
                        nonces.concatenated(),
                        2 * suite.keyMaterialLength());
    }

    /**
     * Decides about a Child SA that one or both sides have rekeyed, once everything is known (RFC 7296 section 2.8.1): of
     * two replacements the one with the lowest nonce loses, and whoever made it deletes it; the winner deletes the old one.
     */
    private static void settle(Ikev2Sa sa, Child old) {
        Child.Rekey ours = old.ours;
        Child.Rekey theirs = old.theirs;
        if (!old.isSettled(ours) || !old.isSettled(theirs)) {
            return;
        }
        Child mine = ours == null ? null : ours.created;
        Child yours = theirs == null ? null : theirs.created;
        if (mine != null && yours != null) {
            boolean lost = Ikev2Sa.required(Ikev2Sa.required(ours).nonces)
                    .loseAgainst(Ikev2Sa.required(Ikev2Sa.required(theirs).nonces));
            sa.report(new SaNotice.Collision(sa.subject(), "Child SA rekey " + (lost ? "lost" : "won")));
            deleteSoon(sa, lost ? mine : old);
            expectDelete(sa, lost ? old : yours);
        } else if (mine != null) {
            deleteSoon(sa, old);
        } else if (yours != null) {
            expectDelete(sa, old);
        } else {
            old.ours = null;
            old.theirs = null;
        }
    }

    private static void deleteSoon(Ikev2Sa sa, Child child) {
        child.state = Child.State.REKEYED;
        child.expireNanos = Math.min(child.expireNanos, sa.now() + Ikev2Sa.REPLACED_NANOS);
        sa.children.owner.orders.add(new SaCommand.DeleteChild(child.facts.inboundSpi()));
        if (sa.children.owner != sa) {
            sa.effects().adopt(sa.children.owner);
        }
    }

    private static void expectDelete(Ikev2Sa sa, Child child) {
        child.state = Child.State.REKEYED;
        child.expireNanos = Math.min(child.expireNanos, sa.now() + Ikev2Sa.REPLACED_NANOS);
    }

    // ------------------------------------------------------------------------------------------------ initiator

    /** Our CREATE_CHILD_SA. */
    static final class Initiator implements Exchange {
        private final Ikev2Sa sa;
        private final ChildPolicy policy;
        private final @Nullable Child rekeyed;
        private final @Nullable KeyExchangeMethod method;
        private final boolean secondTry;
        private final ChildNegotiation.Offer offer;
        private final byte[] nonce;
        private @Nullable KeyExchangeHandle handle;
        private Step step = new Generating();

        private sealed interface Step {}

        private record Generating() implements Step {}

        private record Waiting() implements Step {}

        private record Agreeing(ChildNegotiation.Plan plan, Nonces nonces) implements Step {}

        private record Installing(ChildNegotiation.Plan plan, Nonces nonces, ChildSa facts) implements Step {}

        private Initiator(
                Ikev2Sa sa,
                ChildPolicy policy,
                @Nullable Child rekeyed,
                @Nullable KeyExchangeMethod method,
                boolean secondTry) {
            this.sa = sa;
            this.policy = policy;
            this.rekeyed = rekeyed;
            this.method = method;
            this.secondTry = secondTry;
            this.offer = ChildNegotiation.offer(sa, policy, rekeyed, true);
            this.nonce = sa.environment.random().octets(Nonces.LENGTH);
        }

        static void begin(Ikev2Sa sa, ChildPolicy policy) {
            begin(sa, policy, null, usual(policy), false);
        }

        static void beginRekey(Ikev2Sa sa, Child child) {
            if (child.ours == null && child.theirs == null) {
                begin(sa, child.policy, child, usual(child.policy), false);
            }
        }

        private static @Nullable KeyExchangeMethod usual(ChildPolicy policy) {
            return KeyExchangeMethod.of(ProposalSelection.firstKeyExchange(policy.proposals()));
        }

        private static void begin(
                Ikev2Sa sa,
                ChildPolicy policy,
                @Nullable Child rekeyed,
                @Nullable KeyExchangeMethod method,
                boolean secondTry) {
            Initiator exchange = new Initiator(sa, policy, rekeyed, method, secondTry);
            sa.initiated.exchange = exchange;
            sa.children.onMaking();
            if (method == null) {
                exchange.send(null);
                return;
            }
            CryptoRequest generate = new CryptoRequest.Generate(
                    method, sa.requirePolicy().placement(), Urgency.ESTABLISHED, sa.requestDeadline());
            if (!sa.submit(exchange, generate)) {
                exchange.postpone();
            }
        }

        private SaCommand command() {
            return rekeyed == null
                    ? new SaCommand.CreateChild(policy)
                    : new SaCommand.RekeyChild(rekeyed.facts.inboundSpi());
        }

        /** Whether the peer may know of it. */
        boolean isInFlight() {
            return !(step instanceof Generating);
        }

        /** What is rekeyed, null for a new Child SA. */
        @Nullable
        Child rekeyed() {
            return rekeyed;
        }

        /** Not sent yet: tried again a little later. */
        void postpone() {
            cancel();
            sa.orders.retry(command());
        }

        /** Not sent yet: the peer's own rekeying makes it needless. */
        void cancel() {
            abandon();
            sa.initiated.clear();
        }

        @Override
        public void onCrypto(CryptoOutcome outcome) {
            if (step instanceof Generating && outcome instanceof CryptoOutcome.Generated generated) {
                handle = generated.handle();
                boolean still = rekeyed == null
                        || (rekeyed.state == Child.State.INSTALLED
                                && rekeyed.theirs == null
                                && sa.children.children.contains(rekeyed));
                if (still && sa.life == Ikev2Sa.Life.ESTABLISHED) {
                    send(generated.publicValue());
                } else {
                    cancel();
                }
                return;
            }
            if (step instanceof Agreeing agreeing && outcome instanceof CryptoOutcome.Agreed agreed) {
                install(agreeing.plan(), agreeing.nonces(), agreed.derived());
                return;
            }
            sa.dispose(outcome);
            switch (step) {
                case Generating generating -> postpone();
                case Agreeing agreeing -> discard(String.valueOf(outcome));
                case Waiting waiting -> {}
                case Installing installing -> {}
            }
        }

        private void send(byte @Nullable [] publicValue) {
            step = new Waiting();
            List<Payload> payloads = new ArrayList<>();
            Child old = rekeyed;
            if (old != null) {
                old.ours = new Child.Rekey();
                // RFC 7296 section 1.3.3: the SPI that the sender expects in inbound packets
                payloads.add(new Notify(
                        old.facts.protocol(),
                        ChildNegotiation.octets(old.facts.inboundSpi()),
                        NotifyType.REKEY_SA.code(),
                        new byte[0]));
            }
            List<Payload> negotiation = new ArrayList<>();
            offer.addTo(negotiation);
            payloads.add(negotiation.getFirst());
            payloads.add(new Nonce(nonce));
            if (publicValue != null && method != null) {
                payloads.add(new KeyExchange(method.id(), publicValue));
            }
            payloads.addAll(negotiation.subList(1, negotiation.size()));
            sa.request(ExchangeType.CREATE_CHILD_SA, payloads);
        }

        @Override
        public void onResponse(List<Payload> payloads) {
            Contents answer = new Contents(payloads);
            Notify error = answer.error();
            if (error != null) {
                onRefused(error);
                return;
            }
            try {
                ChildNegotiation.Plan plan = ChildNegotiation.accept(offer, answer, true);
                Nonces nonces = new Nonces(nonce, answer.one(Nonce.class).value());
                Child old = rekeyed;
                if (old != null && old.ours != null) {
                    old.ours.nonces = nonces;
                }
                KeyExchangeMethod agreed = plan.suite().keyExchange();
                if (agreed == null) {
                    install(plan, nonces, materialWithoutKeyExchange(sa, nonces, plan.suite()));
                    return;
                }
                KeyExchange theirs = answer.one(KeyExchange.class);
                if (agreed != method) {
                    throw new ProtocolViolation(NotifyType.INVALID_SYNTAX, "another key exchange method than ours");
                }
                checkKeyExchange(theirs, agreed);
                step = new Agreeing(plan, nonces);
                CryptoRequest request = new CryptoRequest.Agree(
                        Ikev2Sa.required(handle),
                        theirs.value(),
                        derivation(sa, nonces, plan.suite()),
                        Urgency.ESTABLISHED,
                        sa.requestDeadline());
                if (!sa.submit(this, request)) {
                    discard("the back end is busy");
                }
            } catch (ProtocolViolation violation) {
                discard(String.valueOf(violation.getMessage()));
            }
        }

        private void onRefused(Notify error) {
            byte[] data = error.data();
            KeyExchangeMethod other = error.is(NotifyType.INVALID_KE_PAYLOAD) && data.length == 2
                    ? KeyExchangeMethod.of((data[0] & 0xff) << 8 | data[1] & 0xff)
                    : null;
            boolean again = other != null
                    && !secondTry
                    && other != method
                    && ProposalSelection.offersKeyExchange(policy.proposals(), other.id());
            abandon();
            sa.initiated.clear();
            Child old = rekeyed;
            boolean gone = old != null && !sa.children.children.contains(old);
            if (old != null && old.ours != null) {
                old.ours.settled = true;
                settle(sa, old);
            }
            if (gone || (old != null && old.state != Child.State.INSTALLED)) {
                return;
            }
            if (sa.life != Ikev2Sa.Life.ESTABLISHED) {
                Ikev2Sa owner = sa.children.owner;
                if (error.is(NotifyType.TEMPORARY_FAILURE) && owner.life == Ikev2Sa.Life.ESTABLISHED) {
                    // the IKE SA was rekeyed meanwhile: the successor tries
                    owner.orders.add(command());
                    sa.effects().adopt(owner);
                }
                return;
            }
            if (again) {
                begin(sa, policy, old, other, true);
            } else if (error.is(NotifyType.TEMPORARY_FAILURE)) {
                sa.orders.retry(command());
            } else if (old != null && error.is(NotifyType.CHILD_SA_NOT_FOUND)) {
                // RFC 7296 section 2.25.1: the peer has lost it, so a new one takes its place
                sa.removeChild(old, "the peer does not have it");
                sa.orders.add(new SaCommand.CreateChild(policy));
            } else {
                sa.report(new SaNotice.ChildFailed(
                        sa.subject(), policy.name(), "the peer answered " + Contents.words(error)));
                if (old != null) {
                    old.rekeyNanos = sa.now() + REFUSED_NANOS;
                }
            }
        }

        private void install(ChildNegotiation.Plan plan, Nonces nonces, Secret material) {
            releaseHandle();
            int reqid = rekeyed == null ? sa.environment.spis().nextSerial() : rekeyed.facts.reqid();
            ChildSa facts = plan.childSa(sa, reqid, true);
            step = new Installing(plan, nonces, facts);
            try (material) {
                sa.install(this, facts, ChildKeys.cut(material, plan.suite(), true));
            }
        }

        @Override
        public void onInstalled(@Nullable String failure) {
            if (!(step instanceof Installing installing)) {
                return;
            }
            if (failure != null) {
                discard(failure);
                return;
            }
            Child old = rekeyed;
            if (sa.children.wasDeletedEarly(installing.facts().outboundSpi())) {
                abandon();
                sa.initiated.clear();
                sa.report(new SaNotice.ChildFailed(sa.subject(), policy.name(), "the peer deleted it at once"));
                if (old != null && old.ours != null) {
                    old.ours.settled = true;
                    settle(sa, old);
                }
                return;
            }
            sa.initiated.clear();
            Child created = sa.addChild(installing.facts(), policy, rekeyed != null);
            if (old != null && old.ours != null) {
                old.ours.created = created;
                old.ours.settled = true;
                settle(sa, old);
            }
        }

        /** The peer has a Child SA that we do not: it is told to delete it. */
        private void discard(String why) {
            sa.report(new SaNotice.ChildFailed(sa.subject(), policy.name(), why));
            abandon();
            sa.initiated.clear();
            Child old = rekeyed;
            if (old != null && old.ours != null) {
                old.ours.settled = true;
                settle(sa, old);
                if (old.state == Child.State.INSTALLED) {
                    old.rekeyNanos = sa.now() + REFUSED_NANOS;
                }
            }
            Informational.Initiator.deleteUnknown(sa, Proposal.ESP, offer.inboundSpi());
        }

        private void releaseHandle() {
            KeyExchangeHandle held = handle;
            if (held != null) {
                handle = null;
                sa.effects().release(held);
            }
        }

        @Override
        public void onOverdue() {
            switch (step) {
                case Generating generating -> postpone();
                case Waiting waiting -> {}
                case Agreeing agreeing -> discard("no key material in time");
                case Installing installing -> discard("not installed in time");
            }
        }

        @Override
        public void abandon() {
            releaseHandle();
            if (step instanceof Installing installing) {
                sa.effects().remove(installing.facts());
            }
            sa.environment.spis().releaseChildSpi(offer.inboundSpi());
        }
    }

    // ------------------------------------------------------------------------------------------------ responder

    /** A peer's CREATE_CHILD_SA for a Child SA. */
    static final class Responder implements Exchange {
        private final Ikev2Sa sa;
        private final ChildNegotiation.Plan plan;
        private final @Nullable Child rekeyed;
        private final Nonces nonces;
        private byte @Nullable [] publicValue;
        private @Nullable ChildSa facts;

        private Responder(Ikev2Sa sa, ChildNegotiation.Plan plan, @Nullable Child rekeyed, Nonces nonces) {
            this.sa = sa;
            this.plan = plan;
            this.rekeyed = rekeyed;
            this.nonces = nonces;
        }

        static void begin(Ikev2Sa sa, Contents request) throws ProtocolViolation {
            if (sa.initiated.exchange instanceof RekeyIkeSa.Initiator own && own.isInFlight()) {
                // RFC 7296 section 2.25.2
                throw new ProtocolViolation(NotifyType.TEMPORARY_FAILURE, "the IKE SA is being rekeyed");
            }
            if (sa.children.isFull()) {
                throw new ProtocolViolation(NotifyType.NO_ADDITIONAL_SAS, "as many Child SAs as one IKE SA may have");
            }
            Child old = rekeyedBy(sa, request);
            Nonce nonce = request.one(Nonce.class);
            KeyExchange theirs = request.oneOrNone(KeyExchange.class);
            List<ChildPolicy> policies = old == null ? sa.requirePolicy().children() : List.of(old.policy);
            ChildNegotiation.Plan plan = ChildNegotiation.choose(sa, policies, request, true);
            KeyExchangeMethod method = plan.suite().keyExchange();
            try {
                if (method != null) {
                    if (theirs == null) {
                        throw new ProtocolViolation(NotifyType.INVALID_SYNTAX, "no KeyExchange payload");
                    }
                    checkKeyExchange(theirs, method);
                }
            } catch (ProtocolViolation violation) {
                sa.environment.spis().releaseChildSpi(plan.inboundSpi());
                throw violation;
            }
            Nonces nonces = new Nonces(nonce.value(), sa.environment.random().octets(Nonces.LENGTH));
            Responder exchange = new Responder(sa, plan, old, nonces);
            sa.responding.exchange = exchange;
            if (old != null) {
                Child.Rekey rekey = new Child.Rekey();
                rekey.nonces = nonces;
                old.theirs = rekey;
            }
            if (method == null || theirs == null) {
                exchange.install(materialWithoutKeyExchange(sa, nonces, plan.suite()));
                return;
            }
            CryptoRequest agree = new CryptoRequest.GenerateAndAgree(
                    method,
                    sa.requirePolicy().placement(),
                    theirs.value(),
                    derivation(sa, nonces, plan.suite()),
                    Urgency.ESTABLISHED,
                    sa.requestDeadline());
            if (!sa.submit(exchange, agree)) {
                exchange.refuse(NotifyType.TEMPORARY_FAILURE);
            }
        }

        /** The Child SA that the request rekeys, null for a new one (RFC 7296 section 2.25.1). */
        private static @Nullable Child rekeyedBy(Ikev2Sa sa, Contents request) throws ProtocolViolation {
            Notify rekey = request.notify(NotifyType.REKEY_SA);
            if (rekey == null) {
                return null;
            }
            Child old = rekey.spi().length == 4
                    ? sa.children.outbound(
                            rekey.protocol(), ByteBuffer.wrap(rekey.spi()).getInt())
                    : null;
            boolean making = sa.initiated.exchange instanceof IkeAuth.Initiator
                    || (sa.initiated.exchange instanceof Initiator own && own.isInFlight());
            if (old == null && making) {
                // it may be the one that we are still making
                throw new ProtocolViolation(NotifyType.TEMPORARY_FAILURE, "a Child SA is being made");
            }
            if (old == null) {
                throw new ProtocolViolation(
                        new Notify(rekey.protocol(), rekey.spi(), NotifyType.CHILD_SA_NOT_FOUND.code(), new byte[0]),
                        "a rekeying of an unknown Child SA");
            }
            if (old.state != Child.State.INSTALLED || old.theirs != null) {
                throw new ProtocolViolation(NotifyType.TEMPORARY_FAILURE, "the Child SA is ending");
            }
            if (sa.initiated.exchange instanceof Initiator own && own.rekeyed() == old && !own.isInFlight()) {
                own.cancel();
            }
            return old;
        }

        @Override
        public void onCrypto(CryptoOutcome outcome) {
            if (outcome instanceof CryptoOutcome.Agreed agreed && agreed.publicValue() != null) {
                publicValue = agreed.publicValue();
                install(agreed.derived());
            } else {
                sa.dispose(outcome);
                refuse(NotifyType.TEMPORARY_FAILURE);
            }
        }

        private void install(Secret material) {
            int reqid = rekeyed == null ? sa.environment.spis().nextSerial() : rekeyed.facts.reqid();
            ChildSa child = plan.childSa(sa, reqid, false);
            facts = child;
            try (material) {
                sa.install(this, child, ChildKeys.cut(material, plan.suite(), false));
            }
        }

        @Override
        public void onInstalled(@Nullable String failure) {
            ChildSa child = facts;
            Child old = rekeyed;
            boolean ending = sa.life != Ikev2Sa.Life.ESTABLISHED || (old != null && old.state == Child.State.DELETING);
            if (failure != null || child == null || ending) {
                // decided on receipt, checked again here
                refuse(ending ? NotifyType.TEMPORARY_FAILURE : NotifyType.NO_PROPOSAL_CHOSEN);
                return;
            }
            List<Payload> answer = new ArrayList<>();
            plan.addAnswerTo(answer);
            List<Payload> payloads = new ArrayList<>();
            payloads.add(answer.getFirst());
            payloads.add(new Nonce(nonces.nr()));
            KeyExchangeMethod method = plan.suite().keyExchange();
            if (method != null && publicValue != null) {
                payloads.add(new KeyExchange(method.id(), publicValue));
            }
            payloads.addAll(answer.subList(1, answer.size()));
            sa.respond(payloads);
            Child created = sa.addChild(child, plan.policy(), old != null);
            if (old != null && old.theirs != null) {
                old.theirs.created = created;
                old.theirs.settled = true;
                settle(sa, old);
            }
        }

        private void refuse(NotifyType type) {
            abandon();
            sa.respond(List.of(Notify.of(type)));
            if (rekeyed != null) {
                settle(sa, rekeyed);
            }
        }

        @Override
        public void onOverdue() {
            refuse(NotifyType.TEMPORARY_FAILURE);
        }

        @Override
        public void onResponse(List<Payload> payloads) {
            throw new IllegalStateException("a responder gets no response");
        }

        @Override
        public void abandon() {
            if (facts != null) {
                sa.effects().remove(facts);
            }
            sa.environment.spis().releaseChildSpi(plan.inboundSpi());
            if (rekeyed != null) {
                rekeyed.theirs = null;
            }
        }
    }
}
