package dev.cardinal.ike.sa;

import dev.cardinal.ike.crypto.CryptoRequest;
import dev.cardinal.ike.crypto.KeyExchangeHandle;
import dev.cardinal.ike.wire.Identification;

/** What an IKE SA wants done, written while it handles an event. The loop carries it out. */
public interface Effects {

    /** Sends a datagram; the array must not be changed any more, since it may be kept for a retransmission. */
    void send(byte[] datagram, Path path);

    /** Sends a NAT keepalive, one octet 0xff without a marker (RFC 3948 section 2.3). */
    void keepalive(Path path);

    /**
     * Hands public-key work over; the answer comes as {@link SaEvent.CryptoCompleted} with the ticket, in a later call of
     * {@link IkeSa#handle}, never within this one.
     *
     * @return false where the queue is full; nothing was taken and no answer comes
     */
    boolean submit(long ticket, CryptoRequest request);

    /** Frees our half of a key exchange. */
    void release(KeyExchangeHandle handle);

    /**
     * Installs a Child SA; the answer comes as {@link SaEvent.ChildInstalled}. The keys pass to the receiver, which wipes
     * them.
     */
    void install(long ticket, ChildSa child, ChildKeys keys);

    /** Removes a Child SA that was handed to {@link #install}, whether or not the answer has come. */
    void remove(ChildSa child);

    /**
     * A rekeyed IKE SA's successor: it is to receive datagrams for its own SPI from now on. May come again for an SA that
     * was adopted before: then its {@link IkeSa#nextDeadlineNanos()} has changed outside of its own {@code handle}.
     */
    void adopt(IkeSa successor);

    /**
     * An SA of ours that is to begin anew with the same peer, and then to replace this one: it enters the loop and is given
     * {@link SaCommand.Initiate} after the event at hand.
     */
    void begin(IkeSa successor);

    /**
     * This SA has been established for a pair of identities. The receiver applies {@link PeerPolicy#unique()} to older SAs
     * of the same pair: with {@code initialContact} they are forgotten without a word (RFC 7296 section 2.4), else deleted.
     *
     * @param initialContact whether the peer said that it knows no other SA with us
     */
    void established(PeerPolicy policy, Identification local, Identification remote, boolean initialContact);

    /** Something an operator may want to know. */
    void report(SaNotice notice);

    /** This SA has ended: it holds no secret and no handle any more and is to be forgotten. */
    void closed();
}
