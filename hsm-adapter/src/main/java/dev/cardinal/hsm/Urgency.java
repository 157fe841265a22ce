package dev.cardinal.hsm;

/** The class of a request: each has a bounded queue of its own, and the workers serve them in this order. */
public enum Urgency {
    /** Finish what has begun: a handshake past its first message. */
    BEGUN,
    /** Keep what is established: rekeying, liveness. */
    ESTABLISHED,
    /** Work for a peer of whom nothing is known yet. */
    NEW
}
