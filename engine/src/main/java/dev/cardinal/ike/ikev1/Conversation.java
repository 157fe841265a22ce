package dev.cardinal.ike.ikev1;

import dev.cardinal.ike.sa.IkeSa;
import dev.cardinal.ike.sa.Retransmission;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The messages of one message ID: phase 1, or one exchange of phase 2. It remembers the last message of either side, since
 * in IKEv1 the two take turns and a message that comes again is answered by the one that was sent upon it, and it holds
 * what the exchange waits for.
 */
final class Conversation {
    /** How long an ended exchange still answers the peer's repeated messages: two of its retransmissions. */
    private static final long KEPT_NANOS = 30_000_000_000L;

    /** 0 in phase 1. */
    final int messageId;

    final int exchangeType;

    /** IV of the next message, whoever sends it. */
    byte[] iv;

    /** Null before it begins and after it has ended. */
    @Nullable
    Exchange exchange;

    /** Our message that awaits an answer; null where none does. */
    @Nullable
    Retransmission retransmission;

    /** Ticket of the request or installation under way, 0 for none. */
    long ticket;

    /** When the ticket is overdue. */
    long deadlineNanos = IkeSa.NEVER;

    /**
     * Whether what cannot be opened counts as an empty message, which proves nothing, rather than as none: where RSA encryption
     * authenticates, whatever is wrong must look alike.
     */
    boolean opaque;

    /** When the decryption was queued that the next answer follows; {@link Ikev1Sa#NOT_YET} where it follows none. */
    long decryptionNanos = Ikev1Sa.NOT_YET;

    /** What is ready and leaves at {@link #departureNanos}; null where nothing is. */
    @Nullable
    Runnable departure;

    long departureNanos = IkeSa.NEVER;

    private boolean received;
    private long receivedHash;
    private List<byte[]> sent = List.of();
    private long forgetNanos = IkeSa.NEVER;

    Conversation(int messageId, int exchangeType, byte[] iv) {
        this.messageId = messageId;
        this.exchangeType = exchangeType;
        this.iv = iv;
    }

    /** Whether it is the peer's last message again. @param hash of the datagram */
    boolean isRepeated(long hash) {
        return received && receivedHash == hash;
    }

    /** What the peer's last message was answered with. */
    List<byte[]> sent() {
        return sent;
    }

    /** The peer's next message was taken: it has answered ours. */
    void taken(long hash, byte[] nextIv) {
        received = true;
        receivedHash = hash;
        iv = nextIv;
        retransmission = null;
        sent = List.of();
    }

    void onSent(List<byte[]> datagrams) {
        sent = datagrams;
    }

    /** Whether the exchange waits, for a back end or for its answer's moment, and takes no message. */
    boolean isBusy() {
        return ticket != 0 || departure != null;
    }

    /** The moment of what waits has come. */
    void depart() {
        Runnable due = Ikev1Sa.required(departure);
        departure = null;
        departureNanos = IkeSa.NEVER;
        due.run();
    }

    void forgetTicket() {
        ticket = 0;
        deadlineNanos = IkeSa.NEVER;
    }

    /** The exchange has ended; its last message is kept a while. */
    void end(long now) {
        exchange = null;
        retransmission = null;
        departure = null;
        departureNanos = IkeSa.NEVER;
        forgetTicket();
        forgetNanos = now + KEPT_NANOS;
    }

    /** When this is to be forgotten. */
    long forgetNanos() {
        return forgetNanos;
    }
}
