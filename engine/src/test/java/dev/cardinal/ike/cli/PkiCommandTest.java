package dev.cardinal.ike.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cardinal.ike.backend.TestToken;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPairGenerator;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** Certificates over SoftHSM's keys, judged by OpenSSL. */
class PkiCommandTest {
    @TempDir
    static Path folder = Path.of("");

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @BeforeAll
    static void makeKeys() throws Exception {
        new TestToken("pki");
        Files.writeString(folder.resolve("pin"), new String(TestToken.PIN, StandardCharsets.US_ASCII) + "\n");
        StringWriter pem = new StringWriter();
        try (JcaPEMWriter writer = new JcaPEMWriter(pem)) {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
            generator.initialize(2048);
            writer.writeObject(generator.generateKeyPair().getPrivate());
        }
        Files.writeString(folder.resolve("ca.key"), pem.toString());
    }

    private int run(String... arguments) {
        out.getBuffer().setLength(0);
        err.getBuffer().setLength(0);
        CommandLine line = CardinalCli.commandLine();
        line.setOut(new PrintWriter(out, true));
        line.setErr(new PrintWriter(err, true));
        return line.execute(arguments);
    }

    private static String[] with(List<String> more, String... first) {
        List<String> all = new ArrayList<>(Arrays.asList(first));
        all.addAll(more);
        return all.toArray(String[]::new);
    }

    private static List<String> onToken(String key) {
        return List.of(
                "--module",
                TestToken.module().toString(),
                "--token",
                "pki",
                "--key",
                key,
                "--pin-file",
                folder.resolve("pin").toString());
    }

    private static String openssl(String... arguments) throws Exception {
        Process process = new ProcessBuilder(with(Arrays.asList(arguments), "openssl"))
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .start();
        String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertTrue(process.waitFor(30, TimeUnit.SECONDS));
        assertEquals(0, process.exitValue(), text);
        return text;
    }

    @Test
    void aChainOverKeysOnTheTokenVerifies() throws Exception {
        String authority = folder.resolve("ca.pem").toString();
        assertEquals(
                0,
                run(
                        "pki",
                        "self-sign",
                        "--key-file",
                        folder.resolve("ca.key").toString(),
                        "--dn",
                        "CN=ca,O=x",
                        "--ca",
                        "--out",
                        authority),
                err.toString());
        for (String key : List.of("rsa", "p256", "p384", "02")) {
            String request = folder.resolve(key + ".csr").toString();
            String certificate = folder.resolve(key + ".pem").toString();
            assertEquals(
                    0,
                    run(with(
                            onToken(key),
                            "pki",
                            "csr",
                            "--dn",
                            "CN=gate.example",
                            "--san",
                            "dns:gate.example",
                            "--san",
                            "ip:192.0.2.1",
                            "--san",
                            "email:carol@example",
                            "--out",
                            request)),
                    err.toString());
            assertTrue(openssl("req", "-in", request, "-verify", "-noout").contains("OK"));
            assertEquals(
                    0,
                    run(
                            "pki",
                            "issue",
                            "--ca-cert",
                            authority,
                            "--key-file",
                            folder.resolve("ca.key").toString(),
                            "--csr",
                            request,
                            "--days",
                            "30",
                            "--out",
                            certificate),
                    err.toString());
            assertTrue(openssl("verify", "-x509_strict", "-CAfile", authority, certificate)
                    .contains("OK"));
            String text = openssl("x509", "-in", certificate, "-noout", "-text");
            for (String wanted : List.of(
                    "DNS:gate.example, IP Address:192.0.2.1, email:carol@example",
                    "Digital Signature",
                    "TLS Web Server Authentication, ipsec Internet Key Exchange",
                    "CA:FALSE",
                    "Authority Key Identifier")) {
                String other = wanted.replace("ipsec Internet Key Exchange", "1.3.6.1.5.5.8.2.2");
                assertTrue(text.contains(wanted) || text.contains(other), wanted + " in\n" + text);
            }
        }
    }

    @Test
    void aTokensKeySignsItsOwnCertificate() throws Exception {
        for (String key : List.of("rsa", "p256")) {
            assertEquals(0, run(with(onToken(key), "pki", "self-sign", "--dn", "CN=self", "--ca")), err.toString());
            Path file = Files.writeString(folder.resolve("self-" + key + ".pem"), out.toString());
            assertTrue(openssl("verify", "-CAfile", file.toString(), file.toString())
                    .contains("OK"));
        }
    }

    /** A key that only decrypts: born on the token, and certified without a signature of its own. */
    @Test
    void aKeyThatDecryptsIsMadeAndCertified() throws Exception {
        String publicKey = folder.resolve("enc.pub").toString();
        List<String> token = List.of(
                "--module",
                TestToken.module().toString(),
                "--token",
                "pki",
                "--pin-file",
                folder.resolve("pin").toString());
        String[] generate =
                with(token, "token", "generate", "--label", "enc", "--id", "31", "--bits", "2048", "--use", "decrypt");
        assertEquals(0, run(with(List.of("--out", publicKey), generate)), err.toString());
        assertTrue(
                openssl("pkey", "-pubin", "-in", publicKey, "-noout", "-text").contains("2048 bit"));
        // it signs nothing
        assertEquals(1, run(with(onToken("enc"), "pki", "csr", "--dn", "CN=gate.example")));
        String authority = folder.resolve("enc-ca.pem").toString();
        String key = folder.resolve("ca.key").toString();
        assertEquals(
                0,
                run("pki", "self-sign", "--key-file", key, "--dn", "CN=ca", "--ca", "--out", authority),
                err.toString());
        String certificate = folder.resolve("enc.pem").toString();
        List<String> issue = List.of("pki", "issue", "--ca-cert", authority, "--key-file", key);
        assertEquals(
                0,
                run(with(
                        List.of(
                                "--public-key",
                                publicKey,
                                "--dn",
                                "CN=gate.example",
                                "--san",
                                "dns:gate.example",
                                "--out",
                                certificate),
                        issue.toArray(String[]::new))),
                err.toString());
        assertTrue(openssl("verify", "-x509_strict", "-CAfile", authority, certificate)
                .contains("OK"));
        String text = openssl("x509", "-in", certificate, "-noout", "-text");
        assertTrue(text.contains("Key Encipherment") && !text.contains("Digital Signature"), text);
        assertTrue(text.contains("DNS:gate.example"), text);
        for (List<String> wrong : List.of(
                List.<String>of(),
                List.of("--public-key", publicKey),
                List.of("--dn", "CN=x"),
                List.of("--csr", publicKey, "--public-key", publicKey, "--dn", "CN=x"))) {
            assertEquals(2, run(with(wrong, issue.toArray(String[]::new))), wrong.toString());
        }
        assertEquals(2, run(with(List.of("--kind", "p256"), generate)));
        assertEquals(
                2,
                run(with(List.of("--bits", "1024"), with(token, "token", "generate", "--label", "x", "--id", "32"))));
        assertEquals(2, run(with(List.of(), with(token, "token", "generate", "--label", "x", "--id", "no"))));
    }

    @Test
    void onlyAnAuthorityIssues() throws Exception {
        String key = folder.resolve("ca.key").toString();
        String leaf = folder.resolve("leaf.pem").toString();
        String request = folder.resolve("leaf.csr").toString();
        assertEquals(0, run("pki", "self-sign", "--key-file", key, "--dn", "CN=leaf", "--out", leaf), err.toString());
        assertEquals(0, run("pki", "csr", "--key-file", key, "--dn", "CN=leaf", "--out", request), err.toString());
        assertEquals(1, run("pki", "issue", "--ca-cert", leaf, "--csr", request, "--key-file", key));
        assertTrue(err.toString().contains("leaf.pem is not the certificate of an authority"), err.toString());
        assertEquals(1, err.toString().lines().count(), err.toString());
    }

    @Test
    void whatIsWrongIsOneLine() throws Exception {
        assertEquals(2, run("pki"));
        assertEquals(2, run("pki", "csr", "--dn", "CN=x"));
        assertEquals(2, run(with(onToken("rsa"), "pki", "csr", "--dn", "CN=x", "--san", "uri:x")));
        assertEquals(2, run(with(onToken("rsa"), "pki", "csr", "--dn", "no name")));
        assertEquals(2, run(with(onToken("rsa"), "pki", "self-sign", "--dn", "CN=x", "--days", "0")));
        assertEquals(1, run(with(onToken("nobody"), "pki", "csr", "--dn", "CN=x")));
        assertTrue(err.toString().contains("no public key with label or id 'nobody'"), err.toString());
        assertEquals(1, err.toString().lines().count(), err.toString());
        Path there = Files.writeString(folder.resolve("there"), "x");
        assertEquals(1, run(with(onToken("rsa"), "pki", "csr", "--dn", "CN=x", "--out", there.toString())));
        assertEquals("x", Files.readString(there), "never overwritten");
        assertEquals(
                1,
                run(
                        "pki",
                        "issue",
                        "--ca-cert",
                        there.toString(),
                        "--csr",
                        there.toString(),
                        "--key-file",
                        folder.resolve("ca.key").toString()));
        assertEquals(1, err.toString().lines().count(), err.toString());
    }
}
