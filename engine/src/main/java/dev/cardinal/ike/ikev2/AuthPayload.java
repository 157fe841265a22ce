package dev.cardinal.ike.ikev2;

import dev.cardinal.ike.crypto.AuthenticationMethod;
import dev.cardinal.ike.crypto.EcdsaSignature;
import dev.cardinal.ike.crypto.HashMethod;
import dev.cardinal.ike.crypto.PseudorandomFunction;
import dev.cardinal.ike.crypto.Secret;
import dev.cardinal.ike.crypto.SignatureScheme;
import dev.cardinal.ike.crypto.SigningKey;
import dev.cardinal.ike.crypto.SymmetricCrypto;
import dev.cardinal.ike.sa.AuthPolicy;
import dev.cardinal.ike.wire.Identification;
import dev.cardinal.ike.wire.MessageCodec;
import dev.cardinal.ike.wire.Payload.Authentication;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The AUTH payload: what is signed, and how (RFC 7296 section 2.15, RFC 4754, RFC 7427). */
final class AuthPayload {
    private static final byte[] KEY_PAD = "Key Pad for IKEv2".getBytes(StandardCharsets.US_ASCII);

    private AuthPayload() {}

    /** {@code RealMessage | NonceOfTheOther | prf(SK_p, RestOfIDPayload)}. */
    static byte[] octets(
            SymmetricCrypto symmetric,
            PseudorandomFunction prf,
            byte[] message,
            byte[] nonce,
            Secret skP,
            Identification id) {
        byte[] macedId = symmetric.prfPublic(prf, skP, MessageCodec.encodeIdentificationBody(id));
        return ByteBuffer.allocate(message.length + nonce.length + macedId.length)
                .put(message)
                .put(nonce)
                .put(macedId)
                .array();
    }

    /** {@code prf(prf(Shared Secret, "Key Pad for IKEv2"), octets)}. */
    static Authentication sharedKey(SymmetricCrypto symmetric, PseudorandomFunction prf, Secret psk, byte[] octets) {
        try (Secret key = symmetric.prf(prf, psk, KEY_PAD)) {
            return new Authentication(AuthenticationMethod.SHARED_KEY, symmetric.prfPublic(prf, key, octets));
        }
    }

    /** Compares in constant time. */
    static boolean matches(Authentication expected, Authentication received) {
        return expected.method() == received.method() && MessageDigest.isEqual(expected.data(), received.data());
    }

    /**
     * The scheme to sign with: the first that the policy names, the key's device offers and the peer understands.
     *
     * @param hashes what the peer verifies with RFC 7427, null where it does not speak it
     * @return null where there is none
     */
    static @Nullable SignatureScheme choose(AuthPolicy policy, SigningKey key, @Nullable Set<HashMethod> hashes) {
        List<SignatureScheme> wanted = policy.schemes().isEmpty() ? usual(key) : policy.schemes();
        for (SignatureScheme scheme : wanted) {
            boolean understood = hashes == null ? legacyMethod(scheme, key) != 0 : hashes.contains(scheme.hash());
            if (scheme.key() == key.kind() && key.schemes().contains(scheme) && understood) {
                return scheme;
            }
        }
        if (hashes == null
                && key.kind() == SignatureScheme.Key.RSA
                && policy.schemes().isEmpty()) {
            // RFC 7296 section 3.8: a peer without RFC 7427 expects SHA-1 in method 1
            return key.schemes().contains(SignatureScheme.RSA_PKCS1_SHA1) ? SignatureScheme.RSA_PKCS1_SHA1 : null;
        }
        return null;
    }

    private static List<SignatureScheme> usual(SigningKey key) {
        return switch (key.kind()) {
            case RSA ->
                List.of(
                        SignatureScheme.RSA_PKCS1_SHA256,
                        SignatureScheme.RSA_PKCS1_SHA384,
                        SignatureScheme.RSA_PKCS1_SHA512);
            case EC ->
                key.bits() <= 256
                        ? List.of(
                                SignatureScheme.ECDSA_SHA256,
                                SignatureScheme.ECDSA_SHA384,
                                SignatureScheme.ECDSA_SHA512)
                        : key.bits() <= 384
                                ? List.of(SignatureScheme.ECDSA_SHA384, SignatureScheme.ECDSA_SHA512)
                                : List.of(SignatureScheme.ECDSA_SHA512);
            case ED25519 -> List.of(SignatureScheme.ED25519);
        };
    }

    /** The authentication method of a scheme without RFC 7427 (RFC 4754 section 3), 0 where there is none. */
    private static int legacyMethod(SignatureScheme scheme, SigningKey key) {
        return switch (scheme) {
            // IKEv1's
            case RSA_PKCS1_UNHASHED, ECDSA_UNHASHED -> 0;
            case RSA_PKCS1_SHA1 -> AuthenticationMethod.RSA_DIGITAL_SIGNATURE;
            case ECDSA_SHA256 -> key.bits() == 256 ? AuthenticationMethod.ECDSA_256 : 0;
            case ECDSA_SHA384 -> key.bits() == 384 ? AuthenticationMethod.ECDSA_384 : 0;
            case ECDSA_SHA512 -> key.bits() == 521 ? AuthenticationMethod.ECDSA_521 : 0;
            case RSA_PKCS1_SHA256,
                    RSA_PKCS1_SHA384,
                    RSA_PKCS1_SHA512,
                    RSA_PSS_SHA256,
                    RSA_PSS_SHA384,
                    RSA_PSS_SHA512,
                    ED25519 -> 0;
        };
    }

    /**
     * The payload for a signature.
     *
     * @param digitalSignature whether the peer speaks RFC 7427
     * @param signature ECDSA as {@code r | s}
     */
    static Authentication signed(SignatureScheme scheme, SigningKey key, boolean digitalSignature, byte[] signature) {
        if (!digitalSignature) {
            return new Authentication(legacyMethod(scheme, key), signature);
        }
        // RFC 7427 section 3: length of the AlgorithmIdentifier, the AlgorithmIdentifier, the signature
        byte[] algorithm = scheme.algorithmIdentifier();
        byte[] value = scheme.key() == SignatureScheme.Key.EC ? EcdsaSignature.toDer(signature) : signature;
        byte[] data = ByteBuffer.allocate(1 + algorithm.length + value.length)
                .put((byte) algorithm.length)
                .put(algorithm)
                .put(value)
                .array();
        return new Authentication(AuthenticationMethod.DIGITAL_SIGNATURE, data);
    }

    /** A signature that a peer claims to have made. @param signature ECDSA as {@code r | s} */
    record Claim(SignatureScheme scheme, byte[] signature) {}

    /** Reads a signature. @return null where the method or the algorithm is none of ours, or the layout is wrong */
    static @Nullable Claim claim(Authentication payload) {
        byte[] data = payload.data();
        return switch (payload.method()) {
            case AuthenticationMethod.RSA_DIGITAL_SIGNATURE -> new Claim(SignatureScheme.RSA_PKCS1_SHA1, data);
            case AuthenticationMethod.ECDSA_256 -> plain(SignatureScheme.ECDSA_SHA256, data, 64);
            case AuthenticationMethod.ECDSA_384 -> plain(SignatureScheme.ECDSA_SHA384, data, 96);
            case AuthenticationMethod.ECDSA_521 -> plain(SignatureScheme.ECDSA_SHA512, data, 132);
            case AuthenticationMethod.DIGITAL_SIGNATURE -> digitalSignature(data);
            default -> null;
        };
    }

    private static @Nullable Claim plain(SignatureScheme scheme, byte[] data, int length) {
        // RFC 4754 section 7: r and s have the length of the curve's field, which ties the curve to the method
        return data.length == length ? new Claim(scheme, data) : null;
    }

    private static @Nullable Claim digitalSignature(byte[] data) {
        int length = data.length == 0 ? 0 : data[0] & 0xff;
        if (length == 0 || 1 + length >= data.length) {
            return null;
        }
        SignatureScheme scheme = SignatureScheme.ofAlgorithmIdentifier(Arrays.copyOfRange(data, 1, 1 + length));
        byte[] value = Arrays.copyOfRange(data, 1 + length, data.length);
        if (scheme == null || scheme.hash() == HashMethod.SHA1) {
            return null;
        }
        if (scheme.key() != SignatureScheme.Key.EC) {
            return new Claim(scheme, value);
        }
        for (int field : new int[] {32, 48, 66}) {
            byte[] plain = EcdsaSignature.fromDer(value, field);
            if (plain != null) {
                return new Claim(scheme, plain);
            }
        }
        return null;
    }
}
