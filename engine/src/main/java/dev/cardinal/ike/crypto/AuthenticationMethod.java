package dev.cardinal.ike.crypto;

/** Authentication methods of the AUTH payload (RFC 7296 section 3.8, RFC 4754, RFC 7427). */
public final class AuthenticationMethod {
    public static final int RSA_DIGITAL_SIGNATURE = 1;
    public static final int SHARED_KEY = 2;
    public static final int ECDSA_256 = 9;
    public static final int ECDSA_384 = 10;
    public static final int ECDSA_521 = 11;
    public static final int DIGITAL_SIGNATURE = 14;

    private AuthenticationMethod() {}
}
