package dev.cardinal.ike.crypto;

import dev.cardinal.ike.wire.Transform;
import org.jspecify.annotations.Nullable;

/** Pseudorandom functions, IKEv2 transform type 2 (RFC 7296 section 2.13, RFC 8247). */
public enum PseudorandomFunction {
    HMAC_SHA1(2, "prfsha1", "PRF_HMAC_SHA1", "HmacSHA1", 20, false),
    AES128_XCBC(4, "prfaesxcbc", "PRF_AES128_XCBC", "AES-XCBC", 16, true),
    HMAC_SHA2_256(5, "prfsha256", "PRF_HMAC_SHA2_256", "HmacSHA256", 32, false),
    HMAC_SHA2_384(6, "prfsha384", "PRF_HMAC_SHA2_384", "HmacSHA384", 48, false),
    HMAC_SHA2_512(7, "prfsha512", "PRF_HMAC_SHA2_512", "HmacSHA512", 64, false),
    AES128_CMAC(8, "prfaescmac", "PRF_AES128_CMAC", "AES-CMAC", 16, true);

    private final int id;
    private final String keyword;
    private final String listing;
    private final String macName;
    private final int length;
    private final boolean fixedNonceKey;

    PseudorandomFunction(int id, String keyword, String listing, String macName, int length, boolean fixedNonceKey) {
        this.id = id;
        this.keyword = keyword;
        this.listing = listing;
        this.macName = macName;
        this.length = length;
        this.fixedNonceKey = fixedNonceKey;
    }

    public static @Nullable PseudorandomFunction of(int id) {
        for (PseudorandomFunction prf : values()) {
            if (prf.id == id) {
                return prf;
            }
        }
        return null;
    }

    /** The IANA transform id. */
    public int id() {
        return id;
    }

    /** The configuration keyword. */
    public String keyword() {
        return keyword;
    }

    /** The name in listings, as strongSwan prints it. */
    public String listing() {
        return listing;
    }

    /** The name of the MAC: a JCA name, or AES-XCBC or AES-CMAC. */
    public String macName() {
        return macName;
    }

    /** Octets of output, which is also the preferred key length. */
    public int length() {
        return length;
    }

    /**
     * Whether SKEYSEED's key is the first eight octets of each nonce instead of both nonces whole (RFC 7296 section 2.14).
     */
    public boolean fixedNonceKey() {
        return fixedNonceKey;
    }

    public Transform transform() {
        return new Transform(Transform.PRF, id, 0);
    }
}
