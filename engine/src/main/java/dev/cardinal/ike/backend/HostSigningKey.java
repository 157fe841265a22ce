package dev.cardinal.ike.backend;

import dev.cardinal.ike.crypto.SignatureScheme;
import dev.cardinal.ike.crypto.SigningKey;
import java.security.PrivateKey;
import java.security.interfaces.ECPrivateKey;
import java.security.interfaces.EdECPrivateKey;
import java.security.interfaces.RSAPrivateKey;
import java.security.spec.NamedParameterSpec;
import java.util.Set;

/** A private key in the host's memory. */
public final class HostSigningKey implements SigningKey {
    private final PrivateKey key;
    private final String location;
    private final SignatureScheme.Key kind;
    private final int bits;

    /**
     * @param location the file that it came from, for messages
     * @throws IllegalArgumentException where the key is none that can sign here: RSA of 2048 to 8192 bits, EC on P-256,
     *     P-384 or P-521, or Ed25519; the message says what it is instead
     */
    public HostSigningKey(PrivateKey key, String location) {
        this.key = key;
        this.location = location;
        switch (key) {
            case RSAPrivateKey rsa -> {
                kind = SignatureScheme.Key.RSA;
                bits = rsa.getModulus().bitLength();
                if (bits < PeerKeys.MIN_RSA_BITS || bits > PeerKeys.MAX_RSA_BITS) {
                    throw new IllegalArgumentException("RSA key of " + bits + " bits");
                }
            }
            case ECPrivateKey ec -> {
                kind = SignatureScheme.Key.EC;
                bits = ec.getParams().getCurve().getField().getFieldSize();
                if (!EcpGroup.knows(ec.getParams())) {
                    throw new IllegalArgumentException("EC key on a curve other than P-256, P-384, P-521");
                }
            }
            case EdECPrivateKey ed -> {
                kind = SignatureScheme.Key.ED25519;
                bits = 255;
                if (!NamedParameterSpec.ED25519.getName().equals(ed.getParams().getName())) {
                    throw new IllegalArgumentException("EdDSA key other than Ed25519");
                }
            }
            default -> throw new IllegalArgumentException("key of the algorithm " + key.getAlgorithm());
        }
    }

    PrivateKey key() {
        return key;
    }

    @Override
    public SignatureScheme.Key kind() {
        return kind;
    }

    @Override
    public int bits() {
        return bits;
    }

    @Override
    public Set<SignatureScheme> schemes() {
        return PeerKeys.schemes(kind);
    }

    @Override
    public String location() {
        return location;
    }

    @Override
    public String toString() {
        return "HostSigningKey[" + kind + " " + bits + ", " + location + "]";
    }
}
