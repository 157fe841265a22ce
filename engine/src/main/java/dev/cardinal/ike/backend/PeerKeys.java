package dev.cardinal.ike.backend;

import dev.cardinal.ike.crypto.SignatureScheme;
import java.security.PublicKey;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.EdECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.NamedParameterSpec;
import java.util.Arrays;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Which public keys are used at all. */
final class PeerKeys {
    static final int MIN_RSA_BITS = 2048;

    /** Above, one verification costs more than a handshake is worth. */
    static final int MAX_RSA_BITS = 8192;

    /** A long public exponent makes a verification as dear as a signature. */
    private static final int MAX_RSA_EXPONENT_BITS = 64;

    private static final String RSASSA_PSS = "RSASSA-PSS";

    private PeerKeys() {}

    /** Why the key must not be used, or null where it may. */
    static @Nullable String objection(PublicKey key) {
        return switch (key) {
            case RSAPublicKey rsa -> {
                int bits = rsa.getModulus().bitLength();
                if (bits < MIN_RSA_BITS || bits > MAX_RSA_BITS) {
                    yield "RSA key of " + bits + " bits";
                }
                yield rsa.getPublicExponent().bitLength() > MAX_RSA_EXPONENT_BITS
                                || !rsa.getPublicExponent().testBit(0)
                        ? "RSA key with a strange public exponent"
                        : null;
            }
            case ECPublicKey ec ->
                EcpGroup.knows(ec.getParams()) ? null : "EC key on a curve other than P-256, P-384, P-521";
            case EdECPublicKey ed -> isEd25519(ed) ? null : "EdDSA key other than Ed25519";
            default -> "key of the algorithm " + key.getAlgorithm();
        };
    }

    /** Whether a signature of this scheme can be the key's. */
    static boolean suits(PublicKey key, SignatureScheme scheme) {
        return switch (scheme) {
            case RSA_PKCS1_UNHASHED, RSA_PKCS1_SHA1, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512 ->
                // a key that its certificate restricts to PSS makes no other signatures (RFC 4055 section 1.2)
                key instanceof RSAPublicKey && !RSASSA_PSS.equals(key.getAlgorithm());
            case RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512 -> key instanceof RSAPublicKey;
            case ECDSA_UNHASHED, ECDSA_SHA256, ECDSA_SHA384, ECDSA_SHA512 -> key instanceof ECPublicKey;
            case ED25519 -> key instanceof EdECPublicKey ed && isEd25519(ed);
        };
    }

    /** Octets of a coordinate, and of each half of a signature. */
    static int fieldLength(ECPublicKey key) {
        return (key.getParams().getCurve().getField().getFieldSize() + 7) / 8;
    }

    /** Every scheme of a kind of key. */
    static Set<SignatureScheme> schemes(SignatureScheme.Key kind) {
        return Arrays.stream(SignatureScheme.values())
                .filter(scheme -> scheme.key() == kind)
                .collect(Collectors.toUnmodifiableSet());
    }

    private static boolean isEd25519(EdECPublicKey key) {
        return NamedParameterSpec.ED25519.getName().equals(key.getParams().getName());
    }
}
