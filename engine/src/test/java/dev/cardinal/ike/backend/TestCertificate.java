package dev.cardinal.ike.backend;

import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.HashMap;
import java.util.Map;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.CertIOException;
import org.bouncycastle.cert.jcajce.JcaX509CRLConverter;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v2CRLBuilder;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.ContentSigner;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.jspecify.annotations.Nullable;

/** A certificate with its private key, made for a test. Keys are made once a name, since that is what takes time. */
public record TestCertificate(X509Certificate certificate, KeyPair keys) {
    /** The time at which the tests look at certificates. */
    public static final Instant NOW = Instant.parse("2026-06-01T12:00:00Z");

    private static final Map<String, KeyPair> KEYS = new HashMap<>();
    private static long serial = 1000;

    public X500Principal subject() {
        return certificate.getSubjectX500Principal();
    }

    public byte[] der() {
        try {
            return certificate.getEncoded();
        } catch (GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    /** @param algorithm RSA-bits, a curve's name, or a JCA name */
    public static synchronized KeyPair keys(String algorithm, String name) {
        return KEYS.computeIfAbsent(algorithm + " " + name, key -> {
            try {
                if (algorithm.startsWith("RSA-")) {
                    KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
                    generator.initialize(Integer.parseInt(algorithm.substring(4)));
                    return generator.generateKeyPair();
                }
                if (algorithm.startsWith("secp")) {
                    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
                    generator.initialize(new ECGenParameterSpec(algorithm));
                    return generator.generateKeyPair();
                }
                return KeyPairGenerator.getInstance(algorithm).generateKeyPair();
            } catch (GeneralSecurityException e) {
                throw new AssertionError(e);
            }
        });
    }

    public static Draft draft(String name) {
        return new Draft(name);
    }

    /** A self-signed authority. */
    public static TestCertificate root(String name) {
        return draft(name).authority(-1).selfSigned();
    }

    private static ContentSigner signer(PrivateKey key) throws OperatorCreationException {
        String algorithm = switch (key.getAlgorithm()) {
            case "EC" -> "SHA256withECDSA";
            case "RSA" -> "SHA256withRSA";
            default -> "Ed25519";
        };
        return new JcaContentSignerBuilder(algorithm).build(key);
    }

    /** A list signed by this authority. */
    public X509CRL crl(Instant thisUpdate, @Nullable Instant nextUpdate, X509Certificate... revoked) {
        return crl(keys.getPrivate(), thisUpdate, nextUpdate, revoked);
    }

    /** A list in this authority's name, signed by any key. */
    public X509CRL crl(PrivateKey key, Instant thisUpdate, @Nullable Instant nextUpdate, X509Certificate... revoked) {
        try {
            JcaX509v2CRLBuilder builder = new JcaX509v2CRLBuilder(subject(), Date.from(thisUpdate));
            if (nextUpdate != null) {
                builder.setNextUpdate(Date.from(nextUpdate));
            }
            for (X509Certificate entry : revoked) {
                builder.addCRLEntry(entry.getSerialNumber(), Date.from(thisUpdate), 1);
            }
            return new JcaX509CRLConverter().getCRL(builder.build(signer(key)));
        } catch (GeneralSecurityException | OperatorCreationException e) {
            throw new AssertionError(e);
        }
    }

    /** What a certificate shall hold. */
    public static final class Draft {
        private final String name;
        private String algorithm = "secp256r1";
        private Instant notBefore = NOW.minus(Duration.ofDays(10));
        private Instant notAfter = NOW.plus(Duration.ofDays(10));
        private @Nullable X500Principal subject;
        private @Nullable X500Principal issuer;
        private @Nullable KeyPair keys;
        private final Map<ASN1ObjectIdentifier, ASN1Encodable> extensions = new HashMap<>();
        private final Map<ASN1ObjectIdentifier, ASN1Encodable> critical = new HashMap<>();

        private Draft(String name) {
            this.name = name;
        }

        public Draft algorithm(String wanted) {
            algorithm = wanted;
            return this;
        }

        public Draft keys(KeyPair wanted) {
            keys = wanted;
            return this;
        }

        public Draft valid(Instant from, Instant to) {
            notBefore = from;
            notAfter = to;
            return this;
        }

        public Draft subject(X500Principal wanted) {
            subject = wanted;
            return this;
        }

        /** Claims an issuer other than the one that signs. */
        public Draft claimingIssuer(X500Principal claimed) {
            issuer = claimed;
            return this;
        }

        /** @param pathLength -1 for any */
        public Draft authority(int pathLength) {
            critical(
                    Extension.basicConstraints,
                    pathLength < 0 ? new BasicConstraints(true) : new BasicConstraints(pathLength));
            return usage(KeyUsage.keyCertSign | KeyUsage.cRLSign);
        }

        public Draft usage(int bits) {
            return critical(Extension.keyUsage, new KeyUsage(bits));
        }

        public Draft names(GeneralName... names) {
            return extension(Extension.subjectAlternativeName, new GeneralNames(names));
        }

        public Draft dns(String host) {
            return names(new GeneralName(GeneralName.dNSName, host));
        }

        public Draft extension(ASN1ObjectIdentifier oid, ASN1Encodable value) {
            extensions.put(oid, value);
            return this;
        }

        public Draft critical(ASN1ObjectIdentifier oid, ASN1Encodable value) {
            critical.put(oid, value);
            return this;
        }

        public Draft without(ASN1ObjectIdentifier oid) {
            extensions.remove(oid);
            critical.remove(oid);
            return this;
        }

        public TestCertificate selfSigned() {
            KeyPair own = ownKeys();
            return sign(principal(), own.getPrivate(), own);
        }

        public TestCertificate signedBy(TestCertificate authority) {
            return sign(authority.subject(), authority.keys().getPrivate(), ownKeys());
        }

        private KeyPair ownKeys() {
            return keys == null ? TestCertificate.keys(algorithm, name) : keys;
        }

        private X500Principal principal() {
            return subject == null ? new X500Principal("C=CH,O=Cardinal Test,CN=" + name) : subject;
        }

        private TestCertificate sign(X500Principal signer, PrivateKey key, KeyPair own) {
            try {
                JcaX509v3CertificateBuilder builder = new JcaX509v3CertificateBuilder(
                        issuer == null ? signer : issuer,
                        BigInteger.valueOf(serial++),
                        Date.from(notBefore),
                        Date.from(notAfter),
                        principal(),
                        own.getPublic());
                for (Map.Entry<ASN1ObjectIdentifier, ASN1Encodable> entry : extensions.entrySet()) {
                    builder.addExtension(entry.getKey(), false, entry.getValue());
                }
                for (Map.Entry<ASN1ObjectIdentifier, ASN1Encodable> entry : critical.entrySet()) {
                    builder.addExtension(entry.getKey(), true, entry.getValue());
                }
                return new TestCertificate(
                        new JcaX509CertificateConverter().getCertificate(builder.build(signer(key))), own);
            } catch (GeneralSecurityException | OperatorCreationException | CertIOException e) {
                throw new AssertionError(e);
            }
        }
    }
}
