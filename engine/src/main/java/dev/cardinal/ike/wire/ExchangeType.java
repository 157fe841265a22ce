package dev.cardinal.ike.wire;

/** Exchange types of IKEv2 (RFC 7296 section 3.1, RFC 9242) and IKEv1 (RFC 2408 section 3.1, RFC 2409). */
public final class ExchangeType {
    /** IKEv1 main mode. */
    public static final int IDENTITY_PROTECTION = 2;

    /** IKEv1 aggressive mode. */
    public static final int AGGRESSIVE = 4;

    /** IKEv1's one-way messages. */
    public static final int ISAKMP_INFORMATIONAL = 5;

    /** XAUTH and Mode Config. */
    public static final int TRANSACTION = 6;

    public static final int QUICK_MODE = 32;
    public static final int IKE_SA_INIT = 34;
    public static final int IKE_AUTH = 35;
    public static final int CREATE_CHILD_SA = 36;
    public static final int INFORMATIONAL = 37;
    public static final int IKE_SESSION_RESUME = 38;
    public static final int IKE_INTERMEDIATE = 43;

    private ExchangeType() {}
}
