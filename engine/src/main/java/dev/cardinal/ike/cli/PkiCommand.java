package dev.cardinal.ike.cli;

import java.io.IOException;
import java.io.Reader;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.AuthorityKeyIdentifier;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.Extensions;
import org.bouncycastle.asn1.x509.ExtensionsGenerator;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.asn1.x509.SubjectKeyIdentifier;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentVerifierProviderBuilder;
import org.bouncycastle.pkcs.PKCS10CertificationRequest;
import org.bouncycastle.pkcs.PKCS10CertificationRequestBuilder;
import org.bouncycastle.pkcs.PKCSException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code pki}: requests and certificates over keys on tokens and in files. */
@Command(
        name = "pki",
        mixinStandardHelpOptions = true,
        description = "Makes certificate requests and certificates; the keys stay where they are.",
        subcommands = {PkiCommand.Csr.class, PkiCommand.SelfSign.class, PkiCommand.Issue.class})
final class PkiCommand implements Runnable {
    /** Marks a certificate for IKE; some peers ask for it. */
    private static final KeyPurposeId IKE_INTERMEDIATE =
            KeyPurposeId.getInstance(new ASN1ObjectIdentifier("1.3.6.1.5.5.8.2.2"));

    private static final int SERIAL_BITS = 127;
    private static final int DAYS_LIMIT = 36_500;

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "a subcommand is missing: csr, self-sign or issue");
    }

    /** {@code pki csr}: a PKCS#10 request. */
    @Command(
            name = "csr",
            mixinStandardHelpOptions = true,
            description = "Makes a certificate request (PKCS#10) for a key.")
    static final class Csr implements Callable<Integer> {
        @Mixin
        @SuppressWarnings("NullAway.Init") // set by picocli
        private KeyOptions key;

        @Mixin
        @SuppressWarnings("NullAway.Init") // set by picocli
        private CertificateOptions certificate;

        @Option(
                names = "--dn",
                required = true,
                paramLabel = "DN",
                description = "The subject, such as CN=gate.example.")
        private String dn = "";

        @Override
        public Integer call() {
            X500Name subject = certificate.distinguishedName(dn);
            GeneralNames names = certificate.names();
            try (CertificateKey open = key.open()) {
                PKCS10CertificationRequestBuilder builder =
                        new PKCS10CertificationRequestBuilder(subject, open.publicKey());
                if (names != null) {
                    ExtensionsGenerator extensions = new ExtensionsGenerator();
                    extensions.addExtension(Extension.subjectAlternativeName, false, names);
                    builder.addAttribute(PKCSObjectIdentifiers.pkcs_9_at_extensionRequest, extensions.generate());
                }
                certificate.write(builder.build(open.signer()));
                return CardinalCli.DONE;
            } catch (IOException e) {
                throw new CommandFailure("cardinal pki csr: " + e.getMessage());
            }
        }
    }

    /** {@code pki self-sign}. */
    @Command(
            name = "self-sign",
            mixinStandardHelpOptions = true,
            description = "Makes a certificate for a key, signed by that key.")
    static final class SelfSign implements Callable<Integer> {
        @Mixin
        @SuppressWarnings("NullAway.Init") // set by picocli
        private KeyOptions key;

        @Mixin
        @SuppressWarnings("NullAway.Init") // set by picocli
        private CertificateOptions certificate;

        @Option(
                names = "--dn",
                required = true,
                paramLabel = "DN",
                description = "The subject, such as CN=gate.example.")
        private String dn = "";

        @Option(names = "--ca", description = "A certification authority's certificate.")
        private boolean authority;

        @Option(names = "--days", defaultValue = "365", paramLabel = "N", description = "Validity (${DEFAULT-VALUE}).")
        private int days;

        @Spec
        @SuppressWarnings("NullAway.Init") // set by picocli
        private CommandSpec spec;

        @Override
        public Integer call() {
            X500Name subject = certificate.distinguishedName(dn);
            Duration validity = validity(spec, days);
            GeneralNames names = certificate.names();
            try (CertificateKey open = key.open()) {
                certificate.write(sign(
                        open,
                        subject,
                        authorityKeyIdentifier(open.publicKey()),
                        subject,
                        open.publicKey(),
                        validity,
                        authority ? Use.AUTHORITY : Use.SIGNATURE,
                        names));
                return CardinalCli.DONE;
            }
        }
    }

    /** {@code pki issue}. */
    @Command(
            name = "issue",
            mixinStandardHelpOptions = true,
            description = {
                "Makes a certificate for a request, signed by an authority's key.",
                "Names come from the request; --san replaces its subject alternative names.",
                "A key that only decrypts signs no request: --public-key and --dn make its certificate, with the key usage",
                "keyEncipherment. Whether the one who asks has the private key is then for you to know."
            })
    static final class Issue implements Callable<Integer> {
        @Mixin
        @SuppressWarnings("NullAway.Init") // set by picocli
        private KeyOptions key;

        @Mixin
        @SuppressWarnings("NullAway.Init") // set by picocli
        private CertificateOptions certificate;

        @Option(names = "--ca-cert", required = true, paramLabel = "FILE", description = "The authority's certificate.")
        @SuppressWarnings("NullAway.Init") // set by picocli
        private Path authorityFile;

        @Option(names = "--csr", paramLabel = "FILE", description = "The request (PKCS#10, PEM).")
        private @Nullable Path requestFile;

        @Option(
                names = "--public-key",
                paramLabel = "FILE",
                description = "Instead of a request: an RSA key to encrypt with (SubjectPublicKeyInfo, PEM).")
        private @Nullable Path keyFile;

        @Option(names = "--dn", paramLabel = "DN", description = "With --public-key: the subject.")
        private @Nullable String dn;

        @Option(names = "--days", defaultValue = "365", paramLabel = "N", description = "Validity (${DEFAULT-VALUE}).")
        private int days;

        @Spec
        @SuppressWarnings("NullAway.Init") // set by picocli
        private CommandSpec spec;

        @Override
        public Integer call() {
            Duration validity = validity(spec, days);
            X509CertificateHolder authority = pem(authorityFile, X509CertificateHolder.class, "certificate");
            checkAuthority(authority);
            Subject subject = subject();
            try (CertificateKey open = key.open()) {
                if (!open.publicKey().equals(authority.getSubjectPublicKeyInfo())) {
                    throw new CommandFailure(
                            "cardinal pki issue: the key is not that of the certificate in " + authorityFile);
                }
                certificate.write(sign(
                        open,
                        authority.getSubject(),
                        authorityKeyIdentifier(authority),
                        subject.name(),
                        subject.key(),
                        validity,
                        subject.use(),
                        subject.names()));
                return CardinalCli.DONE;
            }
        }

        /** Whom the certificate is for. */
        private record Subject(
                X500Name name,
                SubjectPublicKeyInfo key,
                Use use,
                @Nullable GeneralNames names) {}

        private Subject subject() {
            Path inRequest = requestFile;
            Path alone = keyFile;
            if ((inRequest == null) == (alone == null) || (alone == null) != (dn == null)) {
                throw new ParameterException(spec.commandLine(), "either --csr, or --public-key and --dn");
            }
            return inRequest == null
                    ? ofKey(Objects.requireNonNull(alone), Objects.requireNonNull(dn))
                    : ofRequest(inRequest);
        }

        private Subject ofRequest(Path file) {
            PKCS10CertificationRequest request = pem(file, PKCS10CertificationRequest.class, "certificate request");
            checkPossession(file, request);
            GeneralNames names = certificate.names();
            if (names == null) {
                Extensions wanted = request.getRequestedExtensions();
                names = wanted == null ? null : GeneralNames.fromExtensions(wanted, Extension.subjectAlternativeName);
            }
            if (names == null && request.getSubject().getRDNs().length == 0) {
                throw new CommandFailure("cardinal pki issue: " + file + " names nobody; --san does");
            }
            return new Subject(request.getSubject(), request.getSubjectPublicKeyInfo(), Use.SIGNATURE, names);
        }

        private Subject ofKey(Path file, String name) {
            SubjectPublicKeyInfo info = pem(file, SubjectPublicKeyInfo.class, "public key");
            if (!info.getAlgorithm().getAlgorithm().equals(PKCSObjectIdentifiers.rsaEncryption)) {
                throw new CommandFailure("cardinal pki issue: " + file + " is no RSA key: only those decrypt");
            }
            return new Subject(certificate.distinguishedName(name), info, Use.ENCRYPTION, certificate.names());
        }

        /** RFC 5280 sections 4.2.1.3 and 4.2.1.9: only an authority issues. */
        private void checkAuthority(X509CertificateHolder authority) {
            BasicConstraints constraints = BasicConstraints.fromExtensions(authority.getExtensions());
            KeyUsage usage = KeyUsage.fromExtensions(authority.getExtensions());
            boolean isAuthority = constraints != null && constraints.isCA();
            if (!isAuthority || (usage != null && !usage.hasUsages(KeyUsage.keyCertSign))) {
                throw new CommandFailure(
                        "cardinal pki issue: " + authorityFile + " is not the certificate of an authority");
            }
        }

        /** Who asks must have the private key: the request is signed with it. */
        private void checkPossession(Path file, PKCS10CertificationRequest request) {
            try {
                if (request.isSignatureValid(
                        new JcaContentVerifierProviderBuilder().build(request.getSubjectPublicKeyInfo()))) {
                    return;
                }
            } catch (PKCSException | OperatorCreationException | RuntimeException e) {
                throw new CommandFailure("cardinal pki issue: " + file + ": " + e.getMessage());
            }
            throw new CommandFailure("cardinal pki issue: " + file + ": the request's signature is wrong");
        }
    }

    private static Duration validity(CommandSpec spec, int days) {
        if (days < 1 || days > DAYS_LIMIT) {
            throw new ParameterException(spec.commandLine(), "--days must be 1 to " + DAYS_LIMIT + ", not " + days);
        }
        return Duration.ofDays(days);
    }

    private static <T> T pem(Path file, Class<T> kind, String what) {
        try (Reader reader = Files.newBufferedReader(file);
                PEMParser parser = new PEMParser(reader)) {
            Object object = parser.readObject();
            if (kind.isInstance(object)) {
                return kind.cast(object);
            }
        } catch (IOException e) {
            throw new CommandFailure("cardinal pki: " + file + " cannot be read: " + e.getMessage());
        }
        throw new CommandFailure("cardinal pki: " + file + " holds no " + what + " in PEM");
    }

    /** RFC 5280 section 4.2.1.1: the identifier that the authority's own certificate carries. */
    private static AuthorityKeyIdentifier authorityKeyIdentifier(X509CertificateHolder authority) {
        SubjectKeyIdentifier own = SubjectKeyIdentifier.fromExtensions(authority.getExtensions());
        return own == null
                ? authorityKeyIdentifier(authority.getSubjectPublicKeyInfo())
                : new AuthorityKeyIdentifier(own.getKeyIdentifier());
    }

    private static AuthorityKeyIdentifier authorityKeyIdentifier(SubjectPublicKeyInfo key) {
        try {
            return new JcaX509ExtensionUtils().createAuthorityKeyIdentifier(key);
        } catch (NoSuchAlgorithmException e) {
            throw new CommandFailure("cardinal pki: " + e.getMessage());
        }
    }

    /** What a certificate's key is for, as its keyUsage says (RFC 5280 section 4.2.1.3). */
    private enum Use {
        AUTHORITY(KeyUsage.keyCertSign | KeyUsage.cRLSign),
        SIGNATURE(KeyUsage.digitalSignature),
        ENCRYPTION(KeyUsage.keyEncipherment);

        final int bits;

        Use(int bits) {
            this.bits = bits;
        }
    }

    private static X509CertificateHolder sign(
            CertificateKey key,
            X500Name issuer,
            AuthorityKeyIdentifier issuerKey,
            X500Name subject,
            SubjectPublicKeyInfo subjectKey,
            Duration validity,
            Use use,
            @Nullable GeneralNames names) {
        Instant now = Instant.now();
        X509v3CertificateBuilder builder = new X509v3CertificateBuilder(
                issuer,
                new BigInteger(SERIAL_BITS, new SecureRandom()).add(BigInteger.ONE),
                Date.from(now.minus(Duration.ofMinutes(5))),
                Date.from(now.plus(validity)),
                subject,
                subjectKey);
        try {
            JcaX509ExtensionUtils identifiers = new JcaX509ExtensionUtils();
            builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(use == Use.AUTHORITY));
            builder.addExtension(Extension.keyUsage, true, new KeyUsage(use.bits));
            builder.addExtension(
                    Extension.subjectKeyIdentifier, false, identifiers.createSubjectKeyIdentifier(subjectKey));
            builder.addExtension(Extension.authorityKeyIdentifier, false, issuerKey);
            if (use != Use.AUTHORITY) {
                builder.addExtension(Extension.extendedKeyUsage, false, new ExtendedKeyUsage(new KeyPurposeId[] {
                    KeyPurposeId.id_kp_serverAuth, IKE_INTERMEDIATE
                }));
            }
            if (names != null) {
                // RFC 5280 section 4.2.1.6: critical where the subject is empty
                boolean critical = subject.getRDNs().length == 0;
                builder.addExtension(Extension.subjectAlternativeName, critical, names);
            }
            return builder.build(key.signer());
        } catch (IOException | NoSuchAlgorithmException e) {
            throw new CommandFailure("cardinal pki: " + e.getMessage());
        }
    }
}
