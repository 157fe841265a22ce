package dev.cardinal.bench.jmh;

import dev.cardinal.hsm.KeyExchangeGroup;
import dev.cardinal.ike.crypto.KeyExchangeMethod;
import org.jspecify.annotations.Nullable;

/** What both ends of a measured handshake authenticate with, and its key exchange. */
public enum Authentication {
    RSA2048_X25519(KeyKind.RSA_2048, KeyExchangeMethod.CURVE_25519, KeyExchangeGroup.X25519),
    RSA2048_MODP2048(KeyKind.RSA_2048, KeyExchangeMethod.MODP_2048, KeyExchangeGroup.MODP_2048),
    P256_ECP256(KeyKind.P_256, KeyExchangeMethod.ECP_256, KeyExchangeGroup.P256),
    PSK_X25519(null, KeyExchangeMethod.CURVE_25519, KeyExchangeGroup.X25519);

    private final @Nullable KeyKind certificates;
    private final KeyExchangeMethod method;
    private final KeyExchangeGroup group;

    Authentication(@Nullable KeyKind certificates, KeyExchangeMethod method, KeyExchangeGroup group) {
        this.certificates = certificates;
        this.method = method;
        this.group = group;
    }

    /** The keys of all certificates, the authority's too; null with a pre-shared key. */
    @Nullable
    KeyKind certificates() {
        return certificates;
    }

    KeyExchangeMethod method() {
        return method;
    }

    /** The method as a token knows it. */
    KeyExchangeGroup group() {
        return group;
    }
}
