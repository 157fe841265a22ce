package dev.cardinal.ike.crypto;

import org.jspecify.annotations.Nullable;

/** The AlgorithmIdentifiers of RFC 7427 appendix A. */
final class AlgorithmIdentifiers {
    private AlgorithmIdentifiers() {}

    static byte[] encode(SignatureScheme scheme) {
        throw new IllegalStateException("not yet " + scheme);
    }

    static @Nullable SignatureScheme decode(byte[] der) {
        return der.length == 0 ? null : null;
    }
}
