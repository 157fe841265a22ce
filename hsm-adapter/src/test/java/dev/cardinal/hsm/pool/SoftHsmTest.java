package dev.cardinal.hsm.pool;

import dev.cardinal.hsm.KeyExchangeGroup;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** The contract on SoftHSM: PKCS#11 2.40, a login, lasting keys, {@code C_DigestKey}. */
final class SoftHsmTest extends HsmContract {

    private static final String LABEL = "contract";

    @SuppressWarnings("NullAway.Init") // settings() comes first
    private TokenSettings made;

    @Override
    TokenSettings settings() throws Exception {
        made = TestTokens.softHsm(LABEL);
        return made;
    }

    @Override
    TokenKeys keys() throws Exception {
        try (KeyGeneration generation = KeyGeneration.open(made.module(), made.initArgs(), made.token(), made.pin())) {
            return new TokenKeys(
                    generation.generateRsaKeyPair("rsa", new byte[] {1}, 2048),
                    List.of(
                            generation.generateEcKeyPair("p256", new byte[] {2}, EcCurve.P256),
                            generation.generateEcKeyPair("p384", new byte[] {3}, EcCurve.P384),
                            generation.generateEcKeyPair("p521", new byte[] {4}, EcCurve.P521)),
                    generation.generateEd25519KeyPair("ed25519", new byte[] {5}));
        }
    }

    @Override
    Set<KeyExchangeGroup> groups() {
        return EnumSet.allOf(KeyExchangeGroup.class);
    }
}
