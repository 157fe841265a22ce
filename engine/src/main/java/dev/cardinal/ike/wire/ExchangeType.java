package dev.cardinal.ike.wire;

/** Exchange types of IKEv2 (RFC 7296 section 3.1, RFC 9242). */
public final class ExchangeType {
    public static final int IKE_SA_INIT = 34;
    public static final int IKE_AUTH = 35;
    public static final int CREATE_CHILD_SA = 36;
    public static final int INFORMATIONAL = 37;
    public static final int IKE_SESSION_RESUME = 38;
    public static final int IKE_INTERMEDIATE = 43;

    private ExchangeType() {}
}
