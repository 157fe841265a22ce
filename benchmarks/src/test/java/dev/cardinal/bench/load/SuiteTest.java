package dev.cardinal.bench.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cardinal.ike.crypto.KeyExchangeMethod;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.Signature;
import java.security.interfaces.RSAPublicKey;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SuiteTest {
    @Test
    void namesAreReadAndWritten() {
        for (String name : List.of(
                "rsa2048-modp2048",
                "rsa2048-x25519",
                "ecdsa256-ecp256",
                "psk-x25519",
                "rsa3072-ecp384",
                "ikev1-psk-x25519",
                "ikev1-rsa2048-modp2048")) {
            assertEquals(name, Suite.of(name).name());
        }
        assertEquals(
                new Suite(2, Suite.Authentication.RSA2048, KeyExchangeMethod.CURVE_25519), Suite.of("rsa2048-x25519"));
        assertEquals("aes128gcm16-prfsha256-modp2048", Suite.of("psk-modp2048").ikeProposal());
        assertEquals("aes128-sha256-modp2048", Suite.of("ikev1-psk-modp2048").ikeProposal());
        for (String name : List.of(
                "",
                "-",
                "ikev1-",
                "ikev2-psk-x25519",
                "rsa2048",
                "rsa2048-",
                "-x25519",
                "rsa1024-x25519",
                "psk-modp768")) {
            assertTrue(
                    String.valueOf(assertThrows(IllegalArgumentException.class, () -> Suite.of(name))
                                    .getMessage())
                            .contains("ecdsa256"),
                    "tells what there is");
        }
    }

    /** Distinct moduli of the full length, each with a private key that belongs to it. */
    @Test
    void fleetKeysAreDistinctAndWork() throws GeneralSecurityException {
        Set<Object> moduli = new HashSet<>();
        for (KeyPair pair : FleetKeys.generate(Suite.Authentication.RSA2048, 30)) {
            RSAPublicKey key = (RSAPublicKey) pair.getPublic();
            assertEquals(2048, key.getModulus().bitLength());
            assertTrue(moduli.add(key.getModulus()));
            assertTrue(works("SHA256withRSA", pair));
        }
        for (KeyPair pair : FleetKeys.generate(Suite.Authentication.ECDSA256, 3)) {
            assertTrue(works("SHA256withECDSA", pair));
        }
    }

    private static boolean works(String algorithm, KeyPair pair) throws GeneralSecurityException {
        Signature signature = Signature.getInstance(algorithm);
        signature.initSign(pair.getPrivate());
        signature.update((byte) 1);
        byte[] signed = signature.sign();
        signature.initVerify(pair.getPublic());
        signature.update((byte) 1);
        return signature.verify(signed);
    }
}
