package dev.cardinal.ike.crypto;

import org.jspecify.annotations.Nullable;

/** Hashes of the SIGNATURE_HASH_ALGORITHMS notify (RFC 7427 section 7, RFC 8420). */
public enum HashMethod {
    SHA1(1),
    SHA2_256(2),
    SHA2_384(3),
    SHA2_512(4),
    IDENTITY(5);

    private final int id;

    HashMethod(int id) {
        this.id = id;
    }

    public static @Nullable HashMethod of(int id) {
        for (HashMethod hash : values()) {
            if (hash.id == id) {
                return hash;
            }
        }
        return null;
    }

    /** The IANA number. */
    public int id() {
        return id;
    }
}
