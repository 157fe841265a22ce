package dev.cardinal.ike.interop;

import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.CertIOException;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/** A throw-away certificate authority: one root, certificates directly below it or at the end of a chain. */
final class TestPki {

    /** The key types of the tests, as Java's key generators name them. */
    enum KeyType {
        RSA_2048("RSA", "2048", "SHA256withRSA"),
        ECDSA_P256("EC", "secp256r1", "SHA256withECDSA"),
        ECDSA_P384("EC", "secp384r1", "SHA384withECDSA"),
        ED25519("Ed25519", "", "Ed25519");

        private final String generator;
        private final String parameter;
        private final String signature;

        KeyType(String generator, String parameter, String signature) {
            this.generator = generator;
            this.parameter = parameter;
            this.signature = signature;
        }

        KeyPair generate() {
            try {
                KeyPairGenerator pairs = KeyPairGenerator.getInstance(generator);
                switch (this) {
                    case RSA_2048 -> pairs.initialize(Integer.parseInt(parameter));
                    case ECDSA_P256, ECDSA_P384 -> pairs.initialize(new ECGenParameterSpec(parameter));
                    case ED25519 -> {}
                }
                return pairs.generateKeyPair();
            } catch (GeneralSecurityException e) {
                throw new AssertionError(e);
            }
        }
    }

    /** A key with the certificates that prove it, leaf apart; the root is not among the intermediates. */
    record Credential(KeyPair key, X509Certificate leaf, List<X509Certificate> intermediates) {}

    private record Issuer(X500Name name, PrivateKey key, PublicKey publicKey) {}

    private static final String ORGANISATION = "C=CH, O=Cardinal interop";
    private static final Duration VALIDITY = Duration.ofDays(2);

    private final KeyType type;
    private final Issuer issuer;
    private final X509Certificate root;
    private long serial = 1;

    TestPki(KeyType type) {
        this.type = type;
        KeyPair pair = type.generate();
        this.issuer =
                new Issuer(new X500Name(ORGANISATION + ", CN=" + type + " root"), pair.getPrivate(), pair.getPublic());
        this.root = certificate(issuer, issuer.name(), pair.getPublic(), new GeneralNames(new GeneralName[0]), true);
    }

    X509Certificate root() {
        return root;
    }

    /**
     * A new key of this authority's type, certified for a DNS name.
     *
     * @param intermediates authorities between the root and the certificate, each about one kilobyte
     */
    Credential issueBelow(String dnsName, int intermediates) {
        return certify(dnsName, type.generate(), intermediates);
    }

    private Credential certify(String dnsName, KeyPair key, int intermediates) {
        List<X509Certificate> chain = new ArrayList<>();
        Issuer current = issuer;
        for (int i = 0; i < intermediates; i++) {
            KeyPair pair = type.generate();
            Issuer next = new Issuer(
                    new X500Name(ORGANISATION + ", OU=" + "a long name of a department ".repeat(2) + ", CN=" + dnsName
                            + " intermediate " + i),
                    pair.getPrivate(),
                    pair.getPublic());
            chain.addFirst(
                    certificate(current, next.name(), next.publicKey(), new GeneralNames(new GeneralName[0]), true));
            current = next;
        }
        X509Certificate leaf = certificate(
                current,
                new X500Name(ORGANISATION + ", CN=" + dnsName),
                key.getPublic(),
                new GeneralNames(new GeneralName(GeneralName.dNSName, dnsName)),
                false);
        return new Credential(key, leaf, List.copyOf(chain));
    }

    private X509Certificate certificate(
            Issuer by, X500Name subject, PublicKey key, GeneralNames names, boolean authority) {
        try {
            Instant now = Instant.now();
            JcaX509ExtensionUtils extensions = new JcaX509ExtensionUtils();
            JcaX509v3CertificateBuilder builder = new JcaX509v3CertificateBuilder(
                    by.name(),
                    BigInteger.valueOf(serial++),
                    Date.from(now.minus(Duration.ofHours(1))),
                    Date.from(now.plus(VALIDITY)),
                    subject,
                    key);
            builder.addExtension(Extension.subjectKeyIdentifier, false, extensions.createSubjectKeyIdentifier(key));
            builder.addExtension(
                    Extension.authorityKeyIdentifier, false, extensions.createAuthorityKeyIdentifier(by.publicKey()));
            if (authority) {
                builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(true));
                builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign));
            } else {
                builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature));
                builder.addExtension(
                        Extension.extendedKeyUsage, false, new ExtendedKeyUsage(KeyPurposeId.id_kp_serverAuth));
                builder.addExtension(Extension.subjectAlternativeName, false, names);
            }
            return new JcaX509CertificateConverter()
                    .getCertificate(builder.build(new JcaContentSignerBuilder(type.signature).build(by.key())));
        } catch (GeneralSecurityException | OperatorCreationException | CertIOException e) {
            throw new AssertionError(e);
        }
    }
}
