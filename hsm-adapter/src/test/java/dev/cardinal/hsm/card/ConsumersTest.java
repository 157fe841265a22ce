package dev.cardinal.hsm.card;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** OpenSC's pkcs11-tool, the JDK's SunPKCS11 and OpenSSL's command line, each in a process of its own, on one token. */
final class ConsumersTest {

    private static final String PIN = "246810";
    private static final String SO_PIN = "135791";

    @TempDir
    Path folder = Path.of("");

    private Path tokens = Path.of("");

    private record Outcome(int code, String output) {}

    @BeforeEach
    void makeToken() throws Exception {
        tokens = folder.resolve("tokens");
        tool("--init-token", "--slot-index", "0", "--label", "card", "--so-pin", SO_PIN);
        tool("--init-pin", "--token-label", "card", "--login", "--login-type", "so", "--so-pin", SO_PIN, "--pin", PIN);
    }

    @Test
    void pkcs11ToolFindsNothingWrong() throws Exception {
        keyPair("rsa:2048", "01", "rsa");
        keyPair("EC:prime256v1", "02", "ec");
        keyPair("EC:secp384r1", "03", "ec384");
        String output =
                tool("--token-label", "card", "--login", "--pin", PIN, "--test").output();
        assertTrue(output.contains("No errors"), output);
        assertFalse(output.contains("ERR"), output);
    }

    @Test
    void whatOneProcessMakesAnotherSees() throws Exception {
        keyPair("rsa:2048", "0a0b", "server");
        String listed = tool("--token-label", "card", "--login", "--pin", PIN, "--list-objects")
                .output();
        assertTrue(listed.contains("Private Key Object; RSA"), listed);
        assertTrue(listed.contains("label:      server"), listed);
        assertTrue(listed.contains("ID:         0a0b"), listed);
        assertFalse(tool("--token-label", "card", "--list-objects").output().contains("Private Key Object"));
    }

    @Test
    void aSignatureOfPkcs11ToolVerifiesWithOpenssl() throws Exception {
        keyPair("rsa:3072", "01", "rsa");
        Path message = Files.writeString(folder.resolve("message"), "signed on the card");
        Path signature = folder.resolve("signature");
        Path publicKey = folder.resolve("public.der");
        tool(
                "--token-label",
                "card",
                "--login",
                "--pin",
                PIN,
                "--sign",
                "--mechanism",
                "SHA256-RSA-PKCS",
                "--id",
                "01",
                "--input-file",
                message.toString(),
                "--output-file",
                signature.toString());
        tool(
                "--token-label",
                "card",
                "--read-object",
                "--type",
                "pubkey",
                "--id",
                "01",
                "--output-file",
                publicKey.toString());
        Outcome outcome = run(List.of(
                "openssl",
                "dgst",
                "-sha256",
                "-verify",
                publicKey.toString(),
                "-keyform",
                "DER",
                "-signature",
                signature.toString(),
                message.toString()));
        assertEquals("Verified OK\n", outcome.output());
    }

    @Test
    void nothingIsReadableByOthers() throws Exception {
        keyPair("rsa:2048", "01", "rsa");
        List<Path> files;
        try (Stream<Path> walk = Files.walk(tokens)) {
            files = walk.toList();
        }
        assertTrue(files.size() > 3, files.toString());
        for (Path file : files) {
            Set<?> permissions = Files.getPosixFilePermissions(file);
            assertTrue(
                    permissions.stream()
                            .allMatch(permission -> permission.toString().startsWith("OWNER")),
                    file + " " + permissions);
        }
    }

    @Test
    void sunPkcs11GeneratesSignsAndAgrees() throws Exception {
        // PKCS#11: CKA_DERIVE is false where a template does not say otherwise, and the provider's for EC does not
        Path configuration = Files.writeString(folder.resolve("sun.cfg"), """
                        name = Card
                        library = %s
                        slotListIndex = 0
                        attributes(generate, CKO_PRIVATE_KEY, CKK_EC) = {
                          CKA_DERIVE = true
                        }
                        """.formatted(module()));
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                SunPkcs11Program.class.getName(),
                configuration.toString(),
                PIN));
        Outcome outcome = run(command);
        assertEquals(0, outcome.code(), outcome.output());
        assertEquals(SunPkcs11Program.STEPS, outcome.output().lines().toList(), outcome.output());
    }

    private void keyPair(String type, String id, String label) throws Exception {
        tool(
                "--token-label",
                "card",
                "--login",
                "--pin",
                PIN,
                "--keypairgen",
                "--key-type",
                type,
                "--id",
                id,
                "--label",
                label);
    }

    private static String module() {
        String module = System.getProperty("cardinal.card");
        assertTrue(module != null && Files.exists(Path.of(module)), "no crypto card at " + module + ": build native/");
        return module;
    }

    private Outcome tool(String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of("pkcs11-tool", "--module", module()));
        command.addAll(Arrays.asList(arguments));
        Outcome outcome = run(command);
        assertEquals(0, outcome.code(), () -> command + "\n" + outcome.output());
        return outcome;
    }

    private Outcome run(List<String> command) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        Map<String, String> environment = builder.environment();
        environment.put("CARDINAL_CARD_DIR", tokens.toString());
        Path output = Files.createTempFile(folder, "output", "");
        Process process = builder.redirectOutput(output.toFile()).start();
        process.getOutputStream().close();
        if (!process.waitFor(120, TimeUnit.SECONDS)) {
            process.destroyForcibly().waitFor();
            throw new AssertionError(command + " does not end: " + Files.readString(output));
        }
        return new Outcome(process.exitValue(), Files.readString(output));
    }
}
