package dev.cardinal.ike.sa;

/** Orders to an IKE SA. Each is carried out as soon as the exchange under way has ended. */
public sealed interface SaCommand {

    /** Begins the first exchange; only to an SA made as initiator. */
    record Initiate() implements SaCommand {}

    /** Another Child SA under the established IKE SA. */
    record CreateChild(ChildPolicy policy) implements SaCommand {}

    /** Rekeys the Child SA with this inbound SPI. */
    record RekeyChild(int inboundSpi) implements SaCommand {}

    /** Rekeys the IKE SA. */
    record RekeyIke() implements SaCommand {}

    /** Deletes the Child SA with this inbound SPI. */
    record DeleteChild(int inboundSpi) implements SaCommand {}

    /** Deletes the IKE SA and with it all its Child SAs. */
    record DeleteIke() implements SaCommand {}

    /** Forgets the IKE SA without telling the peer, which has lost it (RFC 7296 section 2.4). */
    record Forget() implements SaCommand {}

    /**
     * The peer has made another SA with us, which takes over what this one has; the peer ends this one. Only between SAs of
     * one loop.
     */
    record HandOver(IkeSa successor) implements SaCommand {}

    /** Asks the peer for a sign of life now. */
    record CheckLiveness() implements SaCommand {}
}
