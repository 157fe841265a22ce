package dev.cardinal.ike.ikev1;

import dev.cardinal.ike.crypto.IsakmpCipher;
import dev.cardinal.ike.sa.PeerPolicy;
import dev.cardinal.ike.wire.IkeHeader;
import dev.cardinal.ike.wire.IsakmpBody;
import dev.cardinal.ike.wire.IsakmpCodec;
import dev.cardinal.ike.wire.IsakmpMessage;
import dev.cardinal.ike.wire.IsakmpPayload.Fragment;
import dev.cardinal.ike.wire.IsakmpPayloadType;
import dev.cardinal.ike.wire.MalformedMessage;
import java.net.Inet6Address;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Messages to and from datagrams: encryption (RFC 2409 appendix B), and fragments as Cisco divides them. */
final class IsakmpChannel {
    /** Octets of one reassembled message: a chain of several large certificates; fragments prove nothing of their sender. */
    private static final int MAX_LENGTH = 24_576;

    private static final int MAX_FRAGMENTS = 48;

    private static final int IPV4_OVERHEAD = 28;
    private static final int IPV6_OVERHEAD = 48;
    private static final int NON_ESP_MARKER = 4;
    private static final int FRAGMENT_OVERHEAD = IkeHeader.LENGTH + 8;

    private final Ikev1Sa sa;
    private @Nullable Reassembly reassembly;
    private int nextFragmentId = 1;

    IsakmpChannel(Ikev1Sa sa) {
        this.sa = sa;
    }

    /**
     * A message whose payloads lie open.
     *
     * @param nextIv IV of the conversation's next message if this one is taken
     */
    record Opened(IsakmpMessage message, byte[] nextIv) {}

    /** The parts of one message. */
    private static final class Reassembly {
        private final int id;
        private final SortedMap<Integer, byte[]> parts = new TreeMap<>();
        private int length;
        private int last;

        private Reassembly(int id) {
            this.id = id;
        }
    }

    /**
     * The whole message of a datagram: itself, or what its fragments make.
     *
     * @return null where fragments are missing
     * @throws MalformedMessage where the fragments are too many, too long, or hold fragments again
     */
    byte @Nullable [] whole(IkeHeader header, byte[] datagram) throws MalformedMessage {
        if (header.nextPayload() != IsakmpPayloadType.FRAGMENT.number()) {
            return datagram;
        }
        if (sa.policy == null || sa.policy.fragmentation() == PeerPolicy.Fragmentation.NO) {
            throw new MalformedMessage("a fragment where none was agreed on");
        }
        IsakmpMessage message = IsakmpCodec.decode(header, datagram);
        if (message.bodies().size() != 1 || !(message.bodies().getFirst().decode() instanceof Fragment fragment)) {
            throw new MalformedMessage("more than a fragment");
        }
        Reassembly current = reassembly;
        if (current == null || current.id != fragment.id()) {
            current = new Reassembly(fragment.id());
            reassembly = current;
        }
        if (fragment.number() > MAX_FRAGMENTS || current.length + fragment.data().length > MAX_LENGTH) {
            reassembly = null;
            throw new MalformedMessage("a message of too many fragments");
        }
        if (current.parts.putIfAbsent(fragment.number(), fragment.data()) == null) {
            current.length += fragment.data().length;
        }
        if (fragment.last()) {
            current.last = fragment.number();
        }
        if (current.last == 0 || current.parts.size() != current.last || current.parts.lastKey() != current.last) {
            return null;
        }
        reassembly = null;
        byte[] whole = new byte[current.length];
        int at = 0;
        for (byte[] part : current.parts.values()) {
            System.arraycopy(part, 0, whole, at, part.length);
            at += part.length;
        }
        if (whole.length >= IkeHeader.LENGTH && (whole[16] & 0xff) == IsakmpPayloadType.FRAGMENT.number()) {
            throw new MalformedMessage("fragments of a fragment");
        }
        return whole;
    }

    /**
     * Opens a message of a conversation; nothing is changed by it.
     *
     * @throws MalformedMessage where it is no valid one, or not encrypted where it must be; with a wrong key, as where the
     *     pre-shared secrets differ, that is what it looks like
     */
    Opened open(Conversation conversation, IkeHeader header, byte[] datagram) throws MalformedMessage {
        boolean encrypted = (header.flags() & IsakmpCodec.FLAG_ENCRYPTION) != 0;
        if (!encrypted) {
            if (conversation != sa.phase1) {
                throw new MalformedMessage("phase 2 that is not encrypted");
            }
            return new Opened(IsakmpCodec.decode(header, datagram), conversation.iv);
        }
        Ikev1KeyMaterial keys = sa.keys;
        if (keys == null) {
            throw new MalformedMessage("encrypted before there are keys");
        }
        try {
            return open(keys, header, datagram, conversation.iv);
        } catch (MalformedMessage malformed) {
            if (conversation.opaque) {
                return new Opened(new IsakmpMessage(header, List.of(), new byte[0]), conversation.iv);
            }
            throw malformed;
        }
    }

    /** Opens an encrypted message. @param iv of the message */
    Opened open(Ikev1KeyMaterial keys, IkeHeader header, byte[] datagram, byte[] iv) throws MalformedMessage {
        byte[] plaintext = keys.cipher().decrypt(datagram, iv);
        if (plaintext == null) {
            throw new MalformedMessage("encrypted octets that are no whole blocks");
        }
        byte[] nextIv = IsakmpCipher.lastBlock(datagram, keys.cipher().blockLength());
        return new Opened(IsakmpCodec.split(header, plaintext), nextIv);
    }

    /** The datagrams of a message that lies open. */
    List<byte[]> encode(Conversation conversation, List<IsakmpBody> bodies) {
        return divide(IsakmpCodec.encode(sa.header(conversation, 0), bodies), conversation);
    }

    /** The datagrams of an encrypted message; the conversation's IV goes on. */
    List<byte[]> seal(Ikev1KeyMaterial keys, Conversation conversation, List<IsakmpBody> bodies) {
        IkeHeader header = sa.header(conversation, IsakmpCodec.FLAG_ENCRYPTION);
        byte[] message = keys.cipher().encrypt(IsakmpCodec.encode(header, bodies), conversation.iv);
        conversation.iv = IsakmpCipher.lastBlock(message, keys.cipher().blockLength());
        return divide(message, conversation);
    }

    private boolean maySend() {
        PeerPolicy policy = sa.policy;
        return policy != null
                && switch (policy.fragmentation()) {
                    case YES, FORCE -> sa.peer.fragmentation();
                    case ACCEPT, NO -> false;
                };
    }

    private List<byte[]> divide(byte[] message, Conversation conversation) {
        PeerPolicy policy = sa.policy;
        if (policy == null || !maySend()) {
            return List.of(message);
        }
        int overhead = sa.path.remoteAddress() instanceof Inet6Address ? IPV6_OVERHEAD : IPV4_OVERHEAD;
        int room = policy.fragmentSize() - overhead - (sa.path.natT() ? NON_ESP_MARKER : 0);
        int capacity = room - FRAGMENT_OVERHEAD;
        int count = (message.length + capacity - 1) / capacity;
        if (message.length <= room || count > MAX_FRAGMENTS) {
            return List.of(message);
        }
        int id = nextFragmentId;
        nextFragmentId = nextFragmentId % 0xffff + 1;
        List<byte[]> datagrams = new ArrayList<>(count);
        for (int number = 1; number <= count; number++) {
            int from = (number - 1) * capacity;
            byte[] part = Arrays.copyOfRange(message, from, Math.min(message.length, from + capacity));
            Fragment fragment = new Fragment(id, number, number == count, part);
            datagrams.add(IsakmpCodec.encode(sa.header(conversation, 0), List.of(IsakmpBody.of(fragment))));
        }
        return datagrams;
    }
}
