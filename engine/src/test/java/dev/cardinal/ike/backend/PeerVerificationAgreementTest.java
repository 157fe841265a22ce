package dev.cardinal.ike.backend;

import static dev.cardinal.ike.backend.TestCertificate.NOW;
import static dev.cardinal.ike.backend.TestCertificate.draft;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cardinal.hsm.pool.TokenInitialization;
import dev.cardinal.hsm.pool.TokenPool;
import dev.cardinal.hsm.pool.TokenSelector;
import dev.cardinal.hsm.pool.TokenSettings;
import dev.cardinal.ike.backend.PeerJudge.Judgement;
import dev.cardinal.ike.crypto.CryptoOutcome;
import dev.cardinal.ike.crypto.CryptoPort;
import dev.cardinal.ike.crypto.CryptoRequest;
import dev.cardinal.ike.crypto.SignatureScheme;
import dev.cardinal.ike.crypto.TrustPolicy;
import dev.cardinal.ike.crypto.TrustPolicy.Revocation;
import dev.cardinal.ike.crypto.Urgency;
import dev.cardinal.ike.wire.Identification;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.security.interfaces.RSAPrivateKey;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PSSParameterSpec;
import java.security.spec.RSAKeyGenParameterSpec;
import java.security.spec.RSAPrivateKeySpec;
import java.time.Clock;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DEROctetString;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralSubtree;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.asn1.x509.NameConstraints;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Peers judged with their signatures left for later, against the whole search on the host: the same outcome, reason
 * included, for chains that are good or bad in many ways. Signatures by the host and by the crypto card, and a second time,
 * when certificates are known.
 */
class PeerVerificationAgreementTest {
    private static final byte[] OCTETS = "what is signed".getBytes(StandardCharsets.US_ASCII);
    private static final String NAME = "peer.example.org";
    private static final Identification ID =
            new Identification(Identification.FQDN, NAME.getBytes(StandardCharsets.US_ASCII));
    private static final Clock CLOCK = Clock.fixed(NOW, ZoneOffset.UTC);
    private static final List<String> ALGORITHMS = List.of("secp256r1", "RSA-2048", "Ed25519", "secp384r1");

    @TempDir
    private static Path folder = Path.of("");

    private static TokenPool pool;
    private static JcaCryptoPort host;

    @BeforeAll
    static void open() throws Exception {
        Path module = Path.of(System.getProperty("cardinal.card", "libcardinal-card.so"));
        String initArgs = "directory='" + folder + "'";
        byte[] pin = "1234".getBytes(StandardCharsets.US_ASCII);
        TokenSelector selector = new TokenSelector.ByLabel("peers");
        TokenInitialization.initialize(module, initArgs, "peers", "12345678".getBytes(StandardCharsets.US_ASCII), pin);
        pool = TokenPool.open(TokenSettings.of(module, initArgs, selector, pin::clone)
                .withGroups(Set.of())
                .withWorkers(2));
        host = new JcaCryptoPort(1, 100, new SystemRandom(), CLOCK, System::nanoTime);
    }

    @AfterAll
    static void close() {
        host.close();
        pool.close();
    }

    private final HostSignatures signatures = new HostSignatures();

    private CryptoRequest.VerifyPeer request(TrustPolicy trust, List<TestCertificate> sent, int spoiled) {
        TestCertificate leaf = sent.getFirst();
        SignatureScheme scheme = switch (leaf.keys().getPrivate().getAlgorithm()) {
            case "EC" -> SignatureScheme.ECDSA_SHA256;
            case "RSA" -> SignatureScheme.RSA_PSS_SHA256;
            default -> SignatureScheme.ED25519;
        };
        try {
            byte[] signature = signatures.sign(leaf.keys().getPrivate(), scheme, OCTETS);
            if (spoiled >= 0) {
                signature[spoiled % signature.length] ^= 4;
            }
            List<byte[]> der = sent.stream().map(TestCertificate::der).toList();
            return new CryptoRequest.VerifyPeer(
                    der,
                    trust,
                    ID,
                    scheme,
                    OCTETS,
                    signature,
                    Urgency.BEGUN,
                    System.nanoTime() + TimeUnit.MINUTES.toNanos(1));
        } catch (GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    private static CryptoRouter router() {
        return new CryptoRouter(
                host, List.of(new CryptoRouter.Token(new HsmCryptoPort("card", pool, false), false)), CLOCK);
    }

    private static CryptoOutcome outcome(CryptoPort port, CryptoRequest request) throws Exception {
        CompletableFuture<CryptoOutcome> future = new CompletableFuture<>();
        assertTrue(port.submit(request, future::complete));
        return future.get(1, TimeUnit.MINUTES);
    }

    /** Something wrong, or merely odd, with one certificate in ten for each kind. */
    private static TestCertificate.Draft spoil(TestCertificate.Draft draft, Random random, boolean authority) {
        int kind = random.nextInt(24);
        return switch (kind) {
            case 0 -> draft.valid(NOW.minus(Duration.ofDays(10)), NOW.minus(Duration.ofSeconds(1)));
            case 1 -> draft.valid(NOW.plus(Duration.ofSeconds(1)), NOW.plus(Duration.ofDays(1)));
            case 2 -> draft.critical(new ASN1ObjectIdentifier("1.3.6.1.4.1.99999.1"), new DEROctetString(new byte[3]));
            case 3 -> draft.extension(new ASN1ObjectIdentifier("1.3.6.1.4.1.99999.1"), new DEROctetString(new byte[3]));
            case 4 -> draft.usage(KeyUsage.keyEncipherment);
            case 5 -> draft.usage(KeyUsage.digitalSignature);
            case 6 -> authority ? draft.without(Extension.basicConstraints) : draft.authority(0);
            case 7 -> authority ? draft.critical(Extension.basicConstraints, new BasicConstraints(false)) : draft;
            case 8 -> authority ? draft.critical(Extension.basicConstraints, new BasicConstraints(0)) : draft;
            case 9, 10 -> draft.critical(Extension.nameConstraints, constraints(kind == 9));
            default -> draft;
        };
    }

    private static NameConstraints constraints(boolean allowing) {
        GeneralSubtree[] subtree = {new GeneralSubtree(new GeneralName(GeneralName.dNSName, "example.org"))};
        return allowing ? new NameConstraints(subtree, null) : new NameConstraints(null, subtree);
    }

    private static String algorithm(Random random) {
        return ALGORITHMS.get(random.nextInt(ALGORITHMS.size()));
    }

    private CryptoRequest.VerifyPeer draw(Random random) {
        List<TestCertificate> authorities = new ArrayList<>();
        TestCertificate root = spoil(draft("Root").algorithm(algorithm(random)).authority(-1), random, true)
                .selfSigned();
        authorities.add(root);
        TestCertificate issuer = root;
        int between = random.nextInt(4);
        for (int i = 0; i < between; i++) {
            issuer = spoil(draft("Sub " + i).algorithm(algorithm(random)).authority(-1), random, true)
                    .signedBy(issuer);
            authorities.add(issuer);
        }
        TestCertificate.Draft draft = spoil(
                draft("Leaf").algorithm(algorithm(random)).dns(random.nextInt(20) == 0 ? "else" : NAME), random, false);
        // the wrong key in the right name
        TestCertificate signer = issuer;
        X500Principal claimed = issuer.subject();
        if (random.nextInt(10) == 0) {
            signer =
                    draft("Stranger").algorithm(algorithm(random)).authority(-1).selfSigned();
        }
        TestCertificate leaf = draft.claimingIssuer(claimed).signedBy(signer);

        List<TestCertificate> sent = new ArrayList<>(authorities.subList(1, authorities.size()));
        List<X509Certificate> configured = new ArrayList<>();
        if (!sent.isEmpty() && random.nextInt(4) == 0) {
            configured.add(sent.get(random.nextInt(sent.size())).certificate());
        }
        if (!sent.isEmpty() && random.nextInt(6) == 0) {
            sent.removeLast();
        }
        if (random.nextInt(5) == 0) {
            sent.add(root);
        }
        if (random.nextInt(6) == 0) { // one of the same name: no longer the only path
            TestCertificate twin = draft("Twin").subject(claimed).authority(-1).signedBy(root);
            sent.add(twin);
        }
        Collections.shuffle(sent, random);
        sent.addFirst(leaf);
        if (random.nextInt(10) == 0) {
            sent.add(leaf);
        }
        List<X509Certificate> anchors = new ArrayList<>();
        anchors.add((random.nextInt(5) == 0 ? issuer : root).certificate());
        if (random.nextInt(8) == 0) {
            anchors.add(draft("Old root")
                    .subject(root.subject())
                    .authority(-1)
                    .selfSigned()
                    .certificate());
        }
        List<X509CRL> crls = new ArrayList<>();
        if (random.nextInt(3) == 0) {
            X509Certificate[] revoked =
                    random.nextBoolean() ? new X509Certificate[] {leaf.certificate()} : new X509Certificate[0];
            crls.add(issuer.crl(NOW.minus(Duration.ofDays(1)), NOW.plus(Duration.ofDays(1)), revoked));
        }
        Revocation revocation = random.nextInt(6) == 0 ? Revocation.STRICT : Revocation.RELAXED;
        List<X509Certificate> pinned =
                random.nextInt(15) == 0 ? List.of((random.nextBoolean() ? leaf : root).certificate()) : List.of();
        TrustPolicy trust = new TrustPolicy(anchors, configured, pinned, crls, revocation);
        return request(trust, sent, random.nextInt(8) == 0 ? random.nextInt(64) : -1);
    }

    @Test
    void judgedOrSearchedTheOutcomeIsTheSame() throws Exception {
        long seed = new Random().nextLong();
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        KnownCertificates known = KnownCertificates.kept();
        PeerJudge judge = new PeerJudge(CLOCK, known);
        PeerVerification verification = new PeerVerification(CLOCK, signatures, known);
        CryptoRouter router = router();
        int judged = 0;
        int good = 0;
        int bad = 0;
        for (int i = 0; i < 400; i++) {
            CryptoRequest.VerifyPeer request = draw(random);
            CryptoOutcome searched = new PeerVerification(CLOCK, signatures, KnownCertificates.kept()).search(request);
            judged += judge.judge(request) instanceof Judgement.Signatures ? 1 : 0;
            good += searched instanceof CryptoOutcome.PeerVerified ? 1 : 0;
            bad += searched instanceof CryptoOutcome.PeerRejected ? 1 : 0;
            for (int time = 0; time < 2; time++) {
                String where = "round " + i + ", time " + time;
                assertEquals(searched, verification.verify(request), where);
                assertEquals(searched, outcome(router, request), where);
            }
        }
        // the draw is of some use only if all of these come up
        assertTrue(judged > 40 && good > 40 && bad > 100, judged + " judged, " + good + " good, " + bad + " bad");
    }

    /** What is known of a path spares its rules, and nothing that may change: time, revocation, the AUTH signature. */
    @Test
    void aKnownPathIsStillAskedWhatMayHaveChanged() {
        TestCertificate root = TestCertificate.root("Root");
        TestCertificate leaf = draft("Peer").dns(NAME).signedBy(root);
        TrustPolicy trust =
                new TrustPolicy(List.of(root.certificate()), List.of(), List.of(), List.of(), Revocation.RELAXED);
        KnownCertificates known = KnownCertificates.kept();
        PeerVerification now = new PeerVerification(CLOCK, signatures, known);
        CryptoRequest.VerifyPeer good = request(trust, List.of(leaf), -1);
        byte[] digest = KnownCertificates.digest(leaf.der());
        assertEquals(new CryptoOutcome.PeerVerified(), now.verify(good));
        assertTrue(known.path(digest, trust) != null);
        assertEquals(new CryptoOutcome.PeerVerified(), now.verify(good));

        assertRejected(now.verify(request(trust, List.of(leaf), 7)));
        Clock later = Clock.offset(CLOCK, Duration.ofDays(100 * 365));
        assertRejected(new PeerVerification(later, signatures, known).verify(good));
        Clock earlier = Clock.offset(CLOCK, Duration.ofDays(-100 * 365));
        assertRejected(new PeerVerification(earlier, signatures, known).verify(good));
        X509CRL list = root.crl(NOW.minus(Duration.ofDays(1)), NOW.plus(Duration.ofDays(1)), leaf.certificate());
        TrustPolicy revoking =
                new TrustPolicy(List.of(root.certificate()), List.of(), List.of(), List.of(list), Revocation.RELAXED);
        assertTrue(known.path(digest, revoking) == null, "another policy knows nothing");
        assertRejected(now.verify(request(revoking, List.of(leaf), -1)));
        TrustPolicy elsewhere = new TrustPolicy(
                List.of(TestCertificate.root("Other").certificate()),
                List.of(),
                List.of(),
                List.of(),
                Revocation.RELAXED);
        assertRejected(now.verify(request(elsewhere, List.of(leaf), -1)));

        KnownCertificates none = KnownCertificates.none();
        assertEquals(new CryptoOutcome.PeerVerified(), new PeerVerification(CLOCK, signatures, none).verify(good));
        assertTrue(none.path(digest, trust) == null && none.decoded(digest) == null);
    }

    private static void assertRejected(CryptoOutcome outcome) {
        assertTrue(outcome instanceof CryptoOutcome.PeerRejected, String.valueOf(outcome));
    }

    private static final TestCertificate ROOT = TestCertificate.root("Root");
    private static final TestCertificate SUB = draft("Sub").authority(-1).signedBy(ROOT);
    private static final TestCertificate LEAF = draft("Leaf").dns(NAME).signedBy(SUB);

    private static TrustPolicy trusting(TestCertificate... anchors) {
        return new TrustPolicy(
                Arrays.stream(anchors).map(TestCertificate::certificate).toList(),
                List.of(),
                List.of(),
                List.of(),
                Revocation.RELAXED);
    }

    @Test
    void aCertificateSignatureIsVerifiedOnceAndTheirOwnEachTime() throws Exception {
        CryptoRouter router = router();
        long before = verifications();
        assertEquals(
                new CryptoOutcome.PeerVerified(), outcome(router, request(trusting(ROOT), List.of(LEAF, SUB), -1)));
        assertEquals(3, verifications() - before);
        assertEquals(
                new CryptoOutcome.PeerVerified(), outcome(router, request(trusting(ROOT), List.of(LEAF, SUB), -1)));
        assertEquals(4, verifications() - before);
        assertEquals(
                new CryptoOutcome.PeerRejected("signature does not verify"),
                outcome(router, request(trusting(ROOT), List.of(LEAF, SUB), 3)));
        assertEquals(5, verifications() - before);
        assertEquals(
                List.of(new CryptoRouter.Count("card", CryptoRouter.Operation.VERIFY_PEER, 3, 0, 0)), router.counts());
    }

    @Test
    void whatIsKnownIsStillJudged() throws Exception {
        CryptoRouter router = router();
        assertEquals(new CryptoOutcome.PeerVerified(), outcome(router, request(trusting(SUB), List.of(LEAF), -1)));
        X509CRL crl = SUB.crl(NOW.minus(Duration.ofDays(1)), NOW.plus(Duration.ofDays(1)), LEAF.certificate());
        TrustPolicy revoking =
                new TrustPolicy(List.of(SUB.certificate()), List.of(), List.of(), List.of(crl), Revocation.RELAXED);
        assertRejected("revoked", outcome(router, request(revoking, List.of(LEAF), -1)));
        TestCertificate other = TestCertificate.root("Other");
        assertRejected("no path", outcome(router, request(trusting(other), List.of(LEAF), -1)));
        // the same name with another key
        TestCertificate impostor =
                draft("Impostor").subject(SUB.subject()).authority(-1).selfSigned();
        assertRejected("does not verify", outcome(router, request(trusting(impostor), List.of(LEAF), -1)));
    }

    @Test
    void aPathWhoseSignatureIsWrongIsNotKnownAfterwards() throws Exception {
        CryptoRouter router = router();
        TestCertificate impostor =
                draft("Impostor").subject(SUB.subject()).authority(-1).selfSigned();
        TestCertificate forged = draft("Forged").dns(NAME).signedBy(impostor);
        for (int i = 0; i < 2; i++) {
            assertRejected("does not verify", outcome(router, request(trusting(SUB), List.of(forged), -1)));
        }
        assertEquals(
                List.of(
                        new CryptoRouter.Count("host", CryptoRouter.Operation.VERIFY_PEER, 2, 0, 0),
                        new CryptoRouter.Count("card", CryptoRouter.Operation.VERIFY_PEER, 0, 2, 0)),
                router.counts());
    }

    /** RFC 4055 section 1.2: a key restricted to PSS with one hash makes no signatures with another. */
    @Test
    void aRestrictedKeyIsTheHosts() throws Exception {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("RSASSA-PSS");
        generator.initialize(new RSAKeyGenParameterSpec(
                2048,
                RSAKeyGenParameterSpec.F4,
                new PSSParameterSpec("SHA-512", "MGF1", MGF1ParameterSpec.SHA512, 64, 1)));
        KeyPair restricted = generator.generateKeyPair();
        RSAPrivateKey numbers = (RSAPrivateKey) restricted.getPrivate();
        PrivateKey free = KeyFactory.getInstance("RSA")
                .generatePrivate(new RSAPrivateKeySpec(numbers.getModulus(), numbers.getPrivateExponent()));
        TestCertificate leaf = draft("Restricted").dns(NAME).keys(restricted).signedBy(SUB);
        for (SignatureScheme scheme : List.of(SignatureScheme.RSA_PSS_SHA256, SignatureScheme.RSA_PSS_SHA512)) {
            CryptoRequest.VerifyPeer request = new CryptoRequest.VerifyPeer(
                    List.of(leaf.der()),
                    trusting(SUB),
                    ID,
                    scheme,
                    OCTETS,
                    signatures.sign(free, scheme, OCTETS),
                    Urgency.BEGUN,
                    System.nanoTime() + TimeUnit.MINUTES.toNanos(1));
            CryptoRouter router = router();
            CryptoOutcome expected = scheme == SignatureScheme.RSA_PSS_SHA512
                    ? new CryptoOutcome.PeerVerified()
                    : new CryptoOutcome.PeerRejected("signature does not verify");
            assertEquals(expected, outcome(router, request));
            assertEquals(
                    List.of(new CryptoRouter.Count("host", CryptoRouter.Operation.VERIFY_PEER, 1, 0, 0)),
                    router.counts());
        }
    }

    @Test
    void theCapabilitiesSayWhoVerifies() {
        List<String> lines = router().capabilities();
        assertTrue(
                lines.stream().anyMatch(line -> line.startsWith("card") && line.contains("verifies peers'")),
                lines::toString);
        assertTrue(lines.getLast().contains("verifies what the tokens leave"), lines::toString);
    }

    @Test
    void garbageEvictsNothing() {
        KnownCertificates known = KnownCertificates.kept();
        PeerVerification verification = new PeerVerification(CLOCK, signatures, known);
        CryptoRequest.VerifyPeer good = request(trusting(SUB), List.of(LEAF), -1);
        assertEquals(new CryptoOutcome.PeerVerified(), verification.verify(good));
        for (int i = 0; i < 50; i++) {
            TestCertificate garbage =
                    draft("Garbage").dns(NAME).claimingIssuer(SUB.subject()).signedBy(ROOT);
            assertRejected("does not verify", verification.verify(request(trusting(SUB), List.of(garbage), -1)));
            assertEquals(null, known.decoded(KnownCertificates.digest(garbage.der())));
        }
        assertTrue(known.isSigned(
                KnownCertificates.digest(LEAF.der()), SUB.certificate().getPublicKey()));
    }

    @Test
    void theOldestGivesWay() {
        RecentlyAdded<Integer, String> recent = new RecentlyAdded<>(4);
        for (int i = 0; i < 10; i++) {
            recent.add(i, "value " + i);
            recent.add(i, "again");
            assertTrue(recent.size() <= 4);
        }
        for (int i = 0; i < 10; i++) {
            assertEquals(i < 6 ? null : "value " + i, recent.get(i));
        }
    }

    private static long verifications() {
        return pool.statistics().operations().getOrDefault("verify", 0L);
    }

    private static void assertRejected(String reason, CryptoOutcome outcome) {
        String found =
                assertInstanceOf(CryptoOutcome.PeerRejected.class, outcome).reason();
        assertTrue(found.contains(reason), found);
    }
}
