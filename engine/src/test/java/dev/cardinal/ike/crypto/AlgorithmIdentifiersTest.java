package dev.cardinal.ike.crypto;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

class AlgorithmIdentifiersTest {
    /** The printed values of RFC 7427 appendix A and RFC 8420 section 3. */
    @Test
    void printedValues() {
        assertScheme("300d06092a864886f70d0101050500", SignatureScheme.RSA_PKCS1_SHA1);
        assertScheme("300d06092a864886f70d01010b0500", SignatureScheme.RSA_PKCS1_SHA256);
        assertScheme("300d06092a864886f70d01010c0500", SignatureScheme.RSA_PKCS1_SHA384);
        assertScheme("300d06092a864886f70d01010d0500", SignatureScheme.RSA_PKCS1_SHA512);
        assertScheme("300a06082a8648ce3d040302", SignatureScheme.ECDSA_SHA256);
        assertScheme("300a06082a8648ce3d040303", SignatureScheme.ECDSA_SHA384);
        assertScheme("300a06082a8648ce3d040304", SignatureScheme.ECDSA_SHA512);
        assertScheme("300506032b6570", SignatureScheme.ED25519);
    }

    /** RFC 4055 section 3.1; the trailer is its default, which DER leaves out. */
    @Test
    void pssIsEncodedInDer() {
        assertScheme(
                "304106092a864886f70d01010a3034a00f300d06096086480165030402010500a11c301a06092a864886f70d010108"
                        + "300d06096086480165030402010500a203020120",
                SignatureScheme.RSA_PSS_SHA256);
        assertScheme(
                "304106092a864886f70d01010a3034a00f300d06096086480165030402020500a11c301a06092a864886f70d010108"
                        + "300d06096086480165030402020500a203020130",
                SignatureScheme.RSA_PSS_SHA384);
        assertScheme(
                "304106092a864886f70d01010a3034a00f300d06096086480165030402030500a11c301a06092a864886f70d010108"
                        + "300d06096086480165030402030500a203020140",
                SignatureScheme.RSA_PSS_SHA512);
    }

    @Test
    void otherSpellingsAreAccepted() {
        assertDecodes("300b06092a864886f70d01010b", SignatureScheme.RSA_PKCS1_SHA256);
        // RFC 7427 appendix A.4.3, with the trailer
        assertDecodes(
                "304606092a864886f70d01010a3039a00f300d06096086480165030402010500a11c301a06092a864886f70d010108"
                        + "300d06096086480165030402010500a203020120a303020101",
                SignatureScheme.RSA_PSS_SHA256);
        // the hashes without NULL
        assertDecodes(
                "303d06092a864886f70d01010a3030a00d300b0609608648016503040201a11a301806092a864886f70d010108"
                        + "300b0609608648016503040201a203020120",
                SignatureScheme.RSA_PSS_SHA256);
    }

    @Test
    void whatIsNotOursIsNone() {
        assertNull(SignatureScheme.ofAlgorithmIdentifier(new byte[0]));
        assertDecodes("300906072a8648ce380403", null); // dsa-with-sha1
        assertDecodes("300906072a8648ce3d0401", null); // ecdsa-with-sha1
        assertDecodes("300d06092a864886f70d01010a3000", null); // PSS with its SHA-1 defaults
        assertDecodes("300c06082a8648ce3d0403020500", null); // ECDSA with NULL
        assertDecodes("300706032b65700500", null); // Ed25519 with NULL
        // PSS with a salt of another length
        assertDecodes(
                "304106092a864886f70d01010a3034a00f300d06096086480165030402010500a11c301a06092a864886f70d010108"
                        + "300d06096086480165030402010500a203020114",
                null);
    }

    @Test
    void anyChangedOctetIsAnotherOrNone() {
        for (SignatureScheme scheme : SignatureScheme.values()) {
            if (scheme.isUnhashed()) {
                // IKEv1's have none, and can neither be claimed nor sent
                assertThrows(IllegalStateException.class, scheme::algorithmIdentifier);
                continue;
            }
            byte[] der = scheme.algorithmIdentifier();
            for (int i = 0; i < der.length; i++) {
                byte[] changed = der.clone();
                changed[i] ^= 0x40;
                assertNull(SignatureScheme.ofAlgorithmIdentifier(changed), scheme + " octet " + i);
                assertNull(SignatureScheme.ofAlgorithmIdentifier(Arrays.copyOf(der, i)), scheme + " cut at " + i);
            }
            assertNull(SignatureScheme.ofAlgorithmIdentifier(Arrays.copyOf(der, der.length + 1)));
        }
    }

    @Test
    void encodingsAreCopies() {
        byte[] der = SignatureScheme.ED25519.algorithmIdentifier();
        der[0] = 0;
        assertScheme("300506032b6570", SignatureScheme.ED25519);
    }

    private static void assertScheme(String der, SignatureScheme scheme) {
        assertEquals(der, HexFormat.of().formatHex(scheme.algorithmIdentifier()));
        assertDecodes(der, scheme);
    }

    private static void assertDecodes(String der, @org.jspecify.annotations.Nullable SignatureScheme scheme) {
        assertEquals(
                scheme, SignatureScheme.ofAlgorithmIdentifier(HexFormat.of().parseHex(der)));
    }
}
