package dev.cardinal.ike.loop;

import dev.cardinal.ike.sa.Fragments;
import dev.cardinal.ike.sa.SaEvent;
import dev.cardinal.ike.wire.IkeHeader;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/**
 * Where handshakes wait before anything is computed for them, as the datagrams they came in: after an outage every client
 * comes at once, and what is begun for more of them than the back ends can serve is begun in vain. Handshakes go on in
 * their order, those that have begun first, as long as few requests are with back ends; so these are always busy and never
 * have a queue to speak of, and a client waits its turn here for the price of its message.
 *
 * <p>Strangers stand in one line, a message each. Half-open SAs stand in another, one place each however much their peers
 * send: what they send is not authenticated yet, and one that sends nonsense shall keep nobody waiting but itself. Each line
 * is bounded in messages and octets of its own. A peer that repeats its message keeps its place. For one loop's thread.
 */
final class Intake {
    /** Requests with back ends from which on handshakes wait: what keeps several workers in full batches. */
    static final int WAITING_LIMIT = 256;

    /** Strangers: all clients of a large gateway after its restart. */
    static final int STRANGER_LIMIT = 1 << 17;

    /** Octets of all strangers' messages; a first message has about 500. */
    static final int STRANGER_OCTETS = 64 << 20;

    /** Messages of all half-open SAs. */
    static final int BEGUN_LIMIT = 1 << 16;

    /** Octets of all half-open SAs' messages; an IKE_AUTH with a certificate has 1,500. */
    static final int BEGUN_OCTETS = 64 << 20;

    /** Messages of one half-open SA: the fragments of one request (RFC 7383); its peer may send no second before the answer. */
    static final int SA_LIMIT = Fragments.MAX_FRAGMENTS;

    /** Headers of a fragment: IKE, Encrypted Fragment, the largest initialization vector, padding and checksum. */
    private static final int FRAGMENT_OVERHEAD = 128;

    /** Octets of one half-open SA: the largest request that is reassembled, in so many fragments. */
    static final int SA_OCTETS = Fragments.MAX_LENGTH + SA_LIMIT * FRAGMENT_OVERHEAD;

    /** A peer not heard of for so long has given up: it is longer than any pause between its retransmissions. */
    static final long PATIENCE_NANOS = 60_000_000_000L;

    private final Queue<Stranger> strangers = new ArrayDeque<>();
    private final LongTable<Stranger> strangersByHash = new LongTable<>();
    private int strangersOctets;

    private final Queue<Backlog> begun = new ArrayDeque<>();
    private final LongTable<Backlog> begunBySpi = new LongTable<>();
    private int begunMessages;
    private int begunOctets;

    /** A first message that waits. */
    static final class Stranger {
        private final IkeHeader header;
        private final SaEvent.Datagram datagram;
        private final long hash;
        private long heardNanos;

        private Stranger(IkeHeader header, SaEvent.Datagram datagram, long hash, long heardNanos) {
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

    /** What a half-open SA has waiting. */
    static final class Backlog {
        private final long ownSpi;
        private final Queue<SaEvent.Datagram> messages = new ArrayDeque<>(2);
        private long[] hashes = new long[2];
        private int octets;

        private Backlog(long ownSpi) {
            this.ownSpi = ownSpi;
        }

        /** Our SPI of the SA. */
        long ownSpi() {
            return ownSpi;
        }

        /** Its messages in the order in which they came. */
        Iterable<SaEvent.Datagram> messages() {
            return messages;
        }

        private boolean has(long hash) {
            for (int i = 0; i < messages.size(); i++) {
                if (hashes[i] == hash) {
                    return true;
                }
            }
            return false;
        }

        private void add(SaEvent.Datagram datagram, long hash) {
            int size = messages.size();
            if (size == hashes.length) {
                hashes = Arrays.copyOf(hashes, 2 * size);
            }
            hashes[size] = hash;
            messages.add(datagram);
            octets += datagram.octets().length;
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

    /** A stranger's first message, which the gate let pass. @param hash {@link KeyedHash#ofRetransmission} of it */
    Answer addStranger(IkeHeader header, SaEvent.Datagram datagram, long hash, long nowNanos) {
        if (hear(hash, nowNanos)) {
            return Answer.KNOWN;
        }
        int length = datagram.octets().length;
        if (strangers.size() >= STRANGER_LIMIT || strangersOctets > STRANGER_OCTETS - length) {
            return Answer.FULL;
        }
        Stranger stranger = new Stranger(header, datagram, hash, nowNanos);
        strangersByHash.put(hash, stranger);
        strangers.add(stranger);
        strangersOctets += length;
        return Answer.TAKEN;
    }

    /** A stranger's message that waits, repeated. @return false where it does not wait */
    boolean hear(long hash, long nowNanos) {
        Stranger known = strangersByHash.get(hash);
        if (known == null) {
            return false;
        }
        known.heardNanos = nowNanos;
        return true;
    }

    /** The stranger whose turn it is, null where there is none. */
    @Nullable
    Stranger pollStranger() {
        Stranger next = strangers.poll();
        if (next != null) {
            strangersByHash.remove(next.hash);
            strangersOctets -= next.datagram.octets().length;
        }
        return next;
    }

    /** A message for a half-open SA. @param hash {@link KeyedHash#ofRetransmission} of it */
    Answer addBegun(long ownSpi, SaEvent.Datagram datagram, long hash) {
        int length = datagram.octets().length;
        Backlog backlog = begunBySpi.get(ownSpi);
        if (backlog != null) {
            if (backlog.has(hash)) {
                return Answer.KNOWN;
            }
            if (backlog.messages.size() >= SA_LIMIT || backlog.octets > SA_OCTETS - length) {
                return Answer.FULL;
            }
        }
        if (begunMessages >= BEGUN_LIMIT || begunOctets > BEGUN_OCTETS - length) {
            return Answer.FULL;
        }
        if (backlog == null) {
            backlog = new Backlog(ownSpi);
            begunBySpi.put(ownSpi, backlog);
            begun.add(backlog);
        }
        backlog.add(datagram, hash);
        begunMessages++;
        begunOctets += length;
        return Answer.TAKEN;
    }

    /** The half-open SA whose turn it is, with all it has waiting, null where there is none. */
    @Nullable
    Backlog pollBegun() {
        while (true) {
            Backlog next = begun.poll();
            if (next == null || release(next.ownSpi, next)) {
                return next;
            }
            // its SA has ended meanwhile
        }
    }

    /** An SA has ended: what it has waiting is freed, and its place is void. */
    void forget(long ownSpi) {
        Backlog backlog = begunBySpi.get(ownSpi);
        if (backlog != null) {
            release(ownSpi, backlog);
            backlog.messages.clear();
        }
    }

    /** Takes a backlog out of the count. @return false where it was taken out before */
    private boolean release(long ownSpi, Backlog backlog) {
        if (begunBySpi.get(ownSpi) != backlog) {
            return false;
        }
        begunBySpi.remove(ownSpi);
        begunMessages -= backlog.messages.size();
        begunOctets -= backlog.octets;
        return true;
    }

    boolean hasBegun() {
        return begunMessages > 0;
    }

    boolean hasStrangers() {
        return !strangers.isEmpty();
    }

    boolean isEmpty() {
        return begunMessages == 0 && strangers.isEmpty();
    }

    /** Messages that wait. */
    int size() {
        return begunMessages + strangers.size();
    }
}
