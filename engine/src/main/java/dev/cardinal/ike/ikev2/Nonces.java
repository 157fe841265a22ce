package dev.cardinal.ike.ikev2;

import java.util.Arrays;

/** The nonces of one exchange, {@code Ni} and {@code Nr}. */
record Nonces(byte[] ni, byte[] nr) {

    /** Octets of a nonce of ours: as long as the largest prf's key needs to be at least half of (RFC 7296 section 2.10). */
    static final int LENGTH = 32;

    /** The lower of the two, compared octet by octet (RFC 7296 section 2.8.1). */
    byte[] lowest() {
        return Arrays.compareUnsigned(ni, nr) <= 0 ? ni : nr;
    }

    /**
     * RFC 7296 section 2.8.1: of two simultaneous exchanges, the one with the lowest of the four nonces loses.
     *
     * @return whether this exchange loses against {@code other}
     */
    boolean loseAgainst(Nonces other) {
        return Arrays.compareUnsigned(lowest(), other.lowest()) < 0;
    }

    /** {@code Ni | Nr}. */
    byte[] concatenated() {
        byte[] both = Arrays.copyOf(ni, ni.length + nr.length);
        System.arraycopy(nr, 0, both, ni.length, nr.length);
        return both;
    }
}
