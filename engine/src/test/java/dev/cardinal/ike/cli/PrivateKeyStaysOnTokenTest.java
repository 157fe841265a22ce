package dev.cardinal.ike.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the demo does with its token, seen by OpenSC's spying module that stands before SoftHSM. */
class PrivateKeyStaysOnTokenTest {
    private static final int HANDSHAKES = 60;

    /** The key is proven with one signature when it is found. */
    private static final int SIGNATURES_AT_START = 1;

    private static final Pattern CALL = Pattern.compile("^\\d+: (C_\\w+)$");
    private static final Pattern SIGN_OPS = Pattern.compile("\"sign_ops\":(\\d+)");

    @Test
    void everySignatureAndKeyExchangeIsTheTokens(@TempDir Path folder) throws IOException, InterruptedException {
        Path tokens = Files.createDirectory(folder.resolve("tokens"));
        Path conf = Files.writeString(
                folder.resolve("softhsm2.conf"),
                "directories.tokendir = " + tokens + "\nobjectstore.backend = file\nlog.level = ERROR\n");
        Path spied = folder.resolve("spy.log");
        Map<String, String> environment = Map.of(
                "SOFTHSM2_CONF", conf.toString(),
                "CARDINAL_DEMO_DIR", folder.toString(),
                "PKCS11SPY",
                        existing("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so"),
                "PKCS11SPY_OUTPUT", spied.toString());
        String spy = existing(
                "/usr/lib/x86_64-linux-gnu/pkcs11-spy.so",
                "/usr/lib/x86_64-linux-gnu/pkcs11/pkcs11-spy.so",
                "/usr/lib/aarch64-linux-gnu/pkcs11-spy.so");
        try (CommandProcess demo = CommandProcess.start(
                folder, environment, "demo", "--handshakes", String.valueOf(HANDSHAKES), "--module", spy, "--json")) {
            assertEquals(0, demo.await(), () -> spied + " tells what the token was asked");
            String json = demo.out().getLast();
            Matcher operations = SIGN_OPS.matcher(json);
            assertTrue(operations.find(), json);
            assertEquals(HANDSHAKES, Integer.parseInt(operations.group(1)), json);
        }
        List<String> log = Files.readAllLines(spied);
        System.out.printf(
                "pkcs11-spy: %d handshakes, C_Sign %d, C_GenerateKeyPair %d, C_DeriveKey %d%n",
                HANDSHAKES, calls(log, "C_Sign"), calls(log, "C_GenerateKeyPair"), calls(log, "C_DeriveKey"));
        assertEquals(HANDSHAKES + SIGNATURES_AT_START, calls(log, "C_Sign"));
        assertTrue(calls(log, "C_GenerateKeyPair") >= HANDSHAKES, "a key pair for each handshake");
        assertTrue(calls(log, "C_DeriveKey") >= HANDSHAKES, "an agreement for each handshake");
        assertEquals(
                0,
                log.stream()
                        .filter(line -> line.contains("CKA_PRIVATE_EXPONENT"))
                        .count());
    }

    private static long calls(List<String> log, String function) {
        return log.stream()
                .map(CALL::matcher)
                .filter(call -> call.matches() && call.group(1).equals(function))
                .count();
    }

    private static String existing(String... paths) {
        for (String path : paths) {
            if (Files.exists(Path.of(path))) {
                return path;
            }
        }
        throw new AssertionError("none of " + String.join(", ", paths) + ": is the package installed?");
    }
}
