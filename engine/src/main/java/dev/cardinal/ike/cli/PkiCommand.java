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
                        authority,
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
                "Names come from the request; --san replaces its subject alternative names."
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

        @Option(names = "--csr", required = true, paramLabel = "FILE", description = "The request (PKCS#10, PEM).")
        @SuppressWarnings("NullAway.Init") // set by picocli
        private Path requestFile;

        @Option(names = "--days", defaultValue = "365", paramLabel = "N", description = "Validity (${DEFAULT-VALUE}).")
        private int days;

        @Spec
        @SuppressWarnings("NullAway.Init") // set by picocli
        private CommandSpec spec;

        @Override
        public Integer call() {
            Duration validity = validity(spec, days);
            X509CertificateHolder authority = pem(authorityFile, X509CertificateHolder.class, "certificate");
            PKCS10CertificationRequest request =
                    pem(requestFile, PKCS10CertificationRequest.class, "certificate request");
            checkAuthority(authority);
            checkPossession(request);
            GeneralNames names = certificate.names();
            if (names == null) {
                Extensions wanted = request.getRequestedExtensions();
                names = wanted == null ? null : GeneralNames.fromExtensions(wanted, Extension.subjectAlternativeName);
            }
            if (names == null && request.getSubject().getRDNs().length == 0) {
                throw new CommandFailure("cardinal pki issue: " + requestFile + " names nobody; --san does");
            }
            try (CertificateKey open = key.open()) {
                if (!open.publicKey().equals(authority.getSubjectPublicKeyInfo())) {
                    throw new CommandFailure(
                            "cardinal pki issue: the key is not that of the certificate in " + authorityFile);
                }
                certificate.write(sign(
                        open,
                        authority.getSubject(),
                        authorityKeyIdentifier(authority),
                        request.getSubject(),
                        request.getSubjectPublicKeyInfo(),
                        validity,
                        false,
                        names));
                return CardinalCli.DONE;
            }
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
        private void checkPossession(PKCS10CertificationRequest request) {
            try {
                if (request.isSignatureValid(
                        new JcaContentVerifierProviderBuilder().build(request.getSubjectPublicKeyInfo()))) {
                    return;
                }
            } catch (PKCSException | OperatorCreationException | RuntimeException e) {
                throw new CommandFailure("cardinal pki issue: " + requestFile + ": " + e.getMessage());
            }
            throw new CommandFailure("cardinal pki issue: " + requestFile + ": the request's signature is wrong");
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

    private static X509CertificateHolder sign(
            CertificateKey key,
            X500Name issuer,
            AuthorityKeyIdentifier issuerKey,
            X500Name subject,
            SubjectPublicKeyInfo subjectKey,
            Duration validity,
            boolean authority,
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
            builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(authority));
            builder.addExtension(
                    Extension.keyUsage,
                    true,
                    new KeyUsage(authority ? KeyUsage.keyCertSign | KeyUsage.cRLSign : KeyUsage.digitalSignature));
            builder.addExtension(
                    Extension.subjectKeyIdentifier, false, identifiers.createSubjectKeyIdentifier(subjectKey));
            builder.addExtension(Extension.authorityKeyIdentifier, false, issuerKey);
            if (!authority) {
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
