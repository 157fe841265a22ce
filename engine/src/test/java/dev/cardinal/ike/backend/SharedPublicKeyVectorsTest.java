package dev.cardinal.ike.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cardinal.ike.crypto.CryptoOutcome;
import dev.cardinal.ike.crypto.CryptoRequest;
import dev.cardinal.ike.crypto.EcdsaSignature;
import dev.cardinal.ike.crypto.KeyExchangeMethod;
import dev.cardinal.ike.crypto.Secret;
import dev.cardinal.ike.crypto.SignatureScheme;
import dev.cardinal.ike.crypto.TrustPolicy;
import dev.cardinal.ike.crypto.Urgency;
import dev.cardinal.ike.vectors.Json;
import dev.cardinal.ike.vectors.SharedVectors;
import dev.cardinal.ike.wire.Identification;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.PublicKey;
import java.security.cert.CRLException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.security.spec.X509EncodedKeySpec;
import java.time.Clock;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** All published values at hand for key exchange, signatures and certificates. */
class SharedPublicKeyVectorsTest {
    private long openBefore;

    @BeforeEach
    void countSecrets() {
        openBefore = Secret.open();
    }

    @AfterEach
    void noSecretStaysOpen() {
        assertEquals(openBefore, Secret.open());
    }

    private static void report(String what, int count) {
        System.out.println("shared vectors: " + count + " of " + what);
    }

    private static List<Json> groups(String file) {
        return SharedVectors.file(file)
                .map(path -> Json.read(path).get("testGroups").elements())
                .orElse(List.of());
    }

    /** The shared secret, or null where the peer's value was refused. */
    private static @Nullable String agree(HostKeyExchange ours, byte[] peer) throws Exception {
        try (ours;
                Secret secret = ours.agree(peer)) {
            assertNotNull(secret);
            return secret.<String>lend(HexFormat.of()::formatHex);
        } catch (RefusedPublicValue e) {
            return null;
        }
    }

    @Test
    void x25519() throws Exception {
        int count = 0;
        for (Json group : groups("crypto/wycheproof-x25519_test.json.gz")) {
            for (Json test : group.get("tests").elements()) {
                String shared = test.get("shared").text();
                String found = agree(
                        HostKeyExchange.ofScalar(
                                KeyExchangeMethod.CURVE_25519,
                                Secret.owning(test.get("private").bytes())),
                        test.get("public").bytes());
                // RFC 7748 section 6: only what agrees on zero is refused
                boolean zero = shared.chars().allMatch(c -> c == '0');
                assertEquals(zero ? null : shared, found, "x25519 " + test.get("tcId"));
                count++;
            }
        }
        report("Wycheproof X25519", count);
    }

    @Test
    void ecdh() throws Exception {
        int count = ecdh("crypto/wycheproof-ecdh_secp256r1_ecpoint_test.json.gz", KeyExchangeMethod.ECP_256)
                + ecdh("crypto/wycheproof-ecdh_secp521r1_ecpoint_test.json.gz", KeyExchangeMethod.ECP_521);
        report("Wycheproof ECDH", count);
    }

    private static int ecdh(String file, KeyExchangeMethod method) throws Exception {
        int count = 0;
        for (Json group : groups(file)) {
            for (Json test : group.get("tests").elements()) {
                byte[] point = test.get("public").bytes();
                if (point.length == 0 || point[0] != 4) {
                    continue; // a Key Exchange payload has no compressed form
                }
                String found = agree(
                        HostKeyExchangeTest.ecp(
                                method, new BigInteger(test.get("private").text(), 16)),
                        Arrays.copyOfRange(point, 1, point.length));
                String expected = test.get("result").text().equals("invalid")
                        ? null
                        : test.get("shared").text();
                assertEquals(expected, found, file + " " + test.get("tcId"));
                count++;
            }
        }
        return count;
    }

    @Test
    void keyExchangePrintedInRfcs() throws Exception {
        int count = 0;
        Optional<Json> montgomery = SharedVectors.file("rfc/rfc7748.json").map(Json::read);
        if (montgomery.isPresent()) {
            for (String name : List.of("x25519", "x448")) {
                KeyExchangeMethod method =
                        name.equals("x448") ? KeyExchangeMethod.CURVE_448 : KeyExchangeMethod.CURVE_25519;
                for (Json test : montgomery.get().get(name).elements()) {
                    assertEquals(
                            test.get("out").text(),
                            agree(
                                    HostKeyExchange.ofScalar(
                                            method,
                                            Secret.owning(test.get("scalar").bytes())),
                                    test.get("u").bytes()));
                    count++;
                }
            }
            for (Json test : montgomery.get().get("iterated").elements()) {
                if (test.get("iterations").number() > 1000) {
                    continue; // minutes
                }
                KeyExchangeMethod method = test.get("alg").text().equals("x448")
                        ? KeyExchangeMethod.CURVE_448
                        : KeyExchangeMethod.CURVE_25519;
                byte[] u = new byte[method.publicLength()];
                u[0] = (byte) (method == KeyExchangeMethod.CURVE_448 ? 5 : 9);
                byte[] k = u.clone();
                for (int i = 0; i < test.get("iterations").number(); i++) {
                    String next = agree(HostKeyExchange.ofScalar(method, Secret.copyOf(k)), u);
                    u = k;
                    k = HexFormat.of().parseHex(String.valueOf(next));
                }
                assertEquals(test.get("k").text(), HexFormat.of().formatHex(k));
                count++;
            }
        }
        Optional<Json> group31 =
                SharedVectors.file("rfc/rfc8031-curve25519.json").map(Json::read);
        if (group31.isPresent()) {
            Json test = group31.get().get("tests").elements().getFirst();
            HostKeyExchange initiator = HostKeyExchange.ofScalar(
                    KeyExchangeMethod.CURVE_25519,
                    Secret.owning(test.get("random_i").bytes()));
            assertEquals(test.get("pub_i").text(), HexFormat.of().formatHex(initiator.publicValue()));
            assertEquals(
                    test.get("shared").text(),
                    agree(initiator, test.get("pub_r").bytes()));
            count++;
        }
        for (Json test : SharedVectors.file("rfc/rfc5903-ecp.json")
                .map(path -> Json.read(path).get("tests").elements())
                .orElse(List.of())) {
            KeyExchangeMethod method = KeyExchangeMethod.of(test.get("group").number());
            assertNotNull(method);
            byte[] payload = test.get("ker").bytes();
            assertEquals(
                    test.get("girx").text(),
                    agree(
                            HostKeyExchangeTest.ecp(
                                    method, new BigInteger(test.get("i").text(), 16)),
                            Arrays.copyOfRange(payload, 8, payload.length)));
            count++;
        }
        for (Json group : SharedVectors.file("rfc/modp-primes.json")
                .map(path -> Json.read(path).get("groups").elements())
                .orElse(List.of())) {
            KeyExchangeMethod method = KeyExchangeMethod.of(group.get("group").number());
            if (method != null) {
                assertEquals(
                        new BigInteger(group.get("primeHex").text(), 16),
                        ModpGroup.of(method).prime());
                count++;
            }
        }
        report("key exchange values printed in RFCs", count);
    }

    /** Through the whole judgement of a peer: the vector's key in a pinned certificate. */
    @Test
    void signatures() throws Exception {
        int count =
                signatures("crypto/wycheproof-ecdsa_secp256r1_sha256_test.json.gz", SignatureScheme.ECDSA_SHA256, "EC")
                        + signatures(
                                "crypto/wycheproof-rsa_signature_2048_sha256_test.json.gz",
                                SignatureScheme.RSA_PKCS1_SHA256,
                                "RSA")
                        + signatures(
                                "crypto/wycheproof-rsa_pss_2048_sha256_mgf1_32_test.json.gz",
                                SignatureScheme.RSA_PSS_SHA256,
                                "RSA")
                        + signatures("crypto/wycheproof-ed25519_test.json.gz", SignatureScheme.ED25519, "Ed25519");
        report("Wycheproof signatures", count);
    }

    private static int signatures(String file, SignatureScheme scheme, String algorithm) throws Exception {
        PeerVerification verification = new PeerVerification(
                Clock.fixed(TestCertificate.NOW, ZoneOffset.UTC), new HostSignatures(), KnownCertificates.kept());
        TestCertificate authority = TestCertificate.root("Root");
        int count = 0;
        for (Json group : groups(file)) {
            Optional<Json> der = group.find("publicKeyDer");
            if (der.isEmpty()) {
                continue;
            }
            PublicKey key = KeyFactory.getInstance(algorithm)
                    .generatePublic(new X509EncodedKeySpec(der.get().bytes()));
            TestCertificate peer = TestCertificate.draft("Vector")
                    .keys(new KeyPair(key, authority.keys().getPrivate()))
                    .dns("peer.example.org")
                    .signedBy(authority);
            TrustPolicy trust = new TrustPolicy(
                    List.of(), List.of(), List.of(peer.certificate()), List.of(), TrustPolicy.Revocation.RELAXED);
            for (Json test : group.get("tests").elements()) {
                byte[] signature = test.get("sig").bytes();
                String result = test.get("result").text();
                if (scheme == SignatureScheme.ECDSA_SHA256) {
                    byte[] rs = EcdsaSignature.fromDer(signature, 32);
                    if (rs == null) {
                        assertEquals("invalid", result, file + " " + test.get("tcId"));
                        count++;
                        continue;
                    }
                    signature = rs;
                }
                CryptoOutcome outcome = verification.verify(new CryptoRequest.VerifyPeer(
                        List.of(),
                        trust,
                        new Identification(Identification.FQDN, "peer.example.org".getBytes(StandardCharsets.US_ASCII)),
                        scheme,
                        test.get("msg").bytes(),
                        signature,
                        Urgency.BEGUN,
                        0));
                boolean verified = outcome instanceof CryptoOutcome.PeerVerified;
                // "acceptable" is a PKCS#1 DigestInfo without NULL, which RFC 8017 lets a verifier take or leave
                assertTrue(
                        result.equals("acceptable") || result.equals("valid") == verified,
                        file + " " + test.get("tcId") + " " + result + " " + outcome);
                count++;
            }
        }
        return count;
    }

    /** Certificates and lists of a fuzzer: whatever they are, the answer is a rejection. */
    @Test
    void hostileCertificates() throws IOException, CertificateException {
        TestCertificate authority = TestCertificate.root("Root");
        TestCertificate leaf =
                TestCertificate.draft("Leaf").dns("peer.example.org").signedBy(authority);
        PeerVerification verification = new PeerVerification(
                Clock.fixed(TestCertificate.NOW, ZoneOffset.UTC), new HostSignatures(), KnownCertificates.kept());
        int count = 0;
        for (String name : List.of("corpora/strongswan-certs.tar.gz", "corpora/strongswan-certs-crash.tar.gz")) {
            for (byte[] octets : unpacked(name)) {
                for (List<byte[]> sent : List.of(List.of(octets), List.of(leaf.der(), octets))) {
                    assertInstanceOf(
                            CryptoOutcome.PeerRejected.class,
                            verify(verification, sent, trusting(List.of(), authority.certificate())));
                }
                count++;
            }
        }
        report("a fuzzer's certificates", count);
        CertificateFactory factory = CertificateFactory.getInstance("X.509");
        int lists = 0;
        for (byte[] octets : unpacked("corpora/strongswan-crls.tar.gz")) {
            X509CRL crl = list(factory, octets);
            if (crl != null) {
                // foreign lists leave a peer as good as it is without them: only the signature is wrong
                assertEquals(
                        new CryptoOutcome.PeerRejected("signature does not verify"),
                        verify(verification, List.of(leaf.der()), trusting(List.of(crl), authority.certificate())));
                lists++;
            }
        }
        report("a fuzzer's revocation lists that parse", lists);
    }

    private static @Nullable X509CRL list(CertificateFactory factory, byte[] octets) {
        try {
            return factory.generateCRL(new ByteArrayInputStream(octets)) instanceof X509CRL crl ? crl : null;
        } catch (CRLException e) {
            return null; // the configuration refuses it when it is read
        }
    }

    private static TrustPolicy trusting(List<X509CRL> crls, X509Certificate authority) {
        return new TrustPolicy(List.of(authority), List.of(), List.of(), crls, TrustPolicy.Revocation.IF_URI);
    }

    private static CryptoOutcome verify(PeerVerification verification, List<byte[]> sent, TrustPolicy trust) {
        return verification.verify(new CryptoRequest.VerifyPeer(
                sent,
                trust,
                new Identification(Identification.FQDN, "peer.example.org".getBytes(StandardCharsets.US_ASCII)),
                SignatureScheme.ECDSA_SHA256,
                new byte[4],
                new byte[64],
                Urgency.BEGUN,
                0));
    }

    /** The regular files of a tar archive: a header of 512 octets each, its size in octal, then whole blocks. */
    private static List<byte[]> unpacked(String name) throws IOException {
        List<byte[]> files = new ArrayList<>();
        Optional<Path> archive = SharedVectors.file(name);
        if (archive.isEmpty()) {
            return files;
        }
        try (InputStream in = new GZIPInputStream(Files.newInputStream(archive.get()))) {
            byte[] header = in.readNBytes(512);
            while (header.length == 512 && header[0] != 0) {
                String octal = new String(header, 124, 11, StandardCharsets.US_ASCII).trim();
                int size = Integer.parseInt(octal, 8);
                byte[] content = in.readNBytes((size + 511) / 512 * 512);
                if (header[156] == '0' || header[156] == 0) {
                    files.add(Arrays.copyOf(content, size));
                }
                header = in.readNBytes(512);
            }
        }
        return files;
    }
}
