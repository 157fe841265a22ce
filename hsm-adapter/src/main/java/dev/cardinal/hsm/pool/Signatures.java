package dev.cardinal.hsm.pool;

import dev.cardinal.hsm.HashAlgorithm;
import dev.cardinal.hsm.HsmFailure;
import dev.cardinal.hsm.HsmFailure.Kind;
import dev.cardinal.hsm.SignatureMechanism;
import dev.cardinal.hsm.pkcs11.Ckg;
import dev.cardinal.hsm.pkcs11.Ckm;
import dev.cardinal.hsm.pkcs11.Mechanism;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.PublicKey;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.EdECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.Set;

/**
 * Signatures with the mechanisms one token has: the combined ones where it has them, else the hash, which is no secret,
 * is computed on the host and the raw mechanism signs it.
 */
final class Signatures {

    private static final int ED25519_LENGTH = 64;

    /** Octets. */
    private static final int LONGEST_HASH = 64;

    /** RFC 8017 section 9.2: two octets, eight of padding at least, a zero. */
    private static final int BLOCK_OVERHEAD = 11;

    private final Set<Long> mechanisms;
    private final Set<SignatureMechanism> offered;

    /** @param mechanisms those of {@code C_GetMechanismList} */
    Signatures(Set<Long> mechanisms) {
        this.mechanisms = Set.copyOf(mechanisms);
        this.offered = offer();
    }

    /** What to sign with, and what: the message or its hash, as the mechanism asks. */
    record Call(Mechanism mechanism, byte[] data, int maxLength) {}

    Set<SignatureMechanism> offered() {
        return offered;
    }

    private Set<SignatureMechanism> offer() {
        Set<SignatureMechanism> offer = EnumSet.noneOf(SignatureMechanism.class);
        for (SignatureMechanism mechanism : SignatureMechanism.values()) {
            boolean present = switch (mechanism) {
                case RSA_PKCS1_UNHASHED -> has(Ckm.RSA_PKCS);
                case RSA_PKCS1_SHA1, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512 ->
                    has(combinedPkcs1(hash(mechanism))) || has(Ckm.RSA_PKCS);
                case RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512 ->
                    has(combinedPss(hash(mechanism))) || has(Ckm.RSA_PKCS_PSS);
                case ECDSA_UNHASHED, ECDSA_SHA256, ECDSA_SHA384, ECDSA_SHA512 -> has(Ckm.ECDSA);
                case ED25519 -> has(Ckm.EDDSA);
            };
            if (present) {
                offer.add(mechanism);
            }
        }
        return offer;
    }

    /** The signature that proves a key of this type, SHA-256 by preference. */
    SignatureMechanism proofFor(PublicKey key) throws HsmFailure {
        return switch (key) {
            case RSAPublicKey rsa ->
                offered().contains(SignatureMechanism.RSA_PKCS1_SHA256)
                        ? SignatureMechanism.RSA_PKCS1_SHA256
                        : SignatureMechanism.RSA_PSS_SHA256;
            case ECPublicKey ec -> SignatureMechanism.ECDSA_SHA256;
            case EdECPublicKey ed -> SignatureMechanism.ED25519;
            default -> throw new HsmFailure(Kind.UNSUPPORTED, 0, "keys of type " + key.getAlgorithm());
        };
    }

    /** @throws HsmFailure where the token does not offer the mechanism, or the key is of another type */
    Call call(PublicKey key, SignatureMechanism mechanism, byte[] message) throws HsmFailure {
        if (!offered.contains(mechanism)) {
            throw new HsmFailure(Kind.UNSUPPORTED, 0, "the token does not offer " + mechanism);
        }
        return switch (mechanism) {
            case RSA_PKCS1_UNHASHED -> {
                int length = modulusLength(key, mechanism);
                if (message.length > length - BLOCK_OVERHEAD) {
                    throw new HsmFailure(Kind.OUR_FAULT, 0, message.length + " octets in a PKCS #1 block of " + length);
                }
                yield new Call(Mechanism.of(Ckm.RSA_PKCS), message, length);
            }
            case RSA_PKCS1_SHA1, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512 -> {
                int length = modulusLength(key, mechanism);
                HashAlgorithm hash = hash(mechanism);
                long combined = combinedPkcs1(hash);
                yield has(combined)
                        ? new Call(Mechanism.of(combined), message, length)
                        : new Call(Mechanism.of(Ckm.RSA_PKCS), digestInfo(hash, message), length);
            }
            case RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512 -> {
                int length = modulusLength(key, mechanism);
                HashAlgorithm hash = hash(mechanism);
                long combined = combinedPss(hash);
                Mechanism.Parameter.Pss parameter =
                        new Mechanism.Parameter.Pss(digestMechanism(hash), mgf(hash), hash.length());
                yield has(combined)
                        ? new Call(new Mechanism(combined, parameter), message, length)
                        : new Call(new Mechanism(Ckm.RSA_PKCS_PSS, parameter), digest(hash, message), length);
            }
            case ECDSA_UNHASHED, ECDSA_SHA256, ECDSA_SHA384, ECDSA_SHA512 -> {
                if (!(key instanceof ECPublicKey ec)) {
                    throw mismatch(mechanism, key);
                }
                int length = (ec.getParams().getOrder().bitLength() + 7) / 8;
                byte[] hash =
                        mechanism == SignatureMechanism.ECDSA_UNHASHED ? message : digest(hash(mechanism), message);
                if (hash.length > LONGEST_HASH) {
                    throw new HsmFailure(Kind.OUR_FAULT, 0, hash.length + " octets are no hash");
                }
                // FIPS 186-5 section 6.4.1: the leftmost bits of a hash that is longer than the order; the orders of
                // our curves end at octets but for P-521, whose order is longer than any hash
                byte[] truncated = hash.length > length ? Arrays.copyOf(hash, length) : hash;
                yield new Call(Mechanism.of(Ckm.ECDSA), truncated, 2 * length);
            }
            case ED25519 -> {
                if (!(key instanceof EdECPublicKey)) {
                    throw mismatch(mechanism, key);
                }
                yield new Call(Mechanism.of(Ckm.EDDSA), message, ED25519_LENGTH);
            }
        };
    }

    private boolean has(long mechanism) {
        return mechanisms.contains(mechanism);
    }

    private static int modulusLength(PublicKey key, SignatureMechanism mechanism) throws HsmFailure {
        if (key instanceof RSAPublicKey rsa) {
            return (rsa.getModulus().bitLength() + 7) / 8;
        }
        throw mismatch(mechanism, key);
    }

    private static HsmFailure mismatch(SignatureMechanism mechanism, PublicKey key) {
        return new HsmFailure(Kind.OUR_FAULT, 0, mechanism + " with a key of type " + key.getAlgorithm());
    }

    static HashAlgorithm hash(SignatureMechanism mechanism) {
        return switch (mechanism) {
            case RSA_PKCS1_UNHASHED, ECDSA_UNHASHED -> throw new IllegalArgumentException(mechanism + " has no hash");
            case RSA_PKCS1_SHA1 -> HashAlgorithm.SHA1;
            case RSA_PKCS1_SHA256, RSA_PSS_SHA256, ECDSA_SHA256 -> HashAlgorithm.SHA256;
            case RSA_PKCS1_SHA384, RSA_PSS_SHA384, ECDSA_SHA384 -> HashAlgorithm.SHA384;
            case RSA_PKCS1_SHA512, RSA_PSS_SHA512, ECDSA_SHA512, ED25519 -> HashAlgorithm.SHA512;
        };
    }

    static long digestMechanism(HashAlgorithm hash) {
        return switch (hash) {
            case SHA1 -> Ckm.SHA_1;
            case SHA256 -> Ckm.SHA256;
            case SHA384 -> Ckm.SHA384;
            case SHA512 -> Ckm.SHA512;
        };
    }

    private static long combinedPkcs1(HashAlgorithm hash) {
        return switch (hash) {
            case SHA1 -> Ckm.SHA1_RSA_PKCS;
            case SHA256 -> Ckm.SHA256_RSA_PKCS;
            case SHA384 -> Ckm.SHA384_RSA_PKCS;
            case SHA512 -> Ckm.SHA512_RSA_PKCS;
        };
    }

    private static long combinedPss(HashAlgorithm hash) {
        return switch (hash) {
            case SHA1 -> Ckm.SHA1_RSA_PKCS_PSS;
            case SHA256 -> Ckm.SHA256_RSA_PKCS_PSS;
            case SHA384 -> Ckm.SHA384_RSA_PKCS_PSS;
            case SHA512 -> Ckm.SHA512_RSA_PKCS_PSS;
        };
    }

    private static long mgf(HashAlgorithm hash) {
        return switch (hash) {
            case SHA1 -> Ckg.MGF1_SHA1;
            case SHA256 -> Ckg.MGF1_SHA256;
            case SHA384 -> Ckg.MGF1_SHA384;
            case SHA512 -> Ckg.MGF1_SHA512;
        };
    }

    private static byte[] digest(HashAlgorithm hash, byte[] message) {
        try {
            return MessageDigest.getInstance(hash.jcaName()).digest(message);
        } catch (GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    /** RFC 8017 section 9.2, note 1. */
    private static byte[] digestInfo(HashAlgorithm hash, byte[] message) {
        byte[] prefix = HexFormat.of()
                .parseHex(
                        switch (hash) {
                            case SHA1 -> "3021300906052b0e03021a05000414";
                            case SHA256 -> "3031300d060960864801650304020105000420";
                            case SHA384 -> "3041300d060960864801650304020205000430";
                            case SHA512 -> "3051300d060960864801650304020305000440";
                        });
        byte[] digest = digest(hash, message);
        byte[] info = Arrays.copyOf(prefix, prefix.length + digest.length);
        System.arraycopy(digest, 0, info, prefix.length, digest.length);
        return info;
    }
}
