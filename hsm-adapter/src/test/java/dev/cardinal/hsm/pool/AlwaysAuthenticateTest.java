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
import dev.cardinal.hsm.pkcs11.Ckr;
import dev.cardinal.hsm.pkcs11.Cku;
import dev.cardinal.hsm.pkcs11.Cryptoki;
import dev.cardinal.hsm.pkcs11.Mechanism;
import dev.cardinal.hsm.pkcs11.Pkcs11Module;
import dev.cardinal.hsm.pkcs11.Session;
import java.security.KeyFactory;
import java.security.spec.X509EncodedKeySpec;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.UnaryOperator;
import javax.crypto.Cipher;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** A key with {@code CKA_ALWAYS_AUTHENTICATE} on a real SoftHSM: a login for each use, and no batch. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class AlwaysAuthenticateTest {

    private static final byte[] MESSAGE = {1, 2, 3};

    private TokenSettings settings;
    private byte[] strict;
    private byte[] usual;

    @BeforeAll
    void makeToken() throws Exception {
        settings = TestTokens.softHsm("always").withGroups(Set.of()).withWorkers(1);
        try (KeyGeneration generation =
                KeyGeneration.open(settings.module(), settings.initArgs(), settings.token(), settings.pin())) {
            usual = generation.generateRsaKeyPair("usual", new byte[] {1}, 1024);
        }
        strict = strictKey(settings);
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
                                    Attribute.of(Cka.MODULUS_BITS, 1024),
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
    void eachUseHasItsOwnLogin() throws Exception {
        FaultyCryptoki counting = new FaultyCryptoki();
        try (TokenPool pool = TokenPool.open(settings, counting, System::nanoTime)) {
            usesTheKey(pool, counting);
        }
    }

    @Test
    void suchAKeyIsNotPutIntoABatch() throws Exception {
        FaultyCryptoki counting = new FaultyCryptoki();
        BatchOverSessions batches = new BatchOverSessions();
        UnaryOperator<Cryptoki> both = real -> counting.apply(batches.apply(real));
        try (TokenPool pool = TokenPool.open(settings, both, System::nanoTime)) {
            usesTheKey(pool, counting);
            assertEquals(List.of(), batches.sizes());
            KeyRef key = pool.findKey(usual);
            counting.forget();
            assertVerifies(get(sign(pool, key)), usual);
            assertEquals(List.of(1), batches.sizes());
            assertEquals(0, counting.calls("login"));
        }
    }

    private void usesTheKey(TokenPool pool, FaultyCryptoki counting) throws Exception {
        KeyRef key = pool.findKey(strict);
        assertEquals(2, counting.calls("login"), "the token's, and one for the proof");
        counting.forget();
        for (int i = 1; i <= 3; i++) {
            assertVerifies(get(sign(pool, key)), strict);
            assertEquals(i, counting.calls("login"));
        }
        Cipher cipher = Cipher.getInstance("RSA/ECB/PKCS1Padding");
        cipher.init(Cipher.ENCRYPT_MODE, KeyFactory.getInstance("RSA").generatePublic(new X509EncodedKeySpec(strict)));
        HsmResult.Decrypted decrypted = (HsmResult.Decrypted)
                get(pool.submit(new HsmRequest.Decrypt(key, cipher.doFinal(MESSAGE), Urgency.BEGUN, soon())));
        assertArrayEquals(MESSAGE, decrypted.plaintext());
        assertEquals(4, counting.calls("login"));
    }

    @Test
    void aPinRefusedForAUseIsNeverTriedAgain() throws Exception {
        byte[][] current = {TestTokens.PIN};
        FaultyCryptoki counting = new FaultyCryptoki();
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
            KeyRef key = pool.findKey(strict);
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
