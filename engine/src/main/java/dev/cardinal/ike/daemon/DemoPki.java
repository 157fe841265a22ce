package dev.cardinal.ike.daemon;

import dev.cardinal.ike.backend.HostSigningKey;
import dev.cardinal.ike.crypto.SigningKey;
import dev.cardinal.ike.crypto.TrustPolicy;
import dev.cardinal.ike.sa.Credentials.LocalCertificate;
import dev.cardinal.ike.wire.Identification;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.operator.ContentSigner;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/** A small certification authority for a demonstration, with its key in memory and certificates for a day. */
final class DemoPki {
    private static final Duration LIFE = Duration.ofDays(1);
    private static final int SERIAL_BITS = 64;

    private final SecureRandom random = new SecureRandom();
    private final KeyPair authorityKeys;
    private final ContentSigner signer;
    private final X509Certificate authority;

    DemoPki() {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
            generator.initialize(2048);
            authorityKeys = generator.generateKeyPair();
            signer = new JcaContentSignerBuilder("SHA256withRSA").build(authorityKeys.getPrivate());
            authority = sign(
                    "CN=Cardinal demonstration CA",
                    SubjectPublicKeyInfo.getInstance(authorityKeys.getPublic().getEncoded()),
                    null);
        } catch (GeneralSecurityException | OperatorCreationException e) {
            throw new IllegalStateException("the demonstration's authority cannot be made", e);
        }
    }

    /** Everyone trusts this authority alone; it issues no lists. */
    TrustPolicy trust() {
        return new TrustPolicy(List.of(authority), List.of(), List.of(), List.of(), TrustPolicy.Revocation.RELAXED);
    }

    /** SHA-1 of the authority's key, as CERTREQ carries it. */
    byte[] authorityHash() {
        try {
            return MessageDigest.getInstance("SHA-1")
                    .digest(authorityKeys.getPublic().getEncoded());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    /** A certificate for a key that lies elsewhere. */
    LocalCertificate certify(String name, byte[] publicKeyInfo, SigningKey key) {
        try {
            X509Certificate certificate = sign("CN=" + name, SubjectPublicKeyInfo.getInstance(publicKeyInfo), name);
            return new LocalCertificate(List.of(certificate.getEncoded()), fqdn(name), key);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("no certificate for " + name, e);
        }
    }

    /** A client with an ECDSA P-256 key in memory. */
    LocalCertificate client(String name) {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(new ECGenParameterSpec("secp256r1"));
            KeyPair keys = generator.generateKeyPair();
            return certify(name, keys.getPublic().getEncoded(), new HostSigningKey(keys.getPrivate(), name));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("no key for " + name, e);
        }
    }

    static Identification fqdn(String name) {
        return new Identification(Identification.FQDN, name.getBytes(StandardCharsets.US_ASCII));
    }

    /** @param host its name, null for the authority itself */
    private X509Certificate sign(
            String subject, SubjectPublicKeyInfo key, @org.jspecify.annotations.Nullable String host)
            throws GeneralSecurityException {
        Instant now = Instant.now();
        X509v3CertificateBuilder builder = new X509v3CertificateBuilder(
                name("CN=Cardinal demonstration CA"),
                new BigInteger(SERIAL_BITS, random).add(BigInteger.ONE),
                Date.from(now.minus(Duration.ofMinutes(5))),
                Date.from(now.plus(LIFE)),
                name(subject),
                key);
        try {
            builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(host == null));
            builder.addExtension(
                    Extension.keyUsage,
                    true,
                    new KeyUsage(host == null ? KeyUsage.keyCertSign | KeyUsage.cRLSign : KeyUsage.digitalSignature));
            if (host != null) {
                builder.addExtension(
                        Extension.subjectAlternativeName,
                        false,
                        new GeneralNames(new GeneralName(GeneralName.dNSName, host)));
            }
        } catch (IOException e) {
            throw new GeneralSecurityException("certificate extension", e);
        }
        return new JcaX509CertificateConverter().getCertificate(builder.build(signer));
    }

    private static org.bouncycastle.asn1.x500.X500Name name(String text) {
        return org.bouncycastle.asn1.x500.X500Name.getInstance(new X500Principal(text).getEncoded());
    }
}
