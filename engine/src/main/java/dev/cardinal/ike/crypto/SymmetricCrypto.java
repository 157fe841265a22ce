package dev.cardinal.ike.crypto;

/**
 * Symmetric work, done in the loop. Holds the JCA objects of one loop for reuse; not thread-safe.
 */
public final class SymmetricCrypto {

    public SymmetricCrypto() {}

    /** {@code prf(key, parts...)} as a secret (RFC 7296 section 2.13). */
    public Secret prf(PseudorandomFunction prf, Secret key, byte[]... parts) {
        throw new IllegalStateException("not yet");
    }

    /** {@code prf(key, parts...)} whose value goes on the wire: an AUTH value, or a part of what is signed. */
    public byte[] prfPublic(PseudorandomFunction prf, Secret key, byte[]... parts) {
        throw new IllegalStateException("not yet");
    }

    /** {@code prf+(key, seed)} (RFC 7296 section 2.13). @param length octets, at most 255 times the prf's length */
    public Secret prfPlus(PseudorandomFunction prf, Secret key, byte[] seed, int length) {
        throw new IllegalStateException("not yet");
    }

    /** SHA-1, for NAT detection and certificate requests only. */
    public byte[] sha1(byte[]... parts) {
        throw new IllegalStateException("not yet");
    }

    /** SHA-256. */
    public byte[] sha256(byte[]... parts) {
        throw new IllegalStateException("not yet");
    }
}
