package dev.cardinal.ike.backend;

import static dev.cardinal.ike.backend.TestCertificate.NOW;
import static dev.cardinal.ike.backend.TestCertificate.draft;
import static dev.cardinal.ike.backend.TestCertificate.root;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cardinal.ike.crypto.CryptoOutcome;
import dev.cardinal.ike.crypto.CryptoRequest;
import dev.cardinal.ike.crypto.SignatureScheme;
import dev.cardinal.ike.crypto.TrustPolicy;
import dev.cardinal.ike.crypto.TrustPolicy.Revocation;
import dev.cardinal.ike.crypto.Urgency;
import dev.cardinal.ike.wire.Identification;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DEROctetString;
import org.bouncycastle.asn1.x509.AccessDescription;
import org.bouncycastle.asn1.x509.AuthorityInformationAccess;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.CRLDistPoint;
import org.bouncycastle.asn1.x509.DistributionPoint;
import org.bouncycastle.asn1.x509.DistributionPointName;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.GeneralSubtree;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.asn1.x509.NameConstraints;
import org.junit.jupiter.api.Test;

class PeerVerificationTest {
    private static final byte[] OCTETS = "what is signed".getBytes(StandardCharsets.US_ASCII);
    private static final Identification ID = fqdn("peer.example.org");
    private static final TestCertificate ROOT = root("Root");
    private static final TestCertificate SUB = draft("Sub").authority(-1).signedBy(ROOT);
    private static final TestCertificate LEAF =
            draft("Leaf").dns("peer.example.org").signedBy(SUB);

    private final HostSignatures signatures = new HostSignatures();
    private final PeerVerification verification =
            new PeerVerification(Clock.fixed(NOW, ZoneOffset.UTC), signatures, KnownCertificates.kept());

    private static Identification fqdn(String name) {
        return new Identification(Identification.FQDN, name.getBytes(StandardCharsets.US_ASCII));
    }

    private static TrustPolicy trusting(TestCertificate... authorities) {
        return trusting(Revocation.RELAXED, List.of(), authorities);
    }

    private static TrustPolicy trusting(Revocation revocation, List<X509CRL> crls, TestCertificate... authorities) {
        return new TrustPolicy(
                Arrays.stream(authorities).map(TestCertificate::certificate).toList(),
                List.of(),
                List.of(),
                crls,
                revocation);
    }

    private static TrustPolicy pinning(TestCertificate... peers) {
        return new TrustPolicy(
                List.of(ROOT.certificate()),
                List.of(),
                Arrays.stream(peers).map(TestCertificate::certificate).toList(),
                List.of(),
                Revocation.RELAXED);
    }

    private static SignatureScheme scheme(TestCertificate signer) {
        return switch (signer.keys().getPrivate().getAlgorithm()) {
            case "EC" -> SignatureScheme.ECDSA_SHA256;
            case "RSA" -> SignatureScheme.RSA_PSS_SHA256;
            default -> SignatureScheme.ED25519;
        };
    }

    private byte[] sign(TestCertificate signer, SignatureScheme scheme) {
        try {
            return signatures.sign(signer.keys().getPrivate(), scheme, OCTETS);
        } catch (GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    /** What becomes of a peer that signs with the first certificate and sends all. */
    private CryptoOutcome verify(TrustPolicy trust, Identification id, TestCertificate leaf, TestCertificate... more) {
        List<byte[]> sent = new ArrayList<>();
        sent.add(leaf.der());
        for (TestCertificate certificate : more) {
            sent.add(certificate.der());
        }
        return verify(trust, id, sent, scheme(leaf), sign(leaf, scheme(leaf)));
    }

    private CryptoOutcome verify(
            TrustPolicy trust, Identification id, List<byte[]> sent, SignatureScheme scheme, byte[] signature) {
        return verification.verify(
                new CryptoRequest.VerifyPeer(sent, trust, id, scheme, OCTETS, signature, Urgency.BEGUN, 0));
    }

    private static void assertVerified(CryptoOutcome outcome) {
        assertEquals(new CryptoOutcome.PeerVerified(), outcome);
    }

    private static void assertRejected(String reason, CryptoOutcome outcome) {
        String found =
                assertInstanceOf(CryptoOutcome.PeerRejected.class, outcome).reason();
        assertTrue(found.contains(reason), found);
    }

    @Test
    void aGoodChainIsVerified() {
        assertVerified(verify(trusting(ROOT), ID, LEAF, SUB));
        assertVerified(verify(trusting(SUB), ID, LEAF));
        assertVerified(verify(trusting(root("Other"), ROOT), ID, LEAF, root("Third"), SUB, ROOT));
        TrustPolicy helped = new TrustPolicy(
                List.of(ROOT.certificate()), List.of(SUB.certificate()), List.of(), List.of(), Revocation.RELAXED);
        assertVerified(verify(helped, ID, LEAF));
    }

    @Test
    void everyKindOfKeyIsVerified() {
        for (String algorithm : new String[] {"RSA-2048", "secp256r1", "secp384r1", "secp521r1", "Ed25519"}) {
            TestCertificate authority =
                    draft("Root " + algorithm).algorithm(algorithm).authority(0).selfSigned();
            TestCertificate leaf = draft("Leaf " + algorithm)
                    .algorithm(algorithm)
                    .dns("peer.example.org")
                    .signedBy(authority);
            for (SignatureScheme scheme : SignatureScheme.values()) {
                boolean suits = scheme.key() == scheme(leaf).key();
                byte[] signature = suits ? sign(leaf, scheme) : sign(leaf, scheme(leaf));
                CryptoOutcome outcome = verify(trusting(authority), ID, List.of(leaf.der()), scheme, signature);
                if (!suits) {
                    assertRejected(scheme + " with a key of the algorithm", outcome);
                    continue;
                }
                assertVerified(outcome);
                for (int i = 0; i < signature.length; i += 7) {
                    byte[] flipped = signature.clone();
                    flipped[i] ^= 1;
                    assertRejected(
                            "signature does not verify",
                            verify(trusting(authority), ID, List.of(leaf.der()), scheme, flipped));
                }
                for (int length : new int[] {0, 1, signature.length - 1, signature.length + 1, 2 * signature.length}) {
                    assertRejected(
                            "signature does not verify",
                            verify(
                                    trusting(authority),
                                    ID,
                                    List.of(leaf.der()),
                                    scheme,
                                    Arrays.copyOf(signature, length)));
                }
            }
        }
    }

    @Test
    void anEcdsaSignatureOfZerosIsRejected() {
        assertRejected(
                "signature does not verify",
                verify(trusting(ROOT), ID, List.of(LEAF.der(), SUB.der()), SignatureScheme.ECDSA_SHA256, new byte[64]));
    }

    @Test
    void datesCountForEveryCertificateOfThePath() {
        Instant earlier = NOW.minus(Duration.ofDays(2));
        Instant later = NOW.plus(Duration.ofDays(2));
        assertRejected(
                "EXPIRED",
                verify(
                        trusting(ROOT),
                        ID,
                        draft("Leaf")
                                .dns("peer.example.org")
                                .valid(earlier, NOW.minusSeconds(1))
                                .signedBy(SUB),
                        SUB));
        assertRejected(
                "NOT_YET_VALID",
                verify(
                        trusting(ROOT),
                        ID,
                        draft("Leaf")
                                .dns("peer.example.org")
                                .valid(NOW.plusSeconds(1), later)
                                .signedBy(SUB),
                        SUB));
        TestCertificate oldSub =
                draft("Sub").authority(-1).valid(earlier, NOW.minusSeconds(1)).signedBy(ROOT);
        assertRejected("EXPIRED", verify(trusting(ROOT), ID, LEAF, oldSub));
        assertVerified(verify(trusting(ROOT), ID, LEAF, oldSub, SUB));
        TestCertificate oldRoot =
                draft("Root").authority(-1).valid(earlier, NOW.minusSeconds(1)).selfSigned();
        assertRejected("EXPIRED", verify(trusting(oldRoot), ID, LEAF, SUB));
        assertRejected("NotAfter", verify(trusting(oldSub), ID, LEAF));
    }

    @Test
    void anotherAuthorityIsNotTrusted() {
        assertRejected("no path", verify(trusting(root("Other")), ID, LEAF, SUB));
        assertRejected("no path", verify(trusting(), ID, LEAF, SUB, ROOT));
        assertRejected("no path", verify(trusting(ROOT), ID, LEAF));
        TestCertificate impostor =
                draft("Impostor").subject(ROOT.subject()).authority(-1).selfSigned();
        assertRejected("does not verify", verify(trusting(impostor), ID, LEAF, SUB));
        TestCertificate forged = draft("Forged")
                .dns("peer.example.org")
                .claimingIssuer(ROOT.subject())
                .signedBy(root("Other"));
        assertRejected("does not verify", verify(trusting(ROOT), ID, forged));
        assertRejected(
                "no path",
                verify(trusting(ROOT), ID, draft("Leaf").dns("peer.example.org").selfSigned()));
    }

    @Test
    void onlyAuthoritiesIssue() {
        TestCertificate plain = draft("Plain").signedBy(ROOT);
        TestCertificate leaf = draft("Below").dns("peer.example.org").signedBy(plain);
        assertRejected("NOT_CA_CERT", verify(trusting(ROOT), ID, leaf, plain));
        TestCertificate noSign = draft("NoSign")
                .critical(Extension.basicConstraints, new BasicConstraints(true))
                .usage(KeyUsage.digitalSignature)
                .signedBy(ROOT);
        leaf = draft("Below").dns("peer.example.org").signedBy(noSign);
        assertRejected("INVALID_KEY_USAGE", verify(trusting(ROOT), ID, leaf, noSign));
        assertRejected("must not sign certificates", verify(trusting(noSign), ID, leaf));
        assertRejected(
                "must not sign certificates",
                verify(
                        trusting(plain),
                        ID,
                        draft("Below").dns("peer.example.org").signedBy(plain)));
        TestCertificate rootNoSign = draft("RootNoSign")
                .critical(Extension.basicConstraints, new BasicConstraints(true))
                .usage(KeyUsage.digitalSignature)
                .selfSigned();
        leaf = draft("Below").dns("peer.example.org").signedBy(rootNoSign);
        assertRejected("INVALID_KEY_USAGE", verify(trusting(rootNoSign), ID, leaf));
        TestCertificate rootNoCa = draft("RootNoCa").selfSigned();
        leaf = draft("Below").dns("peer.example.org").signedBy(rootNoCa);
        assertRejected("NOT_CA_CERT", verify(trusting(rootNoCa), ID, leaf));
    }

    @Test
    void pathLengthIsObeyed() {
        TestCertificate shortRoot = draft("ShortRoot").authority(0).selfSigned();
        TestCertificate below = draft("Below").authority(-1).signedBy(shortRoot);
        TestCertificate leaf = draft("Leaf2").dns("peer.example.org").signedBy(below);
        assertRejected("PATH_TOO_LONG", verify(trusting(shortRoot), ID, leaf, below));
        assertVerified(verify(
                trusting(shortRoot), ID, draft("Leaf2").dns("peer.example.org").signedBy(shortRoot)));
        TestCertificate shortSub = draft("ShortSub").authority(0).signedBy(ROOT);
        TestCertificate deeper = draft("Deeper").authority(-1).signedBy(shortSub);
        leaf = draft("Leaf3").dns("peer.example.org").signedBy(deeper);
        assertRejected("PATH_TOO_LONG", verify(trusting(ROOT), ID, leaf, deeper, shortSub));
        assertRejected("longer than the authority allows", verify(trusting(shortSub), ID, leaf, deeper));
    }

    @Test
    void depthIsBounded() {
        TestCertificate above = ROOT;
        List<TestCertificate> chain = new ArrayList<>();
        for (int i = 0; i < CertificatePath.MAX_DEPTH; i++) {
            above = draft("Deep " + i).authority(-1).signedBy(above);
            chain.add(above);
        }
        TestCertificate leaf = draft("Bottom").dns("peer.example.org").signedBy(chain.get(6));
        assertVerified(verify(trusting(ROOT), ID, leaf, chain.subList(0, 7).toArray(new TestCertificate[0])));
        leaf = draft("Bottom").dns("peer.example.org").signedBy(chain.get(7));
        assertRejected("longer than 8", verify(trusting(ROOT), ID, leaf, chain.toArray(new TestCertificate[0])));
    }

    /** Authorities that all sign each other make a number of paths that no search may follow to its end. */
    @Test
    void theSearchIsBounded() {
        List<TestCertificate> web = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            for (int j = 0; j < 5; j++) {
                web.add(draft("Web " + i)
                        .authority(-1)
                        .valid(NOW.minus(Duration.ofDays(j + 1)), NOW.plus(Duration.ofDays(9)))
                        .signedBy(root("Web " + (i + 1) % 3)));
            }
        }
        TestCertificate leaf = draft("Bottom").dns("peer.example.org").signedBy(root("Web 0"));
        assertRejected(
                "too many possible paths", verify(trusting(ROOT), ID, leaf, web.toArray(new TestCertificate[0])));
    }

    @Test
    void nameConstraintsAreObeyed() {
        NameConstraints constraints = new NameConstraints(
                new GeneralSubtree[] {new GeneralSubtree(new GeneralName(GeneralName.dNSName, "example.org"))}, null);
        TestCertificate within = draft("Within")
                .authority(-1)
                .critical(Extension.nameConstraints, constraints)
                .signedBy(ROOT);
        TestCertificate withinRoot = draft("WithinRoot")
                .authority(-1)
                .critical(Extension.nameConstraints, constraints)
                .selfSigned();
        for (TestCertificate authority : List.of(within, withinRoot)) {
            TrustPolicy trust = trusting(ROOT, withinRoot);
            assertVerified(
                    verify(trust, ID, draft("Leaf4").dns("peer.example.org").signedBy(authority), authority));
            assertRejected(
                    "INVALID_NAME",
                    verify(
                            trust,
                            fqdn("peer.example.com"),
                            draft("Leaf4").dns("peer.example.com").signedBy(authority),
                            authority));
        }
        assertRejected(
                "name constraints",
                verify(
                        trusting(within),
                        ID,
                        draft("Leaf4").dns("peer.example.org").signedBy(within)));
    }

    @Test
    void unknownCriticalExtensionsAreRefused() {
        ASN1ObjectIdentifier oid = new ASN1ObjectIdentifier("1.3.6.1.4.1.99999.1");
        assertRejected(
                "critical extension",
                verify(
                        trusting(ROOT),
                        ID,
                        draft("Leaf5")
                                .dns("peer.example.org")
                                .critical(oid, new DEROctetString(new byte[3]))
                                .signedBy(SUB),
                        SUB));
        assertVerified(verify(
                trusting(ROOT),
                ID,
                draft("Leaf5")
                        .dns("peer.example.org")
                        .extension(oid, new DEROctetString(new byte[3]))
                        .signedBy(SUB),
                SUB));
        TestCertificate oddSub = draft("OddSub")
                .authority(-1)
                .critical(oid, new DEROctetString(new byte[3]))
                .signedBy(ROOT);
        assertRejected(
                "critical extension",
                verify(
                        trusting(ROOT),
                        ID,
                        draft("Leaf6").dns("peer.example.org").signedBy(oddSub),
                        oddSub));
    }

    @Test
    void keyUsageOfTheLeaf() {
        for (int usage : new int[] {KeyUsage.digitalSignature, KeyUsage.nonRepudiation}) {
            assertVerified(verify(
                    trusting(ROOT),
                    ID,
                    draft("Leaf").dns("peer.example.org").usage(usage).signedBy(SUB),
                    SUB));
        }
        assertRejected(
                "key usage",
                verify(
                        trusting(ROOT),
                        ID,
                        draft("Leaf")
                                .dns("peer.example.org")
                                .usage(KeyUsage.keyEncipherment)
                                .signedBy(SUB),
                        SUB));
    }

    @Test
    void keysThatAreTooSmallAreRefused() {
        TestCertificate small =
                draft("Small").algorithm("RSA-1024").dns("peer.example.org").signedBy(ROOT);
        assertRejected("RSA key of 1024 bits", verify(trusting(ROOT), ID, small));
        assertRejected("RSA key of 1024 bits", verify(pinning(small), ID, small));
        TestCertificate smallRoot =
                draft("SmallRoot").algorithm("RSA-1024").authority(-1).selfSigned();
        assertRejected(
                "RSA key of 1024 bits",
                verify(
                        trusting(smallRoot),
                        ID,
                        draft("Leaf7").dns("peer.example.org").signedBy(smallRoot)));
        TestCertificate ed448 =
                draft("Ed448").algorithm("Ed448").dns("peer.example.org").signedBy(ROOT);
        assertRejected(
                "EdDSA key other than Ed25519",
                verify(trusting(ROOT), ID, List.of(ed448.der()), SignatureScheme.ED25519, new byte[64]));
    }

    @Test
    void identities() {
        X500Principal subject = new X500Principal("C=CH, O=Cardinal Test, CN=Named");
        byte[] keyId = HexFormat.of().parseHex("0102030405060708090a0b0c0d0e0f1011121314");
        TestCertificate named = draft("Named")
                .names(
                        new GeneralName(GeneralName.dNSName, "Peer.Example.org"),
                        new GeneralName(GeneralName.rfc822Name, "Mary@Example.org"),
                        new GeneralName(GeneralName.iPAddress, "192.0.2.7"),
                        new GeneralName(GeneralName.iPAddress, "2001:db8::7"),
                        new GeneralName(GeneralName.dNSName, "*.wild.example.org"))
                .extension(Extension.subjectKeyIdentifier, new DEROctetString(keyId))
                .signedBy(ROOT);
        TrustPolicy trust = trusting(ROOT);
        List<Identification> hers = List.of(
                fqdn("peer.example.org"),
                fqdn("PEER.example.ORG"),
                fqdn("*.wild.example.org"),
                new Identification(Identification.RFC822_ADDR, "mary@example.org".getBytes(StandardCharsets.US_ASCII)),
                new Identification(Identification.IPV4_ADDR, new byte[] {(byte) 192, 0, 2, 7}),
                new Identification(
                        Identification.IPV6_ADDR, HexFormat.of().parseHex("20010db8000000000000000000000007")),
                new Identification(Identification.DER_ASN1_DN, subject.getEncoded()),
                new Identification(
                        Identification.DER_ASN1_DN, new X500Principal("C=ch,O=cardinal  test,CN=named").getEncoded()),
                new Identification(Identification.KEY_ID, keyId));
        for (Identification id : hers) {
            assertVerified(verify(trust, id, named));
        }
        List<Identification> notHers = List.of(
                fqdn("peer.example.com"),
                fqdn("example.org"),
                fqdn("a.wild.example.org"),
                fqdn("peer.example.org."),
                fqdn("peer.example.org\0"),
                fqdn(""),
                fqdn("Named"),
                fqdn("mary@example.org"),
                fqdn("192.0.2.7"),
                new Identification(Identification.RFC822_ADDR, "peer.example.org".getBytes(StandardCharsets.US_ASCII)),
                new Identification(Identification.IPV4_ADDR, new byte[] {(byte) 192, 0, 2, 8}),
                new Identification(Identification.IPV4_ADDR, new byte[] {(byte) 192, 0, 2}),
                new Identification(Identification.IPV6_ADDR, new byte[16]),
                new Identification(
                        Identification.DER_ASN1_DN, new X500Principal("C=CH,O=Cardinal Test,CN=Other").getEncoded()),
                new Identification(
                        Identification.DER_ASN1_DN,
                        Arrays.copyOf(subject.getEncoded(), subject.getEncoded().length + 1)),
                new Identification(Identification.DER_ASN1_DN, new byte[] {0x30, 0}),
                new Identification(Identification.DER_ASN1_DN, new byte[] {0x30, 5, 1}),
                new Identification(Identification.DER_ASN1_GN, subject.getEncoded()),
                new Identification(Identification.KEY_ID, Arrays.copyOf(keyId, 19)),
                new Identification(99, keyId));
        for (Identification id : notHers) {
            assertRejected("does not name the identity", verify(trust, id, named));
        }
        TestCertificate nameless = draft("Nameless")
                .subject(new X500Principal(""))
                .critical(
                        Extension.subjectAlternativeName,
                        new GeneralNames(new GeneralName(GeneralName.dNSName, "peer.example.org")))
                .signedBy(ROOT);
        assertVerified(verify(trust, ID, nameless));
        assertRejected(
                "does not name the identity",
                verify(trust, new Identification(Identification.DER_ASN1_DN, new byte[] {0x30, 0}), nameless));
    }

    @Test
    void revocation() {
        Instant before = NOW.minus(Duration.ofDays(1));
        Instant after = NOW.plus(Duration.ofDays(1));
        X509CRL rootCrl = ROOT.crl(before, after);
        X509CRL good = SUB.crl(before, after);
        X509CRL bad = SUB.crl(before, after, LEAF.certificate());
        X509CRL stale = SUB.crl(before, NOW.minusSeconds(1));
        X509CRL staleBad = SUB.crl(before, NOW.minusSeconds(1), LEAF.certificate());
        X509CRL early = SUB.crl(NOW.plusSeconds(1), after);
        X509CRL endless = SUB.crl(before, null);
        X509CRL forged = SUB.crl(ROOT.keys().getPrivate(), before, after, LEAF.certificate());
        X509CRL forgedGood = SUB.crl(ROOT.keys().getPrivate(), before, after);

        for (Revocation revocation : Revocation.values()) {
            assertVerified(verify(trusting(revocation, List.of(rootCrl, good), ROOT), ID, LEAF, SUB));
            assertRejected("revoked", verify(trusting(revocation, List.of(rootCrl, bad), ROOT), ID, LEAF, SUB));
            assertRejected("revoked", verify(trusting(revocation, List.of(rootCrl, good, bad), ROOT), ID, LEAF, SUB));
            assertRejected(
                    "revoked", verify(trusting(revocation, List.of(rootCrl, staleBad, good), ROOT), ID, LEAF, SUB));
            X509CRL subRevoked = ROOT.crl(before, after, SUB.certificate());
            assertRejected("revoked", verify(trusting(revocation, List.of(subRevoked, good), ROOT), ID, LEAF, SUB));
            assertVerified(verify(trusting(revocation, List.of(rootCrl, good, forged), ROOT), ID, LEAF, SUB));
        }
        for (X509CRL useless : List.of(stale, early, endless, forgedGood)) {
            assertRejected(
                    "no fresh revocation list",
                    verify(trusting(Revocation.STRICT, List.of(rootCrl, useless), ROOT), ID, LEAF, SUB));
            assertVerified(verify(trusting(Revocation.IF_URI, List.of(rootCrl, useless), ROOT), ID, LEAF, SUB));
            assertVerified(verify(trusting(Revocation.RELAXED, List.of(rootCrl, useless), ROOT), ID, LEAF, SUB));
        }
        assertRejected(
                "no fresh revocation list", verify(trusting(Revocation.STRICT, List.of(good), ROOT), ID, LEAF, SUB));
    }

    @Test
    void revocationIfTheCertificateNamesAPlace() {
        CRLDistPoint place = new CRLDistPoint(new DistributionPoint[] {
            new DistributionPoint(
                    new DistributionPointName(new GeneralNames(
                            new GeneralName(GeneralName.uniformResourceIdentifier, "http://crl.example.org/sub.crl"))),
                    null,
                    null)
        });
        TestCertificate leaf = draft("Leaf8")
                .dns("peer.example.org")
                .extension(Extension.cRLDistributionPoints, place)
                .signedBy(SUB);
        X509CRL fresh = SUB.crl(NOW.minusSeconds(5), NOW.plusSeconds(5));
        X509CRL stale = SUB.crl(NOW.minusSeconds(5), NOW.minusSeconds(1));
        assertRejected("no fresh", verify(trusting(Revocation.IF_URI, List.of(), ROOT), ID, leaf, SUB));
        assertRejected("no fresh", verify(trusting(Revocation.IF_URI, List.of(stale), ROOT), ID, leaf, SUB));
        assertVerified(verify(trusting(Revocation.IF_URI, List.of(fresh), ROOT), ID, leaf, SUB));
        assertVerified(verify(trusting(Revocation.RELAXED, List.of(), ROOT), ID, leaf, SUB));
        for (boolean responder : new boolean[] {true, false}) {
            AccessDescription access = new AccessDescription(
                    responder ? AccessDescription.id_ad_ocsp : AccessDescription.id_ad_caIssuers,
                    new GeneralName(GeneralName.uniformResourceIdentifier, "http://ca.example.org/"));
            TestCertificate pointing = draft("Leaf9")
                    .dns("peer.example.org")
                    .extension(Extension.authorityInfoAccess, new AuthorityInformationAccess(access))
                    .signedBy(SUB);
            CryptoOutcome outcome = verify(trusting(Revocation.IF_URI, List.of(), ROOT), ID, pointing, SUB);
            if (responder) {
                assertRejected("no fresh", outcome);
            } else {
                assertVerified(outcome);
            }
        }
    }

    @Test
    void pinnedPeers() {
        TestCertificate own = draft("Own").dns("peer.example.org").selfSigned();
        TestCertificate second = draft("Second").dns("peer.example.org").selfSigned();
        assertVerified(verify(pinning(own), ID, own));
        assertVerified(verify(pinning(second, own), ID, own));
        assertRejected("none of those pinned", verify(pinning(second), ID, own));
        assertRejected("none of those pinned", verify(pinning(own), ID, LEAF, SUB));
        assertRejected("does not name", verify(pinning(own), fqdn("other.example.org"), own));
        byte[] signature = sign(own, SignatureScheme.ECDSA_SHA256);
        assertVerified(verify(pinning(own), ID, List.of(), SignatureScheme.ECDSA_SHA256, signature));
        assertVerified(verify(pinning(second, own), ID, List.of(), SignatureScheme.ECDSA_SHA256, signature));
        assertRejected(
                "signature does not verify",
                verify(pinning(second), ID, List.of(), SignatureScheme.ECDSA_SHA256, signature));
        assertRejected(
                "no certificate",
                verify(pinning(own), fqdn("other.example.org"), List.of(), SignatureScheme.ECDSA_SHA256, signature));
        assertRejected(
                "no certificate", verify(trusting(ROOT), ID, List.of(), SignatureScheme.ECDSA_SHA256, signature));
    }

    @Test
    void limitsOnWhatIsSent() {
        byte[] signature = sign(LEAF, SignatureScheme.ECDSA_SHA256);
        List<byte[]> many = new ArrayList<>();
        for (int i = 0; i <= PeerJudge.MAX_CERTIFICATES; i++) {
            many.add(LEAF.der());
        }
        assertRejected("17 certificates", verify(trusting(ROOT), ID, many, SignatureScheme.ECDSA_SHA256, signature));
        for (byte[] odd : List.of(
                new byte[0],
                Arrays.copyOf(LEAF.der(), PeerJudge.MAX_CERTIFICATE_LENGTH + 1),
                Arrays.copyOf(LEAF.der(), LEAF.der().length + 1),
                Arrays.copyOf(LEAF.der(), LEAF.der().length - 1),
                "-----BEGIN CERTIFICATE-----\n".getBytes(StandardCharsets.US_ASCII))) {
            assertInstanceOf(
                    CryptoOutcome.PeerRejected.class,
                    verify(trusting(ROOT), ID, List.of(odd), SignatureScheme.ECDSA_SHA256, signature));
            assertInstanceOf(
                    CryptoOutcome.PeerRejected.class,
                    verify(
                            trusting(ROOT),
                            ID,
                            List.of(LEAF.der(), SUB.der(), odd),
                            SignatureScheme.ECDSA_SHA256,
                            signature));
        }
    }

    @Test
    void reasonsAreShortAndOnOneLine() {
        TestCertificate loud = draft("Loud")
                .subject(new X500Principal("CN=\"a\nb" + "x".repeat(2000) + "\""))
                .dns("peer.example.org")
                .signedBy(root("Other"));
        String reason = assertInstanceOf(CryptoOutcome.PeerRejected.class, verify(trusting(ROOT), fqdn("nobody"), loud))
                .reason();
        assertTrue(reason.length() <= 300 && reason.indexOf('\n') < 0, reason);
    }

    /**
     * Changed octets anywhere: the answer is an outcome, and nothing that changed what is signed is verified. (The JDK
     * reads some encodings of one signature that are not DER, such as a bit string whose unused bits are counted but
     * zero: the certificate is the same one then.)
     */
    @Test
    void mutatedCertificatesAreRejected() throws GeneralSecurityException {
        long seed = 4945;
        Random random = new Random(seed);
        byte[] signature = sign(LEAF, SignatureScheme.ECDSA_SHA256);
        byte[] good = LEAF.der();
        for (int i = 0; i < 4000; i++) {
            byte[] mutated = good.clone();
            for (int n = 1 + random.nextInt(4); n > 0; n--) {
                mutated[random.nextInt(mutated.length)] = (byte) random.nextInt(256);
            }
            if (i % 5 == 0) {
                mutated = Arrays.copyOf(mutated, random.nextInt(mutated.length));
            }
            String which = "seed " + seed + " round " + i;
            assertRejectedOrSame(
                    LEAF,
                    mutated,
                    verify(trusting(ROOT), ID, List.of(mutated, SUB.der()), SignatureScheme.ECDSA_SHA256, signature),
                    which);
            byte[] mutatedSub = SUB.der();
            mutatedSub[random.nextInt(mutatedSub.length)] ^= (byte) (1 << random.nextInt(8));
            assertRejectedOrSame(
                    SUB,
                    mutatedSub,
                    verify(trusting(ROOT), ID, List.of(good, mutatedSub), SignatureScheme.ECDSA_SHA256, signature),
                    which);
        }
        X509Certificate unchanged = LEAF.certificate();
        unchanged.verify(SUB.keys().getPublic());
    }

    /** Every single bit of an intermediate certificate, so that no run depends on where chance strikes. */
    @Test
    void noBitOfWhatIsSignedMayChange() throws GeneralSecurityException {
        byte[] signature = sign(LEAF, SignatureScheme.ECDSA_SHA256);
        int same = 0;
        for (int bit = 0; bit < SUB.der().length * 8; bit++) {
            byte[] mutated = SUB.der().clone();
            mutated[bit / 8] ^= (byte) (1 << (bit % 8));
            CryptoOutcome outcome =
                    verify(trusting(ROOT), ID, List.of(LEAF.der(), mutated), SignatureScheme.ECDSA_SHA256, signature);
            assertRejectedOrSame(SUB, mutated, outcome, "bit " + bit);
            same += outcome instanceof CryptoOutcome.PeerVerified ? 1 : 0;
        }
        // the count of unused bits, where the signature happens to end in zeros
        assertTrue(same <= 3, same + " single bits make no difference");
    }

    private static void assertRejectedOrSame(
            TestCertificate original, byte[] mutated, CryptoOutcome outcome, String which)
            throws GeneralSecurityException {
        if (outcome instanceof CryptoOutcome.PeerRejected) {
            return;
        }
        assertInstanceOf(CryptoOutcome.PeerVerified.class, outcome, which);
        X509Certificate read = (X509Certificate)
                CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(mutated));
        assertArrayEquals(original.certificate().getTBSCertificate(), read.getTBSCertificate(), which);
    }
}
