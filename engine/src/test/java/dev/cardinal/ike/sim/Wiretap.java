package dev.cardinal.ike.sim;

import dev.cardinal.ike.crypto.EncryptionAlgorithm;
import dev.cardinal.ike.crypto.IntegrityAlgorithm;
import dev.cardinal.ike.crypto.IntegrityFailure;
import dev.cardinal.ike.crypto.MessageProtection;
import dev.cardinal.ike.crypto.PseudorandomFunction;
import dev.cardinal.ike.crypto.RandomSource;
import dev.cardinal.ike.crypto.Secret;
import dev.cardinal.ike.crypto.SymmetricCrypto;
import dev.cardinal.ike.sa.Path;
import dev.cardinal.ike.wire.ExchangeType;
import dev.cardinal.ike.wire.IkeHeader;
import dev.cardinal.ike.wire.IkeMessage;
import dev.cardinal.ike.wire.MalformedMessage;
import dev.cardinal.ike.wire.MessageCodec;
import dev.cardinal.ike.wire.Payload;
import dev.cardinal.ike.wire.Proposal;
import dev.cardinal.ike.wire.Transform;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Reads along. It sees the wire and the SKEYSEEDs that the simulated tokens made, derives every IKE SA's keys on its own
 * (RFC 7296 sections 2.14 and 2.18), and so opens every message, proves that both ends have the same keys, and can write
 * as either end.
 */
final class Wiretap implements AutoCloseable {
    private record Spis(long initiator, long responder) {}

    /** A message that comes in fragments. */
    private record MessageKey(Spis spis, boolean fromInitiator, boolean response, int messageId) {
        static MessageKey of(IkeHeader header) {
            return new MessageKey(
                    new Spis(header.initiatorSpi(), header.responderSpi()),
                    header.fromInitiator(),
                    header.isResponse(),
                    header.messageId());
        }
    }

    /** An IKE SA whose nonces and proposal were seen. */
    private static final class Tapped {
        final Spis spis;
        final byte[] nr;
        final Proposal proposal;

        @Nullable
        MessageProtection fromInitiator;

        @Nullable
        MessageProtection fromResponder;

        Tapped(Spis spis, byte[] nr, Proposal proposal) {
            this.spis = spis;
            this.nr = nr;
            this.proposal = proposal;
        }
    }

    private final SymmetricCrypto symmetric;
    private final RandomSource random;
    private final Map<Spis, Tapped> tapped = new HashMap<>();
    private final Map<MessageKey, TreeMap<Integer, byte[]>> fragments = new HashMap<>();
    private final Map<MessageKey, Long> rekeySpis = new HashMap<>();

    Wiretap(SymmetricCrypto symmetric, RandomSource random) {
        this.symmetric = symmetric;
        this.random = random;
    }

    /** Opens what one end sends to the other. */
    CapturedMessage capture(SimulatedHost from, SimulatedHost to, byte[] octets, Path path) {
        try {
            IkeMessage message = MessageCodec.decode(octets);
            IkeHeader header = message.header();
            Payload last =
                    message.payloads().isEmpty() ? null : message.payloads().getLast();
            if (last instanceof Payload.Encrypted whole) {
                List<Payload> payloads =
                        MessageCodec.decodePayloads(whole.firstInner(), open(from, to, octets, message));
                follow(header, payloads);
                return new CapturedMessage(from, to, octets, path, header, payloads, 0, 0);
            }
            if (last instanceof Payload.EncryptedFragment part) {
                List<Payload> payloads = collect(message, part, open(from, to, octets, message));
                follow(header, payloads);
                return new CapturedMessage(from, to, octets, path, header, payloads, part.number(), part.total());
            }
            followFirst(header, message.payloads());
            return new CapturedMessage(from, to, octets, path, header, message.payloads(), 0, 0);
        } catch (MalformedMessage e) {
            throw new AssertionError(from + " sent a malformed message", e);
        }
    }

    /**
     * A message as one end would write it, whole.
     *
     * @param header SPIs, flags, exchange type and message ID
     */
    byte[] seal(SimulatedHost as, SimulatedHost to, IkeHeader header, List<Payload> payloads) {
        MessageProtection protection = protection(as, to, header);
        return protection.protect(header, MessageCodec.firstType(payloads), MessageCodec.encodePayloads(payloads));
    }

    /** One fragment as one end would write it. */
    byte[] sealFragment(
            SimulatedHost as, SimulatedHost to, IkeHeader header, int firstInner, int number, int total, byte[] part) {
        return protection(as, to, header).protectFragment(header, firstInner, number, total, part);
    }

    /** Forgets all keys. */
    @Override
    public void close() {
        for (Tapped sa : tapped.values()) {
            if (sa.fromInitiator != null) {
                sa.fromInitiator.close();
            }
            if (sa.fromResponder != null) {
                sa.fromResponder.close();
            }
        }
        tapped.clear();
    }

    private byte[] open(SimulatedHost from, SimulatedHost to, byte[] octets, IkeMessage message) {
        try {
            return protection(from, to, message.header()).unprotect(octets, message);
        } catch (IntegrityFailure e) {
            throw new AssertionError(
                    from + " protects with keys that are not those of RFC 7296 section 2.14: " + message.header(), e);
        }
    }

    private MessageProtection protection(SimulatedHost from, SimulatedHost to, IkeHeader header) {
        Tapped sa = tapped.get(new Spis(header.initiatorSpi(), header.responderSpi()));
        if (sa == null) {
            throw new AssertionError(from + " protects with an IKE SA that was never agreed: " + header);
        }
        derive(sa, from, to);
        return Objects.requireNonNull(header.fromInitiator() ? sa.fromInitiator : sa.fromResponder);
    }

    /** The keys of both directions, from the sender's SKEYSEED, which must be the receiver's too where it has one. */
    private void derive(Tapped sa, SimulatedHost from, SimulatedHost to) {
        SimulatedToken.Agreement ours = from.token().agreement(sa.nr);
        SimulatedToken.Agreement theirs = to.token().agreement(sa.nr);
        if (ours == null) {
            throw new AssertionError(from + " protects a message before any key was agreed");
        }
        if (theirs != null && !Arrays.equals(ours.skeyseed(), theirs.skeyseed())) {
            throw new AssertionError("the ends of an IKE SA hold different keys");
        }
        if (sa.fromInitiator != null) {
            return;
        }
        int encryptionId = transform(sa.proposal, Transform.ENCRYPTION).id();
        EncryptionAlgorithm encryption = Objects.requireNonNull(EncryptionAlgorithm.of(encryptionId));
        int keyLength = transform(sa.proposal, Transform.ENCRYPTION).keyLength();
        PseudorandomFunction prf = Objects.requireNonNull(
                PseudorandomFunction.of(transform(sa.proposal, Transform.PRF).id()));
        IntegrityAlgorithm integrity = encryption.isAead()
                ? null
                : IntegrityAlgorithm.of(
                        transform(sa.proposal, Transform.INTEGRITY).id());
        int integrityLength = integrity == null ? 0 : integrity.keyLength();
        int encryptionLength = encryption.keyMaterialLength(keyLength);
        byte[] seed = ByteBuffer.allocate(ours.ni().length + ours.nr().length + 16)
                .put(ours.ni())
                .put(ours.nr())
                .putLong(sa.spis.initiator)
                .putLong(sa.spis.responder)
                .array();
        // SK_d, SK_ai, SK_ar, SK_ei, SK_er; SK_pi and SK_pr are not needed to read
        int length = prf.length() + 2 * integrityLength + 2 * encryptionLength;
        try (Secret skeyseed = Secret.copyOf(ours.skeyseed());
                Secret keys = symmetric.prfPlus(prf, skeyseed, seed, length)) {
            int authentication = prf.length();
            int cipher = authentication + 2 * integrityLength;
            sa.fromInitiator = new MessageProtection(
                    symmetric,
                    random,
                    encryption,
                    keys.slice(cipher, encryptionLength),
                    integrity,
                    integrity == null ? null : keys.slice(authentication, integrityLength));
            sa.fromResponder = new MessageProtection(
                    symmetric,
                    random,
                    encryption,
                    keys.slice(cipher + encryptionLength, encryptionLength),
                    integrity,
                    integrity == null ? null : keys.slice(authentication + integrityLength, integrityLength));
        }
    }

    private List<Payload> collect(IkeMessage message, Payload.EncryptedFragment part, byte[] octets)
            throws MalformedMessage {
        TreeMap<Integer, byte[]> parts =
                fragments.computeIfAbsent(MessageKey.of(message.header()), key -> new TreeMap<>());
        parts.put(part.number(), octets);
        if (part.number() == 1) {
            parts.put(0, new byte[] {(byte) part.firstInner()});
        }
        if (parts.size() < part.total() + 1) {
            return List.of();
        }
        ByteArrayOutputStream inner = new ByteArrayOutputStream();
        parts.tailMap(1).values().forEach(inner::writeBytes);
        return MessageCodec.decodePayloads(Objects.requireNonNull(parts.get(0))[0] & 0xff, inner.toByteArray());
    }

    private void followFirst(IkeHeader header, List<Payload> payloads) {
        Proposal proposal = proposal(payloads);
        byte[] nonce = nonce(payloads);
        if (header.exchangeType() == ExchangeType.IKE_SA_INIT
                && header.isResponse()
                && proposal != null
                && nonce != null) {
            Spis spis = new Spis(header.initiatorSpi(), header.responderSpi());
            tapped.putIfAbsent(spis, new Tapped(spis, nonce, proposal));
        }
    }

    /** RFC 7296 section 1.3.2: the rekeying of an IKE SA carries its SPIs in the proposals. */
    private void follow(IkeHeader header, List<Payload> payloads) {
        Proposal proposal = proposal(payloads);
        if (header.exchangeType() != ExchangeType.CREATE_CHILD_SA
                || proposal == null
                || proposal.protocol() != Proposal.IKE) {
            return;
        }
        long spi = ByteBuffer.wrap(proposal.spi()).getLong();
        MessageKey request = new MessageKey(
                new Spis(header.initiatorSpi(), header.responderSpi()),
                header.fromInitiator() != header.isResponse(),
                false,
                header.messageId());
        if (!header.isResponse()) {
            rekeySpis.put(request, spi);
            return;
        }
        Long initiatorSpi = rekeySpis.get(request);
        byte[] nonce = nonce(payloads);
        if (initiatorSpi != null && nonce != null) {
            Spis spis = new Spis(initiatorSpi, spi);
            tapped.putIfAbsent(spis, new Tapped(spis, nonce, proposal));
        }
    }

    private static @Nullable Proposal proposal(List<Payload> payloads) {
        for (Payload payload : payloads) {
            if (payload instanceof Payload.SecurityAssociation sa) {
                return sa.proposals().getFirst();
            }
        }
        return null;
    }

    private static byte @Nullable [] nonce(List<Payload> payloads) {
        for (Payload payload : payloads) {
            if (payload instanceof Payload.Nonce nonce) {
                return nonce.value();
            }
        }
        return null;
    }

    private static Transform transform(Proposal proposal, int type) {
        for (Transform transform : proposal.transforms()) {
            if (transform.type() == type) {
                return transform;
            }
        }
        throw new AssertionError("no transform of type " + type + " was agreed: " + proposal);
    }
}
