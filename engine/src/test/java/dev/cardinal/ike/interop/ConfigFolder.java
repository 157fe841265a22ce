package dev.cardinal.ike.interop;

import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.openssl.jcajce.JcaPKCS8Generator;

/** A configuration folder to be written: the paths of its files, relative to it, and their text. */
final class ConfigFolder {

    private static final List<String> CREDENTIAL_FOLDERS = List.of("x509", "x509ca", "private");

    private final Map<String, String> files = new LinkedHashMap<>();

    ConfigFolder file(String path, String text) {
        files.put(path, text);
        return this;
    }

    /** The certificates that prove an identity: leaf in x509, intermediate authorities in x509ca. */
    ConfigFolder certificates(String name, TestPki.Credential credential) {
        file("x509/" + name + ".pem", pem(credential.leaf()));
        for (int i = 0; i < credential.intermediates().size(); i++) {
            file(
                    "x509ca/" + name + "-" + i + ".pem",
                    pem(credential.intermediates().get(i)));
        }
        return this;
    }

    ConfigFolder privateKey(String name, TestPki.Credential credential) {
        return file("private/" + name + ".pem", pkcs8(credential.key().getPrivate()));
    }

    static String pem(Object object) {
        StringWriter text = new StringWriter();
        try (JcaPEMWriter writer = new JcaPEMWriter(text)) {
            writer.writeObject(object);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return text.toString();
    }

    /** PKCS#8 in PEM, what strongSwan and softhsm2-util both read. */
    static String pkcs8(java.security.PrivateKey key) {
        StringWriter text = new StringWriter();
        try (JcaPEMWriter writer = new JcaPEMWriter(text)) {
            writer.writeObject(new JcaPKCS8Generator(key, null).generate());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return text.toString();
    }

    /** Writes the files; credentials of an earlier configuration are removed. */
    void writeTo(Path folder) {
        try {
            for (String name : CREDENTIAL_FOLDERS) {
                Path credentials = Files.createDirectories(folder.resolve(name));
                try (Stream<Path> list = Files.list(credentials)) {
                    for (Path old : list.toList()) {
                        Files.delete(old);
                    }
                }
            }
            for (Map.Entry<String, String> file : files.entrySet()) {
                Files.writeString(folder.resolve(file.getKey()), file.getValue());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
