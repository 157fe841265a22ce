package dev.cardinal.ike.ikev1;

import dev.cardinal.ike.crypto.EncryptionAlgorithm;
import dev.cardinal.ike.sa.ChildPolicy;
import dev.cardinal.ike.sa.ChildSuite;
import dev.cardinal.ike.sa.ProposalSelection;
import dev.cardinal.ike.wire.IsakmpAttribute;
import dev.cardinal.ike.wire.IsakmpPayload.SecurityAssociation;
import dev.cardinal.ike.wire.IsakmpProposal;
import dev.cardinal.ike.wire.IsakmpTransform;
import dev.cardinal.ike.wire.Proposal;
import dev.cardinal.ike.wire.Transform;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The SA payload of quick mode (RFC 2407 sections 4.4.4 and 4.5): ESP in transforms of the order of preference. They are
 * compared as IKEv2's proposals are; the answer repeats the transform as it came.
 */
final class Phase2Proposals {
    /** Transforms that we offer: one octet counts them, and a peer must look at each. */
    private static final int MAX_OFFERED = 64;

    private static final int GROUP = 3;
    private static final int ENCAPSULATION = 4;
    private static final int AUTHENTICATION = 5;
    private static final int KEY_LENGTH = 6;
    private static final int EXTENDED_SEQUENCE = 11;

    private Phase2Proposals() {}

    /**
     * How packets are wrapped (RFC 2407 section 4.5, RFC 3947 section 5.1).
     *
     * @param attribute the value of the encapsulation mode attribute
     */
    record Encapsulation(boolean tunnel, boolean udp, boolean draft) {
        private static final int TUNNEL = 1;
        private static final int TRANSPORT = 2;
        private static final int UDP_TUNNEL = 3;
        private static final int UDP_TRANSPORT = 4;
        private static final int UDP_TUNNEL_DRAFT = 61443;
        private static final int UDP_TRANSPORT_DRAFT = 61444;

        int attribute() {
            if (!udp) {
                return tunnel ? TUNNEL : TRANSPORT;
            }
            if (draft) {
                return tunnel ? UDP_TUNNEL_DRAFT : UDP_TRANSPORT_DRAFT;
            }
            return tunnel ? UDP_TUNNEL : UDP_TRANSPORT;
        }
    }

    /**
     * A transform that was agreed on.
     *
     * @param answer the SA payload that says so
     * @param peerSpi the peer's SPI, the one we send with
     * @param lifeNanos what the initiator offered, 0 where it did not say
     */
    record Choice(SecurityAssociation answer, ChildSuite suite, int peerSpi, long lifeNanos) {}

    /** The group that a policy's quick mode runs with, 0 for none: the first of its first proposal. */
    static int group(ChildPolicy policy) {
        return ProposalSelection.firstKeyExchange(policy.proposals().subList(0, 1));
    }

    /**
     * What we offer: every combination of the configured proposals that has the one group, as RFC 2409 section 5.5 demands.
     *
     * @return without transforms where IKEv1 has no numbers for any of them
     */
    static SecurityAssociation offer(ChildPolicy policy, int spi, Encapsulation encapsulation) {
        int group = group(policy);
        List<IsakmpProposal> proposals = new ArrayList<>();
        for (Proposal configured : policy.proposals()) {
            if (configured.protocol() == Proposal.ESP
                    && (group == 0
                            ? ProposalSelection.firstKeyExchange(List.of(configured)) == 0
                            : ProposalSelection.offersKeyExchange(List.of(configured), group))) {
                List<IsakmpTransform> transforms = transforms(configured, group, encapsulation, policy.lifeNanos());
                if (!transforms.isEmpty()) {
                    byte[] octets = Ikev1KeyMaterial.octets(spi);
                    proposals.add(new IsakmpProposal(proposals.size() + 1, Proposal.ESP, octets, transforms));
                }
            }
        }
        return new SecurityAssociation(proposals);
    }

    private static List<IsakmpTransform> transforms(
            Proposal configured, int group, Encapsulation encapsulation, long lifeNanos) {
        List<IsakmpTransform> transforms = new ArrayList<>();
        for (Transform encryption : configured.transforms()) {
            if (encryption.type() != Transform.ENCRYPTION || !isSpoken(encryption)) {
                continue;
            }
            EncryptionAlgorithm cipher = EncryptionAlgorithm.of(encryption.id());
            if (cipher != null && cipher.isAead()) {
                add(transforms, encryption, 0, group, encapsulation, lifeNanos);
                continue;
            }
            for (Transform integrity : configured.transforms()) {
                int number = integrity.type() == Transform.INTEGRITY ? authentication(integrity.id()) : 0;
                if (number != 0) {
                    add(transforms, encryption, number, group, encapsulation, lifeNanos);
                }
            }
        }
        return transforms;
    }

    private static void add(
            List<IsakmpTransform> transforms,
            Transform encryption,
            int authentication,
            int group,
            Encapsulation encapsulation,
            long lifeNanos) {
        List<IsakmpAttribute> attributes = new ArrayList<>();
        if (encryption.keyLength() != 0) {
            attributes.add(IsakmpAttribute.of(KEY_LENGTH, encryption.keyLength()));
        }
        if (authentication != 0) {
            attributes.add(IsakmpAttribute.of(AUTHENTICATION, authentication));
        }
        if (group != 0) {
            attributes.add(IsakmpAttribute.of(GROUP, group));
        }
        attributes.add(IsakmpAttribute.of(ENCAPSULATION, encapsulation.attribute()));
        if (lifeNanos > 0) {
            attributes.addAll(Lifetimes.attributes(lifeNanos, Lifetimes.LIFE_TYPE, Lifetimes.LIFE_DURATION));
        }
        if (transforms.size() < MAX_OFFERED) {
            transforms.add(new IsakmpTransform(transforms.size() + 1, encryption.id(), attributes));
        }
    }

    /**
     * The responder's choice: the first of the configured proposals that one of the offered transforms satisfies.
     *
     * @param spi ours, for the answer
     * @return null where there is none
     */
    static @Nullable Choice choose(
            SecurityAssociation offered, ChildPolicy policy, int spi, Encapsulation encapsulation) {
        for (IsakmpProposal proposal : offered.proposals()) {
            if (proposal.protocol() != Proposal.ESP || isWantedWithAnother(offered, proposal)) {
                continue;
            }
            List<Proposal> models = new ArrayList<>();
            List<IsakmpTransform> usable = new ArrayList<>();
            for (IsakmpTransform transform : proposal.transforms()) {
                Proposal model = model(transform, usable.size() + 1, encapsulation);
                if (model != null) {
                    models.add(model);
                    usable.add(transform);
                }
            }
            Proposal chosen = ProposalSelection.choose(models, policy.proposals(), true);
            ChildSuite suite = chosen == null ? null : ChildSuite.of(chosen);
            int peerSpi = spi(proposal);
            if (chosen != null && suite != null && isSpi(peerSpi)) {
                IsakmpTransform transform = usable.get(chosen.number() - 1);
                SecurityAssociation answer = new SecurityAssociation(List.of(new IsakmpProposal(
                        proposal.number(), Proposal.ESP, Ikev1KeyMaterial.octets(spi), List.of(transform))));
                return new Choice(answer, suite, peerSpi, life(transform));
            }
        }
        return null;
    }

    /**
     * The initiator's reading of the answer.
     *
     * @return null where it is not one of the transforms that were offered, unchanged
     */
    static @Nullable Choice accept(
            SecurityAssociation offered, SecurityAssociation answer, Encapsulation encapsulation) {
        if (answer.proposals().size() != 1) {
            return null;
        }
        IsakmpProposal proposal = answer.proposals().getFirst();
        if (proposal.transforms().size() != 1 || proposal.protocol() != Proposal.ESP || !isSpi(spi(proposal))) {
            return null;
        }
        IsakmpTransform accepted = proposal.transforms().getFirst();
        for (IsakmpProposal each : offered.proposals()) {
            for (IsakmpTransform transform : each.transforms()) {
                if (transform.id() == accepted.id() && isSame(transform, accepted)) {
                    Proposal model = model(transform, 1, encapsulation);
                    ChildSuite suite = model == null ? null : ChildSuite.of(model);
                    return suite == null ? null : new Choice(answer, suite, spi(proposal), life(accepted));
                }
            }
        }
        return null;
    }

    /** Whether all but the lifetime is the same: responders may not change it, and some do. */
    private static boolean isSame(IsakmpTransform offered, IsakmpTransform accepted) {
        return withoutLife(offered).equals(withoutLife(accepted));
    }

    private static List<IsakmpAttribute> withoutLife(IsakmpTransform transform) {
        List<IsakmpAttribute> attributes = new ArrayList<>();
        for (IsakmpAttribute attribute : transform.attributes()) {
            if (attribute.type() != Lifetimes.LIFE_TYPE && attribute.type() != Lifetimes.LIFE_DURATION) {
                attributes.add(attribute);
            }
        }
        return attributes;
    }

    private static long life(IsakmpTransform transform) {
        return Lifetimes.nanos(transform.attributes(), Lifetimes.LIFE_TYPE, Lifetimes.LIFE_DURATION);
    }

    /** RFC 2408 section 4.2: proposals of one number are wanted together. */
    private static boolean isWantedWithAnother(SecurityAssociation offered, IsakmpProposal proposal) {
        int count = 0;
        for (IsakmpProposal each : offered.proposals()) {
            if (each.number() == proposal.number()) {
                count++;
            }
        }
        return count > 1;
    }

    private static int spi(IsakmpProposal proposal) {
        return java.nio.ByteBuffer.wrap(proposal.spi()).getInt();
    }

    /** RFC 4303 section 2.1: SPIs below 256 are reserved. */
    private static boolean isSpi(int spi) {
        return Integer.compareUnsigned(spi, 255) > 0;
    }

    /** A transform as a proposal, which comparison takes; null where an attribute is missing, or not understood. */
    private static @Nullable Proposal model(IsakmpTransform transform, int number, Encapsulation encapsulation) {
        int keyLength = 0;
        int integrity = 0;
        int group = 0;
        int mode = 0;
        for (IsakmpAttribute attribute : transform.attributes()) {
            int value = (int) Math.min(attribute.number(), 0xffff);
            switch (attribute.type()) {
                case KEY_LENGTH -> keyLength = value;
                case AUTHENTICATION -> {
                    integrity = integrity(value);
                    if (integrity == 0) {
                        return null;
                    }
                }
                case GROUP -> group = value;
                case ENCAPSULATION -> mode = value;
                case Lifetimes.LIFE_TYPE, Lifetimes.LIFE_DURATION -> {}
                case EXTENDED_SEQUENCE -> {
                    return null; // not without what RFC 4304 asks of both sides
                }
                default -> {
                    return null;
                }
            }
        }
        Transform encryption = new Transform(Transform.ENCRYPTION, transform.id(), keyLength);
        if (mode != encapsulation.attribute() || keyLength < 0 || group < 0 || !isSpoken(encryption)) {
            return null;
        }
        List<Transform> transforms = new ArrayList<>();
        transforms.add(encryption);
        if (integrity != 0) {
            transforms.add(new Transform(Transform.INTEGRITY, integrity, 0));
        }
        if (group != 0) {
            transforms.add(new Transform(Transform.KEY_EXCHANGE, group, 0));
        }
        transforms.add(new Transform(Transform.SEQUENCE_NUMBERS, 0, 0));
        return new Proposal(number, Proposal.ESP, new byte[0], transforms);
    }

    /** Whether the number means the same in IKEv1 (RFC 2407 section 4.4.4, RFC 4106 section 8, RFC 4309 section 8). */
    private static boolean isSpoken(Transform encryption) {
        EncryptionAlgorithm algorithm = EncryptionAlgorithm.of(encryption.id());
        if (algorithm == null) {
            return false;
        }
        return switch (algorithm) {
            case TRIPLE_DES_CBC,
                    NULL,
                    AES_CBC,
                    AES_CTR,
                    AES_CCM_8,
                    AES_CCM_12,
                    AES_CCM_16,
                    AES_GCM_8,
                    AES_GCM_12,
                    AES_GCM_16 -> true;
            case CHACHA20_POLY1305 -> false;
        };
    }

    /** IKEv1's authentication algorithm of an IKEv2 integrity algorithm, 0 where there is none. */
    private static int authentication(int integrity) {
        return switch (integrity) {
            case 2 -> 2; // HMAC-SHA1-96
            case 5 -> 9; // AES-XCBC-96
            case 12 -> 5; // HMAC-SHA2-256-128
            case 13 -> 6; // HMAC-SHA2-384-192
            case 14 -> 7; // HMAC-SHA2-512-256
            default -> 0;
        };
    }

    private static int integrity(int authentication) {
        return switch (authentication) {
            case 2 -> 2;
            case 9 -> 5;
            case 5 -> 12;
            case 6 -> 13;
            case 7 -> 14;
            default -> 0;
        };
    }
}
