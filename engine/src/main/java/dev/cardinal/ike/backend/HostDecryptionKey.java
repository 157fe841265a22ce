package dev.cardinal.ike.backend;

import dev.cardinal.ike.crypto.DecryptionKey;
import java.security.PrivateKey;
import java.security.interfaces.RSAPrivateKey;

/** An RSA private key in the host's memory, for decryption alone. */
public final class HostDecryptionKey implements DecryptionKey {
    private final PrivateKey key;
    private final int bits;
    private final String location;

    /**
     * @param location the file that it came from, for messages
     * @throws IllegalArgumentException where the key is no RSA key of 2048 to 8192 bits; the message says what it is instead
     */
    public HostDecryptionKey(PrivateKey key, String location) {
        if (!(key instanceof RSAPrivateKey rsa)) {
            throw new IllegalArgumentException("key of the algorithm " + key.getAlgorithm());
        }
        bits = rsa.getModulus().bitLength();
        if (bits < PeerKeys.MIN_RSA_BITS || bits > PeerKeys.MAX_RSA_BITS) {
            throw new IllegalArgumentException("RSA key of " + bits + " bits");
        }
        this.key = key;
        this.location = location;
    }

    PrivateKey key() {
        return key;
    }

    @Override
    public int bits() {
        return bits;
    }

    @Override
    public String location() {
        return location;
    }

    @Override
    public String toString() {
        return "HostDecryptionKey[" + bits + ", " + location + "]";
    }
}
