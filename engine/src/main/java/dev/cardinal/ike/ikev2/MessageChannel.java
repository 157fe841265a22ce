package dev.cardinal.ike.ikev2;

import dev.cardinal.ike.crypto.IntegrityFailure;
import dev.cardinal.ike.crypto.MessageProtection;
import dev.cardinal.ike.sa.Fragments;
import dev.cardinal.ike.sa.PeerPolicy;
import dev.cardinal.ike.wire.IkeHeader;
import dev.cardinal.ike.wire.IkeMessage;
import dev.cardinal.ike.wire.MalformedMessage;
import dev.cardinal.ike.wire.MessageCodec;
import dev.cardinal.ike.wire.Payload;
import dev.cardinal.ike.wire.Payload.Encrypted;
import dev.cardinal.ike.wire.Payload.EncryptedFragment;
import java.net.Inet6Address;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Protected messages to and from datagrams, fragmented where they must be (RFC 7383). */
final class MessageChannel {
    /** IPv4 and UDP headers. */
    private static final int IPV4_OVERHEAD = 28;

    /** IPv6 and UDP headers. */
    private static final int IPV6_OVERHEAD = 48;

    private static final int NON_ESP_MARKER = 4;

    private static final byte[] NOTHING = new byte[0];

    private final Ikev2Sa sa;
    private @Nullable Fragments requests;
    private @Nullable Fragments responses;
    private long firstRequestFragment;

    MessageChannel(Ikev2Sa sa) {
        this.sa = sa;
    }

    /**
     * A message whose integrity was proven, its payloads not yet decoded.
     *
     * @param hash {@link MessageWindow#hash} of its datagram, or of its first fragment
     */
    record Opened(int firstInner, byte[] inner, long hash) {}

    /** The datagrams of a protected message. */
    List<byte[]> seal(
            Ikev2KeyMaterial keys, int exchangeType, boolean response, int messageId, List<Payload> payloads) {
        IkeHeader header = sa.header(exchangeType, response, messageId);
        int firstInner = MessageCodec.firstType(payloads);
        byte[] inner = MessageCodec.encodePayloads(payloads);
        MessageProtection protection = keys.outbound();
        PeerPolicy policy = sa.policy;
        int room = room();
        if (policy != null && sa.peerFragmentation && maySend(policy)) {
            int capacity = protection.fragmentCapacity(room);
            byte[] whole = inner.length > capacity ? NOTHING : protection.protect(header, firstInner, inner);
            if (whole.length == 0 || whole.length > room) {
                return fragments(protection, header, firstInner, inner, capacity);
            }
            return List.of(whole);
        }
        return List.of(protection.protect(header, firstInner, inner));
    }

    private static boolean maySend(PeerPolicy policy) {
        return switch (policy.fragmentation()) {
            case YES, FORCE -> true;
            case ACCEPT, NO -> false;
        };
    }

    private int room() {
        int size = sa.policy == null ? 1280 : sa.policy.fragmentSize();
        int overhead = sa.path.remoteAddress() instanceof Inet6Address ? IPV6_OVERHEAD : IPV4_OVERHEAD;
        return size - overhead - (sa.path.natT() ? NON_ESP_MARKER : 0);
    }

    private static List<byte[]> fragments(
            MessageProtection protection, IkeHeader header, int firstInner, byte[] inner, int capacity) {
        int total = (inner.length + capacity - 1) / capacity;
        List<byte[]> datagrams = new ArrayList<>(total);
        for (int number = 1; number <= total; number++) {
            int from = (number - 1) * capacity;
            byte[] part = Arrays.copyOfRange(inner, from, Math.min(inner.length, from + capacity));
            datagrams.add(protection.protectFragment(header, number == 1 ? firstInner : 0, number, total, part));
        }
        return datagrams;
    }

    /**
     * Opens a protected message.
     *
     * @return null where it is a fragment and others are missing
     * @throws MalformedMessage where the datagram is no protected message
     * @throws IntegrityFailure where it is not authentic; nothing was changed
     */
    @Nullable
    Opened open(Ikev2KeyMaterial keys, byte[] datagram, boolean response) throws MalformedMessage, IntegrityFailure {
        IkeMessage outer = MessageCodec.decode(datagram);
        int messageId = outer.header().messageId();
        Payload last = outer.payloads().isEmpty() ? null : outer.payloads().getLast();
        if (last instanceof Encrypted encrypted) {
            byte[] inner = keys.inbound().unprotect(datagram, outer);
            keepFragments(null, response);
            return new Opened(encrypted.firstInner(), inner, MessageWindow.hash(datagram, sa.environment.symmetric()));
        }
        if (!(last instanceof EncryptedFragment fragment)) {
            throw new MalformedMessage("no encrypted payload at the end");
        }
        Fragments fragments = response ? responses : requests;
        if (fragments != null && fragments.has(messageId, fragment)) {
            return null;
        }
        byte[] part = keys.inbound().unprotect(datagram, outer);
        if (fragment.number() == 1 && !response) {
            firstRequestFragment = MessageWindow.hash(datagram, sa.environment.symmetric());
        }
        if (fragments == null) {
            fragments = new Fragments();
        }
        byte[] inner = fragments.add(messageId, fragment, part);
        keepFragments(inner == null ? fragments : null, response);
        return inner == null ? null : new Opened(fragments.firstInner(), inner, firstRequestFragment);
    }

    private void keepFragments(@Nullable Fragments fragments, boolean response) {
        if (response) {
            responses = fragments;
        } else {
            requests = fragments;
        }
    }
}
