package dev.cardinal.bench.jmh;

import dev.cardinal.ike.backend.HostSigningKey;
import dev.cardinal.ike.crypto.SigningKey;
import dev.cardinal.ike.crypto.TrustPolicy;
import dev.cardinal.ike.sa.Credentials.LocalCertificate;
import dev.cardinal.ike.wire.Identification;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.RSAPrivateCrtKeySpec;
import java.security.spec.RSAPublicKeySpec;
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
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.operator.ContentSigner;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/** A certification authority and its clients, each with a key pair and a certificate of its own, as an operator's would look. */
final class Pki {
    private static final X500Name AUTHORITY = new X500Name("C=XX,O=Cardinal benchmark,CN=Issuing CA");
    private static final Duration LIFE = Duration.ofDays(1);
    private static final int SERIAL_BITS = 64;
    private static final int RSA_PRIME_BITS = 1024;
    private static final BigInteger RSA_EXPONENT = BigInteger.valueOf(65537);

    private final SecureRandom random = new SecureRandom();
    private final KeyKind kind;
    private final KeyPair authorityKeys;
    private final ContentSigner signer;
    private final X509Certificate authority;

    Pki(KeyKind kind) throws GeneralSecurityException {
        this.kind = kind;
        this.authorityKeys = keyPairs(1).getFirst();
        try {
            this.signer = new JcaContentSignerBuilder(kind == KeyKind.RSA_2048 ? "SHA256withRSA" : "SHA256withECDSA")
                    .build(authorityKeys.getPrivate());
        } catch (OperatorCreationException e) {
            throw new GeneralSecurityException(e);
        }
        this.authority = sign(
                AUTHORITY,
                SubjectPublicKeyInfo.getInstance(authorityKeys.getPublic().getEncoded()),
                null);
    }

    /** Everyone trusts this authority alone; it issues no revocation lists. */
    TrustPolicy trust() {
        return new TrustPolicy(List.of(authority), List.of(), List.of(), List.of(), TrustPolicy.Revocation.RELAXED);
    }

    /** SHA-1 of the authority's key, as CERTREQ carries it. */
    byte[] authorityHash() throws GeneralSecurityException {
        return MessageDigest.getInstance("SHA-1")
                .digest(authorityKeys.getPublic().getEncoded());
    }

    /** Hosts with a key in this process's memory, one a name. */
    List<LocalCertificate> hosts(List<String> names) throws GeneralSecurityException {
        List<KeyPair> keys = keyPairs(names.size());
        List<LocalCertificate> hosts = new ArrayList<>();
        for (int i = 0; i < names.size(); i++) {
            String name = names.get(i);
            hosts.add(certify(
                    name,
                    keys.get(i).getPublic().getEncoded(),
                    new HostSigningKey(keys.get(i).getPrivate(), name)));
        }
        return hosts;
    }

    /** A certificate for a key that lies elsewhere. */
    LocalCertificate certify(String name, byte[] publicKeyInfo, SigningKey key) throws GeneralSecurityException {
        X509Certificate certificate = sign(
                new X500Name("C=XX,O=Cardinal benchmark,CN=" + name),
                SubjectPublicKeyInfo.getInstance(publicKeyInfo),
                name);
        return new LocalCertificate(List.of(certificate.getEncoded()), fqdn(name), key);
    }

    static Identification fqdn(String name) {
        return new Identification(Identification.FQDN, name.getBytes(StandardCharsets.US_ASCII));
    }

    private List<KeyPair> keyPairs(int count) throws GeneralSecurityException {
        if (kind == KeyKind.RSA_2048) {
            return rsaKeyPairs(count);
        }
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(new ECGenParameterSpec("secp256r1"));
        List<KeyPair> pairs = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            pairs.add(generator.generateKeyPair());
        }
        return pairs;
    }

    /**
     * Each has a modulus of its own, but they share their primes: so a thousand take seconds instead of minutes. A greatest
     * common divisor would break them all, which costs a benchmark nothing.
     */
    private List<KeyPair> rsaKeyPairs(int count) throws GeneralSecurityException {
        KeyFactory factory = KeyFactory.getInstance("RSA");
        List<BigInteger> primes = new ArrayList<>();
        List<KeyPair> pairs = new ArrayList<>();
        while (pairs.size() < count) {
            BigInteger p = rsaPrime();
            for (BigInteger q : primes) {
                if (pairs.size() < count && !p.equals(q)) {
                    pairs.add(rsaKeyPair(factory, p.max(q), p.min(q)));
                }
            }
            primes.add(p);
        }
        return pairs;
    }

    private static KeyPair rsaKeyPair(KeyFactory factory, BigInteger p, BigInteger q) throws GeneralSecurityException {
        BigInteger n = p.multiply(q);
        BigInteger p1 = p.subtract(BigInteger.ONE);
        BigInteger q1 = q.subtract(BigInteger.ONE);
        BigInteger d = RSA_EXPONENT.modInverse(p1.multiply(q1));
        PrivateKey own = factory.generatePrivate(
                new RSAPrivateCrtKeySpec(n, RSA_EXPONENT, d, p, q, d.mod(p1), d.mod(q1), q.modInverse(p)));
        return new KeyPair(factory.generatePublic(new RSAPublicKeySpec(n, RSA_EXPONENT)), own);
    }

    /** With its two highest bits set, so that the product of two has 2,048 bits. */
    private BigInteger rsaPrime() {
        BigInteger prime;
        do {
            prime = new BigInteger(RSA_PRIME_BITS, random)
                    .setBit(RSA_PRIME_BITS - 1)
                    .setBit(RSA_PRIME_BITS - 2)
                    .nextProbablePrime();
        } while (prime.bitLength() != RSA_PRIME_BITS || prime.mod(RSA_EXPONENT).equals(BigInteger.ONE));
        return prime;
    }

    /** @param host its name, null for the authority itself */
    private X509Certificate sign(
            X500Name subject, SubjectPublicKeyInfo key, @org.jspecify.annotations.Nullable String host)
            throws GeneralSecurityException {
        Instant now = Instant.now();
        X509v3CertificateBuilder builder = new X509v3CertificateBuilder(
                AUTHORITY,
                new BigInteger(SERIAL_BITS, random).add(BigInteger.ONE),
                Date.from(now.minus(Duration.ofMinutes(5))),
                Date.from(now.plus(LIFE)),
                subject,
                key);
        try {
            JcaX509ExtensionUtils identifiers = new JcaX509ExtensionUtils();
            builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(host == null));
            builder.addExtension(Extension.subjectKeyIdentifier, false, identifiers.createSubjectKeyIdentifier(key));
            builder.addExtension(
                    Extension.authorityKeyIdentifier,
                    false,
                    identifiers.createAuthorityKeyIdentifier(authorityKeys.getPublic()));
            builder.addExtension(
                    Extension.keyUsage,
                    true,
                    new KeyUsage(host == null ? KeyUsage.keyCertSign | KeyUsage.cRLSign : KeyUsage.digitalSignature));
            if (host != null) {
                builder.addExtension(Extension.extendedKeyUsage, false, new ExtendedKeyUsage(new KeyPurposeId[] {
                    KeyPurposeId.id_kp_serverAuth, KeyPurposeId.id_kp_clientAuth
                }));
                builder.addExtension(Extension.subjectAlternativeName, false, new GeneralNames(new GeneralName[] {
                    new GeneralName(GeneralName.dNSName, host), new GeneralName(GeneralName.rfc822Name, "ike@" + host)
                }));
            }
        } catch (IOException e) {
            throw new GeneralSecurityException("certificate extension", e);
        }
        return new JcaX509CertificateConverter().getCertificate(builder.build(signer));
    }
}
