package dev.cardinal.ike.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cardinal.hsm.pool.EcCurve;
import dev.cardinal.hsm.pool.KeyGeneration;
import dev.cardinal.hsm.pool.TokenInitialization;
import dev.cardinal.hsm.pool.TokenSelector;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Commands that take the crypto card by its name, in a JVM started as the launcher starts it. */
class CardCommandsTest {
    private static final byte[] PIN = "87654321".getBytes(StandardCharsets.US_ASCII);

    @TempDir
    private Path folder;

    private static Path module() {
        Path module = Path.of(System.getProperty("cardinal.card", "libcardinal-card.so"));
        assertTrue(Files.exists(module), () -> module + " is missing: native/ is not built");
        return module;
    }

    private static CliProcess start(Path lib, String... arguments) {
        return CliProcess.start(Map.of("JDK_JAVA_OPTIONS", "-Dcardinal.lib=" + lib), arguments);
    }

    @Test
    void keysOfTheCardAreListedAndSign() throws Exception {
        String initArgs = "directory='" + folder.resolve("tokens") + "'";
        TokenInitialization.initialize(module(), initArgs, "gate", PIN, PIN);
        try (KeyGeneration generation =
                KeyGeneration.open(module(), initArgs, new TokenSelector.ByLabel("gate"), PIN::clone)) {
            generation.generateEcKeyPair("host", new byte[] {1}, EcCurve.P256);
        }
        Path pin = Files.writeString(folder.resolve("pin"), "87654321\n");
        List<String> card =
                List.of("--module", "card", "--init-args", initArgs, "--token", "gate", "--pin-file", pin.toString());
        try (CliProcess list = start(module().resolveSibling(""), with(card, "token", "list"))) {
            assertEquals(0, list.exitCode(), list::output);
            assertTrue(
                    list.out().stream().anyMatch(line -> line.startsWith("  private CKK_EC ") && line.contains("host")),
                    list::output);
        }
        Path request = folder.resolve("host.csr");
        try (CliProcess csr = start(
                module().resolveSibling(""),
                with(card, "pki", "csr", "--key", "host", "--dn", "CN=host", "--out", request.toString()))) {
            assertEquals(0, csr.exitCode(), csr::output);
        }
        Process openssl = new ProcessBuilder("openssl", "req", "-verify", "-noout", "-in", request.toString())
                .redirectErrorStream(true)
                .start();
        String said = new String(openssl.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, openssl.waitFor(), said);
    }

    @Test
    void aDemonstrationOnTheCardLeavesNothing() throws Exception {
        try (CliProcess demo = CliProcess.start(
                Map.of(
                        "JDK_JAVA_OPTIONS",
                        "-Dcardinal.lib=" + module().resolveSibling(""),
                        "CARDINAL_DEMO_DIR",
                        folder.toString()),
                "demo",
                "--handshakes",
                "40",
                "--json")) {
            assertEquals(0, demo.exitCode(), demo::output);
            assertTrue(
                    demo.out().getLast().startsWith("{\"token\":\"card\",\"handshakes\":40,\"established\":40,"),
                    demo::output);
        }
        try (var left = Files.list(folder)) {
            assertEquals(List.of(), left.toList());
        }
    }

    @Test
    void aMissingCardIsOneLineThatSaysHowToBuildIt() throws Exception {
        for (List<String> words : List.of(List.of("demo"), List.of("token", "list", "--module", "card"))) {
            try (CliProcess command = start(folder, words.toArray(String[]::new))) {
                assertEquals(1, command.exitCode(), command::output);
                String last = command.err().getLast();
                assertTrue(
                        last.startsWith("cardinal " + String.join(" ", words.subList(0, words.size() > 1 ? 2 : 1))),
                        last);
                assertTrue(last.contains("libcardinal-card.so is missing; ./cardinal builds it"), last);
            }
        }
    }

    private static String[] with(List<String> more, String... first) {
        List<String> all = new ArrayList<>(List.of(first));
        all.addAll(more);
        return all.toArray(String[]::new);
    }
}
