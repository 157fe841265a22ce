package dev.cardinal.bench.load;

import com.google.gson.GsonBuilder;
import dev.cardinal.bench.gateway.CardinalGateway;
import dev.cardinal.bench.gateway.GatewayOrder;
import dev.cardinal.bench.gateway.GatewayStatistics;
import dev.cardinal.bench.gateway.KeyPlace;
import java.io.IOException;
import java.net.InetAddress;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code bench handshakes}: IKEv2 handshakes with Cardinal's daemon, and what each costs it. */
@Command(
        name = "handshakes",
        mixinStandardHelpOptions = true,
        description = {
            "Starts Cardinal's daemon in a process of its own and puts clients on it over UDP: so many handshakes under way",
            "at a time (a closed loop), or so many a second (an open loop, with --rate)."
        })
public final class HandshakesCommand implements Callable<Integer> {
    private static final double MILLION = 1e6;
    private static final Duration LEAD = Duration.ofMillis(500);

    @Option(
            names = "--suite",
            paramLabel = "NAME",
            defaultValue = "rsa2048-x25519",
            converter = SuiteConverter.class,
            description =
                    "psk, rsa2048, rsa3072, rsa4096 or ecdsa256 (for IKEv1 with ikev1- before it), a dash and a key exchange method"
                            + " (default: ${DEFAULT-VALUE})")
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private Suite suite;

    @Option(
            names = "--key",
            paramLabel = "PLACE",
            defaultValue = "card",
            description = "the gateway's private key: card (default), softhsm or file")
    private String key = "card";

    @Option(
            names = "--in-flight",
            paramLabel = "N",
            defaultValue = "64",
            description = "handshakes under way at a time (default: ${DEFAULT-VALUE})")
    private int inFlight;

    @Option(names = "--rate", paramLabel = "N", description = "handshakes a second instead")
    private @Nullable Double rate;

    @Option(
            names = "--seconds",
            paramLabel = "S",
            defaultValue = "10",
            description = "of the measurement (default: ${DEFAULT-VALUE})")
    private int seconds;

    @Option(
            names = "--warm-up",
            paramLabel = "S",
            defaultValue = "20",
            description = "seconds of load before it (default: ${DEFAULT-VALUE})")
    private int warmUp;

    @Option(
            names = "--clients",
            paramLabel = "N",
            defaultValue = "1000",
            description = "distinct clients (default: ${DEFAULT-VALUE})")
    private int clients;

    @Option(
            names = "--addresses",
            paramLabel = "N",
            defaultValue = "16",
            description = "of the clients, each with a port of its own (default: ${DEFAULT-VALUE})")
    private int addresses;

    @Option(names = "--child", description = "with a Child SA; else IKE SAs are childless")
    private boolean child;

    @Option(
            names = "--core",
            paramLabel = "N",
            defaultValue = "-1",
            description = "the processor that the gateway is pinned to (default: none)")
    private int core;

    @Option(
            names = "--heap",
            paramLabel = "MB",
            defaultValue = "2048",
            description = "of the gateway's JVM (default: ${DEFAULT-VALUE})")
    private int heap;

    @Option(names = "--jvm-option", paramLabel = "OPTION", description = "for the gateway's JVM; may be repeated")
    private List<String> jvmOptions = List.of();

    @Option(names = "--json", description = "one JSON object instead of a table")
    private boolean json;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException, InterruptedException {
        KeyPlace place = keyPlace();
        if (inFlight < 1 || seconds < 1 || warmUp < 0 || clients < 1 || addresses < 1 || addresses > 1000) {
            throw new ParameterException(spec.commandLine(), "numbers must be positive, --addresses at most 1000");
        }
        try (Scratch scratch = Scratch.make();
                ClientFleet fleet = ClientFleet.create(suite, clients)) {
            GatewayOrder order = new GatewayOrder(
                    suite,
                    place,
                    child,
                    fleet.pki(),
                    scratch.sub("gateway"),
                    InetAddress.getByAddress(new byte[] {127, 0, 0, 1}),
                    0,
                    core,
                    heap);
            try (CardinalGateway gateway =
                            CardinalGateway.start(order, CardinalGateway.Tuning.NONE.withJvmOptions(jvmOptions));
                    LoadGenerator load =
                            LoadGenerator.open(fleet, gateway.address(), gateway.accounting(), child, addresses, 1)) {
                Progress progress = Progress.of(warmUp + seconds);
                load(load, warmUp);
                long residentBefore = gateway.accounting().residentOctets();
                GatewayStatistics before = gateway.statistics();
                LoadResult result = load(load, seconds);
                progress.end();
                report(gateway, before, residentBefore, result);
                return result.failed() == 0 && result.completed() > 0 ? 0 : 1;
            }
        }
    }

    private KeyPlace keyPlace() {
        try {
            return KeyPlace.valueOf(key.toUpperCase(Locale.ROOT));
        } catch (IllegalArgumentException e) {
            throw new ParameterException(
                    spec.commandLine(), "--key '" + key + "' is not known; known: card, softhsm, file", e);
        }
    }

    private LoadResult load(LoadGenerator load, int stretch) throws IOException, InterruptedException {
        Double perSecond = rate;
        return perSecond == null
                ? load.closedLoop(inFlight, LEAD, Duration.ofSeconds(stretch))
                : load.openLoop(perSecond, LEAD, Duration.ofSeconds(stretch));
    }

    private void report(CardinalGateway gateway, GatewayStatistics before, long residentBefore, LoadResult result)
            throws IOException {
        GatewayStatistics after = gateway.statistics();
        long grown = gateway.accounting().residentOctets() - residentBefore;
        long stood = after.established() - before.established();
        double allocated = stood == 0 ? 0 : (after.allocatedOctets() - before.allocatedOctets()) / 1024.0 / stood;
        Histogram latency = result.latency();
        if (json) {
            Map<String, Object> row = new LinkedHashMap<>();
            row.put("suite", suite.name());
            row.put("key", key);
            row.put("child", child);
            row.put("machine", Machine.here());
            row.put("gateway", gateway.configuration());
            row.put("clients", clients);
            row.put(rate == null ? "in_flight" : "rate", rate == null ? (Object) inFlight : rate);
            row.put("seconds", result.elapsedNanos() / 1e9);
            row.put("completed", result.completed());
            row.put("failed", result.failed());
            row.put("per_s", result.perSecond());
            row.put("responder_cpu_ms", result.responderMillis());
            row.put("responder_system_ms", result.responder().systemNanos() / MILLION / result.completed());
            row.put("clients_cpu_ms", result.ownMillis());
            row.put(
                    "latency_ms",
                    Map.of(
                            "p50", latency.getValueAtPercentile(50) / MILLION,
                            "p90", latency.getValueAtPercentile(90) / MILLION,
                            "p99", latency.getValueAtPercentile(99) / MILLION,
                            "p99_9", latency.getValueAtPercentile(99.9) / MILLION,
                            "max", latency.getMaxValue() / MILLION));
            row.put("mean_batch", after.meanBatchSince(before));
            row.put("operations", after.operations());
            row.put("lanes", after.lanesSince(before));
            row.put("rss_kb_per_sa", stood == 0 ? 0 : grown / 1024.0 / stood);
            row.put("allocated_kb", allocated);
            row.put("gc_ms", after.gcMillis() - before.gcMillis());
            System.out.println(new GsonBuilder().setPrettyPrinting().create().toJson(row));
            return;
        }
        System.out.printf(
                Locale.ROOT,
                "%s, %s, %s: %d handshakes in %.1f s, %d failed%s%n",
                suite,
                gateway.configuration(),
                child ? "with a Child SA" : "childless",
                result.completed(),
                result.elapsedNanos() / 1e9,
                result.failed(),
                result.firstFailure() == null ? "" : ", the first: " + result.firstFailure());
        System.out.printf(
                Locale.ROOT,
                "%.0f handshakes/s; processor time of each: gateway %.3f ms (kernel %.3f), clients %.3f ms%n",
                result.perSecond(),
                result.responderMillis(),
                result.responder().systemNanos() / MILLION / result.completed(),
                result.ownMillis());
        System.out.printf(
                Locale.ROOT,
                "latency p50 %.1f ms, p99 %.1f, p99.9 %.1f, max %.1f; mean batch %.2f; resident %.1f KB for each SA,"
                        + " allocated %.1f KB for each handshake%n",
                latency.getValueAtPercentile(50) / MILLION,
                latency.getValueAtPercentile(99) / MILLION,
                latency.getValueAtPercentile(99.9) / MILLION,
                latency.getMaxValue() / MILLION,
                after.meanBatchSince(before),
                stood == 0 ? 0 : grown / 1024.0 / stood,
                allocated);
        after.lanesSince(before)
                .forEach((kind, calls) -> System.out.println("  " + kind + " by lanes: " + lanes(calls)));
        System.out.println("gateway, collections included " + (after.gcMillis() - before.gcMillis()) + " ms: "
                + after.operations() + " " + after.counts());
    }

    private static String lanes(List<Long> calls) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < calls.size(); i++) {
            if (calls.get(i) > 0) {
                text.append(i).append(" in ").append(calls.get(i)).append("  ");
            }
        }
        return text.toString().strip();
    }
}
