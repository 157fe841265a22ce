package dev.cardinal.hsm.pool;

import dev.cardinal.hsm.HsmFailure;
import dev.cardinal.hsm.HsmFailure.Kind;
import dev.cardinal.hsm.SignatureMechanism;
import dev.cardinal.hsm.pkcs11.Attribute;
import dev.cardinal.hsm.pkcs11.Cka;
import dev.cardinal.hsm.pkcs11.Ckk;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.Signature;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.EdECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.ECPoint;
import java.security.spec.ECPublicKeySpec;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PSSParameterSpec;
import java.security.spec.RSAPublicKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Public keys on the host: parsed, encoded, and used to prove that a token's private key belongs to them. */
final class PublicKeys {

    private static final byte[] ED25519_PREFIX = HexFormat.of().parseHex("302a300506032b6570032100");
    private static final byte[] ED25519_IDENTIFIER = HexFormat.of().parseHex("06032b6570");
    private static final int ED25519_LENGTH = 32;

    private PublicKeys() {}

    /** @param publicKeyInfo DER of a {@code SubjectPublicKeyInfo} */
    static PublicKey parse(byte[] publicKeyInfo) throws HsmFailure {
        for (String algorithm : List.of("RSA", "EC", "EdDSA")) {
            try {
                return KeyFactory.getInstance(algorithm).generatePublic(new X509EncodedKeySpec(publicKeyInfo));
            } catch (GeneralSecurityException e) {
                // another algorithm's
            }
        }
        throw new HsmFailure(Kind.UNSUPPORTED, 0, "the public key is none of RSA, EC or Ed25519");
    }

    static PublicKey rsa(byte[] modulus, byte[] exponent) throws HsmFailure {
        try {
            return KeyFactory.getInstance("RSA")
                    .generatePublic(new RSAPublicKeySpec(new BigInteger(1, modulus), new BigInteger(1, exponent)));
        } catch (GeneralSecurityException e) {
            throw new HsmFailure(Kind.DEVICE_BROKEN, 0, "the token's RSA public key is none");
        }
    }

    /** @param point of {@code CKA_EC_POINT}, in either form */
    static PublicKey ec(EcCurve curve, byte[] point) throws HsmFailure {
        byte[] bare = EcPoints.unwrapped(point, 1 + 2 * curve.length());
        if (bare != null) {
            ECPoint w = new ECPoint(
                    new BigInteger(1, bare, 1, curve.length()),
                    new BigInteger(1, bare, 1 + curve.length(), curve.length()));
            if (bare[0] == 4 && curve.contains(w)) {
                try {
                    return KeyFactory.getInstance("EC").generatePublic(new ECPublicKeySpec(w, curve.parameters()));
                } catch (GeneralSecurityException e) {
                    throw new AssertionError(e);
                }
            }
        }
        throw new HsmFailure(Kind.DEVICE_BROKEN, 0, "the token's EC public key is none of " + curve);
    }

    static PublicKey ed25519(byte[] point) throws HsmFailure {
        byte[] bare = EcPoints.unwrapped(point, ED25519_LENGTH);
        if (bare == null) {
            throw new HsmFailure(Kind.DEVICE_BROKEN, 0, "the token's Ed25519 public key is none");
        }
        byte[] info = Arrays.copyOf(ED25519_PREFIX, ED25519_PREFIX.length + bare.length);
        System.arraycopy(bare, 0, info, ED25519_PREFIX.length, bare.length);
        return parse(info);
    }

    /** The bare point of {@code CKA_EC_POINT}, null where the key has none. */
    static byte @Nullable [] point(PublicKey key) {
        return switch (key) {
            case ECPublicKey ec -> {
                int length = (ec.getParams().getCurve().getField().getFieldSize() + 7) / 8;
                byte[] point = new byte[1 + 2 * length];
                point[0] = 4;
                System.arraycopy(Octets.of(ec.getW().getAffineX(), length), 0, point, 1, length);
                System.arraycopy(Octets.of(ec.getW().getAffineY(), length), 0, point, 1 + length, length);
                yield point;
            }
            case EdECPublicKey ed -> {
                byte[] info = ed.getEncoded();
                yield info.length == ED25519_PREFIX.length + ED25519_LENGTH
                        ? Arrays.copyOfRange(info, ED25519_PREFIX.length, info.length)
                        : null;
            }
            default -> null;
        };
    }

    /**
     * The key's type and components, as a template has them.
     *
     * @throws HsmFailure where it is none of RSA, the curves of {@link EcCurve}, Ed25519
     */
    static List<Attribute> template(PublicKey key) throws HsmFailure {
        byte[] point = point(key);
        if (key instanceof RSAPublicKey rsa) {
            return List.of(
                    Attribute.of(Cka.KEY_TYPE, Ckk.RSA),
                    Attribute.of(Cka.MODULUS, Octets.unsigned(rsa.getModulus())),
                    Attribute.of(Cka.PUBLIC_EXPONENT, Octets.unsigned(rsa.getPublicExponent())));
        }
        if (key instanceof ECPublicKey ec) {
            int bits = ec.getParams().getCurve().getField().getFieldSize();
            for (EcCurve curve : EcCurve.values()) {
                // another curve of the same size gives a point that is not on this one
                if (curve.bits() == bits && point != null) {
                    return List.of(
                            Attribute.of(Cka.KEY_TYPE, Ckk.EC),
                            Attribute.of(Cka.EC_PARAMS, curve.objectIdentifier()),
                            Attribute.of(Cka.EC_POINT, EcPoints.wrapped(point)));
                }
            }
        }
        if (key instanceof EdECPublicKey && point != null) {
            return List.of(
                    Attribute.of(Cka.KEY_TYPE, Ckk.EC_EDWARDS),
                    Attribute.of(Cka.EC_PARAMS, ED25519_IDENTIFIER.clone()),
                    Attribute.of(Cka.EC_POINT, EcPoints.wrapped(point)));
        }
        throw new HsmFailure(Kind.UNSUPPORTED, 0, "a public key of type " + key.getAlgorithm());
    }

    static byte @Nullable [] modulus(PublicKey key) {
        return key instanceof RSAPublicKey rsa ? Octets.unsigned(rsa.getModulus()) : null;
    }

    static boolean verifies(PublicKey key, SignatureMechanism mechanism, byte[] message, byte[] signature) {
        try {
            Signature verifier = switch (mechanism) {
                case RSA_PKCS1_UNHASHED -> Signature.getInstance("NONEwithRSA");
                case RSA_PKCS1_SHA1 -> Signature.getInstance("SHA1withRSA");
                case RSA_PKCS1_SHA256 -> Signature.getInstance("SHA256withRSA");
                case RSA_PKCS1_SHA384 -> Signature.getInstance("SHA384withRSA");
                case RSA_PKCS1_SHA512 -> Signature.getInstance("SHA512withRSA");
                case RSA_PSS_SHA256 -> pss("SHA-256", MGF1ParameterSpec.SHA256, 32);
                case RSA_PSS_SHA384 -> pss("SHA-384", MGF1ParameterSpec.SHA384, 48);
                case RSA_PSS_SHA512 -> pss("SHA-512", MGF1ParameterSpec.SHA512, 64);
                case ECDSA_UNHASHED -> Signature.getInstance("NONEwithECDSAinP1363Format");
                case ECDSA_SHA256 -> Signature.getInstance("SHA256withECDSAinP1363Format");
                case ECDSA_SHA384 -> Signature.getInstance("SHA384withECDSAinP1363Format");
                case ECDSA_SHA512 -> Signature.getInstance("SHA512withECDSAinP1363Format");
                case ED25519 -> Signature.getInstance("Ed25519");
            };
            verifier.initVerify(key);
            verifier.update(message);
            return verifier.verify(signature);
        } catch (GeneralSecurityException e) {
            return false;
        }
    }

    private static Signature pss(String hash, MGF1ParameterSpec mgf, int salt) throws GeneralSecurityException {
        Signature signature = Signature.getInstance("RSASSA-PSS");
        signature.setParameter(new PSSParameterSpec(hash, "MGF1", mgf, salt, PSSParameterSpec.TRAILER_FIELD_BC));
        return signature;
    }
}
