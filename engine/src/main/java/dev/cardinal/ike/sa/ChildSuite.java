package dev.cardinal.ike.sa;

import dev.cardinal.ike.crypto.EncryptionAlgorithm;
import dev.cardinal.ike.crypto.IntegrityAlgorithm;
import dev.cardinal.ike.crypto.KeyExchangeMethod;
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
