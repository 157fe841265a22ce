package dev.cardinal.ike.crypto;

/** Which work a back end does first. */
public enum Urgency {
    /** A handshake past its first message. */
    BEGUN,
    /** Work for an established SA. */
    ESTABLISHED,
    /** Work for a peer of whom nothing is known yet. */
    NEW
}
