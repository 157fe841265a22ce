package dev.cardinal.ike.config;

import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Date;
import java.util.List;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.util.io.pem.PemObject;
import org.bouncycastle.util.io.pem.PemWriter;

/** A folder of configuration in a test's temporary folder. */
final class ConfigFolder {
    final Path path;

    ConfigFolder(Path path) {
        this.path = path;
    }

    ConfigFolder write(String name, String text) {
        try {
            Path file = path.resolve(name);
            Files.createDirectories(file.getParent());
            Files.writeString(file, text);
            return this;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Path file(String name) {
        return path.resolve(name);
    }

    ConfigFolder pem(String name, String type, byte[] octets) {
        StringWriter out = new StringWriter();
        try (PemWriter writer = new PemWriter(out)) {
            writer.writeObject(new PemObject(type, octets));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return write(name, out.toString());
    }

    static KeyPair ec() throws Exception {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(256);
        return generator.generateKeyPair();
    }

    static X509Certificate certificate(
            String subject, KeyPair key, String issuer, PrivateKey issuerKey, boolean authority, GeneralName... names)
            throws Exception {
        Instant now = Instant.now();
        JcaX509v3CertificateBuilder builder = new JcaX509v3CertificateBuilder(
                new X500Name(issuer),
                BigInteger.valueOf(now.toEpochMilli()),
                Date.from(now.minus(1, ChronoUnit.HOURS)),
                Date.from(now.plus(1, ChronoUnit.DAYS)),
                new X500Name(subject),
                key.getPublic());
        builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(authority));
        if (names.length > 0) {
            builder.addExtension(Extension.subjectAlternativeName, false, new GeneralNames(names));
        }
        return new JcaX509CertificateConverter()
                .getCertificate(builder.build(new JcaContentSignerBuilder("SHA256withECDSA").build(issuerKey)));
    }

    /** A certificate whose key may sign and nothing else. */
    static X509Certificate signing(String subject, KeyPair key, PrivateKey issuerKey) throws Exception {
        Instant now = Instant.now();
        JcaX509v3CertificateBuilder builder = new JcaX509v3CertificateBuilder(
                new X500Name("CN=Root"),
                BigInteger.ONE,
                Date.from(now.minus(1, ChronoUnit.HOURS)),
                Date.from(now.plus(1, ChronoUnit.DAYS)),
                new X500Name(subject),
                key.getPublic());
        builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature));
        return new JcaX509CertificateConverter()
                .getCertificate(builder.build(new JcaContentSignerBuilder("SHA256withECDSA").build(issuerKey)));
    }

    /** The tree of a text, and what is wrong with it. */
    ConfigSection parse(String text, List<String> errors) {
        write("test.conf", text);
        ConfigErrors found = new ConfigErrors();
        ConfigSection tree = ConfigParser.parse(file("test.conf"), found);
        found.list().forEach(e -> errors.add(shown(e)));
        return tree;
    }

    /** An error without the folder's own name. */
    String shown(ConfigError error) {
        return error.toString().replace(path + "/", "");
    }

    List<String> check() {
        ConfigErrors errors = new ConfigErrors();
        try (Configuration configuration = Configuration.read(path, Configuration.Ports.GATEWAY, errors)) {
            return errors.list().stream().map(this::shown).toList();
        }
    }

    Configuration valid() {
        ConfigErrors errors = new ConfigErrors();
        Configuration configuration = Configuration.read(path, Configuration.Ports.GATEWAY, errors);
        if (!errors.isEmpty()) {
            throw new AssertionError(errors.list().toString());
        }
        return configuration;
    }
}
