package dev.cardinal.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The commands against a real gateway in a process of its own; short, and without a word about time. */
class LoadTest {

    @ParameterizedTest
    @ValueSource(
            strings = {"psk-x25519", "rsa2048-modp2048", "rsa2048-x25519", "ecdsa256-ecp256", "ikev1-rsa2048-modp2048"})
    void everySuiteEstablishes(String suite) {
        JsonObject row = run("handshakes", "--suite", suite, "--warm-up", "1", "--seconds", "2", "--clients", "50");
        assertEquals(suite, row.get("suite").getAsString());
        assertTrue(row.get("completed").getAsLong() > 0);
        assertEquals(0, row.get("failed").getAsLong());
        assertTrue(row.get("responder_cpu_ms").getAsDouble() > 0);
        assertTrue(row.get("mean_batch").getAsDouble() >= 1);
        assertEquals(64, row.get("in_flight").getAsInt());
    }

    @Test
    void openLoopWithChildSasKeepsItsRate() {
        JsonObject row = run(
                "handshakes",
                "--suite",
                "psk-x25519",
                "--rate",
                "50",
                "--warm-up",
                "1",
                "--seconds",
                "4",
                "--child",
                "--key",
                "softhsm");
        assertEquals(0, row.get("failed").getAsLong());
        long completed = row.get("completed").getAsLong();
        assertTrue(completed > 0 && completed <= 300, "no more than were due: " + completed);
    }

    /** Every client is in at the end, although all ask for cookies and repeat themselves. */
    @Test
    void stormPasses(@TempDir Path folder) throws Exception {
        Path svg = folder.resolve("storm.svg");
        JsonObject row = run(
                "storm",
                "--clients",
                "3000",
                "--suite",
                "ecdsa256-x25519",
                "--certificates",
                "100",
                "--warm-up",
                "2",
                "--seconds",
                "2",
                "--svg",
                svg.toString());
        assertEquals(3000, row.get("established").getAsLong());
        assertEquals(0, row.get("failed").getAsLong());
        assertTrue(row.get("cookies_sent").getAsLong() > 0);
        assertTrue(row.get("seconds_until").getAsJsonObject().get("100").getAsDouble() > 0);
        assertTrue(Files.readString(svg).contains("closed loop"));
    }

    /** Answers look alike whatever a ciphertext is, by either method; times are for runs of many more messages. */
    @ParameterizedTest
    @ValueSource(strings = {"rsa-encr", "rsa-encr-revised"})
    void answersToEveryCiphertextLookAlike(String method) {
        List<String> all = List.of(
                "decryption", "--method", method, "--key", "card", "--count", "20", "--warm-up", "5", "--p", "1e-12");
        JsonArray rows = run(all).getAsJsonArray();
        assertEquals(9, rows.size());
        for (JsonElement row : rows) {
            assertTrue(row.getAsJsonObject().get("answers_alike").getAsBoolean(), row.toString());
            assertEquals(20, row.getAsJsonObject().get("samples").getAsInt());
        }
    }

    /** The bound that matters to an operator; figures of a larger population stand in RESULTS.md. */
    @Test
    void hundredThousandSasAreHeld() {
        JsonObject row = run("scale", "--sas", "100000", "--sample", "10000", "--idle", "2");
        assertEquals(100_000, row.get("established").getAsLong());
        assertTrue(row.get("heap_octets_per_sa").getAsDouble() <= 8192, row.toString());
        assertEquals(10_000, row.get("liveness_answered").getAsLong());
        assertEquals(10_000, row.get("rekeyed").getAsLong());
        assertTrue(row.get("ok").getAsBoolean(), row.toString());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "handshakes --suite rsa1024-x25519",
                "handshakes --key nowhere",
                "handshakes --seconds 0",
                "storm --clients 0",
                "scale --addresses 5000",
                "decryption --method psk",
                "decryption --bits 2048",
                "decryption --count 0",
                "decryption --key card --slow-token-ms 5",
                "nothing",
                ""
            })
    void wrongUsageIsOneLine(String arguments) {
        PrintStream before = System.err;
        ByteArrayOutputStream errors = new ByteArrayOutputStream();
        System.setErr(new PrintStream(errors, true, StandardCharsets.UTF_8));
        try {
            assertEquals(2, BenchCli.commandLine().execute(arguments.isEmpty() ? new String[0] : arguments.split(" ")));
        } finally {
            System.setErr(before);
        }
        assertEquals(
                1, errors.toString(StandardCharsets.UTF_8).lines().count(), errors.toString(StandardCharsets.UTF_8));
    }

    private static JsonObject run(String... arguments) {
        return run(List.of(arguments)).getAsJsonObject();
    }

    private static JsonElement run(List<String> arguments) {
        List<String> all = new ArrayList<>(arguments);
        all.add("--json");
        PrintStream before = System.out;
        ByteArrayOutputStream output = new ByteArrayOutputStream();
        System.setOut(new PrintStream(output, true, StandardCharsets.UTF_8));
        int code;
        try {
            code = BenchCli.commandLine().execute(all.toArray(String[]::new));
        } finally {
            System.setOut(before);
        }
        String text = output.toString(StandardCharsets.UTF_8);
        assertEquals(0, code, text);
        return JsonParser.parseString(text);
    }
}
