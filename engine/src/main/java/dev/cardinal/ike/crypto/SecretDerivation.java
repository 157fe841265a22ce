package dev.cardinal.ike.crypto;

/**
 * What is made of a shared secret {@code g^ir} (RFC 7296 sections 2.14, 2.17, 2.18). The secrets named here stay the SA's;
 * a port reads them while {@link CryptoPort#submit} runs and never later.
 */
public sealed interface SecretDerivation {

    PseudorandomFunction prf();

    /** {@code prf(Ni | Nr, g^ir)}. */
    record Skeyseed(PseudorandomFunction prf, byte[] ni, byte[] nr) implements SecretDerivation {}

    /** {@code prf(SK_d (old), g^ir (new) | Ni | Nr)}. */
    record RekeyedSkeyseed(PseudorandomFunction prf, Secret skD, byte[] ni, byte[] nr) implements SecretDerivation {}

    /** {@code prf+(SK_d, g^ir (new) | Ni | Nr)}. @param length octets wanted */
    record ChildKeyMaterial(PseudorandomFunction prf, Secret skD, byte[] ni, byte[] nr, int length)
            implements SecretDerivation {}
}
