package dev.cardinal.ike.backend;

import static dev.cardinal.ike.backend.JcaCryptoPortTest.outcome;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cardinal.hsm.HsmFailure;
import dev.cardinal.hsm.HsmStatistics;
import dev.cardinal.hsm.pool.TokenPool;
import dev.cardinal.ike.backend.CryptoRouter.Operation;
import dev.cardinal.ike.crypto.CryptoOutcome;
import dev.cardinal.ike.crypto.CryptoOutcome.Failed;
import dev.cardinal.ike.crypto.CryptoPort;
import dev.cardinal.ike.crypto.CryptoRequest;
import dev.cardinal.ike.crypto.KeyExchangeMethod;
import dev.cardinal.ike.crypto.KeyExchangePlacement;
import dev.cardinal.ike.crypto.PseudorandomFunction;
import dev.cardinal.ike.crypto.Secret;
import dev.cardinal.ike.crypto.SecretDerivation;
import dev.cardinal.ike.crypto.SignatureScheme;
import dev.cardinal.ike.crypto.TrustPolicy;
import dev.cardinal.ike.crypto.Urgency;
import dev.cardinal.ike.wire.Identification;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.spec.X509EncodedKeySpec;
import java.time.Clock;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The token's port and the router on a real token, compared with the host's. */
class HsmCryptoPortTest {
    private static final byte[] NI = new byte[32];
    private static final byte[] NR = new byte[48];

    private static TestToken token;
    private static TokenPool pool;
    private static HsmCryptoPort port;
    private static JcaCryptoPort host;
    private long openBefore;

    @BeforeAll
    static void open() throws HsmFailure {
        Arrays.fill(NI, (byte) 0x11);
        Arrays.fill(NR, (byte) 0x22);
        token = new TestToken("crypto-port");
        pool = token.open();
        port = new HsmCryptoPort("main", pool, false);
        host = new JcaCryptoPort(1, 100, new SystemRandom(), Clock.systemUTC(), System::nanoTime);
    }

    @AfterAll
    static void close() {
        pool.close();
        host.close();
    }

    @BeforeEach
    void countSecrets() {
        openBefore = Secret.open();
    }

    @AfterEach
    void nothingStaysOpen() {
        assertEquals(openBefore, Secret.open());
        assertEquals(0, pool.statistics().liveHandles());
    }

    private static long deadline() {
        return System.nanoTime() + 60_000_000_000L;
    }

    @Test
    void signaturesOfEveryKeyVerifyOnTheHost() throws Exception {
        HostSignatures verifier = new HostSignatures();
        byte[] octets = "signed on the token".getBytes(java.nio.charset.StandardCharsets.US_ASCII);
        int signed = 0;
        for (Map.Entry<String, byte[]> entry : token.publicKeys().entrySet()) {
            TokenSigningKey key = port.signingKey(token.key(pool, entry.getKey()));
            assertTrue(key.location().startsWith("pkcs11:"), key.location());
            String algorithm = switch (key.kind()) {
                case RSA -> "RSA";
                case EC -> "EC";
                case ED25519 -> "Ed25519";
            };
            PublicKey publicKey =
                    KeyFactory.getInstance(algorithm).generatePublic(new X509EncodedKeySpec(entry.getValue()));
            for (SignatureScheme scheme : SignatureScheme.values()) {
                CryptoRequest request = new CryptoRequest.Sign(key, scheme, octets, Urgency.BEGUN, deadline());
                if (key.schemes().contains(scheme)) {
                    assertEquals(key.kind(), scheme.key());
                    byte[] signature =
                            outcome(port, request, CryptoOutcome.Signed.class).signature();
                    assertTrue(verifier.verify(publicKey, scheme, octets, signature), key + " " + scheme);
                    signed++;
                } else {
                    assertEquals(
                            Failed.Kind.UNSUPPORTED,
                            outcome(port, request, Failed.class).kind());
                }
            }
        }
        // SoftHSM offers every scheme: eight for RSA, four for each curve, Ed25519
        assertEquals(8 + 3 * 4 + 1, signed);
        assertEquals(256, port.signingKey(token.key(pool, "p256")).bits());
        assertEquals(521, port.signingKey(token.key(pool, "p521")).bits());
        assertEquals(2048, port.signingKey(token.key(pool, "rsa")).bits());
    }

    /** Whatever the token says of a ciphertext: the answer has a secret for each, and no counter tells them apart. */
    @Test
    void whatCouldNotBeDecryptedLooksLikeWhatCould() throws Exception {
        byte[] info = Objects.requireNonNull(token.publicKeys().get("rsa"));
        PublicKey publicKey = KeyFactory.getInstance("RSA").generatePublic(new X509EncodedKeySpec(info));
        TokenDecryptionKey key = port.decryptionKey(token.key(pool, "rsa"));
        assertEquals(2048, key.bits());
        byte[] plaintext = {9, 8, 7, 6, 5, 4, 3, 2};
        byte[] good = RsaEncryption.encrypt(publicKey, plaintext);
        byte[] bad = good.clone();
        bad[200] ^= 1;
        HsmStatistics before = pool.statistics();
        for (int round = 0; round < 3; round++) {
            CryptoOutcome.Decrypted decrypted = outcome(
                    port,
                    new CryptoRequest.Decrypt(
                            key, List.of(bad, good, new byte[256], new byte[7]), Urgency.BEGUN, deadline()),
                    CryptoOutcome.Decrypted.class);
            assertEquals(4, decrypted.plaintexts().size());
            try (Secret expected = Secret.copyOf(plaintext)) {
                assertTrue(decrypted.plaintexts().get(1).matches(expected));
                assertFalse(decrypted.plaintexts().get(0).matches(expected));
            }
            decrypted.plaintexts().forEach(Secret::close);
        }
        assertEquals(before.failures(), pool.statistics().failures());
        assertThrows(IllegalArgumentException.class, () -> port.decryptionKey(token.key(pool, "p256")));
    }

    private static List<SecretDerivation> derivations(PseudorandomFunction prf, Secret skD) {
        return List.of(
                new SecretDerivation.Skeyseed(prf, NI, NR),
                new SecretDerivation.RekeyedSkeyseed(prf, skD, NI, NR),
                new SecretDerivation.ChildKeyMaterial(prf, skD, NI, NR, 145),
                new SecretDerivation.Ikev1Keys(prf, null, NI, NR, 0x0102030405060708L, -2),
                new SecretDerivation.Ikev1Keys(prf, skD, NI, NR, 0x0102030405060708L, -2),
                new SecretDerivation.QuickModeKeys(prf, skD, 3, 0x01020304, -5, NI, NR, 36),
                new SecretDerivation.QuickModeKeys(prf, skD, 3, 0x01020304, -5, NI, NR, 145));
    }

    private static CryptoRequest.Generate generate(KeyExchangeMethod method, KeyExchangePlacement placement) {
        return new CryptoRequest.Generate(method, placement, Urgency.NEW, deadline());
    }

    private static CryptoRequest.GenerateAndAgree both(
            KeyExchangeMethod method, KeyExchangePlacement placement, byte[] peer, SecretDerivation derivation) {
        return new CryptoRequest.GenerateAndAgree(method, placement, peer, derivation, Urgency.NEW, deadline());
    }

    private static CryptoRequest.Agree agree(
            CryptoOutcome.Generated generated, byte[] peer, SecretDerivation derivation) {
        return new CryptoRequest.Agree(generated.handle(), peer, derivation, Urgency.BEGUN, deadline());
    }

    /** One end on one device and the other on the other, both ways round: the key material is the same. */
    private static void assertSameMaterial(
            CryptoPort one, CryptoPort other, KeyExchangeMethod method, SecretDerivation derivation) {
        CryptoOutcome.Generated generated =
                outcome(one, generate(method, KeyExchangePlacement.TOKEN_ONLY), CryptoOutcome.Generated.class);
        assertEquals(method, generated.handle().method());
        assertEquals(method.publicLength(), generated.publicValue().length);
        CryptoOutcome.Agreed responder = outcome(
                other,
                both(method, KeyExchangePlacement.HOST, generated.publicValue(), derivation),
                CryptoOutcome.Agreed.class);
        byte[] publicValue = responder.publicValue();
        assertNotNull(publicValue);
        CryptoOutcome.Agreed initiator =
                outcome(one, agree(generated, publicValue, derivation), CryptoOutcome.Agreed.class);
        assertTrue(initiator.derived().matches(responder.derived()), method + " " + derivation);
        initiator.derived().close();
        responder.derived().close();
        one.release(generated.handle());
        one.release(generated.handle());
    }

    @Test
    void theTokensKeyMaterialIsTheHosts() {
        for (KeyExchangeMethod method : KeyExchangeMethod.values()) {
            if (!port.offers(method)) {
                continue;
            }
            for (PseudorandomFunction prf : PseudorandomFunction.values()) {
                if (!port.derives(prf) || (method.publicLength() > 512 && prf != PseudorandomFunction.HMAC_SHA1)) {
                    continue; // the long groups once each
                }
                try (Secret skD = Secret.owning(new byte[prf.length()])) {
                    for (SecretDerivation derivation : derivations(prf, skD)) {
                        assertSameMaterial(port, host, method, derivation);
                        assertSameMaterial(host, port, method, derivation);
                    }
                }
            }
        }
        assertEquals(
                Set.of(KeyExchangeMethod.values()),
                Arrays.stream(KeyExchangeMethod.values()).filter(port::offers).collect(Collectors.toSet()),
                "SoftHSM offers every method");
    }

    @Test
    void aesPrfsNeedTheSecretOutside() throws HsmFailure {
        for (PseudorandomFunction prf : List.of(PseudorandomFunction.AES128_XCBC, PseudorandomFunction.AES128_CMAC)) {
            assertFalse(port.derives(prf));
            SecretDerivation skeyseed = new SecretDerivation.Skeyseed(prf, NI, NR);
            Failed refused = outcome(
                    port,
                    both(KeyExchangeMethod.CURVE_25519, KeyExchangePlacement.TOKEN_ONLY, new byte[32], skeyseed),
                    Failed.class);
            assertEquals(Failed.Kind.UNSUPPORTED, refused.kind());
        }
        try (TokenPool extracting = token.openWithExtraction()) {
            HsmCryptoPort open = new HsmCryptoPort("extracting", extracting, true);
            for (PseudorandomFunction prf :
                    List.of(PseudorandomFunction.AES128_XCBC, PseudorandomFunction.AES128_CMAC)) {
                try (Secret skD = Secret.owning(new byte[16])) {
                    for (SecretDerivation derivation : derivations(prf, skD)) {
                        for (KeyExchangeMethod method :
                                List.of(KeyExchangeMethod.MODP_2048, KeyExchangeMethod.ECP_256)) {
                            assertSameMaterial(open, host, method, derivation);
                            assertSameMaterial(host, open, method, derivation);
                        }
                    }
                }
            }
            assertEquals(0, extracting.statistics().liveHandles());
        }
    }

    @Test
    void thePeersBadValueNeverReachesTheToken() {
        long before = agreements();
        SecretDerivation skeyseed = new SecretDerivation.Skeyseed(PseudorandomFunction.HMAC_SHA2_256, NI, NR);
        for (KeyExchangeMethod method : KeyExchangeMethod.values()) {
            for (int length : new int[] {0, 1, method.publicLength(), method.publicLength() + 1}) {
                Failed failed = outcome(
                        port, both(method, KeyExchangePlacement.TOKEN_ONLY, new byte[length], skeyseed), Failed.class);
                assertEquals(Failed.Kind.PEER_DATA, failed.kind(), method.name());
            }
        }
        assertEquals(before, agreements());
    }

    private static long agreements() {
        return pool.statistics().operations().getOrDefault("agree", 0L);
    }

    @Test
    void failuresKeepTheirMeaning() {
        SecretDerivation skeyseed = new SecretDerivation.Skeyseed(PseudorandomFunction.HMAC_SHA2_256, NI, NR);
        CryptoOutcome.Generated peer = outcome(
                host, generate(KeyExchangeMethod.ECP_256, KeyExchangePlacement.HOST), CryptoOutcome.Generated.class);
        Failed expired = outcome(
                port,
                new CryptoRequest.GenerateAndAgree(
                        KeyExchangeMethod.ECP_256,
                        KeyExchangePlacement.TOKEN_ONLY,
                        peer.publicValue(),
                        skeyseed,
                        Urgency.NEW,
                        System.nanoTime() - 1),
                Failed.class);
        assertEquals(Failed.Kind.EXPIRED, expired.kind());
        CryptoOutcome.Generated ours = outcome(
                port,
                generate(KeyExchangeMethod.ECP_256, KeyExchangePlacement.TOKEN_ONLY),
                CryptoOutcome.Generated.class);
        port.release(ours.handle());
        assertEquals(
                Failed.Kind.LOST,
                outcome(port, agree(ours, peer.publicValue(), skeyseed), Failed.class)
                        .kind());
        // handles of one device are strangers to the other
        assertEquals(
                Failed.Kind.UNSUPPORTED,
                outcome(port, agree(peer, peer.publicValue(), skeyseed), Failed.class)
                        .kind());
        port.release(peer.handle());
        host.release(peer.handle());
        assertEquals(
                Failed.Kind.UNSUPPORTED,
                outcome(port, verification(), Failed.class).kind());
    }

    private static CryptoRequest.VerifyPeer verification() {
        return new CryptoRequest.VerifyPeer(
                List.of(),
                new TrustPolicy(List.of(), List.of(), List.of(), List.of(), TrustPolicy.Revocation.RELAXED),
                new Identification(Identification.FQDN, new byte[] {'a'}),
                SignatureScheme.ED25519,
                new byte[1],
                new byte[64],
                Urgency.BEGUN,
                deadline());
    }

    @Test
    void theRouterSendsWorkToItsPlace() throws HsmFailure {
        CryptoRouter router = new CryptoRouter(host, List.of(new CryptoRouter.Token(port, true)), Clock.systemUTC());
        SecretDerivation hmac = new SecretDerivation.Skeyseed(PseudorandomFunction.HMAC_SHA2_256, NI, NR);
        SecretDerivation xcbc = new SecretDerivation.Skeyseed(PseudorandomFunction.AES128_XCBC, NI, NR);
        CryptoOutcome.Generated onToken = outcome(
                router,
                generate(KeyExchangeMethod.MODP_2048, KeyExchangePlacement.PREFER_TOKEN),
                CryptoOutcome.Generated.class);
        assertInstanceOf(TokenKeyExchange.class, onToken.handle());
        CryptoOutcome.Generated onHost = outcome(
                router,
                generate(KeyExchangeMethod.MODP_2048, KeyExchangePlacement.HOST),
                CryptoOutcome.Generated.class);
        assertInstanceOf(HostKeyExchange.class, onHost.handle());
        CryptoOutcome.Agreed first =
                outcome(router, agree(onToken, onHost.publicValue(), hmac), CryptoOutcome.Agreed.class);
        CryptoOutcome.Agreed second =
                outcome(router, agree(onHost, onToken.publicValue(), hmac), CryptoOutcome.Agreed.class);
        assertTrue(first.derived().matches(second.derived()));
        first.derived().close();
        second.derived().close();

        // the PRF cannot be had on this token: preferred work goes to the host and is counted, strict work fails
        CryptoOutcome.Agreed fallback = outcome(
                router,
                both(KeyExchangeMethod.MODP_2048, KeyExchangePlacement.PREFER_TOKEN, onHost.publicValue(), xcbc),
                CryptoOutcome.Agreed.class);
        fallback.derived().close();
        assertEquals(1, router.fallbacks());
        assertEquals(
                Failed.Kind.UNSUPPORTED,
                outcome(
                                router,
                                both(
                                        KeyExchangeMethod.MODP_2048,
                                        KeyExchangePlacement.TOKEN_ONLY,
                                        onHost.publicValue(),
                                        xcbc),
                                Failed.class)
                        .kind());
        router.release(onToken.handle());
        router.release(onHost.handle());

        TokenSigningKey key = port.signingKey(token.key(pool, "p256"));
        outcome(
                router,
                new CryptoRequest.Sign(key, SignatureScheme.ECDSA_SHA256, NI, Urgency.BEGUN, deadline()),
                CryptoOutcome.Signed.class);
        HostSigningKey hostKey =
                new HostSigningKey(TestCertificate.keys("secp256r1", "router").getPrivate(), "/etc/key");
        outcome(
                router,
                new CryptoRequest.Sign(hostKey, SignatureScheme.ECDSA_SHA256, NI, Urgency.BEGUN, deadline()),
                CryptoOutcome.Signed.class);
        outcome(router, verification(), CryptoOutcome.PeerRejected.class);

        assertEquals(
                List.of(
                        new CryptoRouter.Count("host", Operation.GENERATE, 1, 0, 0),
                        new CryptoRouter.Count("host", Operation.AGREE, 1, 0, 0),
                        new CryptoRouter.Count("host", Operation.GENERATE_AND_AGREE, 1, 0, 0),
                        new CryptoRouter.Count("host", Operation.SIGN, 1, 0, 0),
                        new CryptoRouter.Count("host", Operation.VERIFY_PEER, 1, 0, 0),
                        new CryptoRouter.Count("main", Operation.GENERATE, 1, 0, 0),
                        new CryptoRouter.Count("main", Operation.AGREE, 1, 0, 0),
                        new CryptoRouter.Count("main", Operation.SIGN, 1, 0, 0)),
                router.counts());
    }

    @Test
    void aTokenWithoutTheRoleGetsNoKeyExchange() {
        CryptoRouter router = new CryptoRouter(host, List.of(new CryptoRouter.Token(port, false)), Clock.systemUTC());
        CryptoOutcome.Generated generated = outcome(
                router,
                generate(KeyExchangeMethod.CURVE_25519, KeyExchangePlacement.PREFER_TOKEN),
                CryptoOutcome.Generated.class);
        assertInstanceOf(HostKeyExchange.class, generated.handle());
        router.release(generated.handle());
        assertEquals(
                Failed.Kind.UNSUPPORTED,
                outcome(router, generate(KeyExchangeMethod.CURVE_25519, KeyExchangePlacement.TOKEN_ONLY), Failed.class)
                        .kind());
        assertTrue(router.capabilities().contains("main (crypto-port): key exchange not its role"));
    }

    @Test
    void capabilitiesReadAsATable() {
        CryptoRouter router = new CryptoRouter(host, List.of(new CryptoRouter.Token(port, true)), Clock.systemUTC());
        List<String> lines = router.capabilities();
        assertEquals(4, lines.size());
        assertTrue(
                lines.get(0).startsWith("main (crypto-port): signs RSA_PKCS1_UNHASHED RSA_PKCS1_SHA1 RSA_PKCS1_SHA256"),
                lines.get(0));
        assertTrue(lines.get(1).contains("modp2048") && lines.get(1).contains("curve25519"), lines.get(1));
        assertEquals("main (crypto-port): prf prfsha1 prfsha256 prfsha384 prfsha512", lines.get(2));
        assertTrue(lines.get(3).contains("modp8192"), lines.get(3));
    }

    @Test
    void namesOfDevicesDiffer() {
        CryptoRouter.Token row = new CryptoRouter.Token(port, true);
        assertThrows(
                IllegalArgumentException.class, () -> new CryptoRouter(host, List.of(row, row), Clock.systemUTC()));
        assertThrows(
                IllegalArgumentException.class,
                () -> new CryptoRouter(
                        host,
                        List.of(new CryptoRouter.Token(new HsmCryptoPort("host", pool, false), true)),
                        Clock.systemUTC()));
    }
}
