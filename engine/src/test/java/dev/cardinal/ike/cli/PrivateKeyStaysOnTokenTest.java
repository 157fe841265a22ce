package dev.cardinal.ike.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A witness between the engine and SoftHSM, OpenSC's pkcs11-spy, writes down each call of a demonstration. */
class PrivateKeyStaysOnTokenTest {
    private static final int HANDSHAKES = 60;

    /** The demonstration looks for one key, which one signature proves. Nothing else at start-up signs. */
    private static final int START_UP_SIGNATURES = 1;

    private static final Pattern CALL = Pattern.compile("^\\d+: (C_\\w+)$");

    @TempDir
    private Path folder;

    @Test
    void everySignatureAndAgreementIsTheTokens() throws Exception {
        Path softHsm = existing(
                "SoftHSM",
                "/usr/lib/softhsm/libsofthsm2.so",
                "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
                "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so");
        Path spy = existing(
                "pkcs11-spy of OpenSC",
                "/usr/lib/x86_64-linux-gnu/pkcs11-spy.so",
                "/usr/lib/aarch64-linux-gnu/pkcs11-spy.so",
                "/usr/lib/x86_64-linux-gnu/pkcs11/pkcs11-spy.so",
                "/usr/lib/aarch64-linux-gnu/pkcs11/pkcs11-spy.so");
        Path tokens = Files.createDirectory(folder.resolve("tokens"));
        Path conf = Files.writeString(
                folder.resolve("softhsm2.conf"),
                "directories.tokendir = " + tokens + "\nobjectstore.backend = file\nlog.level = ERROR\n");
        Path log = folder.resolve("spy.log");
        String last;
        try (CliProcess demo = CliProcess.start(
                Map.of(
                        "SOFTHSM2_CONF", conf.toString(),
                        "CARDINAL_DEMO_DIR", folder.toString(),
                        "PKCS11SPY", softHsm.toString(),
                        "PKCS11SPY_OUTPUT", log.toString()),
                "demo",
                "--handshakes",
                String.valueOf(HANDSHAKES),
                "--token",
                "softhsm",
                "--module",
                spy.toString(),
                "--json")) {
            assertEquals(0, demo.exitCode(), demo::output);
            last = demo.out().getLast();
        }
        assertTrue(last.contains("\"established\":" + HANDSHAKES + ",\"failed\":0,"), last);
        assertTrue(last.contains("\"sign_ops\":" + HANDSHAKES + ","), last);
        assertTrue(last.contains("\"ke_ops\":" + HANDSHAKES + ","), last);

        List<String> lines = lines(log);
        System.out.println("pkcs11-spy, " + HANDSHAKES + " handshakes: " + counts(lines));
        assertEquals(HANDSHAKES + START_UP_SIGNATURES, calls(lines, "C_Sign"));
        assertEquals(HANDSHAKES + START_UP_SIGNATURES, calls(lines, "C_SignInit"));
        // one more than the ephemeral ones: the gateway's key was born on the token too
        assertTrue(calls(lines, "C_GenerateKeyPair") >= HANDSHAKES + 1, () -> counts(lines));
        assertTrue(calls(lines, "C_DeriveKey") >= HANDSHAKES, () -> counts(lines));
        assertFalse(
                lines.stream().anyMatch(line -> line.contains("CKA_PRIVATE_EXPONENT")),
                "the private exponent was asked for");
        // the witness would have seen it: it names the attributes of the public half
        assertTrue(lines.stream().anyMatch(line -> line.contains("CKA_PUBLIC_EXPONENT")));
    }

    private static long calls(List<String> lines, String function) {
        return lines.stream()
                .map(CALL::matcher)
                .filter(call -> call.find() && call.group(1).equals(function))
                .count();
    }

    private static String counts(List<String> lines) {
        return Stream.of("C_Sign", "C_GenerateKeyPair", "C_DeriveKey")
                .map(function -> function + " " + calls(lines, function))
                .toList()
                .toString();
    }

    /** The log holds octets in every encoding. */
    private static List<String> lines(Path log) throws IOException {
        return Files.readString(log, java.nio.charset.StandardCharsets.ISO_8859_1)
                .lines()
                .toList();
    }

    private static Path existing(String what, String... places) {
        return Stream.of(places)
                .map(Path::of)
                .filter(Files::exists)
                .findFirst()
                .orElseThrow(() -> new AssertionError(what + " is not installed"));
    }
}
