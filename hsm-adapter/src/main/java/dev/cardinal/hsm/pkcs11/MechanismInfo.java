package dev.cardinal.hsm.pkcs11;

/**
 * {@code CK_MECHANISM_INFO}.
 *
 * @param minKeySize in the mechanism's own unit: bits for RSA, DH and EC, octets for most others
 */
public record MechanismInfo(long minKeySize, long maxKeySize, long flags) {}
