package dev.cardinal.ike.ikev2;

import dev.cardinal.ike.sa.ChildPolicy;
import dev.cardinal.ike.sa.ChildSa;
import dev.cardinal.ike.sa.ChildSuite;
import dev.cardinal.ike.sa.ProposalSelection;
import dev.cardinal.ike.sa.SelectorPolicy;
import dev.cardinal.ike.sa.TrafficSelectorNarrowing;
import dev.cardinal.ike.wire.NotifyType;
import dev.cardinal.ike.wire.Payload;
import dev.cardinal.ike.wire.Payload.Notify;
import dev.cardinal.ike.wire.Payload.SecurityAssociation;
import dev.cardinal.ike.wire.Payload.TrafficSelectorInitiator;
import dev.cardinal.ike.wire.Payload.TrafficSelectorResponder;
import dev.cardinal.ike.wire.Proposal;
import dev.cardinal.ike.wire.TrafficSelector;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What IKE_AUTH and CREATE_CHILD_SA share: proposals, traffic selectors and mode of a Child SA. */
final class ChildNegotiation {
    private ChildNegotiation() {}

    /** What we ask for. */
    record Offer(
            ChildPolicy policy,
            int inboundSpi,
            List<Proposal> proposals,
            List<TrafficSelector> local,
            List<TrafficSelector> remote) {

        /** SAi2, TSi, TSr and the mode (RFC 7296 section 1.2). */
        void addTo(List<Payload> payloads) {
            payloads.add(new SecurityAssociation(proposals));
            payloads.add(new TrafficSelectorInitiator(local));
            payloads.add(new TrafficSelectorResponder(remote));
            if (!policy.tunnel()) {
                payloads.add(Notify.of(NotifyType.USE_TRANSPORT_MODE));
            }
        }
    }

    /** What was agreed. @param answer the accepted proposal with the peer's SPI */
    record Plan(
            ChildPolicy policy,
            Proposal answer,
            ChildSuite suite,
            int inboundSpi,
            int outboundSpi,
            List<TrafficSelector> local,
            List<TrafficSelector> remote,
            boolean tunnel) {

        /** SAr2, TSi, TSr and the mode, as the responder sends them. */
        void addAnswerTo(List<Payload> payloads) {
            payloads.add(new SecurityAssociation(List.of(
                    new Proposal(answer.number(), answer.protocol(), octets(inboundSpi), answer.transforms()))));
            payloads.add(new TrafficSelectorInitiator(remote));
            payloads.add(new TrafficSelectorResponder(local));
            if (!tunnel) {
                payloads.add(Notify.of(NotifyType.USE_TRANSPORT_MODE));
            }
        }

        /** The Child SA. @param initiated whether we began the exchange, whose initiator's keys come first */
        ChildSa childSa(Ikev2Sa sa, int reqid, boolean initiated) {
            return new ChildSa(
                    policy.name(),
                    sa.environment.spis().nextSerial(),
                    reqid,
                    answer.protocol(),
                    inboundSpi,
                    outboundSpi,
                    suite,
                    tunnel,
                    sa.localNat || sa.remoteNat,
                    sa.path,
                    local,
                    remote,
                    initiated);
        }
    }

    /**
     * Our offer for a Child SA.
     *
     * @param rekeyed the Child SA to replace, whose selectors are offered again; null for a new one
     * @param withKeyExchange false in IKE_AUTH
     */
    static Offer offer(Ikev2Sa sa, ChildPolicy policy, @Nullable Child rekeyed, boolean withKeyExchange) {
        int spi = sa.environment.spis().nextChildSpi();
        return new Offer(
                policy,
                spi,
                ProposalSelection.offer(policy.proposals(), octets(spi), withKeyExchange),
                rekeyed == null ? resolve(policy.local(), sa.path.localAddress()) : rekeyed.facts.local(),
                rekeyed == null ? resolve(policy.remote(), sa.path.remoteAddress()) : rekeyed.facts.remote());
    }

    /**
     * The initiator's reading of the answer.
     *
     * @throws ProtocolViolation where the answer is not within the offer
     */
    static Plan accept(Offer offer, Contents contents, boolean withKeyExchange) throws ProtocolViolation {
        Proposal accepted = ProposalSelection.verify(
                offer.proposals(), contents.one(SecurityAssociation.class).proposals(), withKeyExchange);
        ChildSuite suite = accepted == null || !isSpi(accepted.spi()) ? null : ChildSuite.of(accepted);
        List<TrafficSelector> local =
                contents.one(TrafficSelectorInitiator.class).selectors();
        List<TrafficSelector> remote =
                contents.one(TrafficSelectorResponder.class).selectors();
        if (accepted == null || suite == null) {
            throw new ProtocolViolation(NotifyType.NO_PROPOSAL_CHOSEN, "an answer that is not within the proposals");
        }
        if (!TrafficSelectorNarrowing.isWithin(local, offer.local())
                || !TrafficSelectorNarrowing.isWithin(remote, offer.remote())) {
            throw new ProtocolViolation(
                    NotifyType.TS_UNACCEPTABLE, "an answer that is not within the traffic selectors");
        }
        boolean tunnel = offer.policy().tunnel() || !contents.has(NotifyType.USE_TRANSPORT_MODE);
        return new Plan(
                offer.policy(),
                accepted,
                suite,
                offer.inboundSpi(),
                spi(accepted.spi()),
                // what is kept shares its addresses with the path
                local.equals(offer.local()) ? offer.local() : local,
                remote.equals(offer.remote()) ? offer.remote() : remote,
                tunnel);
    }

    /**
     * The responder's choice among its Child SA policies.
     *
     * @throws ProtocolViolation TS_UNACCEPTABLE or NO_PROPOSAL_CHOSEN where none fits
     */
    static Plan choose(Ikev2Sa sa, List<ChildPolicy> policies, Contents contents, boolean withKeyExchange)
            throws ProtocolViolation {
        List<Proposal> offered = contents.one(SecurityAssociation.class).proposals();
        List<TrafficSelector> theirs =
                contents.one(TrafficSelectorInitiator.class).selectors();
        List<TrafficSelector> ours =
                contents.one(TrafficSelectorResponder.class).selectors();
        boolean selectorsFit = false;
        for (ChildPolicy policy : policies) {
            List<TrafficSelector> local =
                    TrafficSelectorNarrowing.narrow(resolve(policy.local(), sa.path.localAddress()), ours);
            List<TrafficSelector> remote =
                    TrafficSelectorNarrowing.narrow(resolve(policy.remote(), sa.path.remoteAddress()), theirs);
            if (local.isEmpty() || remote.isEmpty()) {
                continue;
            }
            selectorsFit = true;
            Proposal accepted = ProposalSelection.choose(offered, policy.proposals(), withKeyExchange);
            ChildSuite suite = accepted == null || !isSpi(accepted.spi()) ? null : ChildSuite.of(accepted);
            if (accepted != null && suite != null) {
                boolean tunnel = policy.tunnel() || !contents.has(NotifyType.USE_TRANSPORT_MODE);
                int inbound = sa.environment.spis().nextChildSpi();
                return new Plan(policy, accepted, suite, inbound, spi(accepted.spi()), local, remote, tunnel);
            }
        }
        throw selectorsFit
                ? new ProtocolViolation(NotifyType.NO_PROPOSAL_CHOSEN, "no Child SA takes any of the proposals")
                : new ProtocolViolation(NotifyType.TS_UNACCEPTABLE, "no Child SA takes the traffic selectors");
    }

    private static List<TrafficSelector> resolve(List<SelectorPolicy> policies, InetAddress endpoint) {
        List<TrafficSelector> selectors = new ArrayList<>(policies.size());
        for (SelectorPolicy policy : policies) {
            selectors.add(policy.resolve(endpoint));
        }
        return selectors;
    }

    /** RFC 4303 section 2.1: SPIs below 256 are reserved. */
    private static boolean isSpi(byte[] octets) {
        return octets.length == 4 && Integer.compareUnsigned(spi(octets), 255) > 0;
    }

    static byte[] octets(int spi) {
        return ByteBuffer.allocate(4).putInt(spi).array();
    }

    private static int spi(byte[] octets) {
        return ByteBuffer.wrap(octets).getInt();
    }
}
