package dev.cardinal.ike.backend;

import dev.cardinal.hsm.KeyExchangeGroup;
import dev.cardinal.hsm.KeyExchangeRef;
import dev.cardinal.ike.crypto.KeyExchangeHandle;
import dev.cardinal.ike.crypto.KeyExchangeMethod;

/** Our half of a key exchange on a token. */
record TokenKeyExchange(HsmCryptoPort port, KeyExchangeMethod method, KeyExchangeRef ref) implements KeyExchangeHandle {

    static KeyExchangeGroup group(KeyExchangeMethod method) {
        return switch (method) {
            case MODP_1024 -> KeyExchangeGroup.MODP_1024;
            case MODP_1536 -> KeyExchangeGroup.MODP_1536;
            case MODP_2048 -> KeyExchangeGroup.MODP_2048;
            case MODP_3072 -> KeyExchangeGroup.MODP_3072;
            case MODP_4096 -> KeyExchangeGroup.MODP_4096;
            case MODP_6144 -> KeyExchangeGroup.MODP_6144;
            case MODP_8192 -> KeyExchangeGroup.MODP_8192;
            case ECP_256 -> KeyExchangeGroup.P256;
            case ECP_384 -> KeyExchangeGroup.P384;
            case ECP_521 -> KeyExchangeGroup.P521;
            case CURVE_25519 -> KeyExchangeGroup.X25519;
            case CURVE_448 -> KeyExchangeGroup.X448;
        };
    }

    @Override
    public String toString() {
        return "TokenKeyExchange[" + port.name() + ", " + method + "]";
    }
}
