package dev.cardinal.ike.crypto;

import org.jspecify.annotations.Nullable;

/**
 * What a signature is made of. PSS: MGF1 with the same hash and a salt as long as the hash, the only parameters spoken
 * here. The octets of an ECDSA signature are {@code r | s} at this port (RFC 4754); the Digital Signature method wraps
 * them in DER (RFC 7427).
 */
public enum SignatureScheme {
    /**
     * The octets themselves in a PKCS #1 v1.5 block of type 1, without a DigestInfo (RFC 2409 section 5.1): IKEv1 signs
     * HASH_I and HASH_R, which are hashes already.
     */
    RSA_PKCS1_UNHASHED(HashMethod.IDENTITY, Key.RSA),
    RSA_PKCS1_SHA1(HashMethod.SHA1, Key.RSA),
    RSA_PKCS1_SHA256(HashMethod.SHA2_256, Key.RSA),
    RSA_PKCS1_SHA384(HashMethod.SHA2_384, Key.RSA),
    RSA_PKCS1_SHA512(HashMethod.SHA2_512, Key.RSA),
    RSA_PSS_SHA256(HashMethod.SHA2_256, Key.RSA),
    RSA_PSS_SHA384(HashMethod.SHA2_384, Key.RSA),
    RSA_PSS_SHA512(HashMethod.SHA2_512, Key.RSA),
    /** The octets themselves taken for the hash, their leftmost bits where they are more than the order's; at most 64. IKEv1 only. */
    ECDSA_UNHASHED(HashMethod.IDENTITY, Key.EC),
    ECDSA_SHA256(HashMethod.SHA2_256, Key.EC),
    ECDSA_SHA384(HashMethod.SHA2_384, Key.EC),
    ECDSA_SHA512(HashMethod.SHA2_512, Key.EC),
    ED25519(HashMethod.IDENTITY, Key.ED25519);

    /** The kind of key a scheme needs. */
    public enum Key {
        RSA,
        EC,
        ED25519
    }

    private final HashMethod hash;
    private final Key key;

    SignatureScheme(HashMethod hash, Key key) {
        this.hash = hash;
        this.key = key;
    }

    public HashMethod hash() {
        return hash;
    }

    public Key key() {
        return key;
    }

    /**
     * Whether what is signed must be a hash already, for nothing hashes it here: the schemes of IKEv1, which neither IKEv2
     * nor the configuration knows.
     */
    public boolean isUnhashed() {
        return hash == HashMethod.IDENTITY && key != Key.ED25519;
    }

    /**
     * The AlgorithmIdentifier that stands before the signature in the Digital Signature method (RFC 7427 section 3 and
     * appendix A).
     *
     * @return DER, a fresh copy
     * @throws IllegalStateException for the schemes of IKEv1, which have none
     */
    public byte[] algorithmIdentifier() {
        return AlgorithmIdentifiers.encode(this);
    }

    /**
     * The scheme of an AlgorithmIdentifier.
     *
     * @param der exactly one DER object; RSA PKCS#1 with NULL or absent parameters
     * @return null where it is none of ours
     */
    public static @Nullable SignatureScheme ofAlgorithmIdentifier(byte[] der) {
        return AlgorithmIdentifiers.decode(der);
    }
}
