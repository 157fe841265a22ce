package dev.cardinal.ike.crypto;

/** Where a connection's key exchanges may be computed. */
public enum KeyExchangePlacement {
    /** On a token or not at all. */
    TOKEN_ONLY,
    /** On a token where it offers the method, else on the host, counted. */
    PREFER_TOKEN,
    /** On a token that gives the shared secret to the host, or not at all. */
    EXTRACTING_TOKEN_ONLY,
    /** On a token that gives the shared secret to the host, else on the host, counted. */
    PREFER_EXTRACTING_TOKEN,
    /** On the host. */
    HOST;

    /** The same where what is made of the shared secret is more than a token can do: IKEv1's keys. */
    public KeyExchangePlacement extracting() {
        return switch (this) {
            case TOKEN_ONLY, EXTRACTING_TOKEN_ONLY -> EXTRACTING_TOKEN_ONLY;
            case PREFER_TOKEN, PREFER_EXTRACTING_TOKEN -> PREFER_EXTRACTING_TOKEN;
            case HOST -> HOST;
        };
    }

    /** Whether the token must give the shared secret to the host. */
    public boolean isExtracting() {
        return this == EXTRACTING_TOKEN_ONLY || this == PREFER_EXTRACTING_TOKEN;
    }

    /** Whether the host may do it where no token can. */
    public boolean fallsBack() {
        return this == PREFER_TOKEN || this == PREFER_EXTRACTING_TOKEN;
    }
}
