package dev.cardinal.ike.crypto;

import dev.cardinal.ike.wire.Transform;
import org.jspecify.annotations.Nullable;

/** Encryption algorithms, IKEv2 transform type 1 (RFC 8247, RFC 8221), which IKEv1's attributes are mapped to. */
public enum EncryptionAlgorithm {
    /** For old peers: its blocks of 64 bits are few before they repeat. Only where the configuration names it. */
    TRIPLE_DES_CBC(3, "3des", "3DES_CBC", Shape.CBC, 8, 0, 0),
    /** Refused for IKE, and for Child SAs by default. */
    NULL(11, "null", "NULL", Shape.NULL, 0, 0, 0),
    AES_CBC(12, "aes", "AES_CBC", Shape.CBC, 16, 0, 0),
    AES_CTR(13, "aesctr", "AES_CTR", Shape.CTR, 8, 0, 4),
    AES_CCM_8(14, "ccm8", "AES_CCM_8", Shape.AEAD, 8, 8, 3),
    AES_CCM_12(15, "ccm12", "AES_CCM_12", Shape.AEAD, 8, 12, 3),
    AES_CCM_16(16, "ccm16", "AES_CCM_16", Shape.AEAD, 8, 16, 3),
    AES_GCM_8(18, "gcm8", "AES_GCM_8", Shape.AEAD, 8, 8, 4),
    AES_GCM_12(19, "gcm12", "AES_GCM_12", Shape.AEAD, 8, 12, 4),
    AES_GCM_16(20, "gcm16", "AES_GCM_16", Shape.AEAD, 8, 16, 4),
    CHACHA20_POLY1305(28, "chacha20poly1305", "CHACHA20_POLY1305", Shape.AEAD, 8, 16, 4);

    /** How the octets of an encrypted payload are laid out. */
    public enum Shape {
        NULL,
        CBC,
        CTR,
        AEAD
    }

    private final int id;
    private final String keyword;
    private final String listing;
    private final Shape shape;
    private final int ivLength;
    private final int icvLength;
    private final int saltLength;

    EncryptionAlgorithm(
            int id, String keyword, String listing, Shape shape, int ivLength, int icvLength, int saltLength) {
        this.id = id;
        this.keyword = keyword;
        this.listing = listing;
        this.shape = shape;
        this.ivLength = ivLength;
        this.icvLength = icvLength;
        this.saltLength = saltLength;
    }

    public static @Nullable EncryptionAlgorithm of(int id) {
        for (EncryptionAlgorithm algorithm : values()) {
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

    /** The stem of the configuration keyword; AES variants carry the key length, as in {@code aes256gcm16}. */
    public String keyword() {
        return keyword;
    }

    /** The name in listings, as strongSwan prints it, without the key length. */
    public String listing() {
        return listing;
    }

    public Shape shape() {
        return shape;
    }

    /** Whether integrity is part of the algorithm. */
    public boolean isAead() {
        return shape == Shape.AEAD;
    }

    /** Octets of the explicit IV. */
    public int ivLength() {
        return ivLength;
    }

    /** Octets of the integrity check value of an AEAD, else 0. */
    public int icvLength() {
        return icvLength;
    }

    /** Octets of salt that follow the key in the key material. */
    public int saltLength() {
        return saltLength;
    }

    /** Block size in octets that the plaintext is padded to; 1 where none is needed. */
    public int blockLength() {
        return shape == Shape.CBC ? ivLength : 1;
    }

    /** Whether the transform carries a key length attribute. */
    public boolean hasKeyLength() {
        return switch (this) {
            case TRIPLE_DES_CBC, NULL, CHACHA20_POLY1305 -> false;
            case AES_CBC, AES_CTR, AES_CCM_8, AES_CCM_12, AES_CCM_16, AES_GCM_8, AES_GCM_12, AES_GCM_16 -> true;
        };
    }

    /** Whether {@code bits} is a key length of this algorithm; 0 where it has none. */
    public boolean accepts(int bits) {
        return hasKeyLength() ? bits == 128 || bits == 192 || bits == 256 : bits == 0;
    }

    /**
     * Octets of key material, salt included.
     *
     * @param keyLength the key length attribute in bits, 0 where absent
     */
    public int keyMaterialLength(int keyLength) {
        return switch (this) {
            case NULL -> 0;
            case TRIPLE_DES_CBC -> 24;
            case CHACHA20_POLY1305 -> 32 + saltLength;
            case AES_CBC, AES_CTR, AES_CCM_8, AES_CCM_12, AES_CCM_16, AES_GCM_8, AES_GCM_12, AES_GCM_16 ->
                keyLength / 8 + saltLength;
        };
    }

    public Transform transform(int keyLength) {
        return new Transform(Transform.ENCRYPTION, id, keyLength);
    }
}
