package dev.cardinal.ike.ikev1;

import dev.cardinal.ike.crypto.CryptoOutcome;
import dev.cardinal.ike.crypto.CryptoRequest;
import dev.cardinal.ike.crypto.KeyExchangeHandle;
import dev.cardinal.ike.crypto.KeyExchangeMethod;
import dev.cardinal.ike.crypto.Secret;
import dev.cardinal.ike.crypto.SecretDerivation;
import dev.cardinal.ike.crypto.Urgency;
import dev.cardinal.ike.sa.AddressRange;
import dev.cardinal.ike.sa.ChildKeys;
import dev.cardinal.ike.sa.ChildPolicy;
import dev.cardinal.ike.sa.ChildSa;
import dev.cardinal.ike.sa.SaNotice;
import dev.cardinal.ike.sa.SelectorPolicy;
import dev.cardinal.ike.sa.TrafficSelectorNarrowing;
import dev.cardinal.ike.wire.ExchangeType;
import dev.cardinal.ike.wire.IsakmpBody;
import dev.cardinal.ike.wire.IsakmpCodec;
import dev.cardinal.ike.wire.IsakmpMessage;
import dev.cardinal.ike.wire.IsakmpNotify;
import dev.cardinal.ike.wire.IsakmpPayload.Hash;
import dev.cardinal.ike.wire.IsakmpPayload.Identification;
import dev.cardinal.ike.wire.IsakmpPayload.KeyExchange;
import dev.cardinal.ike.wire.IsakmpPayload.Nonce;
import dev.cardinal.ike.wire.IsakmpPayload.Notification;
import dev.cardinal.ike.wire.IsakmpPayload.SecurityAssociation;
import dev.cardinal.ike.wire.MalformedMessage;
import dev.cardinal.ike.wire.Proposal;
import dev.cardinal.ike.wire.TrafficSelector;
import java.net.InetAddress;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Quick mode (RFC 2409 section 5.5): a pair of IPsec SAs.
 *
 * <pre>
 *   HDR*, HASH(1), SA, Ni [, KE ] [, IDci, IDcr]  -->
 *                  <--  HDR*, HASH(2), SA, Nr [, KE ] [, IDci, IDcr]
 *   HDR*, HASH(3)  -->
 * </pre>
 */
final class QuickMode {
    private static final int NONCE_LENGTH = 32;

    /** A part of the time that a back end has, after which what it refused is tried again. */
    private static final int RETRY_PARTS = 4;

    private QuickMode() {}

    // ------------------------------------------------------------------------------------------------ both sides

    /** What both sides have agreed on. @param ours our SPI @param lifeNanos 0 where nobody said */
    private record Plan(
            ChildPolicy policy,
            Phase2Proposals.Choice choice,
            int ours,
            List<TrafficSelector> local,
            List<TrafficSelector> remote) {

        ChildSa childSa(Ikev1Sa sa, int reqid, boolean initiated) {
            return new ChildSa(
                    policy.name(),
                    sa.environment.spis().nextSerial(),
                    reqid,
                    Proposal.ESP,
                    ours,
                    choice.peerSpi(),
                    choice.suite(),
                    policy.tunnel(),
                    sa.localNat || sa.remoteNat,
                    sa.path,
                    local,
                    remote,
                    initiated);
        }
    }

    private static Phase2Proposals.Encapsulation encapsulation(Ikev1Sa sa, ChildPolicy policy) {
        return new Phase2Proposals.Encapsulation(policy.tunnel(), sa.localNat || sa.remoteNat, sa.peer.draftNumbers());
    }

    /** The key material of both SAs: that with which the initiator sends, which its receiver's SPI names, comes first. */
    private static SecretDerivation.QuickModeKeys derivation(
            Ikev1Sa sa, Plan plan, byte[] ni, byte[] nr, boolean initiated) {
        int fromInitiator = initiated ? plan.choice().peerSpi() : plan.ours();
        int fromResponder = initiated ? plan.ours() : plan.choice().peerSpi();
        return new SecretDerivation.QuickModeKeys(
                Ikev1Sa.required(sa.suite).prf(),
                sa.requireKeys().skeyidD(),
                Proposal.ESP,
                fromInitiator,
                fromResponder,
                ni,
                nr,
                plan.choice().suite().keyMaterialLength());
    }

    /** HASH before the other payloads, which it covers behind the message ID and what else is given. */
    private static List<IsakmpBody> withHash(Ikev1Sa sa, int messageId, byte[] before, List<IsakmpBody> bodies) {
        byte[] hash = sa.requireKeys().messageHash(messageId, before, IsakmpCodec.encodeChain(bodies));
        List<IsakmpBody> all = new ArrayList<>(bodies.size() + 1);
        all.add(IsakmpBody.of(new Hash(hash)));
        all.addAll(bodies);
        return all;
    }

    /** @throws MalformedMessage where the message does not begin with the hash it must have */
    private static void expectHash(Contents contents, byte[] expected) throws MalformedMessage {
        if (contents.payloads().isEmpty()
                || !(contents.payloads().getFirst() instanceof Hash hash)
                || !MessageDigest.isEqual(hash.value(), expected)) {
            throw new MalformedMessage("a quick mode message that does not prove itself");
        }
    }

    /** The traffic that a message's two identities name; both ends themselves where they are left out. */
    private record Traffic(TrafficSelector initiators, TrafficSelector responders) {
        static Traffic of(Ikev1Sa sa, Contents contents, boolean weInitiate) throws MalformedMessage, Refusal {
            List<Identification> ids = contents.all(Identification.class);
            if (ids.isEmpty()) {
                TrafficSelector own = SelectorPolicy.DYNAMIC.resolve(sa.path.localAddress());
                TrafficSelector theirs = SelectorPolicy.DYNAMIC.resolve(sa.path.remoteAddress());
                return weInitiate ? new Traffic(own, theirs) : new Traffic(theirs, own);
            }
            if (ids.size() != 2) {
                throw new Refusal(IsakmpNotify.INVALID_ID_INFORMATION, "one identity without the other");
            }
            return new Traffic(ids.getFirst().traffic(), ids.getLast().traffic());
        }
    }

    /** The first selector. @param others those of the other side: both must be of one family where that can be */
    private static TrafficSelector resolve(
            List<SelectorPolicy> policies, List<InetAddress> endpoints, List<SelectorPolicy> others) {
        AddressRange other = others.getFirst().range();
        InetAddress endpoint = endpoints.getFirst();
        for (InetAddress each : endpoints.reversed()) {
            if (other != null && each.getClass() == other.first().getClass()) {
                endpoint = each;
            }
        }
        return policies.getFirst().resolve(endpoint);
    }

    /** @param endpoints what {@code dynamic} may stand for */
    private static List<TrafficSelector> resolveAll(List<SelectorPolicy> policies, List<InetAddress> endpoints) {
        List<TrafficSelector> all = new ArrayList<>(policies.size());
        for (SelectorPolicy policy : policies) {
            for (InetAddress endpoint : policy.range() == null ? endpoints : endpoints.subList(0, 1)) {
                all.add(policy.resolve(endpoint));
            }
        }
        return all;
    }

    // ------------------------------------------------------------------------------------------------ initiator

    /** Our quick mode. */
    static final class Initiator implements Exchange {
        private final Ikev1Sa sa;
        private final Conversation conversation;
        private final ChildPolicy policy;
        private final @Nullable Child rekeyed;
        private final byte[] ni;
        private final int spi;
        private final Phase2Proposals.Encapsulation encapsulation;
        private final SecurityAssociation offer;
        private final TrafficSelector local;
        private final TrafficSelector remote;
        private @Nullable KeyExchangeHandle handle;
        private boolean installed;
        private Step step = new Generating();

        private sealed interface Step {}

        private record Generating() implements Step {}

        private record AwaitingAnswer() implements Step {}

        private record Agreeing(Plan plan, byte[] nr) implements Step {}

        private record Installing(Plan plan, ChildSa facts, byte[] nr) implements Step {}

        private record Ended() implements Step {}

        private Initiator(Ikev1Sa sa, Conversation conversation, ChildPolicy policy, @Nullable Child rekeyed) {
            this.sa = sa;
            this.conversation = conversation;
            this.policy = policy;
            this.rekeyed = rekeyed;
            this.ni = sa.environment.random().octets(NONCE_LENGTH);
            this.spi = sa.environment.spis().nextChildSpi();
            this.encapsulation = encapsulation(sa, policy);
            this.offer = Phase2Proposals.offer(policy, spi, encapsulation);
            // IKEv1 has room for one selector a side
            this.local = rekeyed == null
                    ? resolve(policy.local(), sa.inner.local(sa.path), policy.remote())
                    : rekeyed.facts.local().getFirst();
            this.remote = rekeyed == null
                    ? resolve(policy.remote(), sa.inner.remote(sa.path), policy.local())
                    : rekeyed.facts.remote().getFirst();
        }

        /** @param rekeyed the Child SA to replace, or null */
        static void begin(Ikev1Sa sa, ChildPolicy policy, @Nullable Child rekeyed) {
            Conversation conversation =
                    sa.children.size() < Ikev1Sa.MAX_CHILDREN ? sa.converse(ExchangeType.QUICK_MODE) : null;
            if (conversation == null) {
                notMade(sa, policy, rekeyed, "too many exchanges or Child SAs");
                return;
            }
            Initiator exchange = new Initiator(sa, conversation, policy, rekeyed);
            conversation.exchange = exchange;
            if (exchange.offer.proposals().isEmpty()) {
                exchange.fail("IKEv1 has no numbers for any of the proposals");
                return;
            }
            KeyExchangeMethod group = KeyExchangeMethod.of(Phase2Proposals.group(policy));
            if (group == null) {
                exchange.send(null);
            } else {
                exchange.generate(group);
            }
        }

        private void generate(KeyExchangeMethod group) {
            CryptoRequest request = new CryptoRequest.Generate(
                    group, sa.requirePolicy().placement(), Urgency.ESTABLISHED, sa.requestDeadline());
            if (!sa.submit(conversation, request)) {
                conversation.deadlineNanos =
                        sa.now() + sa.environment.settings().tokenDeadlineNanos() / RETRY_PARTS;
            }
        }

        private void send(byte @Nullable [] publicValue) {
            List<IsakmpBody> bodies = new ArrayList<>();
            bodies.add(IsakmpBody.of(offer));
            bodies.add(IsakmpBody.of(new Nonce(ni)));
            if (publicValue != null) {
                bodies.add(IsakmpBody.of(new KeyExchange(publicValue)));
            }
            bodies.add(IsakmpBody.of(Identification.of(local)));
            bodies.add(IsakmpBody.of(Identification.of(remote)));
            step = new AwaitingAnswer();
            sa.sendEncrypted(conversation, withHash(sa, conversation.messageId, new byte[0], bodies), true);
        }

        @Override
        public void onMessage(IsakmpMessage message) throws MalformedMessage, Refusal {
            if (!(step instanceof AwaitingAnswer)) {
                return;
            }
            Contents contents = Contents.of(message);
            expectHash(contents, sa.requireKeys().messageHash(conversation.messageId, ni, message.afterFirst()));
            Phase2Proposals.Choice choice =
                    Phase2Proposals.accept(offer, contents.one(SecurityAssociation.class), encapsulation);
            Traffic traffic = Traffic.of(sa, contents, true);
            KeyExchange theirs = contents.oneOrNone(KeyExchange.class);
            byte[] nr = contents.one(Nonce.class).value();
            sa.take();
            if (choice == null) {
                throw new Refusal(IsakmpNotify.BAD_PROPOSAL_SYNTAX, "an answer that is none of the transforms offered");
            }
            KeyExchangeMethod group = choice.suite().keyExchange();
            if ((theirs == null) != (group == null)
                    || theirs != null && group != null && theirs.value().length != group.publicLength()) {
                throw new Refusal(IsakmpNotify.INVALID_KEY_INFORMATION, "a public value that does not fit the group");
            }
            if (!TrafficSelectorNarrowing.isWithin(List.of(traffic.initiators()), List.of(local))
                    || !TrafficSelectorNarrowing.isWithin(List.of(traffic.responders()), List.of(remote))) {
                throw new Refusal(IsakmpNotify.INVALID_ID_INFORMATION, "an answer for other traffic");
            }
            Notification life = contents.notification(IsakmpNotify.RESPONDER_LIFETIME);
            Plan plan = new Plan(
                    policy,
                    life == null ? choice : shortened(choice, Lifetimes.ofNotification(life)),
                    spi,
                    List.of(traffic.initiators()),
                    List.of(traffic.responders()));
            onAnswer(plan, nr, theirs);
        }

        private static Phase2Proposals.Choice shortened(Phase2Proposals.Choice choice, long lifeNanos) {
            return lifeNanos == 0
                    ? choice
                    : new Phase2Proposals.Choice(choice.answer(), choice.suite(), choice.peerSpi(), lifeNanos);
        }

        private void onAnswer(Plan plan, byte[] nr, @Nullable KeyExchange theirs) {
            SecretDerivation.QuickModeKeys keys = derivation(sa, plan, ni, nr, true);
            KeyExchangeHandle own = handle;
            if (theirs == null || own == null) {
                try (Secret material = sa.environment.symmetric().quickModeKeys(keys)) {
                    install(plan, nr, material);
                }
                return;
            }
            step = new Agreeing(plan, nr);
            CryptoRequest request =
                    new CryptoRequest.Agree(own, theirs.value(), keys, Urgency.ESTABLISHED, sa.requestDeadline());
            if (!sa.submit(conversation, request)) {
                fail("the back end is busy");
            }
        }

        private void install(Plan plan, byte[] nr, Secret material) {
            int reqid = rekeyed == null ? sa.environment.spis().nextSerial() : rekeyed.facts.reqid();
            ChildSa facts = plan.childSa(sa, reqid, true);
            step = new Installing(plan, facts, nr);
            installed = true;
            sa.install(conversation, facts, ChildKeys.cut(material, facts.suite(), true));
        }

        @Override
        public void onCrypto(CryptoOutcome outcome) {
            if (step instanceof Generating && outcome instanceof CryptoOutcome.Generated generated) {
                handle = generated.handle();
                send(generated.publicValue());
            } else if (step instanceof Agreeing agreeing && outcome instanceof CryptoOutcome.Agreed agreed) {
                try (Secret material = agreed.derived()) {
                    install(agreeing.plan(), agreeing.nr(), material);
                }
            } else {
                sa.dispose(outcome);
                sa.report(new SaNotice.BackendFailed(sa.subject(), String.valueOf(outcome)));
                fail("a back end failed");
            }
        }

        @Override
        public void onInstalled(@Nullable String failure) {
            if (!(step instanceof Installing done)) {
                return;
            }
            if (failure != null) {
                fail(failure);
                return;
            }
            step = new Ended();
            Hash confirmation = new Hash(sa.requireKeys().confirmationHash(conversation.messageId, ni, done.nr()));
            sa.sendEncrypted(conversation, List.of(IsakmpBody.of(confirmation)), false);
            sa.addChild(done.facts(), policy, done.plan().choice().lifeNanos(), rekeyed);
            sa.end(conversation);
        }

        @Override
        public void onOverdue() {
            if (step instanceof Generating && !conversation.isBusy()) {
                KeyExchangeMethod group = KeyExchangeMethod.of(Phase2Proposals.group(policy));
                generate(Ikev1Sa.required(group));
            } else {
                fail("a back end did not answer in time");
            }
        }

        private void fail(String why) {
            sa.end(conversation);
            notMade(sa, policy, rekeyed, why);
        }

        @Override
        public void abandon() {
            sa.releaseHandle(handle);
            handle = null;
            if (step instanceof Installing unfinished && installed) {
                sa.effects().remove(unfinished.facts());
            }
            if (!(step instanceof Ended)) {
                sa.environment.spis().releaseChildSpi(spi);
                if (rekeyed != null && rekeyed.state == Child.State.REKEYING) {
                    rekeyed.state = Child.State.INSTALLED;
                }
            }
            step = new Ended();
        }

        private static void notMade(Ikev1Sa sa, ChildPolicy policy, @Nullable Child rekeyed, String why) {
            if (rekeyed != null && rekeyed.state == Child.State.REKEYING) {
                rekeyed.state = Child.State.INSTALLED;
            }
            sa.report(new SaNotice.ChildFailed(sa.subject(), policy.name(), why));
        }
    }

    // ------------------------------------------------------------------------------------------------ responder

    /** The peer's quick mode. */
    static final class Responder implements Exchange {
        private final Ikev1Sa sa;
        private final Conversation conversation;
        private byte[] ni = {};
        private byte[] nr = {};
        private boolean begun;
        private Step step = new AwaitingOffer();

        private sealed interface Step {}

        private record AwaitingOffer() implements Step {}

        private record Agreeing(Plan plan, List<IsakmpBody> identities) implements Step {}

        private record Installing(Plan plan, ChildSa facts, List<IsakmpBody> bodies) implements Step {}

        private record AwaitingConfirmation(Plan plan, ChildSa facts) implements Step {}

        private record Ended() implements Step {}

        Responder(Ikev1Sa sa, Conversation conversation) {
            this.sa = sa;
            this.conversation = conversation;
        }

        /** Whether a first message was taken. */
        boolean hasBegun() {
            return begun;
        }

        @Override
        public void onMessage(IsakmpMessage message) throws MalformedMessage, Refusal {
            if (step instanceof AwaitingOffer) {
                onOffer(message, Contents.of(message));
            } else if (step instanceof AwaitingConfirmation awaiting) {
                onConfirmation(awaiting, Contents.of(message));
            }
        }

        private void onOffer(IsakmpMessage message, Contents contents) throws MalformedMessage, Refusal {
            expectHash(contents, sa.requireKeys().messageHash(conversation.messageId, message.afterFirst()));
            SecurityAssociation offered = contents.one(SecurityAssociation.class);
            KeyExchange theirs = contents.oneOrNone(KeyExchange.class);
            Traffic traffic = Traffic.of(sa, contents, false);
            ni = contents.one(Nonce.class).value();
            nr = sa.environment.random().octets(NONCE_LENGTH);
            begun = true;
            sa.take();
            if (sa.children.size() >= Ikev1Sa.MAX_CHILDREN) {
                throw new Refusal(IsakmpNotify.NO_PROPOSAL_CHOSEN, "too many Child SAs");
            }
            Plan plan = choose(offered, traffic);
            List<IsakmpBody> identities = new ArrayList<>();
            if (!contents.all(Identification.class).isEmpty()) {
                identities.add(IsakmpBody.of(Identification.of(plan.remote().getFirst())));
                identities.add(IsakmpBody.of(Identification.of(plan.local().getFirst())));
            }
            KeyExchangeMethod group = plan.choice().suite().keyExchange();
            if ((theirs == null) != (group == null)
                    || theirs != null && group != null && theirs.value().length != group.publicLength()) {
                sa.environment.spis().releaseChildSpi(plan.ours());
                throw new Refusal(IsakmpNotify.INVALID_KEY_INFORMATION, "a public value that does not fit the group");
            }
            SecretDerivation.QuickModeKeys keys = derivation(sa, plan, ni, nr, false);
            if (theirs == null || group == null) {
                try (Secret material = sa.environment.symmetric().quickModeKeys(keys)) {
                    install(plan, identities, null, material);
                }
                return;
            }
            step = new Agreeing(plan, identities);
            CryptoRequest request = new CryptoRequest.GenerateAndAgree(
                    group,
                    sa.requirePolicy().placement(),
                    theirs.value(),
                    keys,
                    Urgency.ESTABLISHED,
                    sa.requestDeadline());
            if (!sa.submit(conversation, request)) {
                fail("the back end is busy");
            }
        }

        /** The first Child SA policy that takes the traffic and one of the transforms. */
        private Plan choose(SecurityAssociation offered, Traffic traffic) throws Refusal {
            boolean selectorsFit = false;
            for (ChildPolicy policy : sa.requirePolicy().children()) {
                List<TrafficSelector> local = TrafficSelectorNarrowing.narrow(
                        resolveAll(policy.local(), sa.inner.local(sa.path)), List.of(traffic.responders()));
                List<TrafficSelector> remote = TrafficSelectorNarrowing.narrow(
                        resolveAll(policy.remote(), sa.inner.remote(sa.path)), List.of(traffic.initiators()));
                if (local.isEmpty() || remote.isEmpty() || !isSayable(local) || !isSayable(remote)) {
                    continue;
                }
                selectorsFit = true;
                int spi = sa.environment.spis().nextChildSpi();
                Phase2Proposals.Choice choice = Phase2Proposals.choose(offered, policy, spi, encapsulation(sa, policy));
                if (choice != null) {
                    return new Plan(policy, choice, spi, local.subList(0, 1), remote.subList(0, 1));
                }
                sa.environment.spis().releaseChildSpi(spi);
            }
            throw selectorsFit
                    ? new Refusal(IsakmpNotify.NO_PROPOSAL_CHOSEN, "no Child SA takes any of the transforms")
                    : new Refusal(IsakmpNotify.INVALID_ID_INFORMATION, "no Child SA takes the traffic");
        }

        /** Whether IKEv1 has words for it: one port or any. */
        private static boolean isSayable(List<TrafficSelector> selectors) {
            TrafficSelector first = selectors.getFirst();
            return first.startPort() == first.endPort() || first.startPort() == 0 && first.endPort() == 65535;
        }

        private void install(Plan plan, List<IsakmpBody> identities, byte @Nullable [] publicValue, Secret material) {
            ChildSa facts = plan.childSa(sa, reqid(plan), false);
            List<IsakmpBody> bodies = new ArrayList<>();
            bodies.add(IsakmpBody.of(plan.choice().answer()));
            bodies.add(IsakmpBody.of(new Nonce(nr)));
            if (publicValue != null) {
                bodies.add(IsakmpBody.of(new KeyExchange(publicValue)));
            }
            bodies.addAll(identities);
            long ours = plan.policy().lifeNanos();
            if (ours > 0
                    && (plan.choice().lifeNanos() == 0 || ours < plan.choice().lifeNanos())) {
                // RFC 2407 section 4.6.3.1: ours is shorter, and the offer must not be changed
                byte[] data =
                        Notification.data(Lifetimes.attributes(ours, Lifetimes.LIFE_TYPE, Lifetimes.LIFE_DURATION));
                bodies.add(IsakmpBody.of(new Notification(
                        Proposal.ESP, Ikev1KeyMaterial.octets(plan.ours()), IsakmpNotify.RESPONDER_LIFETIME, data)));
            }
            step = new Installing(plan, facts, bodies);
            sa.install(conversation, facts, ChildKeys.cut(material, facts.suite(), false));
        }

        /** A Child SA for the same traffic is rekeyed by this one. */
        private int reqid(Plan plan) {
            for (Child child : sa.children) {
                if (child.policy.name().equals(plan.policy().name())
                        && child.facts.local().equals(plan.local())
                        && child.facts.remote().equals(plan.remote())) {
                    return child.facts.reqid();
                }
            }
            return sa.environment.spis().nextSerial();
        }

        @Override
        public void onCrypto(CryptoOutcome outcome) {
            if (step instanceof Agreeing agreeing && outcome instanceof CryptoOutcome.Agreed agreed) {
                try (Secret material = agreed.derived()) {
                    install(agreeing.plan(), agreeing.identities(), agreed.publicValue(), material);
                }
            } else {
                sa.dispose(outcome);
                sa.report(new SaNotice.BackendFailed(sa.subject(), String.valueOf(outcome)));
                fail("a back end failed");
            }
        }

        @Override
        public void onInstalled(@Nullable String failure) {
            if (!(step instanceof Installing installing)) {
                return;
            }
            if (failure != null) {
                Informational.tell(sa, IsakmpNotify.NO_PROPOSAL_CHOSEN);
                fail(failure);
                return;
            }
            step = new AwaitingConfirmation(installing.plan(), installing.facts());
            sa.sendEncrypted(conversation, withHash(sa, conversation.messageId, ni, installing.bodies()), true);
        }

        /** HASH(3) has not come: where the peer has sent it, it learns that the Child SA is no more. */
        void onUnconfirmed() {
            if (step instanceof AwaitingConfirmation awaiting) {
                Informational.deleteChild(sa, awaiting.facts());
            }
            fail("the peer did not confirm it");
        }

        private void onConfirmation(AwaitingConfirmation awaiting, Contents contents) throws MalformedMessage {
            expectHash(contents, sa.requireKeys().confirmationHash(conversation.messageId, ni, nr));
            sa.take();
            step = new Ended();
            Plan plan = awaiting.plan();
            sa.addChild(awaiting.facts(), plan.policy(), plan.choice().lifeNanos(), null);
            sa.end(conversation);
        }

        @Override
        public void onOverdue() {
            fail("a back end did not answer in time");
        }

        private void fail(String why) {
            String name = planned() == null
                    ? ""
                    : Ikev1Sa.required(planned()).policy().name();
            sa.end(conversation);
            sa.report(new SaNotice.ChildFailed(sa.subject(), name, why));
        }

        private @Nullable Plan planned() {
            return switch (step) {
                case AwaitingOffer awaiting -> null;
                case Agreeing agreeing -> agreeing.plan();
                case Installing installing -> installing.plan();
                case AwaitingConfirmation awaiting -> awaiting.plan();
                case Ended ended -> null;
            };
        }

        @Override
        public void abandon() {
            Plan plan = planned();
            if (step instanceof Installing installing) {
                sa.effects().remove(installing.facts());
            } else if (step instanceof AwaitingConfirmation awaiting) {
                sa.effects().remove(awaiting.facts());
            }
            if (plan != null) {
                sa.environment.spis().releaseChildSpi(plan.ours());
            }
            step = new Ended();
        }
    }
}
