package dev.cardinal.bench.storm;

import com.google.gson.GsonBuilder;
import dev.cardinal.bench.gateway.CardinalGateway;
import dev.cardinal.bench.gateway.GatewayOrder;
import dev.cardinal.bench.gateway.GatewayStatistics;
import dev.cardinal.bench.gateway.KeyPlace;
import dev.cardinal.bench.gateway.ProcessAccounting;
import dev.cardinal.bench.load.ClientFleet;
import dev.cardinal.bench.load.Clients;
import dev.cardinal.bench.load.LoadGenerator;
import dev.cardinal.bench.load.Machine;
import dev.cardinal.bench.load.Progress;
import dev.cardinal.bench.load.Scratch;
import dev.cardinal.bench.load.Suite;
import dev.cardinal.bench.load.SuiteConverter;
import dev.cardinal.ike.observe.NoticeKind;
import dev.cardinal.ike.sa.SaCommand;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code bench storm}: all clients come back at once. */
@Command(
        name = "storm",
        mixinStandardHelpOptions = true,
        description = {
            "All clients of a gateway begin at once, as after its restart, each with its own retransmission timers.",
            "The gateway asks for cookies as it does by default. The closed loop's rate, measured before, is the measure."
        })
public final class StormCommand implements Callable<Integer> {
    private static final Duration LEAD = Duration.ofMillis(500);
    private static final long STEP_NANOS = 100_000_000L;
    private static final int STEPS_PER_SECOND = 10;

    /** Clients that wait to begin: enough that the loop never lacks one, few enough that none is refused. */
    private static final int AHEAD = 2000;

    /** Clients of the storm before the storm, at most. */
    private static final int REHEARSAL = 30_000;

    /** strongSwan's default of half-open SAs from which on cookies are asked for. */
    private static final int COOKIE_THRESHOLD = 30;

    @Option(
            names = "--clients",
            paramLabel = "N",
            defaultValue = "100000",
            description = "that come back (default: ${DEFAULT-VALUE})")
    private int clients;

    @Option(
            names = "--suite",
            paramLabel = "NAME",
            defaultValue = "rsa2048-x25519",
            converter = SuiteConverter.class,
            description = "as in bench handshakes (default: ${DEFAULT-VALUE})")
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private Suite suite;

    @Option(
            names = "--certificates",
            paramLabel = "N",
            defaultValue = "1000",
            description = "that the clients share (default: ${DEFAULT-VALUE})")
    private int certificates;

    @Option(
            names = "--addresses",
            paramLabel = "N",
            defaultValue = "250",
            description = "of the clients (default: ${DEFAULT-VALUE})")
    private int addresses;

    @Option(
            names = "--in-flight",
            paramLabel = "N",
            defaultValue = "64",
            description = "of the closed loop (default: ${DEFAULT-VALUE})")
    private int inFlight;

    @Option(
            names = "--warm-up",
            paramLabel = "S",
            defaultValue = "40",
            description = "seconds of load before the closed loop is measured (default: ${DEFAULT-VALUE})")
    private int warmUp;

    @Option(
            names = "--seconds",
            paramLabel = "S",
            defaultValue = "8",
            description = "of the closed loop's measurement (default: ${DEFAULT-VALUE})")
    private int seconds;

    @Option(
            names = "--cold",
            description = "restarts the gateway's JVM before the storm, so that its code is not compiled yet")
    private boolean cold;

    @Option(
            names = "--core",
            paramLabel = "N",
            defaultValue = "0",
            description = "the processor that the gateway is pinned to, -1 for none (default: ${DEFAULT-VALUE})")
    private int core;

    @Option(
            names = "--heap",
            paramLabel = "MB",
            defaultValue = "3072",
            description = "of the gateway's JVM (default: ${DEFAULT-VALUE})")
    private int heap;

    @Option(names = "--jvm-option", paramLabel = "OPTION", description = "for the gateway's JVM; may be repeated")
    private List<String> jvmOptions = List.of();

    @Option(names = "--limit", paramLabel = "S", defaultValue = "300", description = "seconds at most")
    private int limit;

    @Option(names = "--svg", paramLabel = "FILE", description = "where the plot goes")
    private @Nullable Path svg;

    @Option(names = "--json", description = "one JSON object instead of a table")
    private boolean json;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (clients < 1
                || certificates < 1
                || seconds < 1
                || warmUp < 0
                || inFlight < 1
                || addresses < 1
                || addresses > Clients.ADDRESS_LIMIT) {
            throw new ParameterException(
                    spec.commandLine(), "numbers must be positive, --addresses at most " + Clients.ADDRESS_LIMIT);
        }
        try (Scratch scratch = Scratch.make();
                ClientFleet fleet = ClientFleet.create(suite, certificates)) {
            double maximum;
            CardinalGateway gateway = start(scratch, fleet, "gateway");
            try {
                rehearse(fleet, gateway);
                maximum = closedLoop(fleet, gateway);
                if (cold) {
                    gateway.close();
                    gateway = start(scratch, fleet, "restarted");
                }
                return storm(fleet, gateway, maximum);
            } finally {
                gateway.close();
            }
        }
    }

    private CardinalGateway start(Scratch scratch, ClientFleet fleet, String name) throws IOException {
        GatewayOrder order = new GatewayOrder(
                suite,
                KeyPlace.CARD,
                false,
                fleet.pki(),
                scratch.sub(name),
                InetAddress.getByAddress(new byte[] {127, 0, 0, 1}),
                0,
                core,
                heap);
        // thresholds for single addresses stay off: here hundreds of clients share one
        return CardinalGateway.start(
                order,
                CardinalGateway.Tuning.NONE
                        .withJvmOptions(jvmOptions)
                        .with("cookie_threshold", Integer.toString(COOKIE_THRESHOLD)));
    }

    /** A smaller storm, after which the code that a storm needs is compiled; nothing of it is measured. */
    private void rehearse(ClientFleet fleet, CardinalGateway gateway) throws IOException, InterruptedException {
        int some = Math.min(clients, REHEARSAL);
        try (Clients load = Clients.open(fleet, gateway.address(), false, addresses, 1)) {
            AtomicLong established = new AtomicLong();
            AtomicLong failed = new AtomicLong();
            feed(load, some, established, failed, new AtomicReference<>());
            long deadline = System.nanoTime() + Duration.ofSeconds(limit).toNanos();
            while (established.get() + failed.get() < some && System.nanoTime() - deadline < 0) {
                Thread.sleep(Duration.ofNanos(STEP_NANOS));
            }
        }
    }

    private double closedLoop(ClientFleet fleet, CardinalGateway gateway) throws IOException, InterruptedException {
        Progress progress = Progress.of(warmUp + seconds);
        try (LoadGenerator load =
                LoadGenerator.open(fleet, gateway.address(), gateway.accounting(), false, addresses, 1)) {
            load.closedLoop(inFlight, LEAD, Duration.ofSeconds(warmUp));
            double rate =
                    load.closedLoop(inFlight, LEAD, Duration.ofSeconds(seconds)).perSecond();
            progress.end();
            return rate;
        }
    }

    private int storm(ClientFleet fleet, CardinalGateway gateway, double maximum)
            throws IOException, InterruptedException {
        try (Clients load = Clients.open(fleet, gateway.address(), false, addresses, 1)) {
            GatewayStatistics before = gateway.statistics();
            AtomicLong established = new AtomicLong();
            AtomicLong failed = new AtomicLong();
            AtomicReference<@Nullable String> firstFailure = new AtomicReference<>();
            long begun = System.nanoTime();
            Thread feeder = Thread.ofPlatform()
                    .name("feeder")
                    .start(() -> feed(load, clients, established, failed, firstFailure));
            List<Long> counts = new ArrayList<>();
            List<Double> busy = new ArrayList<>();
            List<Double> clientsBusy = new ArrayList<>();
            ProcessAccounting own =
                    new ProcessAccounting(ProcessHandle.current().pid());
            ProcessAccounting.Reading last = gateway.accounting().read();
            ProcessAccounting.Reading ownLast = own.read();
            long deadline = begun + Duration.ofSeconds(limit).toNanos();
            while (established.get() + failed.get() < clients && System.nanoTime() - deadline < 0) {
                long wait = begun + (counts.size() + 1) * STEP_NANOS - System.nanoTime();
                if (wait > 0) {
                    Thread.sleep(Duration.ofNanos(wait));
                }
                counts.add(established.get());
                if (counts.size() % STEPS_PER_SECOND == 0) {
                    ProcessAccounting.Reading now = gateway.accounting().read();
                    ProcessAccounting.Reading ownNow = own.read();
                    busy.add(share(now.since(last)));
                    clientsBusy.add(share(ownNow.since(ownLast)));
                    last = now;
                    ownLast = ownNow;
                }
            }
            feeder.interrupt();
            feeder.join();
            Course course = new Course(STEP_NANOS, counts);
            GatewayStatistics after = gateway.statistics();
            report(
                    course,
                    established.get(),
                    failed.get(),
                    firstFailure.get(),
                    maximum,
                    load,
                    before,
                    after,
                    new Busy(busy, clientsBusy));
            return established.get() == clients ? 0 : 1;
        }
    }

    /** Shares of a processor by second. */
    private record Busy(List<Double> gateway, List<Double> clients) {}

    private static double share(ProcessAccounting.Reading used) {
        return used.cpuNanos() / (double) used.atNanos();
    }

    private static void feed(
            Clients load,
            int clients,
            AtomicLong established,
            AtomicLong failed,
            AtomicReference<@Nullable String> firstFailure) {
        for (int i = 0; i < clients; i++) {
            while (i - load.begun() >= AHEAD) {
                try {
                    Thread.sleep(1);
                } catch (InterruptedException e) {
                    return;
                }
            }
            load.begin((ownSpi, failure) -> {
                if (failure == null) {
                    established.incrementAndGet();
                    load.command(ownSpi, new SaCommand.Forget());
                } else {
                    failed.incrementAndGet();
                    firstFailure.compareAndSet(null, failure);
                }
            });
        }
    }

    private void report(
            Course course,
            long established,
            long failed,
            @Nullable String firstFailure,
            double maximum,
            Clients load,
            GatewayStatistics before,
            GatewayStatistics after,
            Busy busy)
            throws IOException {
        double least = course.leastGoodput(clients, maximum);
        Map<String, Long> drops = new LinkedHashMap<>();
        after.counts().forEach((name, count) -> {
            long during = count - before.counts().getOrDefault(name, 0L);
            if (during > 0
                    && (name.startsWith("DROPPED")
                            || name.equals("QUEUE_FULL")
                            || name.equals("REFUSED")
                            || name.equals("FIRST_MESSAGES_REPEATED"))) {
                drops.put(name.toLowerCase(Locale.ROOT), during);
            }
        });
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("suite", suite.name());
        row.put("clients", clients);
        row.put("cold", cold);
        row.put("machine", Machine.here());
        row.put("established", established);
        row.put("failed", failed);
        row.put("closed_loop_per_s", maximum);
        row.put(
                "seconds_until",
                Map.of(
                        "50", course.secondsUntil(clients / 2),
                        "90", course.secondsUntil(clients * 9L / 10),
                        "99", course.secondsUntil(clients * 99L / 100),
                        "100", course.secondsUntil(clients)));
        row.put("least_goodput_per_s", least);
        row.put("least_goodput_share", least / maximum);
        row.put("goodput_per_s", course.goodput());
        row.put("gateway_busy", busy.gateway());
        row.put("clients_busy", busy.clients());
        row.put("datagrams_received", during("RECEIVED", before, after));
        row.put("cookies_sent", during("COOKIES_DEMANDED", before, after));
        row.put("repetitions_while_waiting", during("INTAKE_REPEATED", before, after));
        row.put("clients_retransmissions", load.notices(NoticeKind.RETRANSMITTED));
        row.put("drops", drops);
        row.put("mean_batch", after.meanBatchSince(before));
        Path file = svg;
        if (file != null) {
            Files.writeString(
                    file,
                    StormPlot.draw(
                            String.format(
                                    Locale.ROOT,
                                    "%,d clients come back at once: %s, %s gateway",
                                    clients,
                                    suite,
                                    cold ? "restarted" : "warm"),
                            course,
                            clients,
                            maximum));
        }
        if (json) {
            System.out.println(new GsonBuilder().setPrettyPrinting().create().toJson(row));
            return;
        }
        System.out.printf(
                Locale.ROOT,
                "%s: %d of %d clients established, %d failed%s%n",
                suite,
                established,
                clients,
                failed,
                firstFailure == null ? "" : ", the first: " + firstFailure);
        System.out.printf(
                Locale.ROOT,
                "50 %% in %.1f s, 90 %% in %.1f s, 99 %% in %.1f s, 100 %% in %.1f s%n",
                course.secondsUntil(clients / 2),
                course.secondsUntil(clients * 9L / 10),
                course.secondsUntil(clients * 99L / 100),
                course.secondsUntil(clients));
        System.out.printf(
                Locale.ROOT,
                "closed loop %.0f/s; least goodput of a second after the first %.0f/s, %.0f %%%n",
                maximum,
                least,
                100 * least / maximum);
        System.out.println("goodput by second: "
                + course.goodput().stream()
                        .map(rate -> String.format(Locale.ROOT, "%.0f", rate))
                        .toList());
        System.out.println("gateway's share of a processor: " + shares(busy.gateway()));
        System.out.println("clients' share of a processor: " + shares(busy.clients()));
        System.out.println("datagrams received " + during("RECEIVED", before, after) + ", messages to SAs "
                + during("MESSAGES", before, after) + ", SAs begun " + during("RESPONDERS", before, after));
        System.out.println("cookies " + during("COOKIES_DEMANDED", before, after) + ", clients' retransmissions "
                + load.notices(NoticeKind.RETRANSMITTED) + ", of them while the client waited for its turn "
                + during("INTAKE_REPEATED", before, after) + ", drops " + drops);
        System.out.printf(Locale.ROOT, "mean batch %.2f%n", after.meanBatchSince(before));
    }

    private static List<String> shares(List<Double> shares) {
        return shares.stream()
                .map(share -> String.format(Locale.ROOT, "%.2f", share))
                .toList();
    }

    private static long during(String count, GatewayStatistics before, GatewayStatistics after) {
        return after.counts().getOrDefault(count, 0L) - before.counts().getOrDefault(count, 0L);
    }
}
