package dev.cardinal.bench.gateway;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cardinal.bench.load.ClientFleet;
import dev.cardinal.bench.load.LoadGenerator;
import dev.cardinal.bench.load.LoadResult;
import dev.cardinal.bench.load.Scratch;
import dev.cardinal.bench.load.Suite;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Charon answers every client, wherever its key lies, in a network namespace of the test's own. Needs root. */
final class StrongswanGatewayTest {
    private static final long PATIENCE_SECONDS = 180;

    @ParameterizedTest
    @CsvSource({
        "rsa2048-modp2048, FILE",
        "rsa2048-x25519, FILE",
        "ecdsa256-ecp256, FILE",
        "psk-x25519, FILE",
        "rsa2048-x25519, SOFTHSM",
        "ecdsa256-ecp256, SOFTHSM",
        "rsa2048-x25519, CARD",
    })
    void answersEveryClient(String suite, String key) throws Exception {
        List<String> command =
                new ArrayList<>(List.of("unshare", "--net", "sh", "-c", "ip link set lo up && exec \"$0\" \"$@\""));
        command.addAll(
                ChildJvm.of(Handshakes.class, List.of(suite, key), Map.of()).command());
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        try {
            process.getOutputStream().close();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertTrue(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS), output);
            assertEquals(0, process.exitValue(), output);
        } finally {
            process.destroyForcibly();
        }
    }

    /** The process in the namespace. Arguments: suite, place of the key. */
    static final class Handshakes {
        private static final int CLIENTS = 8;

        private Handshakes() {}

        public static void main(String[] arguments) throws IOException, InterruptedException {
            Suite suite = Suite.of(arguments[0]);
            try (Scratch scratch = Scratch.make();
                    ClientFleet fleet = ClientFleet.create(suite, CLIENTS)) {
                InetAddress address = InetAddress.getByAddress(new byte[] {127, 0, 0, 1});
                GatewayOrder order = new GatewayOrder(
                        suite,
                        KeyPlace.valueOf(arguments[1]),
                        false,
                        fleet.pki(),
                        scratch.sub("gateway"),
                        address,
                        0,
                        -1,
                        0);
                StrongswanGateway gateway = StrongswanGateway.start(order);
                try (gateway;
                        LoadGenerator load =
                                LoadGenerator.open(fleet, gateway.address(), gateway.accounting(), false, CLIENTS, 1)) {
                    assertTrue(gateway.version().contains("strongSwan"), gateway.version());
                    LoadResult result = load.closedLoop(CLIENTS, Duration.ZERO, Duration.ofSeconds(1));
                    assertEquals(0, result.failed(), result.firstFailure());
                    assertTrue(load.completed() >= CLIENTS, "handshakes: " + load.completed());
                    assertEquals(load.completed(), gateway.established());
                }
                assertFalse(ProcessHandle.of(gateway.accounting().pid())
                        .map(ProcessHandle::isAlive)
                        .orElse(false));
            }
            System.exit(0);
        }
    }
}
