package dev.cardinal.ike.ikev2;

import dev.cardinal.ike.crypto.SymmetricCrypto;
import java.security.MessageDigest;
import java.util.List;

/**
 * Message IDs of both directions, with a window of one (RFC 7296 sections 2.2 and 2.3), and the response kept for
 * retransmissions of the peer's last request.
 */
final class MessageWindow {
    private static final byte[] NOTHING = new byte[0];

    private int ownNext;
    private int peerNext;
    private byte[] requestHash = NOTHING;
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
        return messageId == peerNext - 1 && MessageDigest.isEqual(requestHash, symmetric.sha256(datagram));
    }

    List<byte[]> response() {
        return response;
    }

    /** The peer's next request was taken: it is processed once and never again. @param hash of its first datagram */
    void taken(byte[] hash) {
        peerNext++;
        requestHash = hash;
        response = List.of();
    }

    void answered(List<byte[]> datagrams) {
        response = datagrams;
    }
}
