package dev.cardinal.bench.load;

import dev.cardinal.ike.crypto.TrustPolicy;
import java.io.IOException;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.MessageDigest;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.HexFormat;
import java.util.List;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.operator.ContentSigner;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/** The authority of one run, its key of the suite's kind and in memory, its certificates for a day. */
final class FleetPki implements GatewayPki {
    private static final String NAME = "CN=Cardinal load test CA";
    private static final Duration LIFE = Duration.ofDays(1);
    private static final Duration SLACK = Duration.ofMinutes(5);
    private static final int SERIAL_BITS = 64;
    private static final int PRESHARED_OCTETS = 24;

    private final Suite suite;
    private final SecureRandom random = new SecureRandom();
    private final KeyPair keys;
    private final ContentSigner signer;
    private final JcaX509ExtensionUtils identifiers;
    private final X509Certificate authority;
    private final String presharedKey;

    FleetPki(Suite suite) {
        this.suite = suite;
        byte[] octets = new byte[PRESHARED_OCTETS];
        random.nextBytes(octets);
        presharedKey = HexFormat.of().formatHex(octets);
        try {
            keys = FleetKeys.proper(suite.authentication());
            identifiers = new JcaX509ExtensionUtils();
            signer = new JcaContentSignerBuilder(suite.authentication().isRsa() ? "SHA256withRSA" : "SHA256withECDSA")
                    .build(keys.getPrivate());
            authority = sign(keys.getPublic(), null);
        } catch (GeneralSecurityException | OperatorCreationException e) {
            throw new IllegalStateException("the load test's authority cannot be made", e);
        }
    }

    TrustPolicy trust() {
        return new TrustPolicy(List.of(authority), List.of(), List.of(), List.of(), TrustPolicy.Revocation.RELAXED);
    }

    /** SHA-1 of the authority's key, as CERTREQ carries it. */
    byte[] authorityHash() {
        try {
            return MessageDigest.getInstance("SHA-1").digest(keys.getPublic().getEncoded());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public byte[] authority() {
        return encoded(authority);
    }

    @Override
    public byte[] certifyGateway(byte[] publicKeyInfo) {
        return certify(GATEWAY, publicKeyInfo);
    }

    /** @return DER */
    byte[] certify(String host, byte[] publicKeyInfo) {
        try {
            PublicKey key = new org.bouncycastle.openssl.jcajce.JcaPEMKeyConverter()
                    .getPublicKey(SubjectPublicKeyInfo.getInstance(publicKeyInfo));
            return encoded(sign(key, host));
        } catch (IOException | GeneralSecurityException e) {
            throw new IllegalStateException("no certificate for " + host, e);
        }
    }

    @Override
    public KeyPair gatewayKeys() {
        return FleetKeys.proper(suite.authentication());
    }

    @Override
    public String presharedKey() {
        return presharedKey;
    }

    private static byte[] encoded(X509Certificate certificate) {
        try {
            return certificate.getEncoded();
        } catch (CertificateException e) {
            throw new IllegalStateException(e);
        }
    }

    /** @param host its name, null for the authority itself */
    private X509Certificate sign(PublicKey key, @org.jspecify.annotations.Nullable String host)
            throws GeneralSecurityException {
        Instant now = Instant.now();
        X509v3CertificateBuilder builder = new X509v3CertificateBuilder(
                name(NAME),
                new BigInteger(SERIAL_BITS, random).add(BigInteger.ONE),
                Date.from(now.minus(SLACK)),
                Date.from(now.plus(LIFE)),
                name(host == null ? NAME : "C=XX, O=Cardinal load test, CN=" + host),
                SubjectPublicKeyInfo.getInstance(key.getEncoded()));
        try {
            builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(host == null));
            builder.addExtension(
                    Extension.keyUsage,
                    true,
                    new KeyUsage(host == null ? KeyUsage.keyCertSign | KeyUsage.cRLSign : KeyUsage.digitalSignature));
            builder.addExtension(Extension.subjectKeyIdentifier, false, identifiers.createSubjectKeyIdentifier(key));
            builder.addExtension(
                    Extension.authorityKeyIdentifier,
                    false,
                    identifiers.createAuthorityKeyIdentifier(keys.getPublic()));
            if (host != null) {
                builder.addExtension(
                        Extension.subjectAlternativeName,
                        false,
                        new GeneralNames(new GeneralName(GeneralName.dNSName, host)));
                builder.addExtension(Extension.extendedKeyUsage, false, new ExtendedKeyUsage(new KeyPurposeId[] {
                    KeyPurposeId.id_kp_serverAuth, KeyPurposeId.id_kp_clientAuth
                }));
            }
        } catch (IOException e) {
            throw new GeneralSecurityException("certificate extension", e);
        }
        return new JcaX509CertificateConverter().getCertificate(builder.build(signer));
    }

    private static X500Name name(String text) {
        return X500Name.getInstance(new X500Principal(text).getEncoded());
    }
}
