package dev.cardinal.bench.overhead;

import com.google.gson.GsonBuilder;
import dev.cardinal.bench.gateway.CardinalGateway;
import dev.cardinal.bench.gateway.GatewayOrder;
import dev.cardinal.bench.gateway.GatewayStatistics;
import dev.cardinal.bench.gateway.KeyPlace;
import dev.cardinal.bench.load.ClientFleet;
import dev.cardinal.bench.load.LoadGenerator;
import dev.cardinal.bench.load.LoadResult;
import dev.cardinal.bench.load.Machine;
import dev.cardinal.bench.load.Progress;
import dev.cardinal.bench.load.Scratch;
import dev.cardinal.bench.load.Suite;
import dev.cardinal.bench.load.SuiteConverter;
import java.io.IOException;
import java.net.InetAddress;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code bench overhead}: the engine's own share. */
@Command(
        name = "overhead",
        mixinStandardHelpOptions = true,
        description = {
            "Processor time of the gateway's process for each handshake, less the sum of every primitive that the card has",
            "done, each at its price in the card's own bench with as many together. Queues, dispatch, collection and",
            "compilation of code are overhead."
        })
public final class OverheadCommand implements Callable<Integer> {
    private static final Duration LEAD = Duration.ofMillis(500);
    private static final double NANOS_PER_MICRO = 1000;

    @Option(
            names = "--suite",
            paramLabel = "NAME",
            defaultValue = "rsa2048-x25519",
            converter = SuiteConverter.class,
            description = "as in bench handshakes (default: ${DEFAULT-VALUE})")
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private Suite suite;

    @Option(
            names = "--in-flight",
            paramLabel = "N",
            defaultValue = "64",
            description = "handshakes under way at a time (default: ${DEFAULT-VALUE})")
    private int inFlight;

    @Option(
            names = "--clients",
            paramLabel = "N",
            defaultValue = "1000",
            description = "distinct clients (default: ${DEFAULT-VALUE})")
    private int clients;

    @Option(
            names = "--warm-up",
            paramLabel = "S",
            defaultValue = "40",
            description = "seconds of load before the measurement (default: ${DEFAULT-VALUE})")
    private int warmUp;

    @Option(
            names = "--seconds",
            paramLabel = "S",
            defaultValue = "10",
            description = "of the measurement (default: ${DEFAULT-VALUE})")
    private int seconds;

    @Option(
            names = "--core",
            paramLabel = "N",
            defaultValue = "0",
            description = "the processor that the gateway is pinned to, -1 for none (default: ${DEFAULT-VALUE})")
    private int core;

    @Option(
            names = "--known-certificates",
            description = "lets the gateway remember certificates; else each is decoded and verified each time")
    private boolean known;

    @Option(names = "--jvm-option", paramLabel = "OPTION", description = "for the gateway's JVM; may be repeated")
    private List<String> jvmOptions = List.of();

    @Option(names = "--json", description = "one JSON object instead of a table")
    private boolean json;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (inFlight < 1 || clients < 1 || warmUp < 0 || seconds < 1) {
            throw new ParameterException(spec.commandLine(), "numbers must be positive");
        }
        try (Scratch scratch = Scratch.make();
                ClientFleet fleet = ClientFleet.create(suite, clients)) {
            GatewayOrder order = new GatewayOrder(
                    suite,
                    KeyPlace.CARD,
                    false,
                    fleet.pki(),
                    scratch.sub("gateway"),
                    InetAddress.getByAddress(new byte[] {127, 0, 0, 1}),
                    0,
                    core,
                    2048);
            LoadResult result;
            GatewayStatistics[] ends = new GatewayStatistics[2];
            try (CardinalGateway gateway = CardinalGateway.start(
                    order,
                    CardinalGateway.Tuning.NONE
                            .with("cert_cache", known ? "yes" : "no")
                            .withJvmOptions(jvmOptions))) {
                Progress progress = Progress.of(warmUp + seconds);
                warm(fleet, gateway);
                try (LoadGenerator load =
                        LoadGenerator.open(fleet, gateway.address(), gateway.accounting(), false, 16, 1)) {
                    result = load.closedLoop(
                            inFlight, LEAD, Duration.ofSeconds(seconds), end -> ends[end] = gateway.statistics());
                }
                progress.end();
            }
            report(result, ends[0], ends[1], PrimitiveCosts.measure(core));
            return result.failed() == 0 && result.completed() > 0 ? 0 : 1;
        }
    }

    private void warm(ClientFleet fleet, CardinalGateway gateway) throws IOException, InterruptedException {
        if (warmUp > 0) {
            try (LoadGenerator load =
                    LoadGenerator.open(fleet, gateway.address(), gateway.accounting(), false, 16, 1)) {
                // asked for the first time, the gateway loads what tells its statistics: that is no handshake's cost
                load.closedLoop(inFlight, LEAD, Duration.ofSeconds(warmUp), end -> gateway.statistics());
            }
        }
    }

    private void report(LoadResult result, GatewayStatistics before, GatewayStatistics after, PrimitiveCosts costs) {
        Map<String, List<Long>> lanes = after.lanesSince(before);
        double allocated = (after.allocatedOctets() - before.allocatedOctets()) / 1024.0 / result.completed();
        long collecting = after.gcMillis() - before.gcMillis();
        double responder = result.responder().cpuNanos() / NANOS_PER_MICRO / result.completed();
        Map<String, Object> primitives = new LinkedHashMap<>();
        double sum = 0;
        for (Map.Entry<String, List<Long>> kind : lanes.entrySet()) {
            long count = 0;
            for (int together = 1; together < kind.getValue().size(); together++) {
                count += together * kind.getValue().get(together);
            }
            double micros = costs.nanos(kind.getKey(), suite.authentication().bits(), kind.getValue())
                    / NANOS_PER_MICRO
                    / result.completed();
            sum += micros;
            primitives.put(
                    kind.getKey(),
                    Map.of("per_handshake", (double) count / result.completed(), "us_per_handshake", micros));
        }
        if (json) {
            Map<String, Object> row = new LinkedHashMap<>();
            row.put("suite", suite.name());
            row.put("machine", Machine.here());
            row.put("clients", clients);
            row.put("in_flight", inFlight);
            row.put("certificates_known", known);
            row.put("per_s", result.perSecond());
            row.put("responder_cpu_us", responder);
            row.put("primitives_us", sum);
            row.put("overhead_us", responder - sum);
            row.put("allocated_kb", allocated);
            row.put("gc_ms", collecting);
            row.put("primitives", primitives);
            System.out.println(new GsonBuilder().setPrettyPrinting().create().toJson(row));
            return;
        }
        System.out.printf(
                Locale.ROOT,
                "%s, %d under way, %d clients: %.0f handshakes/s%n",
                suite,
                inFlight,
                clients,
                result.perSecond());
        primitives.forEach((kind, price) -> System.out.println("  " + kind + " " + price));
        System.out.printf(
                Locale.ROOT,
                "gateway %.1f us, of them primitives %.1f us: overhead %.1f us; allocated %.1f KB; collections %d ms of all%n",
                responder,
                sum,
                responder - sum,
                allocated,
                collecting);
    }
}
