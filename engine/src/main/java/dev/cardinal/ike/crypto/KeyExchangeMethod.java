package dev.cardinal.ike.crypto;

import dev.cardinal.ike.wire.Transform;
import org.jspecify.annotations.Nullable;

/** Key exchange methods, IKEv2 transform type 4 (RFC 2409, RFC 3526, RFC 5903, RFC 8031); IKEv1 numbers its groups alike. */
public enum KeyExchangeMethod {
    /** For old peers: within reach of the well-funded (RFC 8247 section 2.4). Only where the configuration names it. */
    MODP_1024(2, "modp1024", "MODP_1024", 128),
    /** As {@link #MODP_1024}, a little further off. */
    MODP_1536(5, "modp1536", "MODP_1536", 192),
    MODP_2048(14, "modp2048", "MODP_2048", 256),
    MODP_3072(15, "modp3072", "MODP_3072", 384),
    MODP_4096(16, "modp4096", "MODP_4096", 512),
    MODP_6144(17, "modp6144", "MODP_6144", 768),
    MODP_8192(18, "modp8192", "MODP_8192", 1024),
    ECP_256(19, "ecp256", "ECP_256", 64),
    ECP_384(20, "ecp384", "ECP_384", 96),
    ECP_521(21, "ecp521", "ECP_521", 132),
    CURVE_25519(31, "curve25519", "CURVE_25519", 32),
    CURVE_448(32, "curve448", "CURVE_448", 56);

    private final int id;
    private final String keyword;
    private final String listing;
    private final int publicLength;

    KeyExchangeMethod(int id, String keyword, String listing, int publicLength) {
        this.id = id;
        this.keyword = keyword;
        this.listing = listing;
        this.publicLength = publicLength;
    }

    public static @Nullable KeyExchangeMethod of(int id) {
        for (KeyExchangeMethod method : values()) {
            if (method.id == id) {
                return method;
            }
        }
        return null;
    }

    /** The IANA transform id. */
    public int id() {
        return id;
    }

    /** The configuration keyword; {@code x25519} and {@code x448} are accepted too. */
    public String keyword() {
        return keyword;
    }

    /** The name in listings, as strongSwan prints it. */
    public String listing() {
        return listing;
    }

    /** Octets of a public value on the wire. */
    public int publicLength() {
        return publicLength;
    }

    public Transform transform() {
        return new Transform(Transform.KEY_EXCHANGE, id, 0);
    }
}
