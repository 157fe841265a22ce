package dev.cardinal.ike.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cardinal.ike.backend.TestToken;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** Exit codes and messages. */
class CardinalCliTest {
    private static final String VALID = """
            connections {
              home {
                local_addrs = 127.0.0.1
                remote_addrs = 127.0.0.1
                local {
                  auth = psk
                  id = carol.cardinal.invalid
                }
                remote {
                  auth = psk
                  id = gw.cardinal.invalid
                }
                children {
                  net {
                    remote_ts = 10.1.0.0/16
                  }
                }
              }
            }
            secrets {
              ike-1 {
                secret = "correct horse battery staple"
              }
            }
            """;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @TempDir
    private Path folder;

    private int run(String... arguments) {
        CommandLine line = CardinalCli.commandLine();
        line.setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true));
        return line.execute(arguments);
    }

    private List<String> errors() {
        return err.toString().lines().toList();
    }

    private List<String> answers() {
        return out.toString().lines().toList();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "gateway", "check", "initiate", "token", "token list", "pki", "demo"})
    void helpIsAnAnswer(String command) {
        String words = (command + " --help").strip();
        assertEquals(0, run(words.split(" ")), err::toString);
        assertEquals(List.of(), errors());
        assertTrue(out.toString().contains(("Usage: cardinal " + command).strip()), out::toString);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "fly",
                "--fly",
                "gateway",
                "gateway --fly",
                "gateway --config /nonexistent",
                "check --config",
                "initiate --config /tmp",
                "token",
                "token fly",
                "token list",
                "token list --module /nonexistent --fly",
                "demo --fly",
                "demo --handshakes many"
            })
    void wrongUsageIsOneLine(String command) {
        assertEquals(2, run(command.isEmpty() ? new String[0] : command.split(" ")), err::toString);
        assertEquals(1, errors().size(), err::toString);
        assertTrue(errors().getFirst().startsWith("cardinal"), err::toString);
        assertEquals(List.of(), answers());
    }

    @Test
    void checkPrintsEveryError() throws IOException {
        Files.writeString(
                folder.resolve("swanctl.conf"),
                VALID.replace("10.1.0.0/16", "10.1.0.0/99").replace("local_addrs = 127.0.0.1", "version = 9"));
        Files.writeString(folder.resolve("cardinal.conf"), "cardinal {\n  port = 70000\n  colour = red\n}\n");
        assertEquals(1, run("check", "--config", folder.toString()));
        assertEquals(List.of(), errors());
        String swanctl = folder.resolve("swanctl.conf").toString();
        String cardinal = folder.resolve("cardinal.conf").toString();
        assertEquals(4, answers().size(), out::toString);
        for (String start : List.of(swanctl + ":3: ", swanctl + ":15: ", cardinal + ":2: ", cardinal + ":3: ")) {
            assertTrue(answers().stream().anyMatch(line -> line.startsWith(start)), () -> start + "\n" + out);
        }
        for (String line : answers()) {
            assertTrue(line.matches("[^:]+:\\d+: [\\w.-]+: .+"), line);
        }
    }

    @Test
    void validConfigurationIsSaid() throws IOException {
        Files.writeString(folder.resolve("swanctl.conf"), VALID);
        assertEquals(0, run("check", "--config", folder.toString()), out::toString);
        assertEquals(List.of("configuration is valid"), answers());
        assertEquals(List.of(), errors());
    }

    @Test
    void warningsAreSaidOfValidAndOfFaultyConfigurations() throws IOException {
        String text = VALID.replace("local_addrs = 127.0.0.1", "aggressive = yes");
        Files.writeString(folder.resolve("swanctl.conf"), text);
        assertEquals(0, run("check", "--config", folder.toString()), out::toString);
        String start = "warning: " + folder.resolve("swanctl.conf") + ":3: connections.home.aggressive: ";
        assertEquals(2, answers().size(), out::toString);
        assertTrue(answers().getFirst().startsWith(start), out::toString);
        assertEquals("configuration is valid", answers().getLast());
        Files.writeString(folder.resolve("cardinal.conf"), "cardinal {\n  colour = red\n}\n");
        assertEquals(1, run("check", "--config", folder.toString()));
        assertTrue(answers().getLast().startsWith(start), out::toString);
    }

    @Test
    void unknownChildIsOneLine() throws IOException {
        Files.writeString(folder.resolve("swanctl.conf"), VALID);
        assertEquals(1, run("initiate", "--config", folder.toString(), "--child", "nat"));
        assertEquals(List.of("cardinal initiate: no child nat in " + folder), errors());
        assertEquals(List.of(), answers());
    }

    @Test
    void moduleThatIsNotThereIsOneLine() {
        assertEquals(1, run("token", "list", "--module", "/nonexistent"));
        assertEquals(List.of("cardinal token list: no such file: /nonexistent"), errors());
        assertEquals(List.of(), answers());
    }

    @Test
    void tokensAndKeysAreListed() throws Exception {
        String module = "/usr/lib/softhsm/libsofthsm2.so";
        assertEquals(5, new TestToken("cli-list").publicKeys().size());
        Path pin =
                Files.writeString(folder.resolve("pin"), new String(TestToken.PIN, StandardCharsets.US_ASCII) + "\n");
        assertEquals(
                0,
                run("token", "list", "--module", module, "--token", "cli-list", "--pin-file", pin.toString()),
                err::toString);
        assertTrue(answers().contains("  token:      cli-list"), out::toString);
        for (String key : List.of("rsa", "p256", "p384", "p521", "ed25519")) {
            assertEquals(
                    1,
                    answers().stream()
                            .filter(line -> line.startsWith("  private ")
                                    && line.contains("pkcs11:")
                                    && line.contains("token=cli-list")
                                    && line.matches(".*object=" + key + "(;.*)?"))
                            .count(),
                    () -> key + "\n" + out);
        }
        assertEquals(List.of(), errors());

        // without a login private keys stay hidden, and that is said
        out.getBuffer().setLength(0);
        assertEquals(0, run("token", "list", "--module", module), err::toString);
        assertTrue(answers().contains("  token:      cli-list"), out::toString);
        assertTrue(answers().contains("  (not logged in: private objects are not shown)"), out::toString);
        assertTrue(answers().stream().noneMatch(line -> line.startsWith("  private ")), out::toString);
    }
}
