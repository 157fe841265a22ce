package dev.cardinal.ike.sa;

import dev.cardinal.ike.crypto.Secret;
import org.jspecify.annotations.Nullable;

/**
 * The keys of a Child SA (RFC 7296 section 2.17), owned by whoever holds the object.
 *
 * @param outboundEncryption key and salt
 * @param outboundIntegrity null with an AEAD
 * @param inboundEncryption key and salt
 * @param inboundIntegrity null with an AEAD
 */
public record ChildKeys(
        Secret outboundEncryption,
        @Nullable Secret outboundIntegrity,
        Secret inboundEncryption,
        @Nullable Secret inboundIntegrity)
        implements AutoCloseable {

    /**
     * Cuts key material: the initiator's keys first, encryption before integrity.
     *
     * @param material twice {@link ChildSuite#keyMaterialLength()} octets; stays the caller's to close
     * @param initiatorKeysOutbound whether the exchange's initiator is us
     */
    public static ChildKeys cut(Secret material, ChildSuite suite, boolean initiatorKeysOutbound) {
        int encryption = suite.encryption().keyMaterialLength(suite.keyLength());
        int each = suite.keyMaterialLength();
        int integrity = each - encryption;
        int out = initiatorKeysOutbound ? 0 : each;
        int in = initiatorKeysOutbound ? each : 0;
        return new ChildKeys(
                material.slice(out, encryption),
                integrity == 0 ? null : material.slice(out + encryption, integrity),
                material.slice(in, encryption),
                integrity == 0 ? null : material.slice(in + encryption, integrity));
    }

    @Override
    public void close() {
        outboundEncryption.close();
        inboundEncryption.close();
        if (outboundIntegrity != null) {
            outboundIntegrity.close();
        }
        if (inboundIntegrity != null) {
            inboundIntegrity.close();
        }
    }

    @Override
    public String toString() {
        return "ChildKeys[redacted]";
    }
}
