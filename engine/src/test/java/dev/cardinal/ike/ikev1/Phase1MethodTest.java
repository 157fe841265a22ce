package dev.cardinal.ike.ikev1;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.cardinal.ike.crypto.PseudorandomFunction;
import org.junit.jupiter.api.Test;

class Phase1MethodTest {
    /** RFC 4754: ECDSA on P-384 goes with SHA-384, though phase 1 has negotiated SHA-256. */
    @Test
    void ecdsaBringsTheHashOfItsProof() {
        PseudorandomFunction negotiated = PseudorandomFunction.HMAC_SHA2_256;
        assertEquals(PseudorandomFunction.HMAC_SHA2_384, Phase1Method.proofPrf(Phase1Method.ECDSA_384, negotiated));
        assertEquals(PseudorandomFunction.HMAC_SHA2_512, Phase1Method.proofPrf(Phase1Method.ECDSA_521, negotiated));
        assertEquals(
                PseudorandomFunction.HMAC_SHA2_256,
                Phase1Method.proofPrf(Phase1Method.ECDSA_256, PseudorandomFunction.HMAC_SHA1));
        assertEquals(negotiated, Phase1Method.proofPrf(Phase1Method.RSA_SIGNATURES, negotiated));
    }
}
