package dev.cardinal.ike.backend;

import dev.cardinal.ike.crypto.EcdsaSignature;
import dev.cardinal.ike.crypto.SignatureScheme;
import java.io.IOException;
import java.security.PublicKey;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPublicKey;
import java.util.Arrays;
import org.bouncycastle.asn1.ASN1Object;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.ASN1Primitive;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.jspecify.annotations.Nullable;

/**
 * A signature that shall be one of a key over some octets: the arithmetic that is left when all else was judged.
 *
 * @param signature ECDSA as {@code r | s}; anything at all, hostile octets included
 */
record SignatureCheck(PublicKey key, SignatureScheme scheme, byte[] octets, byte[] signature) {
    private static final String RSASSA_PSS = "1.2.840.113549.1.1.10";
    private static final byte[] NULL = {5, 0};

    /**
     * The signature of a certificate.
     *
     * @return null where it is of a scheme, or in an encoding, that is not spoken here
     */
    static @Nullable SignatureCheck of(X509Certificate certificate, PublicKey issuer) {
        SignatureScheme scheme = scheme(certificate);
        if (scheme == null || !PeerKeys.suits(issuer, scheme)) {
            return null;
        }
        byte[] signature = certificate.getSignature();
        if (issuer instanceof ECPublicKey ec) {
            signature = EcdsaSignature.fromDer(signature, PeerKeys.fieldLength(ec));
            if (signature == null) {
                return null;
            }
        }
        try {
            return new SignatureCheck(issuer, scheme, certificate.getTBSCertificate(), signature);
        } catch (CertificateEncodingException e) {
            return null;
        }
    }

    private static @Nullable SignatureScheme scheme(X509Certificate certificate) {
        byte[] parameters = certificate.getSigAlgParams();
        if (certificate.getSigAlgOID().equals(RSASSA_PSS)) {
            return parameters == null ? null : pss(parameters);
        }
        boolean none = parameters == null || Arrays.equals(parameters, NULL);
        return switch (none ? certificate.getSigAlgOID() : "") {
            case "1.2.840.113549.1.1.5" -> SignatureScheme.RSA_PKCS1_SHA1;
            case "1.2.840.113549.1.1.11" -> SignatureScheme.RSA_PKCS1_SHA256;
            case "1.2.840.113549.1.1.12" -> SignatureScheme.RSA_PKCS1_SHA384;
            case "1.2.840.113549.1.1.13" -> SignatureScheme.RSA_PKCS1_SHA512;
            case "1.2.840.10045.4.3.2" -> SignatureScheme.ECDSA_SHA256;
            case "1.2.840.10045.4.3.3" -> SignatureScheme.ECDSA_SHA384;
            case "1.2.840.10045.4.3.4" -> SignatureScheme.ECDSA_SHA512;
            case "1.3.101.112" -> SignatureScheme.ED25519;
            default -> null;
        };
    }

    private static @Nullable SignatureScheme pss(byte[] parameters) {
        try {
            ASN1Object identifier = new AlgorithmIdentifier(
                    new ASN1ObjectIdentifier(RSASSA_PSS), ASN1Primitive.fromByteArray(parameters));
            return SignatureScheme.ofAlgorithmIdentifier(identifier.getEncoded());
        } catch (IOException e) {
            return null;
        }
    }
}
