package dev.cardinal.ike.ikev1;

import dev.cardinal.ike.crypto.EncryptionAlgorithm;
import dev.cardinal.ike.crypto.KeyExchangeMethod;
import dev.cardinal.ike.crypto.PseudorandomFunction;
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
 * The SA payload of phase 1 (RFC 2409 section 4 and appendix A): one proposal, its transforms whole suites in the order of
 * preference. They are compared as IKEv2's proposals are; the answer repeats the transform as it came.
 */
final class Phase1Proposals {
    /** Transforms that we offer: one octet counts them, and a peer must look at each. */
    private static final int MAX_OFFERED = 64;

    private static final int KEY_IKE = 1;

    private static final int ENCRYPTION = 1;
    private static final int HASH = 2;
    private static final int METHOD = 3;
    private static final int GROUP = 4;
    private static final int LIFE_TYPE = 11;
    private static final int LIFE_DURATION = 12;
    private static final int KEY_LENGTH = 14;

    private static final int TRIPLE_DES = 5;
    private static final int AES = 7;

    private static final byte[] NO_SPI = new byte[0];

    private Phase1Proposals() {}

    /** A transform that was chosen. @param answer the SA payload that says so */
    record Choice(SecurityAssociation answer, Phase1Suite suite) {}

    /**
     * What we offer: every combination of the configured proposals.
     *
     * @param method the authentication method
     * @param lifeNanos 0 for none
     * @param onlyGroup the one group of aggressive mode, whose public value goes with the offer; null for all
     */
    static SecurityAssociation offer(
            List<Proposal> configured, int method, long lifeNanos, @Nullable KeyExchangeMethod onlyGroup) {
        List<IsakmpTransform> transforms = new ArrayList<>();
        for (Proposal proposal : configured) {
            for (Transform encryption : of(proposal, Transform.ENCRYPTION)) {
                for (Transform prf : of(proposal, Transform.PRF)) {
                    for (Transform group : of(proposal, Transform.KEY_EXCHANGE)) {
                        boolean wanted = onlyGroup == null || onlyGroup.id() == group.id();
                        List<IsakmpAttribute> attributes = attributes(encryption, prf, group, method, lifeNanos);
                        if (wanted && attributes != null && transforms.size() < MAX_OFFERED) {
                            transforms.add(new IsakmpTransform(transforms.size() + 1, KEY_IKE, attributes));
                        }
                    }
                }
            }
        }
        return new SecurityAssociation(List.of(new IsakmpProposal(1, Proposal.IKE, NO_SPI, transforms)));
    }

    /** An offer of its first transform alone. */
    static SecurityAssociation firstOf(SecurityAssociation offer) {
        List<IsakmpTransform> first = offer.proposals().getFirst().transforms().subList(0, 1);
        return new SecurityAssociation(List.of(new IsakmpProposal(1, Proposal.IKE, NO_SPI, first)));
    }

    private static List<Transform> of(Proposal proposal, int type) {
        List<Transform> found = new ArrayList<>();
        for (Transform transform : proposal.transforms()) {
            if (transform.type() == type) {
                found.add(transform);
            }
        }
        return found;
    }

    private static @Nullable List<IsakmpAttribute> attributes(
            Transform encryption, Transform prf, Transform group, int method, long lifeNanos) {
        int cipher = cipher(encryption);
        int hash = hash(prf);
        if (cipher == 0 || hash == 0) {
            return null;
        }
        List<IsakmpAttribute> attributes = new ArrayList<>();
        attributes.add(IsakmpAttribute.of(ENCRYPTION, cipher));
        if (encryption.keyLength() != 0) {
            attributes.add(IsakmpAttribute.of(KEY_LENGTH, encryption.keyLength()));
        }
        attributes.add(IsakmpAttribute.of(HASH, hash));
        attributes.add(IsakmpAttribute.of(GROUP, group.id()));
        attributes.add(IsakmpAttribute.of(METHOD, method));
        if (lifeNanos > 0) {
            attributes.addAll(Lifetimes.attributes(lifeNanos, LIFE_TYPE, LIFE_DURATION));
        }
        return attributes;
    }

    /**
     * The responder's choice: the first of the configured proposals that one of the offered transforms satisfies.
     *
     * @param method the only authentication method that will do
     * @return null where there is none
     */
    static @Nullable Choice choose(SecurityAssociation offered, List<Proposal> configured, int method) {
        for (IsakmpProposal proposal : offered.proposals()) {
            if (proposal.protocol() != Proposal.IKE) {
                continue;
            }
            List<Proposal> models = new ArrayList<>();
            List<IsakmpTransform> usable = new ArrayList<>();
            for (IsakmpTransform transform : proposal.transforms()) {
                Proposal model = model(transform, usable.size() + 1);
                if (model != null && transform.number(METHOD, 0) == method) {
                    models.add(model);
                    usable.add(transform);
                }
            }
            Proposal chosen = ProposalSelection.choose(models, withoutIntegrity(configured), true);
            if (chosen != null) {
                IsakmpTransform transform = usable.get(chosen.number() - 1);
                Phase1Suite suite = suite(transform, chosen);
                if (suite != null) {
                    return new Choice(answer(proposal, transform), suite);
                }
            }
        }
        return null;
    }

    /**
     * The initiator's reading of the answer.
     *
     * @return null where it is not one of the transforms that were offered, unchanged
     */
    static @Nullable Phase1Suite accept(SecurityAssociation offered, SecurityAssociation answer) {
        if (answer.proposals().size() != 1
                || answer.proposals().getFirst().transforms().size() != 1) {
            return null;
        }
        IsakmpTransform accepted = answer.proposals().getFirst().transforms().getFirst();
        for (IsakmpTransform transform : offered.proposals().getFirst().transforms()) {
            // RFC 2409 section 5: the responder must not change attributes; some change the transform's number
            if (transform.attributes().equals(accepted.attributes())) {
                Proposal model = model(transform, 1);
                return model == null ? null : suite(transform, model);
            }
        }
        return null;
    }

    private static SecurityAssociation answer(IsakmpProposal proposal, IsakmpTransform transform) {
        // RFC 2408 section 4.2: the SPI of phase 1 means nothing; it is repeated with the rest
        return new SecurityAssociation(List.of(
                new IsakmpProposal(proposal.number(), proposal.protocol(), proposal.spi(), List.of(transform))));
    }

    /** A transform as a proposal, which comparison takes; null where an attribute is missing, or not understood. */
    private static @Nullable Proposal model(IsakmpTransform transform, int number) {
        int cipher = 0;
        int keyLength = 0;
        int prf = 0;
        int group = 0;
        if (transform.id() != KEY_IKE) {
            return null;
        }
        for (IsakmpAttribute attribute : transform.attributes()) {
            long value = attribute.number();
            switch (attribute.type()) {
                case ENCRYPTION ->
                    cipher = value == AES
                            ? EncryptionAlgorithm.AES_CBC.id()
                            : value == TRIPLE_DES ? EncryptionAlgorithm.TRIPLE_DES_CBC.id() : 0;
                case KEY_LENGTH -> keyLength = (int) Math.min(value, 0xffff);
                case HASH -> prf = prf(value);
                case GROUP -> group = (int) Math.min(value, 0xffff);
                case METHOD, LIFE_TYPE, LIFE_DURATION -> {}
                default -> {
                    return null;
                }
            }
        }
        if (cipher == 0 || prf == 0 || group <= 0 || keyLength < 0) {
            return null;
        }
        return new Proposal(
                number,
                Proposal.IKE,
                NO_SPI,
                List.of(
                        new Transform(Transform.ENCRYPTION, cipher, keyLength),
                        new Transform(Transform.PRF, prf, 0),
                        new Transform(Transform.KEY_EXCHANGE, group, 0)));
    }

    /** Phase 1 has no integrity algorithm of its own: its hash is the PRF's. */
    private static List<Proposal> withoutIntegrity(List<Proposal> configured) {
        List<Proposal> proposals = new ArrayList<>();
        for (Proposal proposal : configured) {
            List<Transform> transforms = new ArrayList<>();
            for (Transform transform : proposal.transforms()) {
                if (transform.type() != Transform.INTEGRITY) {
                    transforms.add(transform);
                }
            }
            proposals.add(new Proposal(proposal.number(), proposal.protocol(), proposal.spi(), transforms));
        }
        return proposals;
    }

    private static @Nullable Phase1Suite suite(IsakmpTransform transform, Proposal model) {
        EncryptionAlgorithm encryption = null;
        int keyLength = 0;
        PseudorandomFunction prf = null;
        KeyExchangeMethod group = null;
        for (Transform part : model.transforms()) {
            switch (part.type()) {
                case Transform.ENCRYPTION -> {
                    encryption = EncryptionAlgorithm.of(part.id());
                    keyLength = part.keyLength();
                }
                case Transform.PRF -> prf = PseudorandomFunction.of(part.id());
                case Transform.KEY_EXCHANGE -> group = KeyExchangeMethod.of(part.id());
                default -> throw new IllegalStateException("transform type " + part.type());
            }
        }
        if (encryption == null || prf == null || group == null || !encryption.accepts(keyLength)) {
            return null;
        }
        int method = (int) transform.number(METHOD, 0);
        return new Phase1Suite(
                encryption,
                keyLength,
                prf,
                group,
                method,
                Lifetimes.nanos(transform.attributes(), LIFE_TYPE, LIFE_DURATION));
    }

    private static int cipher(Transform encryption) {
        if (encryption.id() == EncryptionAlgorithm.AES_CBC.id()) {
            return AES;
        }
        return encryption.id() == EncryptionAlgorithm.TRIPLE_DES_CBC.id() ? TRIPLE_DES : 0;
    }

    /** The hash algorithm's number under a PRF, 0 where it has none. */
    private static int hash(Transform prf) {
        PseudorandomFunction function = PseudorandomFunction.of(prf.id());
        if (function == null) {
            return 0;
        }
        return switch (function) {
            case HMAC_SHA1 -> 2;
            case HMAC_SHA2_256 -> 4;
            case HMAC_SHA2_384 -> 5;
            case HMAC_SHA2_512 -> 6;
            case AES128_XCBC, AES128_CMAC -> 0;
        };
    }

    private static int prf(long hash) {
        return switch ((int) Math.min(hash, 0xffff)) {
            case 2 -> PseudorandomFunction.HMAC_SHA1.id();
            case 4 -> PseudorandomFunction.HMAC_SHA2_256.id();
            case 5 -> PseudorandomFunction.HMAC_SHA2_384.id();
            case 6 -> PseudorandomFunction.HMAC_SHA2_512.id();
            default -> 0;
        };
    }
}
