package dev.cardinal.hsm.pool;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cardinal.hsm.KeyExchangeGroup;
import dev.cardinal.hsm.pkcs11.Pkcs11Module;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The contract on the crypto card: PKCS#11 3.0, a login, lasting keys, and batches. */
final class CardTest extends HsmContract {

    static final Set<KeyExchangeGroup> GROUPS = EnumSet.complementOf(
            EnumSet.of(KeyExchangeGroup.X448, KeyExchangeGroup.MODP_1024, KeyExchangeGroup.MODP_1536));

    private static final String LABEL = "contract";

    @SuppressWarnings("NullAway.Init") // settings() comes first
    private TokenSettings made;

    @Override
    TokenSettings settings() throws Exception {
        made = TestTokens.card(LABEL);
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
        return EnumSet.copyOf(GROUPS);
    }

    @Test
    void everyGroupGoesInBatches() throws Exception {
        try (Pkcs11Module module = Pkcs11Module.open(made.module(), made.initArgs());
                TokenPool pool = TokenPool.open(made)) {
            assertEquals(0x0300, module.cryptoki().functionListVersion());
            assertTrue(module.cryptoki().offersBatch());
            assertTrue(pool.abilities().groups().values().stream().allMatch(TokenAbilities.GroupAbility::batched));
        }
    }
}
