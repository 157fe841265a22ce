package dev.cardinal.hsm;

/** Signatures a token may be asked for. PSS: MGF1 with the same hash, salt as long as the hash. */
public enum SignatureMechanism {
    /** The octets themselves in a block of type 1, without a DigestInfo. */
    RSA_PKCS1_UNHASHED,
    RSA_PKCS1_SHA1,
    RSA_PKCS1_SHA256,
    RSA_PKCS1_SHA384,
    RSA_PKCS1_SHA512,
    RSA_PSS_SHA256,
    RSA_PSS_SHA384,
    RSA_PSS_SHA512,
    /** The octets themselves as the hash, at most 64. */
    ECDSA_UNHASHED,
    ECDSA_SHA256,
    ECDSA_SHA384,
    ECDSA_SHA512,
    ED25519
}
