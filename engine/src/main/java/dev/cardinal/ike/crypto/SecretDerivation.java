package dev.cardinal.ike.crypto;

import org.jspecify.annotations.Nullable;

/**
 * What is made of a shared secret {@code g^ir} (RFC 7296 sections 2.14, 2.17, 2.18; RFC 2409 sections 5 and 5.5). The secrets named here stay the SA's;
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

    /**
     * IKEv1's {@code SKEYID | SKEYID_d | SKEYID_a | SKEYID_e} (RFC 2409 section 5), each {@code prf().length()} octets:
     * {@code SKEYID_d = prf(SKEYID, g^xy | CKY-I | CKY-R | 0)}, then {@code SKEYID_a} and {@code SKEYID_e} over the one
     * before them as well, with 1 and 2.
     *
     * @param skeyid as pre-shared keys and public key encryption make it, without {@code g^xy}; null with signatures,
     *     where it is {@code prf(Ni_b | Nr_b, g^xy)}
     * @param ni the nonce's octets without their payload header, as {@code nr}
     */
    record Ikev1Keys(
            PseudorandomFunction prf,
            @Nullable Secret skeyid,
            byte[] ni,
            byte[] nr,
            long initiatorCookie,
            long responderCookie)
            implements SecretDerivation {}

    /**
     * IKEv1's KEYMAT of two SAs (RFC 2409 section 5.5): {@code K1 | K2 | ...} for the first SPI, then for the second, where
     * {@code Kn = prf(SKEYID_d, Kn-1 | g(qm)^xy | protocol | SPI | Ni_b | Nr_b)}. Without perfect forward secrecy it takes no
     * agreement: {@link SymmetricCrypto#quickModeKeys}.
     *
     * @param protocol of RFC 2407 section 4.4.1: 2 AH, 3 ESP
     * @param length octets wanted for each SPI, at most 255 times the prf's length
     */
    record QuickModeKeys(
            PseudorandomFunction prf,
            Secret skeyidD,
            int protocol,
            int firstSpi,
            int secondSpi,
            byte[] ni,
            byte[] nr,
            int length)
            implements SecretDerivation {}
}
