package dev.cardinal.ike.backend;

import dev.cardinal.hsm.KeyRef;
import dev.cardinal.ike.crypto.DecryptionKey;
import java.security.interfaces.RSAPublicKey;

/** An RSA private key on a token, for decryption alone. */
public final class TokenDecryptionKey implements DecryptionKey {
    private final HsmCryptoPort port;
    private final KeyRef ref;
    private final int bits;

    /** @throws IllegalArgumentException where the key is no RSA key that is used here; the message says why */
    TokenDecryptionKey(HsmCryptoPort port, KeyRef ref) {
        if (!(TokenSigningKey.parse(ref) instanceof RSAPublicKey rsa)) {
            throw new IllegalArgumentException(ref.uri() + ": only RSA keys decrypt");
        }
        String objection = PeerKeys.objection(rsa);
        if (objection != null) {
            throw new IllegalArgumentException(ref.uri() + ": " + objection);
        }
        this.port = port;
        this.ref = ref;
        this.bits = rsa.getModulus().bitLength();
    }

    HsmCryptoPort port() {
        return port;
    }

    KeyRef ref() {
        return ref;
    }

    @Override
    public int bits() {
        return bits;
    }

    /** The key's RFC 7512 URI. */
    @Override
    public String location() {
        return ref.uri();
    }

    @Override
    public String toString() {
        return "TokenDecryptionKey[" + bits + ", " + ref.uri() + "]";
    }
}
