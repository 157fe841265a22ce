package dev.cardinal.ike.ikev1;

import dev.cardinal.ike.crypto.EncryptionAlgorithm;
import dev.cardinal.ike.crypto.IntegrityAlgorithm;
import dev.cardinal.ike.crypto.KeyExchangeMethod;
import dev.cardinal.ike.crypto.PseudorandomFunction;

/**
 * What phase 1 has agreed on (RFC 2409 section 4).
 *
 * @param keyLength bits, 0 where the cipher has one length only
 * @param prf HMAC with the negotiated hash, which {@link dev.cardinal.ike.crypto.SymmetricCrypto#hash} gives plain
 * @param method the authentication method as negotiated, see {@link Phase1Method}
 * @param lifeNanos lifetime that the initiator offered, 0 where it did not say
 */
record Phase1Suite(
        EncryptionAlgorithm encryption,
        int keyLength,
        PseudorandomFunction prf,
        KeyExchangeMethod keyExchange,
        int method,
        long lifeNanos) {

    /**
     * The algorithms as strongSwan lists them, such as
     * {@code AES_CBC-128/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/MODP_2048}: the hash, which IKEv1 has one of, stands there twice.
     */
    String listing() {
        String key = keyLength == 0 ? "" : "-" + keyLength;
        return encryption.listing() + key + integrity() + "/" + prf.listing() + "/" + keyExchange.listing();
    }

    private String integrity() {
        IntegrityAlgorithm hash = switch (prf) {
            case HMAC_SHA1 -> IntegrityAlgorithm.HMAC_SHA1_96;
            case HMAC_SHA2_256 -> IntegrityAlgorithm.HMAC_SHA2_256_128;
            case HMAC_SHA2_384 -> IntegrityAlgorithm.HMAC_SHA2_384_192;
            case HMAC_SHA2_512 -> IntegrityAlgorithm.HMAC_SHA2_512_256;
            case AES128_XCBC, AES128_CMAC -> throw new IllegalStateException("no hash of IKEv1: " + prf);
        };
        return "/" + hash.listing();
    }
}
