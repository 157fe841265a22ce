package dev.cardinal.ike.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Two gateways on one port: the loops of one share it by SO_REUSEPORT, yet a second daemon must not. */
final class PortInUseTest {

    private static final Pattern READY = Pattern.compile("ready 127\\.0\\.0\\.1:(\\d+) 127\\.0\\.0\\.1:(\\d+)");

    @Test
    @Timeout(60)
    void theSecondGatewayFailsWithOneLineThatNamesAddressAndPort(@TempDir Path temporary) throws Exception {
        Path first = config(temporary.resolve("first"), "0", "0");
        Process running = CardinalProcess.command(List.of("gateway", "--config", first.toString()))
                .start(true);
        try (BufferedReader out = running.inputReader()) {
            StringBuilder read = new StringBuilder();
            Matcher ready = READY.matcher("");
            while (!ready.find()) {
                String line = out.readLine();
                assertNotNull(line, () -> "the first gateway ended: " + read);
                read.append(line).append('\n');
                ready = READY.matcher(line);
            }
            Path second = config(temporary.resolve("second"), ready.group(1), ready.group(2));
            Command.Output refused = CardinalProcess.command(List.of("gateway", "--config", second.toString()))
                    .run();
            assertEquals(1, refused.code(), refused.text());
            List<String> lines = refused.text()
                    .lines()
                    .filter(line -> line.matches(".*127\\.0\\.0\\.1(:|\\[)\\d+.*"))
                    .toList();
            assertEquals(1, lines.size(), refused.text());
            assertTrue(
                    lines.getFirst().contains(ready.group(1))
                            || lines.getFirst().contains(ready.group(2)),
                    refused.text());
            assertTrue(running.isAlive(), "the first gateway goes on");
            running.destroy();
            assertEquals(0, running.waitFor(), "SIGTERM ends it well");
        } finally {
            running.destroyForcibly();
        }
    }

    private static Path config(Path folder, String port, String natTPort) throws IOException {
        Files.createDirectories(folder);
        new ConfigFolder()
                .file("swanctl.conf", """
                        connections {
                          net {
                            local { auth = psk
                              id = a.test }
                            remote { auth = psk
                              id = b.test }
                            children { net { } }
                          }
                        }
                        secrets { ike-1 { secret = "a secret of both ends" } }
                        """)
                .file("cardinal.conf", """
                        cardinal {
                          listen = 127.0.0.1
                          port = %s
                          port_nat_t = %s
                          loops = 1
                        }
                        """.formatted(port, natTPort))
                .writeTo(folder);
        return folder;
    }
}
