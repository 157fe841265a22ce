package dev.cardinal.hsm.pool;

import static dev.cardinal.hsm.pool.HsmContract.assertFails;
import static dev.cardinal.hsm.pool.HsmContract.get;
import static dev.cardinal.hsm.pool.HsmContract.soon;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cardinal.hsm.HsmFailure.Kind;
import dev.cardinal.hsm.HsmRequest;
import dev.cardinal.hsm.HsmResult;
import dev.cardinal.hsm.KeyRef;
import dev.cardinal.hsm.SignatureMechanism;
import dev.cardinal.hsm.Urgency;
import dev.cardinal.hsm.pkcs11.Attribute;
import dev.cardinal.hsm.pkcs11.Cka;
import dev.cardinal.hsm.pkcs11.Ckm;
import dev.cardinal.hsm.pkcs11.Cko;
import dev.cardinal.hsm.pkcs11.Ckr;
import dev.cardinal.hsm.pkcs11.Cku;
import dev.cardinal.hsm.pkcs11.Cryptoki;
import dev.cardinal.hsm.pkcs11.Lane;
import dev.cardinal.hsm.pkcs11.Mechanism;
import dev.cardinal.hsm.pkcs11.Pkcs11Module;
import dev.cardinal.hsm.pkcs11.Session;
import java.security.KeyFactory;
import java.security.spec.X509EncodedKeySpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.UnaryOperator;
import javax.crypto.Cipher;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** A key with {@code CKA_ALWAYS_AUTHENTICATE}: a login for each use, and no batch. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class AlwaysAuthenticateTest {

    private static final byte[] MESSAGE = {1, 2, 3};

    private TokenOfTwo softHsm;
    private TokenOfTwo card;

    /** A token with a key of either kind: DER of the public keys. */
    private record TokenOfTwo(TokenSettings settings, byte[] strict, byte[] usual) {}

    @BeforeAll
    void makeTokens() throws Exception {
        softHsm = withKeys(TestTokens.softHsm("always"));
        card = withKeys(TestTokens.card("always"));
    }

    private static TokenOfTwo withKeys(TokenSettings made) throws Exception {
        TokenSettings settings = made.withGroups(Set.of()).withWorkers(1);
        byte[] usual;
        try (KeyGeneration generation =
                KeyGeneration.open(settings.module(), settings.initArgs(), settings.token(), settings.pin())) {
            usual = generation.generateRsaKeyPair("usual", new byte[] {1}, 2048);
        }
        return new TokenOfTwo(settings, strictKey(settings), usual);
    }

    private static byte[] strictKey(TokenSettings settings) throws Exception {
        try (Pkcs11Module module = Pkcs11Module.open(settings.module(), settings.initArgs())) {
            long slot = TokenSlot.find(module.cryptoki(), settings.token()).slot();
            Session session = Session.open(module.cryptoki(), slot, true);
            module.cryptoki().login(session.handle(), Cku.USER, TestTokens.PIN);
            Attribute id = Attribute.of(Cka.ID, new byte[] {2});
            Cryptoki.KeyPair pair = module.cryptoki()
                    .generateKeyPair(
                            session.handle(),
                            Mechanism.of(Ckm.RSA_PKCS_KEY_PAIR_GEN),
                            List.of(
                                    Attribute.of(Cka.TOKEN, true),
                                    Attribute.of(Cka.MODULUS_BITS, 2048),
                                    Attribute.of(Cka.PUBLIC_EXPONENT, new byte[] {1, 0, 1}),
                                    id),
                            List.of(
                                    Attribute.of(Cka.TOKEN, true),
                                    Attribute.of(Cka.PRIVATE, true),
                                    Attribute.of(Cka.SIGN, true),
                                    Attribute.of(Cka.DECRYPT, true),
                                    Attribute.of(Cka.ALWAYS_AUTHENTICATE, true),
                                    id));
            byte[] info = PublicKeys.rsa(
                            session.attribute(pair.publicKey(), Cka.MODULUS),
                            session.attribute(pair.publicKey(), Cka.PUBLIC_EXPONENT))
                    .getEncoded();
            session.close();
            return info;
        }
    }

    @Test
    void eachUseHasItsOwnLoginInSessions() throws Exception {
        FaultyCryptoki counting = new FaultyCryptoki();
        try (TokenPool pool = TokenPool.open(softHsm.settings(), counting, System::nanoTime)) {
            usesTheKey(pool, counting, softHsm.strict());
        }
    }

    @Test
    void suchAKeyIsNotPutIntoABatch() throws Exception {
        FaultyCryptoki counting = new FaultyCryptoki();
        BatchOverSessions batches = new BatchOverSessions();
        keepsOutOfBatches(softHsm, counting, real -> counting.apply(batches.apply(real)));
    }

    @Test
    void norIntoOneOfTheCard() throws Exception {
        FaultyCryptoki counting = new FaultyCryptoki();
        keepsOutOfBatches(card, counting, counting);
    }

    private static void keepsOutOfBatches(TokenOfTwo token, FaultyCryptoki counting, UnaryOperator<Cryptoki> decoration)
            throws Exception {
        try (TokenPool pool = TokenPool.open(token.settings(), decoration, System::nanoTime)) {
            usesTheKey(pool, counting, token.strict());
            assertEquals(0, counting.calls("executeBatch"));
            KeyRef key = pool.findKey(token.usual());
            counting.forget();
            assertVerifies(get(sign(pool, key)), token.usual());
            assertEquals(1, counting.calls("executeBatch"));
            assertEquals(0, counting.calls("login"));
        }
    }

    /** The module itself keeps such a key out of its batches. */
    @Test
    void theCardRefusesSuchAKeyInALane() throws Exception {
        TokenSettings settings = card.settings();
        try (Pkcs11Module module = Pkcs11Module.open(settings.module(), settings.initArgs());
                TokenPool pool = TokenPool.open(settings)) {
            Cryptoki cryptoki = module.cryptoki();
            Session session = Session.open(
                    cryptoki, TokenSlot.find(cryptoki, settings.token()).slot(), false);
            List<Long> keys = new ArrayList<>();
            for (byte id : new byte[] {1, 2}) {
                keys.addAll(session.find(
                        List.of(Attribute.of(Cka.CLASS, Cko.PRIVATE_KEY), Attribute.of(Cka.ID, new byte[] {id}))));
            }
            List<Lane> lanes = keys.stream()
                    .<Lane>map(key -> new Lane.Sign(Mechanism.of(Ckm.SHA256_RSA_PKCS), key, MESSAGE, 256))
                    .toList();
            assertEquals(
                    List.of(Ckr.OK, Ckr.USER_NOT_LOGGED_IN),
                    cryptoki.executeBatch(session.handle(), lanes).stream()
                            .map(Lane.Outcome::rv)
                            .toList());
            session.close();
            assertTrue(pool.batches());
        }
    }

    private static void usesTheKey(TokenPool pool, FaultyCryptoki counting, byte[] strict) throws Exception {
        KeyRef key = pool.findKey(strict);
        assertEquals(2, counting.calls("login"), "the token's, and one for the proof");
        counting.forget();
        for (int i = 1; i <= 3; i++) {
            assertVerifies(get(sign(pool, key)), strict);
            assertEquals(i, counting.calls("login"));
        }
        Cipher cipher = Cipher.getInstance("RSA/ECB/PKCS1Padding");
        cipher.init(Cipher.ENCRYPT_MODE, KeyFactory.getInstance("RSA").generatePublic(new X509EncodedKeySpec(strict)));
        HsmResult.Decrypted decrypted = (HsmResult.Decrypted) get(pool.submit(new HsmRequest.Decrypt(
                key, cipher.doFinal(MESSAGE), new HsmRequest.Substitute(new byte[256], 9), Urgency.BEGUN, soon())));
        assertArrayEquals(MESSAGE, decrypted.plaintext());
        assertEquals(4, counting.calls("login"));
    }

    @Test
    void aPinRefusedForAUseIsNeverTriedAgain() throws Exception {
        byte[][] current = {TestTokens.PIN};
        FaultyCryptoki counting = new FaultyCryptoki();
        TokenSettings settings = softHsm.settings();
        TokenSettings changing = new TokenSettings(
                settings.module(),
                settings.initArgs(),
                settings.token(),
                () -> current[0].clone(),
                1,
                settings.queueLimits(),
                settings.batchLimit(),
                false,
                Set.of());
        try (TokenPool pool = TokenPool.open(changing, counting, System::nanoTime)) {
            KeyRef key = pool.findKey(softHsm.strict());
            counting.forget();
            current[0] = new byte[] {'9', '9', '9', '9'};
            for (int i = 0; i < 3; i++) {
                assertEquals(
                        Ckr.PIN_INCORRECT,
                        assertFails(Kind.PIN, sign(pool, key)).ckr());
            }
            assertEquals(1, counting.calls("login"));
        }
    }

    private static CompletableFuture<HsmResult> sign(TokenPool pool, KeyRef key) throws Exception {
        return pool.submit(
                new HsmRequest.Sign(key, SignatureMechanism.RSA_PKCS1_SHA256, MESSAGE, Urgency.BEGUN, soon()));
    }

    private static void assertVerifies(HsmResult result, byte[] publicKeyInfo) throws Exception {
        assertTrue(PublicKeys.verifies(
                PublicKeys.parse(publicKeyInfo),
                SignatureMechanism.RSA_PKCS1_SHA256,
                MESSAGE,
                ((HsmResult.Signed) result).signature()));
    }
}
