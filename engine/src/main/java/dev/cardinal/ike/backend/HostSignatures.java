package dev.cardinal.ike.backend;

import dev.cardinal.ike.crypto.SignatureScheme;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.SignatureException;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PSSParameterSpec;
import java.util.EnumMap;
import java.util.Map;

/** Signatures by the JDK. Holds one thread's objects for reuse; not thread-safe. */
final class HostSignatures {
    /** Octets. */
    private static final int LONGEST_HASH = 64;

    private final Map<SignatureScheme, Signature> signatures = new EnumMap<>(SignatureScheme.class);

    /** @return ECDSA as {@code r | s} */
    byte[] sign(PrivateKey key, SignatureScheme scheme, byte[] octets) throws GeneralSecurityException {
        if (isTooLong(scheme, octets)) {
            throw new SignatureException(octets.length + " octets are no hash");
        }
        Signature signature = signature(scheme);
        signature.initSign(key);
        signature.update(octets);
        return signature.sign();
    }

    /** @param value ECDSA as {@code r | s}; anything at all, hostile octets included */
    boolean verify(PublicKey key, SignatureScheme scheme, byte[] octets, byte[] value) {
        if (key instanceof ECPublicKey ec && value.length != 2 * PeerKeys.fieldLength(ec)) {
            return false;
        }
        // RFC 8017 section 8.2.2 step 1; the JDK asks for it only where it hashes
        if (key instanceof RSAPublicKey rsa && value.length != (rsa.getModulus().bitLength() + 7) / 8) {
            return false;
        }
        if (isTooLong(scheme, octets)) {
            return false;
        }
        try {
            Signature signature = signature(scheme);
            signature.initVerify(key);
            signature.update(octets);
            return signature.verify(value);
        } catch (GeneralSecurityException e) {
            // the JDK throws for some malformed signatures and answers false for others
            return false;
        }
    }

    /** The JDK's raw ECDSA has room for the longest hash and does not look before it writes. */
    private static boolean isTooLong(SignatureScheme scheme, byte[] octets) {
        return scheme == SignatureScheme.ECDSA_UNHASHED && octets.length > LONGEST_HASH;
    }

    private Signature signature(SignatureScheme scheme) throws GeneralSecurityException {
        Signature known = signatures.get(scheme);
        if (known != null) {
            return known;
        }
        Signature signature = Signature.getInstance(
                switch (scheme) {
                    case RSA_PKCS1_UNHASHED -> "NONEwithRSA";
                    case RSA_PKCS1_SHA1 -> "SHA1withRSA";
                    case RSA_PKCS1_SHA256 -> "SHA256withRSA";
                    case RSA_PKCS1_SHA384 -> "SHA384withRSA";
                    case RSA_PKCS1_SHA512 -> "SHA512withRSA";
                    case RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512 -> "RSASSA-PSS";
                    case ECDSA_UNHASHED -> "NONEwithECDSAinP1363Format";
                    case ECDSA_SHA256 -> "SHA256withECDSAinP1363Format";
                    case ECDSA_SHA384 -> "SHA384withECDSAinP1363Format";
                    case ECDSA_SHA512 -> "SHA512withECDSAinP1363Format";
                    case ED25519 -> "Ed25519";
                });
        switch (scheme) {
            case RSA_PSS_SHA256 -> signature.setParameter(pss("SHA-256", MGF1ParameterSpec.SHA256, 32));
            case RSA_PSS_SHA384 -> signature.setParameter(pss("SHA-384", MGF1ParameterSpec.SHA384, 48));
            case RSA_PSS_SHA512 -> signature.setParameter(pss("SHA-512", MGF1ParameterSpec.SHA512, 64));
            case RSA_PKCS1_UNHASHED, RSA_PKCS1_SHA1, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512 -> {}
            case ECDSA_UNHASHED, ECDSA_SHA256, ECDSA_SHA384, ECDSA_SHA512, ED25519 -> {}
        }
        signatures.put(scheme, signature);
        return signature;
    }

    private static PSSParameterSpec pss(String hash, MGF1ParameterSpec mask, int saltLength) {
        return new PSSParameterSpec(hash, "MGF1", mask, saltLength, PSSParameterSpec.TRAILER_FIELD_BC);
    }
}
