package dev.cardinal.ike.sa;

import dev.cardinal.ike.wire.Proposal;
import dev.cardinal.ike.wire.Transform;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Choosing among proposals (RFC 7296 sections 2.7 and 3.3.6). */
public final class ProposalSelection {
    private ProposalSelection() {}

    /**
     * The responder's choice: the first of the configured proposals that one of the offered satisfies.
     *
     * @param offered as received
     * @param configured ours, in the order of preference
     * @param withKeyExchange false in IKE_AUTH, where a Child SA's key exchange method is neither offered nor chosen (RFC
     *     7296 section 1.2)
     * @return one transform of each type, with the number and the SPI of the offered proposal; null where none fits
     */
    public static @Nullable Proposal choose(
            List<Proposal> offered, List<Proposal> configured, boolean withKeyExchange) {
        for (Proposal ours : configured) {
            for (Proposal theirs : offered) {
                Proposal choice = match(theirs, ours, withKeyExchange);
                if (choice != null) {
                    return choice;
                }
            }
        }
        return null;
    }

    private static @Nullable Proposal match(Proposal theirs, Proposal ours, boolean withKeyExchange) {
        if (theirs.protocol() != ours.protocol()) {
            return null;
        }
        List<Transform> chosen = new ArrayList<>(Transform.SEQUENCE_NUMBERS);
        for (int type = Transform.ENCRYPTION; type <= Transform.SEQUENCE_NUMBERS; type++) {
            if (type == Transform.KEY_EXCHANGE && !withKeyExchange) {
                continue;
            }
            boolean isOffered = contains(theirs, type);
            boolean isWanted = contains(ours, type);
            if (!isOffered && (!isWanted || acceptsNone(ours, type))) {
                continue;
            }
            Transform common = isWanted ? firstCommon(ours, theirs, type) : null;
            if (common == null && !isWanted && acceptsNone(theirs, type)) {
                common = new Transform(type, 0, 0);
            }
            if (common == null) {
                return null;
            }
            chosen.add(common);
        }
        for (Transform transform : theirs.transforms()) {
            // RFC 7296 section 3.3.6: a type unknown to us makes the whole proposal unacceptable, unless it is optional
            if (transform.type() > Transform.SEQUENCE_NUMBERS && !containsNone(theirs.transforms(), transform.type())) {
                return null;
            }
        }
        return new Proposal(theirs.number(), theirs.protocol(), theirs.spi(), chosen);
    }

    /** Whether the transforms of a type include "none": integrity beside an AEAD, no key exchange, no ESN. */
    private static boolean containsNone(List<Transform> transforms, int type) {
        if (type == Transform.ENCRYPTION || type == Transform.PRF) {
            return false;
        }
        for (Transform transform : transforms) {
            if (transform.type() == type && transform.id() == 0) {
                return true;
            }
        }
        return false;
    }

    /** Whether a proposal has a transform of a type that we understand. */
    private static boolean contains(Proposal proposal, int type) {
        for (Transform transform : proposal.transforms()) {
            if (transform.type() == type && transform.understood()) {
                return true;
            }
        }
        return false;
    }

    /** The same of "none". */
    private static boolean acceptsNone(Proposal proposal, int type) {
        if (type == Transform.ENCRYPTION || type == Transform.PRF) {
            return false;
        }
        for (Transform transform : proposal.transforms()) {
            if (transform.type() == type && transform.id() == 0 && transform.understood()) {
                return true;
            }
        }
        return false;
    }

    private static @Nullable Transform firstCommon(Proposal ours, Proposal theirs, int type) {
        for (Transform want : ours.transforms()) {
            if (want.type() == type && theirs.transforms().contains(want)) {
                return want;
            }
        }
        return null;
    }

    /**
     * The initiator's check of the answer: it must be one of the offered proposals, with one transform of each type it
     * offered (RFC 7296 section 2.7).
     *
     * @return the accepted proposal, null where the answer breaks the rule
     */
    public static @Nullable Proposal verify(List<Proposal> offered, List<Proposal> answer, boolean withKeyExchange) {
        if (answer.size() != 1) {
            return null;
        }
        Proposal accepted = answer.getFirst();
        for (Proposal candidate : offered) {
            if (candidate.number() == accepted.number() && candidate.protocol() == accepted.protocol()) {
                return isWithin(accepted, candidate, withKeyExchange) ? accepted : null;
            }
        }
        return null;
    }

    private static boolean isWithin(Proposal accepted, Proposal offered, boolean withKeyExchange) {
        int seen = 0;
        for (Transform transform : accepted.transforms()) {
            boolean none = transform.id() == 0 && transform.type() != Transform.ENCRYPTION;
            if (!none && !offered.transforms().contains(transform)) {
                return false;
            }
            int bit = 1 << transform.type();
            if (transform.type() > Transform.SEQUENCE_NUMBERS || (seen & bit) != 0) {
                return false;
            }
            seen |= bit;
        }
        for (Transform transform : offered.transforms()) {
            boolean required = (transform.type() != Transform.KEY_EXCHANGE || withKeyExchange)
                    && !containsNone(offered.transforms(), transform.type());
            if (required && (seen & 1 << transform.type()) == 0) {
                return false;
            }
        }
        return true;
    }

    /** The proposals numbered from 1, each with this SPI; without key exchange methods where they are not to be offered. */
    public static List<Proposal> offer(List<Proposal> configured, byte[] spi, boolean withKeyExchange) {
        List<Proposal> offered = new ArrayList<>();
        for (Proposal proposal : configured) {
            List<Transform> transforms = new ArrayList<>();
            for (Transform transform : proposal.transforms()) {
                if (withKeyExchange || transform.type() != Transform.KEY_EXCHANGE) {
                    transforms.add(transform);
                }
            }
            Proposal numbered = new Proposal(offered.size() + 1, proposal.protocol(), spi, transforms);
            offered.add(numbered);
        }
        return offered;
    }

    /** The first key exchange method of the proposals, in the order of preference; 0 where there is none. */
    public static int firstKeyExchange(List<Proposal> proposals) {
        for (Proposal proposal : proposals) {
            for (Transform transform : proposal.transforms()) {
                if (transform.type() == Transform.KEY_EXCHANGE) {
                    return transform.id();
                }
            }
        }
        return 0;
    }

    /** Whether any of the proposals offers a key exchange method. */
    public static boolean offersKeyExchange(List<Proposal> proposals, int method) {
        for (Proposal proposal : proposals) {
            for (Transform transform : proposal.transforms()) {
                if (transform.type() == Transform.KEY_EXCHANGE && transform.id() == method) {
                    return true;
                }
            }
        }
        return false;
    }
}
