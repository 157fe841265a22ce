package dev.cardinal.bench.tune;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.cardinal.bench.BenchCli;
import dev.cardinal.hsm.pool.EcCurve;
import dev.cardinal.hsm.pool.KeyGeneration;
import dev.cardinal.hsm.pool.TokenInitialization;
import dev.cardinal.hsm.pool.TokenSelector;
import dev.cardinal.ike.config.ConfigErrors;
import dev.cardinal.ike.config.Configuration;
import dev.cardinal.ike.config.ModuleFile;
import dev.cardinal.ike.config.TokenConfig;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import java.util.List;
import java.util.stream.Stream;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command on a throw-away token of the crypto card; short, and without a word about time. */
class TuneCommandTest {
    private static final byte[] PIN = "12345678".getBytes(StandardCharsets.US_ASCII);
    private static final String LABEL = "tuned";

    @TempDir
    Path folder = Path.of("");

    private Path file = Path.of("");

    private record Outcome(int code, String out, String err) {}

    @BeforeEach
    void configure() throws Exception {
        Path tokens = Files.createDirectory(folder.resolve("tokens"));
        file = folder.resolve("cardinal.conf");
        Files.write(folder.resolve("pin"), PIN);
        Files.writeString(file, """
                # by hand, and to stay
                tokens {
                  card {
                    module = card
                    init_args = directory='%s'
                    token = tuned
                    pin_file = pin
                    batch = 5  # a guess
                  }
                }
                """.formatted(tokens));
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
        Files.writeString(folder.resolve("swanctl.conf"), """
                connections {
                  clients {
                    version = 2
                    local {
                      auth = pubkey
                      id = gate.example.org
                    }
                    remote {
                      auth = pubkey
                      id = *@example.org
                    }
                    children {
                      net {
                        local_ts = 10.0.0.0/8
                      }
                    }
                  }
                }
                """);
    }

    /** A key on the token and its certificate in x509. */
    private void makeToken() throws Exception {
        String initArgs = "directory='" + folder.resolve("tokens") + "'";
        TokenInitialization.initialize(ModuleFile.card(), initArgs, LABEL, PIN, PIN);
        byte[] info;
        try (KeyGeneration keys =
                KeyGeneration.open(ModuleFile.card(), initArgs, new TokenSelector.ByLabel(LABEL), PIN::clone)) {
            info = keys.generateEcKeyPair("gateway", new byte[] {1}, EcCurve.P256);
        }
        KeyPair authority = KeyPairGenerator.getInstance("EC").generateKeyPair();
        certificate("x509ca", authority.getPublic().getEncoded(), authority);
        certificate("x509", info, authority);
    }

    private void certificate(String place, byte[] info, KeyPair authority) throws Exception {
        byte[] der = new X509v3CertificateBuilder(
                        new X500Name("CN=authority"),
                        BigInteger.ONE,
                        Date.from(Instant.now().minusSeconds(60)),
                        Date.from(Instant.now().plusSeconds(3600)),
                        new X500Name("CN=" + place),
                        SubjectPublicKeyInfo.getInstance(info))
                .addExtension(Extension.basicConstraints, true, new BasicConstraints(place.equals("x509ca")))
                .build(new JcaContentSignerBuilder("SHA256withECDSA").build(authority.getPrivate()))
                .getEncoded();
        Files.writeString(
                Files.createDirectories(folder.resolve(place)).resolve("one.pem"),
                "-----BEGIN CERTIFICATE-----\n" + Base64.getEncoder().encodeToString(der)
                        + "\n-----END CERTIFICATE-----\n");
    }

    /** The program that measures break-even points, as far as the command knows it. */
    private void breakEvenIs(String line) throws Exception {
        Path program = folder.resolve("primitives");
        Files.writeString(program, "#!/bin/sh\necho '" + line + "'\n");
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwx------"));
        System.setProperty(BreakEven.PROGRAM, program.toString());
    }

    @Test
    void theChoiceIsWrittenAndRead() throws Exception {
        makeToken();
        breakEvenIs("x25519-derive 0 3");
        String before = Files.readString(file);
        try {
            JsonObject report = tune();
            assertTrue(report.get("written").getAsBoolean());
            assertTrue(
                    report.get("steps").getAsString().startsWith("generate, agree, verify, sign with pkcs11:"),
                    report.toString());
            JsonObject chosen = report.get("chosen").getAsJsonObject();
            TokenConfig token = read();
            assertEquals(chosen.get("workers").getAsInt(), token.workers());
            assertEquals(chosen.get("batch").getAsInt(), token.batchLimit());
            Path table = folder.resolve("card.break-even");
            assertEquals("directory='" + folder.resolve("tokens") + "' tuning='" + table + "'", token.initArgs());
            assertEquals("x25519-derive 0 3\n", Files.readString(table));
            assertEquals("rw-r-----", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
            String after = Files.readString(file);
            assertEquals(before.lines().toList(), unset(after, report));

            // the second time the comments of the first are gone
            JsonObject again = tune();
            String last = Files.readString(file);
            assertEquals(before.lines().toList(), unset(last, again));
            assertEquals(comments(after), comments(last));
            assertEquals(
                    3 + again.get("points").getAsJsonArray().size(), comments(last), "two lines, a heading, the rows");
        } finally {
            System.clearProperty(BreakEven.PROGRAM);
        }
        try (Stream<Path> files = Files.list(folder)) {
            assertFalse(files.anyMatch(f -> f.getFileName().toString().endsWith(".new")), "a temporary file is left");
        }
    }

    /** The lines as they were before the settings of a run. */
    private List<String> unset(String text, JsonObject report) {
        JsonObject chosen = report.get("chosen").getAsJsonObject();
        return text.lines()
                .filter(l -> !l.strip().startsWith(TokenSectionText.MARK))
                .filter(l -> !l.equals("    workers = " + chosen.get("workers").getAsInt()))
                .map(l -> l.equals("    batch = " + chosen.get("batch").getAsInt() + "  # a guess")
                        ? "    batch = 5  # a guess"
                        : l)
                .map(l -> l.replace(" tuning='" + folder.resolve("card.break-even") + "'", ""))
                .toList();
    }

    private static long comments(String text) {
        return text.lines()
                .filter(l -> l.startsWith("    " + TokenSectionText.MARK))
                .count();
    }

    @Test
    void aDryRunWritesNothing() throws Exception {
        makeToken();
        String before = Files.readString(file);
        Outcome outcome = run(
                "--config",
                folder.toString(),
                "--suite",
                "psk-x25519",
                "--seconds",
                "0.02",
                "--rounds",
                "1",
                "--dry-run");
        assertEquals(0, outcome.code(), outcome.err());
        assertTrue(outcome.out().contains("generate, agree\n"), outcome.out());
        assertTrue(outcome.out().contains("not written to " + file), outcome.out());
        assertTrue(outcome.err().contains("no break-even points to write"), outcome.err());
        assertEquals(before, Files.readString(file));
    }

    /** What was written would not count: the file is put back, rather than left with settings that lie. */
    @Test
    void aFileThatAnotherOverridesIsPutBack() throws Exception {
        makeToken();
        Files.writeString(folder.resolve("later.conf"), "tokens {\n  card {\n    batch = 3\n  }\n}\n");
        String before = Files.readString(file) + "include later.conf\n";
        Files.writeString(file, before);
        Outcome outcome = run(
                "--config", folder.toString(), "--suite", "psk-x25519", "--seconds", "0.02", "--rounds", "1", "--json");
        assertEquals(1, outcome.code());
        assertTrue(outcome.err().contains("or an included file sets"), outcome.err());
        assertEquals(before, Files.readString(file));
        assertEquals("", outcome.out());
    }

    @Test
    void aFaultyFileIsToldAndNotTouched() throws Exception {
        certificate(
                "x509ca",
                KeyPairGenerator.getInstance("EC").generateKeyPair().getPublic().getEncoded(),
                KeyPairGenerator.getInstance("EC").generateKeyPair());
        String faulty = Files.readString(file).replace("batch = 5", "batch = many");
        Files.writeString(file, faulty);
        Outcome outcome = run("--config", folder.toString());
        assertEquals(1, outcome.code());
        assertTrue(outcome.err().contains(file + ":8: tokens.card.batch: "), outcome.err());
        assertEquals(faulty, Files.readString(file));
    }

    @Test
    void wrongUsageIsOneLine() {
        for (String[] arguments : List.of(
                new String[0],
                new String[] {"--config", folder.resolve("nowhere").toString()},
                new String[] {"--config", folder.toString(), "--seconds", "0"},
                new String[] {"--config", folder.toString(), "--in-flight", "0"},
                new String[] {"--config", folder.toString(), "--rounds", "0"})) {
            Outcome outcome = run(arguments);
            assertEquals(2, outcome.code(), outcome.err());
            assertEquals(1, outcome.err().lines().count(), outcome.err());
        }
    }

    private TokenConfig read() {
        ConfigErrors errors = new ConfigErrors();
        try (Configuration configuration = Configuration.read(folder, Configuration.Ports.GATEWAY, errors)) {
            assertEquals(List.of(), errors.list());
            return configuration.cardinal().tokens().getFirst();
        }
    }

    private JsonObject tune() {
        Outcome outcome = run(
                "--config",
                folder.toString(),
                "--seconds",
                "0.05",
                "--rounds",
                "1",
                "--in-flight",
                "16",
                "--suite",
                "rsa2048-x25519",
                "--json");
        assertEquals(0, outcome.code(), outcome.err());
        return JsonParser.parseString(outcome.out()).getAsJsonObject();
    }

    private static Outcome run(String... arguments) {
        PrintStream out = System.out;
        PrintStream err = System.err;
        ByteArrayOutputStream output = new ByteArrayOutputStream();
        ByteArrayOutputStream errors = new ByteArrayOutputStream();
        System.setOut(new PrintStream(output, true, StandardCharsets.UTF_8));
        System.setErr(new PrintStream(errors, true, StandardCharsets.UTF_8));
        try {
            int code = BenchCli.commandLine(new TuneCommand()).execute(arguments);
            return new Outcome(code, output.toString(StandardCharsets.UTF_8), errors.toString(StandardCharsets.UTF_8));
        } finally {
            System.setOut(out);
            System.setErr(err);
        }
    }
}
