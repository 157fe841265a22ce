package dev.cardinal.ike.sa;

import dev.cardinal.ike.crypto.EncryptionAlgorithm;
import dev.cardinal.ike.crypto.IntegrityAlgorithm;
import dev.cardinal.ike.crypto.KeyExchangeMethod;
import dev.cardinal.ike.crypto.PseudorandomFunction;
import dev.cardinal.ike.wire.Proposal;
import dev.cardinal.ike.wire.Transform;
import org.jspecify.annotations.Nullable;

/**
 * The algorithms of an IKE SA.
 *
 * @param keyLength bits, 0 where the algorithm has one length only
 * @param integrity null with an AEAD
 */
public record IkeSuite(
        EncryptionAlgorithm encryption,
        int keyLength,
        PseudorandomFunction prf,
        @Nullable IntegrityAlgorithm integrity,
        KeyExchangeMethod keyExchange) {

    /**
     * The suite of an accepted proposal, one transform of each type.
     *
     * @return null where a transform is missing, unknown here, or does not fit the others
     */
    public static @Nullable IkeSuite of(Proposal accepted) {
        EncryptionAlgorithm encryption = null;
        int keyLength = 0;
        PseudorandomFunction prf = null;
        IntegrityAlgorithm integrity = null;
        KeyExchangeMethod keyExchange = null;
        for (Transform transform : accepted.transforms()) {
            switch (transform.type()) {
                case Transform.ENCRYPTION -> {
                    encryption = EncryptionAlgorithm.of(transform.id());
                    keyLength = transform.keyLength();
                }
                case Transform.PRF -> prf = PseudorandomFunction.of(transform.id());
                case Transform.INTEGRITY -> {
                    if (transform.id() != 0) {
                        integrity = IntegrityAlgorithm.of(transform.id());
                        if (integrity == null) {
                            return null;
                        }
                    }
                }
                case Transform.KEY_EXCHANGE -> keyExchange = KeyExchangeMethod.of(transform.id());
                default -> {
                    return null;
                }
            }
        }
        if (encryption == null
                || prf == null
                || keyExchange == null
                || encryption == EncryptionAlgorithm.NULL
                || !encryption.accepts(keyLength)
                || encryption.isAead() != (integrity == null)) {
            return null;
        }
        return new IkeSuite(encryption, keyLength, prf, integrity, keyExchange);
    }

    /** The algorithms as strongSwan lists them, such as {@code AES_GCM_16-256/PRF_HMAC_SHA2_256/CURVE_25519}. */
    public String listing() {
        StringBuilder text = new StringBuilder(encryption.listing());
        if (keyLength != 0) {
            text.append('-').append(keyLength);
        }
        if (integrity != null) {
            text.append('/').append(integrity.listing());
        }
        return text.append('/')
                .append(prf.listing())
                .append('/')
                .append(keyExchange.listing())
                .toString();
    }
}
