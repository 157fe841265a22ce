package dev.cardinal.ike.ikev2;

import dev.cardinal.ike.crypto.SymmetricCrypto;
import dev.cardinal.ike.sa.IkeSa;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * Message IDs of both directions, with a window of one (RFC 7296 sections 2.2 and 2.3), and the response kept for
 * retransmissions of the peer's last request.
 */
final class MessageWindow {
    /**
     * How long a response is kept. RFC 7296 section 2.1: it may be forgotten after several minutes; a peer with strongSwan's
     * timers has given up after 165 seconds.
     */
    private static final long KEPT_NANOS = 240_000_000_000L;

    private int ownNext;
    private int peerNext;
    private long requestHash;
    private long forgetNanos = IkeSa.NEVER;
    private List<byte[]> response = List.of();

    /** The message ID of our next request, or of the one under way. */
    int ownId() {
        return ownNext;
    }

    /** Our request was answered. */
    void ownAnswered() {
        ownNext++;
    }

    /** The message ID that the peer's next request must have. */
    int expectedId() {
        return peerNext;
    }

    /**
     * RFC 7296 section 2.1: a retransmission is octet for octet the request answered last.
     *
     * @param datagram the message, or its first fragment (RFC 7383 section 2.6.1)
     */
    boolean isRetransmission(int messageId, byte[] datagram, SymmetricCrypto symmetric) {
        return messageId == peerNext - 1 && peerNext != 0 && requestHash == hash(datagram, symmetric);
    }

    /**
     * What a retransmission is known by: 64 bits of its SHA-256. Whoever finds another message with the same
     * gets what a copy of the request gets.
     */
    static long hash(byte[] datagram, SymmetricCrypto symmetric) {
        return ByteBuffer.wrap(symmetric.sha256(datagram)).getLong();
    }

    /** Empty where none was sent, or it was forgotten: then a retransmission is not answered. */
    List<byte[]> response() {
        return response;
    }

    /** The peer's next request was taken: it is processed once and never again. @param hash of its first datagram */
    void taken(long hash) {
        peerNext++;
        requestHash = hash;
        forget();
    }

    void answered(List<byte[]> datagrams, long now) {
        response = datagrams;
        forgetNanos = now + KEPT_NANOS;
    }

    /** When the response is to be forgotten; NEVER where there is none. */
    long forgetNanos() {
        return forgetNanos;
    }

    void forget() {
        response = List.of();
        forgetNanos = IkeSa.NEVER;
    }
}
