package dev.cardinal.ike.sa;

import dev.cardinal.ike.crypto.EncryptionAlgorithm;
import dev.cardinal.ike.crypto.IntegrityAlgorithm;
import dev.cardinal.ike.crypto.KeyExchangeMethod;
import dev.cardinal.ike.wire.Proposal;
import dev.cardinal.ike.wire.Transform;
import org.jspecify.annotations.Nullable;

/**
 * The algorithms of a Child SA.
 *
 * @param keyLength bits, 0 where the algorithm has one length only
 * @param integrity null with an AEAD
 * @param keyExchange the method of its own key exchange, null without one
 */
public record ChildSuite(
        EncryptionAlgorithm encryption,
        int keyLength,
        @Nullable IntegrityAlgorithm integrity,
        @Nullable KeyExchangeMethod keyExchange,
        boolean extendedSequenceNumbers) {

    /**
     * The suite of an accepted proposal, one transform of each type.
     *
     * @return null where a transform is missing, unknown here, or does not fit the others
     */
    public static @Nullable ChildSuite of(Proposal accepted) {
        EncryptionAlgorithm encryption = null;
        int keyLength = 0;
        IntegrityAlgorithm integrity = null;
        KeyExchangeMethod keyExchange = null;
        boolean extended = false;
        for (Transform transform : accepted.transforms()) {
            switch (transform.type()) {
                case Transform.ENCRYPTION -> {
                    encryption = EncryptionAlgorithm.of(transform.id());
                    keyLength = transform.keyLength();
                }
                case Transform.INTEGRITY -> {
                    if (transform.id() != 0) {
                        integrity = IntegrityAlgorithm.of(transform.id());
                        if (integrity == null) {
                            return null;
                        }
                    }
                }
                case Transform.KEY_EXCHANGE -> {
                    if (transform.id() != 0) {
                        keyExchange = KeyExchangeMethod.of(transform.id());
                        if (keyExchange == null) {
                            return null;
                        }
                    }
                }
                case Transform.SEQUENCE_NUMBERS -> extended = transform.id() == 1;
                default -> {
                    return null;
                }
            }
        }
        if (encryption == null || !encryption.accepts(keyLength) || encryption.isAead() != (integrity == null)) {
            return null;
        }
        return new ChildSuite(encryption, keyLength, integrity, keyExchange, extended);
    }

    /** Octets of key material for one direction. */
    public int keyMaterialLength() {
        return encryption.keyMaterialLength(keyLength) + (integrity == null ? 0 : integrity.keyLength());
    }

    /** The algorithms as strongSwan lists them, such as {@code AES_GCM_16-256} or {@code AES_CBC-128/HMAC_SHA2_256_128}. */
    public String listing() {
        StringBuilder text = new StringBuilder(encryption.listing());
        if (keyLength != 0) {
            text.append('-').append(keyLength);
        }
        if (integrity != null) {
            text.append('/').append(integrity.listing());
        }
        if (keyExchange != null) {
            text.append('/').append(keyExchange.listing());
        }
        if (extendedSequenceNumbers) {
            text.append("/ESN");
        }
        return text.toString();
    }
}
