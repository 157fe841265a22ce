package dev.cardinal.ike.crypto;

import dev.cardinal.ike.wire.Transform;
import org.jspecify.annotations.Nullable;

/** Integrity algorithms, IKEv2 transform type 3 (RFC 8247). */
public enum IntegrityAlgorithm {
    HMAC_SHA1_96(2, "sha1", "HMAC_SHA1_96", "HmacSHA1", 20, 12),
    AES_XCBC_96(5, "aesxcbc", "AES_XCBC_96", "AES-XCBC", 16, 12),
    AES_CMAC_96(8, "aescmac", "AES_CMAC_96", "AES-CMAC", 16, 12),
    HMAC_SHA2_256_128(12, "sha256", "HMAC_SHA2_256_128", "HmacSHA256", 32, 16),
    HMAC_SHA2_384_192(13, "sha384", "HMAC_SHA2_384_192", "HmacSHA384", 48, 24),
    HMAC_SHA2_512_256(14, "sha512", "HMAC_SHA2_512_256", "HmacSHA512", 64, 32);

    private final int id;
    private final String keyword;
    private final String listing;
    private final String macName;
    private final int keyLength;
    private final int icvLength;

    IntegrityAlgorithm(int id, String keyword, String listing, String macName, int keyLength, int icvLength) {
        this.id = id;
        this.keyword = keyword;
        this.listing = listing;
        this.macName = macName;
        this.keyLength = keyLength;
        this.icvLength = icvLength;
    }

    public static @Nullable IntegrityAlgorithm of(int id) {
        for (IntegrityAlgorithm algorithm : values()) {
            if (algorithm.id == id) {
                return algorithm;
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

    /** Octets of key. */
    public int keyLength() {
        return keyLength;
    }

    /** Octets of the truncated check value on the wire. */
    public int icvLength() {
        return icvLength;
    }

    public Transform transform() {
        return new Transform(Transform.INTEGRITY, id, 0);
    }
}
