package dev.cardinal.hsm.pkcs11;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cardinal.hsm.pool.TestTokens;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** The binding on NSS softoken, whose crypto slot needs no login. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class JnaCryptokiTest {

    private Pkcs11Module module;
    private JnaCryptoki cryptoki;
    private Session session;

    @BeforeAll
    void open() throws Exception {
        module = Pkcs11Module.open(TestTokens.NSS, TestTokens.NSS_ARGS);
        cryptoki = (JnaCryptoki) module.cryptoki();
        session = Session.open(cryptoki, cryptoki.getSlotList(true)[0], false);
    }

    @AfterAll
    void close() throws Exception {
        session.close();
        module.close();
    }

    @Test
    void wipesItsMemoryAfterEveryCall() throws Exception {
        byte[] small = cryptoki.generateRandom(session.handle(), 100);
        assertEquals(100, small.length);
        assertTrue(cryptoki.memoryWiped());
        // beyond the thread's own block
        cryptoki.generateRandom(session.handle(), 40_000);
        assertTrue(cryptoki.memoryWiped());
        byte[] secret = new byte[32];
        Arrays.fill(secret, (byte) 0x5a);
        long key = cryptoki.createObject(
                session.handle(),
                List.of(
                        Attribute.of(Cka.CLASS, Cko.SECRET_KEY),
                        Attribute.of(Cka.KEY_TYPE, Ckk.GENERIC_SECRET),
                        Attribute.of(Cka.TOKEN, false),
                        Attribute.of(Cka.VALUE, secret)));
        assertTrue(cryptoki.memoryWiped());
        assertArrayEquals(secret, session.attribute(key, Cka.VALUE));
        assertTrue(cryptoki.memoryWiped());
        // after failures too
        session.destroy(key);
        Pkcs11Exception gone = assertThrows(Pkcs11Exception.class, () -> session.attribute(key, Cka.VALUE));
        assertEquals(Ckr.OBJECT_HANDLE_INVALID, gone.ckr());
        assertTrue(cryptoki.memoryWiped());
    }

    @Test
    void offersNoMoreThanTheBufferItWasAskedFor() throws Exception {
        Cryptoki.KeyPair pair = cryptoki.generateKeyPair(
                session.handle(),
                Mechanism.of(Ckm.RSA_PKCS_KEY_PAIR_GEN),
                List.of(Attribute.of(Cka.MODULUS_BITS, 1024), Attribute.of(Cka.PUBLIC_EXPONENT, new byte[] {1, 0, 1})),
                List.of(Attribute.of(Cka.SENSITIVE, true)));
        assertEquals(128, cryptoki.getAttributeValue(session.handle(), pair.publicKey(), Cka.MODULUS, 128).length);
        Pkcs11Exception small = assertThrows(
                Pkcs11Exception.class,
                () -> cryptoki.getAttributeValue(session.handle(), pair.publicKey(), Cka.MODULUS, 127));
        assertEquals(Ckr.BUFFER_TOO_SMALL, small.ckr());
        assertEquals(List.of(pair.publicKey()), session.find(List.of(Attribute.of(Cka.CLASS, Cko.PUBLIC_KEY))));
        session.destroy(pair.publicKey());
        session.destroy(pair.privateKey());
    }

    @Test
    void digestsAKeyAmongOctets() throws Exception {
        long key = cryptoki.createObject(
                session.handle(),
                List.of(
                        Attribute.of(Cka.CLASS, Cko.SECRET_KEY),
                        Attribute.of(Cka.KEY_TYPE, Ckk.GENERIC_SECRET),
                        Attribute.of(Cka.TOKEN, false),
                        Attribute.of(Cka.SENSITIVE, true),
                        Attribute.of(Cka.EXTRACTABLE, false),
                        Attribute.of(Cka.VALUE, new byte[] {1, 2, 3})));
        cryptoki.digestInit(session.handle(), Mechanism.of(Ckm.SHA384));
        cryptoki.digestUpdate(session.handle(), new byte[] {0});
        cryptoki.digestKey(session.handle(), key);
        cryptoki.digestUpdate(session.handle(), new byte[] {4});
        assertArrayEquals(
                MessageDigest.getInstance("SHA-384").digest(new byte[] {0, 1, 2, 3, 4}),
                cryptoki.digestFinal(session.handle(), 48));
        session.destroy(key);
    }
}
