package dev.cardinal.ike.cli;

import dev.cardinal.ike.daemon.Demo;
import dev.cardinal.ike.daemon.DemoFailure;
import dev.cardinal.ike.daemon.DemoReport;
import java.io.Console;
import java.io.PrintStream;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code cardinal demo}: handshakes against a gateway whose key and Diffie-Hellman are on a throw-away token. */
@Command(
        name = "demo",
        mixinStandardHelpOptions = true,
        description = {
            "Makes a throw-away token with the gateway's key, starts a gateway on loopback,",
            "and establishes IKE SAs with it over real sockets, all alive together at the end."
        })
public final class DemoCommand implements Callable<Integer> {
    /** Both sides keep every SA in this process's memory. */
    static final int HANDSHAKES_LIMIT = 1_000_000;

    private static final int BAR_WIDTH = 40;
    private static final double MILLION = 1e6;

    @Option(
            names = "--handshakes",
            paramLabel = "N",
            defaultValue = "2000",
            description = "IKE SAs to establish (default: ${DEFAULT-VALUE})")
    private int handshakes;

    @Option(
            names = "--token",
            paramLabel = "TOKEN",
            defaultValue = "card",
            description = "the kind of token: card, the crypto card (default), or softhsm")
    private String token = "card";

    @Option(
            names = "--module",
            paramLabel = "PATH",
            description = "the token's PKCS#11 module, or one that stands before it (default: the card beside the jars,"
                    + " SoftHSM where distributions put it)")
    private java.nio.file.@Nullable Path module;

    @Option(names = "--json", description = "ends with one line of JSON on stdout")
    private boolean json;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Override
    public Integer call() throws InterruptedException {
        if (handshakes < 1 || handshakes > HANDSHAKES_LIMIT) {
            throw new ParameterException(
                    spec.commandLine(), "--handshakes must be 1 to " + HANDSHAKES_LIMIT + ", not " + handshakes);
        }
        Demo.TokenKind kind = switch (token) {
            case "card" -> Demo.TokenKind.CARD;
            case "softhsm" -> Demo.TokenKind.SOFTHSM;
            default ->
                throw new ParameterException(
                        spec.commandLine(), "--token '" + token + "' is not known; known: card, softhsm");
        };
        if (kind == Demo.TokenKind.SOFTHSM && System.getenv("SOFTHSM2_CONF") == null) {
            System.err.println("cardinal demo: SOFTHSM2_CONF is not set;"
                    + " start the demo with ./cardinal demo, which makes a folder for the token");
            return 1;
        }
        try (Demo demo = Demo.start(kind, module)) {
            System.out.println("gateway on " + demo.gatewayAddress() + ", RSA-2048 key and X25519 on token " + token
                    + "; " + handshakes + " handshakes");
            DemoReport report = demo.run(handshakes, progress());
            print(report, System.out);
            return report.failed() == 0 ? 0 : 1;
        } catch (DemoFailure e) {
            System.err.println("cardinal demo: " + e.getMessage());
            return 1;
        }
    }

    /** A bar on a terminal, else silence. */
    private java.util.function.IntConsumer progress() {
        Console console = System.console();
        if (console == null || !console.isTerminal()) {
            return ended -> {};
        }
        int step = Math.max(1, handshakes / 200);
        return ended -> {
            if (ended % step == 0 || ended == handshakes) {
                int filled = (int) ((long) ended * BAR_WIDTH / handshakes);
                System.err.print("\r[" + "#".repeat(filled) + " ".repeat(BAR_WIDTH - filled) + "] " + ended + "/"
                        + handshakes + (ended == handshakes ? "\n" : ""));
                System.err.flush();
            }
        };
    }

    private void print(DemoReport report, PrintStream out) {
        out.printf(
                Locale.ROOT,
                "%d of %d handshakes established in %.2f s: %.0f handshakes/s%n",
                report.established(),
                report.handshakes(),
                report.elapsedNanos() / 1e9,
                report.perSecond());
        out.printf(
                Locale.ROOT,
                "latency p50 %.1f ms, p99 %.1f ms%n",
                report.p50Nanos() / MILLION,
                report.p99Nanos() / MILLION);
        StringBuilder operations = new StringBuilder("token " + token + ":");
        for (Map.Entry<String, Long> kind : new TreeMap<>(report.operations()).entrySet()) {
            operations.append(' ').append(kind.getKey()).append(' ').append(kind.getValue());
        }
        out.println(operations);
        out.printf(Locale.ROOT, "mean batch %.2f, queue high-water %d%n", report.meanBatch(), report.queueHighWater());
        if (report.failed() > 0) {
            out.println(report.failed() + " handshakes failed, the first one: " + report.firstFailure());
        }
        if (!report.listing().isEmpty()) {
            out.println("one of the gateway's " + report.established() + " SAs:");
            out.print(report.listing());
        }
        if (json) {
            out.println(json(token, report));
        }
        out.flush();
    }

    /** One object, on one line. */
    static String json(String token, DemoReport report) {
        return String.format(
                Locale.ROOT,
                "{\"token\":\"%s\",\"handshakes\":%d,\"established\":%d,\"failed\":%d,\"per_s\":%.1f,"
                        + "\"p50_ms\":%.2f,\"p99_ms\":%.2f,\"sign_ops\":%d,\"ke_ops\":%d,\"mean_batch\":%.2f}",
                token,
                report.handshakes(),
                report.established(),
                report.failed(),
                report.perSecond(),
                report.p50Nanos() / MILLION,
                report.p99Nanos() / MILLION,
                report.operations("sign"),
                report.operations("agree"),
                report.meanBatch());
    }
}
