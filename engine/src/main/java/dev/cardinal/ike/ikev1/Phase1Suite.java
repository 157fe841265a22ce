package dev.cardinal.ike.ikev1;

import dev.cardinal.ike.crypto.EncryptionAlgorithm;
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

    /** The algorithms as strongSwan lists them, such as {@code AES_CBC-128/PRF_HMAC_SHA2_256/MODP_2048}. */
    String listing() {
        String key = keyLength == 0 ? "" : "-" + keyLength;
        return encryption.listing() + key + "/" + prf.listing() + "/" + keyExchange.listing();
    }
}
