package dev.cardinal.ike.backend;

import dev.cardinal.hsm.KeyRef;
import dev.cardinal.hsm.SignatureMechanism;
import dev.cardinal.ike.crypto.SignatureScheme;
import dev.cardinal.ike.crypto.SigningKey;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.X509EncodedKeySpec;
import java.util.Set;
import java.util.stream.Collectors;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.edec.EdECObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;

/** A private key on a token. */
public final class TokenSigningKey implements SigningKey {
    private final HsmCryptoPort port;
    private final KeyRef ref;
    private final SignatureScheme.Key kind;
    private final int bits;
    private final Set<SignatureScheme> schemes;

    /** @throws IllegalArgumentException where the key is none that can sign here; the message says why */
    TokenSigningKey(HsmCryptoPort port, KeyRef ref) {
        this.port = port;
        this.ref = ref;
        PublicKey key = parse(ref);
        String objection = PeerKeys.objection(key);
        if (objection != null) {
            throw new IllegalArgumentException(ref.uri() + ": " + objection);
        }
        switch (key) {
            case RSAPublicKey rsa -> {
                kind = SignatureScheme.Key.RSA;
                bits = rsa.getModulus().bitLength();
            }
            case ECPublicKey ec -> {
                kind = SignatureScheme.Key.EC;
                bits = ec.getParams().getCurve().getField().getFieldSize();
            }
            default -> {
                kind = SignatureScheme.Key.ED25519;
                bits = 255;
            }
        }
        Set<SignatureMechanism> offered = port.profile().signatures();
        schemes = PeerKeys.schemes(kind).stream()
                .filter(scheme -> offered.contains(mechanism(scheme)))
                .collect(Collectors.toUnmodifiableSet());
    }

    static PublicKey parse(KeyRef ref) {
        ASN1ObjectIdentifier oid = SubjectPublicKeyInfo.getInstance(ref.publicKeyInfo())
                .getAlgorithm()
                .getAlgorithm();
        String name;
        if (oid.equals(PKCSObjectIdentifiers.rsaEncryption)) {
            name = "RSA";
        } else if (oid.equals(X9ObjectIdentifiers.id_ecPublicKey)) {
            name = "EC";
        } else if (oid.equals(EdECObjectIdentifiers.id_Ed25519)) {
            name = "Ed25519";
        } else {
            throw new IllegalArgumentException(ref.uri() + ": key of the algorithm " + oid);
        }
        try {
            return KeyFactory.getInstance(name).generatePublic(new X509EncodedKeySpec(ref.publicKeyInfo()));
        } catch (GeneralSecurityException e) {
            throw new IllegalArgumentException(ref.uri() + ": unreadable public key", e);
        }
    }

    static SignatureMechanism mechanism(SignatureScheme scheme) {
        return switch (scheme) {
            case RSA_PKCS1_UNHASHED -> SignatureMechanism.RSA_PKCS1_UNHASHED;
            case RSA_PKCS1_SHA1 -> SignatureMechanism.RSA_PKCS1_SHA1;
            case RSA_PKCS1_SHA256 -> SignatureMechanism.RSA_PKCS1_SHA256;
            case RSA_PKCS1_SHA384 -> SignatureMechanism.RSA_PKCS1_SHA384;
            case RSA_PKCS1_SHA512 -> SignatureMechanism.RSA_PKCS1_SHA512;
            case RSA_PSS_SHA256 -> SignatureMechanism.RSA_PSS_SHA256;
            case RSA_PSS_SHA384 -> SignatureMechanism.RSA_PSS_SHA384;
            case RSA_PSS_SHA512 -> SignatureMechanism.RSA_PSS_SHA512;
            case ECDSA_UNHASHED -> SignatureMechanism.ECDSA_UNHASHED;
            case ECDSA_SHA256 -> SignatureMechanism.ECDSA_SHA256;
            case ECDSA_SHA384 -> SignatureMechanism.ECDSA_SHA384;
            case ECDSA_SHA512 -> SignatureMechanism.ECDSA_SHA512;
            case ED25519 -> SignatureMechanism.ED25519;
        };
    }

    HsmCryptoPort port() {
        return port;
    }

    KeyRef ref() {
        return ref;
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
        return schemes;
    }

    /** The key's RFC 7512 URI. */
    @Override
    public String location() {
        return ref.uri();
    }

    @Override
    public String toString() {
        return "TokenSigningKey[" + kind + " " + bits + ", " + ref.uri() + "]";
    }
}
