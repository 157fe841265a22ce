package dev.cardinal.ike.crypto;

/** Random octets fit for keys, nonces and SPIs; a test's may be seeded. */
@FunctionalInterface
public interface RandomSource {

    /** Fills the whole array. */
    void fill(byte[] target);

    /** A fresh array of {@code length} random octets. */
    default byte[] octets(int length) {
        byte[] octets = new byte[length];
        fill(octets);
        return octets;
    }
}
