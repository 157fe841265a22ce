package dev.cardinal.hsm.pool;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cardinal.hsm.HsmFailure;
import dev.cardinal.hsm.pkcs11.Attribute;
import dev.cardinal.hsm.pkcs11.Cka;
import dev.cardinal.hsm.pkcs11.Ckk;
import dev.cardinal.hsm.pkcs11.Cko;
import dev.cardinal.hsm.pkcs11.Cryptoki;
import dev.cardinal.hsm.pkcs11.Pkcs11Exception;
import dev.cardinal.hsm.pkcs11.Pkcs11Uri;
import dev.cardinal.hsm.pkcs11.Session;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.interfaces.RSAPrivateCrtKey;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Set;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** How private keys are matched to public keys, proven, and told apart. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class KeySearchTest {

    private TokenPool pool;
    private KeyGeneration generation;
    private ObjectCount objects;

    @BeforeAll
    void open() throws Exception {
        TokenSettings settings =
                TestTokens.softHsm("keys; 100% ü").withGroups(Set.of()).withWorkers(1);
        generation = KeyGeneration.open(settings.module(), settings.initArgs(), settings.token(), settings.pin());
        pool = TokenPool.open(settings);
        objects = new ObjectCount(settings);
    }

    @AfterAll
    void close() throws Exception {
        objects.close();
        pool.close();
        generation.close();
    }

    @Test
    void rsaKeysAreFoundByTheirModulus() throws Exception {
        byte[] info = generation.generateRsaKeyPair("gateway key", new byte[] {0x10, (byte) 0xfe}, 1024);
        destroyAll(Cko.PUBLIC_KEY, new byte[] {0x10, (byte) 0xfe});
        String uri = pool.findKey(info).uri();
        assertTrue(uri.endsWith(";token=keys%3B%20100%25%20%C3%BC;object=gateway%20key;id=%10%FE;type=private"), uri);
        Pkcs11Uri parsed = Pkcs11Uri.parse(uri);
        assertArrayEquals(new byte[] {0x10, (byte) 0xfe}, parsed.id());
        assertArrayEquals(
                info, pool.findKey(info, new byte[] {0x10, (byte) 0xfe}).publicKeyInfo());
    }

    @Test
    void ecKeysAreFoundByThePublicKeyOfTheSameIdentifier() throws Exception {
        byte[] info = generation.generateEcKeyPair("ec", new byte[] {0x20}, EcCurve.P256);
        assertTrue(pool.findKey(info).uri().contains("id=%20"));
    }

    @Test
    void ecKeysAreFoundByTheCertificateOfTheSameIdentifier() throws Exception {
        byte[] id = {0x21};
        byte[] info = generation.generateEcKeyPair("ec", id, EcCurve.P384);
        destroyAll(Cko.PUBLIC_KEY, id);
        HsmFailure none = assertThrows(HsmFailure.class, () -> pool.findKey(info));
        assertEquals(HsmFailure.Kind.OUR_FAULT, none.kind());
        certificate(info, id);
        assertTrue(pool.findKey(info).uri().contains("id=%21"));
    }

    @Test
    void anIdentifierIsNoProof() throws Exception {
        byte[] stray = generation.generateEcKeyPair("stray", new byte[] {0x30}, EcCurve.P256);
        generation.generateEcKeyPair("innocent", new byte[] {0x31}, EcCurve.P256);
        destroyAll(Cko.PUBLIC_KEY, new byte[] {0x30});
        destroyAll(Cko.PUBLIC_KEY, new byte[] {0x31});
        // the certificate claims another key's identifier
        certificate(stray, new byte[] {0x31});
        HsmFailure failure = assertThrows(HsmFailure.class, () -> pool.findKey(stray));
        assertTrue(failure.getMessage().contains("innocent"), failure.getMessage());
        assertTrue(failure.getMessage().contains("do not verify"), failure.getMessage());
    }

    @Test
    void twoMatchesAreAnErrorThatNamesBoth() throws Exception {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
        generator.initialize(1024);
        KeyPair pair = generator.generateKeyPair();
        importKey(pair, "one", new byte[] {0x41});
        importKey(pair, "two", new byte[] {0x42});
        byte[] info = pair.getPublic().getEncoded();
        HsmFailure failure = assertThrows(HsmFailure.class, () -> pool.findKey(info));
        assertEquals(HsmFailure.Kind.OUR_FAULT, failure.kind());
        assertTrue(failure.getMessage().contains("object=one;id=%41"), failure.getMessage());
        assertTrue(failure.getMessage().contains("object=two;id=%42"), failure.getMessage());
        assertTrue(pool.findKey(info, new byte[] {0x42}).uri().contains("object=two"));
        assertThrows(HsmFailure.class, () -> pool.findKey(info, new byte[] {0x43}));
    }

    @Test
    void aMissingKeyIsSaidInTheWordsOfTheSearch() throws Exception {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
        generator.initialize(1024);
        byte[] info = generator.generateKeyPair().getPublic().getEncoded();
        String message = assertThrows(HsmFailure.class, () -> pool.findKey(info, new byte[] {1, 2}))
                .getMessage();
        for (String part : List.of("modulus", "keys; 100% ü", "id 0102", "CKA_MODULUS", "CKA_PUBLIC_KEY_INFO")) {
            assertTrue(message.contains(part), message);
        }
        HsmFailure unknown = assertThrows(HsmFailure.class, () -> pool.findKey(new byte[] {0x30, 0}));
        assertEquals(HsmFailure.Kind.UNSUPPORTED, unknown.kind());
    }

    @Test
    void keysAreBornSensitiveAndCannotBeRead() throws Exception {
        byte[] id = {0x50};
        generation.generateRsaKeyPair("born", id, 1024);
        long key = objects.session()
                .find(List.of(Attribute.of(Cka.CLASS, Cko.PRIVATE_KEY), Attribute.of(Cka.ID, id)))
                .getFirst();
        assertArrayEquals(new byte[] {1}, objects.session().attribute(key, Cka.SENSITIVE));
        assertArrayEquals(new byte[] {0}, objects.session().attribute(key, Cka.EXTRACTABLE));
        assertThrows(Pkcs11Exception.class, () -> objects.session().attribute(key, Cka.PRIVATE_EXPONENT));
    }

    @Test
    void theInventoryListsKeysAndMechanisms() throws Exception {
        generation.generateEd25519KeyPair("listed", new byte[] {0x60});
        TokenInventory inventory = TokenInventory.read(
                TestTokens.SOFTHSM, null, new TokenSelector.ByLabel("keys; 100% ü"), TestTokens.PIN::clone);
        assertEquals("2.40", inventory.functionListVersion());
        TokenInventory.Token token = inventory.slots().stream()
                .map(TokenInventory.Slot::token)
                .filter(found -> found != null && found.info().label().equals("keys; 100% ü"))
                .findFirst()
                .orElseThrow();
        assertTrue(token.loggedIn());
        assertTrue(token.mechanisms().stream().anyMatch(report -> report.name().equals("CKM_DH_PKCS_DERIVE")));
        TokenInventory.KeyReport key = token.keys().stream()
                .filter(report ->
                        report.kind().equals("private") && report.uri().contains("object=listed"))
                .findFirst()
                .orElseThrow();
        assertEquals("CKK_EC_EDWARDS", key.keyType());
        assertTrue(Pkcs11Uri.parse(token.uri()).matches(token.info()));
        assertFalse(
                inventory.slots().stream()
                        .map(TokenInventory.Slot::token)
                        .filter(found -> found != null && !found.info().initialized())
                        .toList()
                        .isEmpty(),
                "SoftHSM shows the slot where the next token would be");
    }

    @Test
    void anInitialisedTokenIsNotTouched() {
        HsmFailure failure = assertThrows(
                HsmFailure.class,
                () -> TokenInitialization.initialize(
                        TestTokens.SOFTHSM, null, "keys; 100% ü", TestTokens.SO_PIN, TestTokens.PIN));
        assertTrue(failure.getMessage().contains("exists already"));
    }

    @Test
    void aMissingTokenIsSaidWithThoseThatArePresent() {
        TokenSettings missing =
                TokenSettings.of(TestTokens.SOFTHSM, null, TokenSelector.of("pkcs11:token=nowhere"), null);
        HsmFailure failure = assertThrows(HsmFailure.class, () -> TokenPool.open(missing));
        assertEquals(HsmFailure.Kind.TOKEN_GONE, failure.kind());
        assertTrue(failure.getMessage().contains("pkcs11:token=nowhere"));
        assertTrue(failure.getMessage().contains("keys; 100% ü"));
    }

    private void destroyAll(long type, byte[] id) throws Exception {
        var session = objects.session();
        List<Long> found = session.find(List.of(Attribute.of(Cka.CLASS, type), Attribute.of(Cka.ID, id)));
        // token objects are changed by read-write sessions only
        var writing = Session.open(session.cryptoki(), session.slot(), true);
        for (long object : found) {
            writing.destroy(object);
        }
        writing.close();
        assertFalse(found.isEmpty());
    }

    private void create(List<Attribute> template) throws Exception {
        var session = objects.session();
        var writing = Session.open(session.cryptoki(), session.slot(), true);
        Cryptoki cryptoki = session.cryptoki();
        cryptoki.createObject(writing.handle(), template);
        writing.close();
    }

    private void certificate(byte[] publicKeyInfo, byte[] id) throws Exception {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
        X500Name name = new X500Name("CN=test");
        byte[] certificate = new X509v3CertificateBuilder(
                        name,
                        BigInteger.ONE,
                        Date.from(Instant.EPOCH),
                        Date.from(Instant.EPOCH.plusSeconds(10_000_000_000L)),
                        name,
                        SubjectPublicKeyInfo.getInstance(publicKeyInfo))
                .build(new JcaContentSignerBuilder("SHA256withECDSA")
                        .build(generator.generateKeyPair().getPrivate()))
                .getEncoded();
        create(List.of(
                Attribute.of(Cka.CLASS, Cko.CERTIFICATE),
                Attribute.of(Cka.CERTIFICATE_TYPE, 0),
                Attribute.of(Cka.TOKEN, true),
                Attribute.of(Cka.PRIVATE, false),
                Attribute.of(Cka.SUBJECT, name.getEncoded()),
                Attribute.of(Cka.ID, id),
                Attribute.of(Cka.VALUE, certificate)));
    }

    private void importKey(KeyPair pair, String label, byte[] id) throws Exception {
        RSAPrivateCrtKey key = (RSAPrivateCrtKey) pair.getPrivate();
        create(List.of(
                Attribute.of(Cka.CLASS, Cko.PRIVATE_KEY),
                Attribute.of(Cka.KEY_TYPE, Ckk.RSA),
                Attribute.of(Cka.TOKEN, true),
                Attribute.of(Cka.PRIVATE, true),
                Attribute.of(Cka.SENSITIVE, true),
                Attribute.of(Cka.EXTRACTABLE, false),
                Attribute.of(Cka.SIGN, true),
                Attribute.of(Cka.LABEL, label.getBytes(StandardCharsets.UTF_8)),
                Attribute.of(Cka.ID, id),
                Attribute.of(Cka.MODULUS, Octets.unsigned(key.getModulus())),
                Attribute.of(Cka.PUBLIC_EXPONENT, Octets.unsigned(key.getPublicExponent())),
                Attribute.of(Cka.PRIVATE_EXPONENT, Octets.unsigned(key.getPrivateExponent())),
                Attribute.of(Cka.PRIME_1, Octets.unsigned(key.getPrimeP())),
                Attribute.of(Cka.PRIME_2, Octets.unsigned(key.getPrimeQ())),
                Attribute.of(Cka.EXPONENT_1, Octets.unsigned(key.getPrimeExponentP())),
                Attribute.of(Cka.EXPONENT_2, Octets.unsigned(key.getPrimeExponentQ())),
                Attribute.of(Cka.COEFFICIENT, Octets.unsigned(key.getCrtCoefficient()))));
    }
}
