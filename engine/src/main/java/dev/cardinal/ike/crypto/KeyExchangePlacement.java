package dev.cardinal.ike.crypto;

/** Where a connection's key exchanges may be computed. */
public enum KeyExchangePlacement {
    /** On a token or not at all. */
    TOKEN_ONLY,
    /** On a token where it offers the method, else on the host, counted. */
    PREFER_TOKEN,
    /** On the host. */
    HOST
}
