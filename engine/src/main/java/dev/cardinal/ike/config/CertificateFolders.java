package dev.cardinal.ike.config;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.security.spec.X509EncodedKeySpec;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bouncycastle.util.io.pem.PemObject;
import org.bouncycastle.util.io.pem.PemReader;
import org.jspecify.annotations.Nullable;

/** Certificates and revocation lists in the folders x509, x509ca and x509crl; PEM or DER. */
final class CertificateFolders {
    /** Octets of one file. */
    static final long FILE_SIZE_LIMIT = 32 << 20;
    /** Files of one folder. */
    static final int FILE_LIMIT = 10_000;

    private final Path folder;
    private final ConfigErrors errors;
    private final Map<Path, X509Certificate> ours = new LinkedHashMap<>();
    private final Map<Path, X509Certificate> authorities = new LinkedHashMap<>();
    private final List<X509CRL> lists = new ArrayList<>();
    private final CertificateFactory factory;

    private CertificateFolders(Path folder, ConfigErrors errors) {
        this.folder = folder;
        this.errors = errors;
        try {
            factory = CertificateFactory.getInstance("X.509");
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this Java knows no X.509", e);
        }
    }

    static CertificateFolders read(Path folder, ConfigErrors errors) {
        CertificateFolders folders = new CertificateFolders(folder, errors);
        for (Path file : files(folder.resolve("x509"), errors)) {
            folders.certificate(file, file, 0, "").forEach(c -> folders.ours.putIfAbsent(file, c));
        }
        for (Path file : files(folder.resolve("x509ca"), errors)) {
            for (X509Certificate certificate : folders.certificate(file, file, 0, "")) {
                folders.authorities.put(
                        folders.authorities.containsKey(file)
                                ? file.resolve(certificate.getSerialNumber().toString())
                                : file,
                        certificate);
                if (certificate.getBasicConstraints() < 0) {
                    errors.add(file, 0, "", "no certificate of an authority (basicConstraints)");
                }
            }
        }
        for (Path file : files(folder.resolve("x509crl"), errors)) {
            folders.list(file);
        }
        return folders;
    }

    /** Certificates in x509, ours and peers', in the order of their names. */
    List<X509Certificate> ours() {
        return List.copyOf(ours.values());
    }

    /** Certificates in x509ca and those named under {@code authorities}. */
    List<X509Certificate> authorities() {
        return List.copyOf(authorities.values());
    }

    List<X509CRL> lists() {
        return List.copyOf(lists);
    }

    /**
     * The certificate that a setting names.
     *
     * @param standard the folder a relative name is relative to
     * @return null where it cannot be had, which has been reported
     */
    @Nullable
    X509Certificate named(SectionReader section, String key, String standard, String name) {
        Path file;
        try {
            file = folder.resolve(standard).resolve(name).normalize();
        } catch (java.nio.file.InvalidPathException e) {
            section.error(key, "not the name of a file");
            return null;
        }
        X509Certificate known = standard.equals("x509") ? ours.get(file) : authorities.get(file);
        if (known != null) {
            return known;
        }
        if (!Files.isRegularFile(file)) {
            section.error(key, "no such file: " + file);
            return null;
        }
        ConfigValue value = section.section().values().get(key);
        List<X509Certificate> read = value == null
                ? certificate(file, file, 0, "")
                : certificate(
                        file, value.file(), value.line(), section.section().key(key));
        return read.isEmpty() ? null : read.getFirst();
    }

    /**
     * The RSA public key that a setting names, relative to the folder pubkey: SubjectPublicKeyInfo, as PEM or DER.
     *
     * @return null where it cannot be had, which has been reported
     */
    @Nullable
    PublicKey publicKey(SectionReader section, String key, String name) {
        Path file;
        try {
            file = folder.resolve("pubkey").resolve(name).normalize();
        } catch (java.nio.file.InvalidPathException e) {
            section.error(key, "not the name of a file");
            return null;
        }
        if (!Files.isRegularFile(file)) {
            section.error(key, "no such file: " + file);
            return null;
        }
        byte[] octets = octets(file, errors);
        if (octets == null) {
            return null;
        }
        try {
            List<byte[]> found = objects(octets, "PUBLIC KEY");
            if (!found.isEmpty()) {
                return KeyFactory.getInstance("RSA").generatePublic(new X509EncodedKeySpec(found.getFirst()));
            }
        } catch (IOException | GeneralSecurityException | RuntimeException e) {
            // told below, like a file without any
        }
        section.error(key, "no RSA public key (SubjectPublicKeyInfo): " + file);
        return null;
    }

    /** Adds an authority of the section {@code authorities}. */
    void authority(SectionReader section, String key, String name, boolean inFolder) {
        X509Certificate certificate = named(section, key, "x509ca", name);
        if (certificate != null) {
            Path file = inFolder ? folder.resolve("x509ca").resolve(name).normalize() : Path.of(name);
            authorities.putIfAbsent(file, certificate);
        }
    }

    /** Files of a folder, sorted; none where the folder is absent. Hidden files are left out. */
    static List<Path> files(Path folder, ConfigErrors errors) {
        List<Path> files = new ArrayList<>();
        if (!Files.isDirectory(folder)) {
            return files;
        }
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
            for (Path entry : entries) {
                if (Files.isRegularFile(entry)
                        && !entry.getFileName().toString().startsWith(".")) {
                    if (files.size() == FILE_LIMIT) {
                        errors.add(folder, 0, "", "more than " + FILE_LIMIT + " files");
                        break;
                    }
                    files.add(entry);
                }
            }
        } catch (IOException | java.nio.file.DirectoryIteratorException e) {
            errors.add(folder, 0, "", "cannot be read: " + e.getClass().getSimpleName());
        }
        Collections.sort(files);
        return files;
    }

    /** Reads a file within the bound, or reports why not. */
    static byte @Nullable [] octets(Path file, ConfigErrors errors) {
        try {
            if (Files.size(file) > FILE_SIZE_LIMIT) {
                errors.add(file, 0, "", "too large");
                return null;
            }
            return Files.readAllBytes(file);
        } catch (IOException e) {
            errors.add(file, 0, "", "cannot be read: " + e.getClass().getSimpleName());
            return null;
        }
    }

    private List<X509Certificate> certificate(Path file, Path at, int line, String key) {
        List<X509Certificate> certificates = new ArrayList<>();
        byte[] octets = octets(file, errors);
        if (octets == null) {
            return certificates;
        }
        try {
            for (byte[] der : objects(octets, "CERTIFICATE")) {
                certificates.add((X509Certificate) factory.generateCertificate(new ByteArrayInputStream(der)));
            }
        } catch (IOException | GeneralSecurityException | RuntimeException e) {
            certificates.clear();
        }
        if (certificates.isEmpty()) {
            errors.add(at, line, key, at.equals(file) ? "no X.509 certificate" : "no X.509 certificate: " + file);
        }
        return certificates;
    }

    private void list(Path file) {
        byte[] octets = octets(file, errors);
        if (octets == null) {
            return;
        }
        int before = lists.size();
        try {
            for (byte[] der : objects(octets, "X509 CRL")) {
                lists.add((X509CRL) factory.generateCRL(new ByteArrayInputStream(der)));
            }
        } catch (IOException | GeneralSecurityException | RuntimeException e) {
            errors.add(file, 0, "", "no certificate revocation list");
            return;
        }
        if (lists.size() == before) {
            errors.add(file, 0, "", "no certificate revocation list");
        }
    }

    /** The PEM objects of a kind, or the whole where it is no PEM. */
    private static List<byte[]> objects(byte[] octets, String kind) throws IOException {
        List<byte[]> objects = new ArrayList<>();
        if (octets.length > 0 && octets[0] == 0x30) {
            objects.add(octets);
            return objects;
        }
        try (PemReader reader = new PemReader(new StringReader(new String(octets, StandardCharsets.ISO_8859_1)))) {
            PemObject object = reader.readPemObject();
            while (object != null) {
                if (object.getType().endsWith(kind)) {
                    objects.add(object.getContent());
                }
                object = reader.readPemObject();
            }
        }
        return objects;
    }
}
