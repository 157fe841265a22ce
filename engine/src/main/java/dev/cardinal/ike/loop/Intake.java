package dev.cardinal.ike.loop;

import dev.cardinal.ike.sa.SaEvent;
import dev.cardinal.ike.wire.IkeHeader;
import java.util.ArrayDeque;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/**
 * Where handshakes wait before anything is computed for them, as the datagrams they came in: after an outage every client
 * comes at once, and what is begun for more of them than the back ends can serve is begun in vain. Handshakes go on in
 * their order, those that have begun first, as long as few requests are with back ends; so these are always busy and never
 * have a queue to speak of, and a client waits its turn here for the price of its message.
 *
 * <p>A peer that repeats its message while it waits keeps its place. Bounded in messages and octets. For one loop's thread.
 */
final class Intake {
    /** Requests with back ends from which on handshakes wait: what keeps several workers in full batches. */
    static final int WAITING_LIMIT = 256;

    /** Messages of each kind. */
    static final int MESSAGE_LIMIT = 1 << 16;

    /** Octets of all messages; a first message has about 500, an IKE_AUTH with a certificate 1,500. */
    static final int OCTET_LIMIT = 128 << 20;

    /** A peer not heard of for so long has given up: it is longer than any pause between its retransmissions. */
    static final long PATIENCE_NANOS = 60_000_000_000L;

    private final Line begun = new Line();
    private final Line strangers = new Line();
    private int octets;

    /** A message that waits. */
    static final class Waiting {
        private final IkeHeader header;
        private final SaEvent.Datagram datagram;
        private final long hash;
        private long heardNanos;

        private Waiting(IkeHeader header, SaEvent.Datagram datagram, long hash, long heardNanos) {
            this.header = header;
            this.datagram = datagram;
            this.hash = hash;
            this.heardNanos = heardNanos;
        }

        IkeHeader header() {
            return header;
        }

        SaEvent.Datagram datagram() {
            return datagram;
        }

        /** {@link KeyedHash#ofRetransmission} of the message. */
        long hash() {
            return hash;
        }

        /** Whether its peer may still be there. */
        boolean isAlive(long nowNanos) {
            return nowNanos - heardNanos < PATIENCE_NANOS;
        }
    }

    /** What became of a message. */
    enum Answer {
        TAKEN,
        /** It waits already. */
        KNOWN,
        /** No room. */
        FULL
    }

    /** Messages of one kind. */
    private static final class Line {
        private final Queue<Waiting> queue = new ArrayDeque<>();
        private final LongTable<Waiting> byHash = new LongTable<>();
    }

    /** A message of a handshake that has begun. */
    Answer addBegun(IkeHeader header, SaEvent.Datagram datagram, long hash, long nowNanos) {
        return add(begun, header, datagram, hash, nowNanos);
    }

    /** A stranger's first message, which the gate let pass. */
    Answer addStranger(IkeHeader header, SaEvent.Datagram datagram, long hash, long nowNanos) {
        return add(strangers, header, datagram, hash, nowNanos);
    }

    private Answer add(Line line, IkeHeader header, SaEvent.Datagram datagram, long hash, long nowNanos) {
        Waiting known = line.byHash.get(hash);
        if (known != null) {
            known.heardNanos = nowNanos;
            return Answer.KNOWN;
        }
        int length = datagram.octets().length;
        if (line.queue.size() >= MESSAGE_LIMIT || octets > OCTET_LIMIT - length) {
            return Answer.FULL;
        }
        Waiting waiting = new Waiting(header, datagram, hash, nowNanos);
        line.byHash.put(hash, waiting);
        line.queue.add(waiting);
        octets += length;
        return Answer.TAKEN;
    }

    /** A stranger's message that waits, repeated. @return false where it does not wait */
    boolean hear(long hash, long nowNanos) {
        Waiting known = strangers.byHash.get(hash);
        if (known == null) {
            return false;
        }
        known.heardNanos = nowNanos;
        return true;
    }

    /** The message of a handshake that has begun whose turn it is, null where there is none. */
    @Nullable
    Waiting pollBegun() {
        return poll(begun);
    }

    /** The stranger whose turn it is, null where there is none. */
    @Nullable
    Waiting pollStranger() {
        return poll(strangers);
    }

    private @Nullable Waiting poll(Line line) {
        Waiting next = line.queue.poll();
        if (next != null) {
            line.byHash.remove(next.hash);
            octets -= next.datagram.octets().length;
        }
        return next;
    }

    boolean hasBegun() {
        return !begun.queue.isEmpty();
    }

    boolean isEmpty() {
        return begun.queue.isEmpty() && strangers.queue.isEmpty();
    }

    int size() {
        return begun.queue.size() + strangers.queue.size();
    }
}
