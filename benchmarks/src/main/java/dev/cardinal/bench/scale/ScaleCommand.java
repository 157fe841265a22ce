package dev.cardinal.bench.scale;

import com.google.gson.GsonBuilder;
import dev.cardinal.bench.gateway.CardinalGateway;
import dev.cardinal.bench.gateway.GatewayOrder;
import dev.cardinal.bench.gateway.GatewayStatistics;
import dev.cardinal.bench.gateway.KeyPlace;
import dev.cardinal.bench.gateway.ProcessAccounting;
import dev.cardinal.bench.load.ClientFleet;
import dev.cardinal.bench.load.Clients;
import dev.cardinal.bench.load.Machine;
import dev.cardinal.bench.load.Scratch;
import dev.cardinal.bench.load.Suite;
import dev.cardinal.bench.load.SuiteConverter;
import dev.cardinal.ike.observe.NoticeKind;
import dev.cardinal.ike.sa.SaCommand;
import java.io.IOException;
import java.net.InetAddress;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.LongSupplier;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code bench scale}: established SAs by the hundred thousand. */
@Command(
        name = "scale",
        mixinStandardHelpOptions = true,
        description = {
            "Establishes SAs and holds them all on both sides: octets of each, the price of holding them, of signs of life",
            "and of rekeying; then lets as many come and go again, after which nothing may have grown."
        })
public final class ScaleCommand implements Callable<Integer> {
    private static final double NANOS_PER_MICRO = 1000;

    /** Growth for each SA that came and went that would be no noise of the collector. */
    private static final double GROWTH_LIMIT = 64;

    @Option(
            names = "--sas",
            paramLabel = "N",
            defaultValue = "100000",
            description = "SAs to establish (default: ${DEFAULT-VALUE})")
    private int sas;

    @Option(
            names = "--suite",
            paramLabel = "NAME",
            defaultValue = "psk-x25519",
            converter = SuiteConverter.class,
            description = "as in bench handshakes (default: ${DEFAULT-VALUE})")
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private Suite suite;

    @Option(names = "--childless", description = "without a Child SA each")
    private boolean childless;

    @Option(
            names = "--clients",
            paramLabel = "N",
            defaultValue = "1000",
            description = "distinct identities (default: ${DEFAULT-VALUE})")
    private int clients;

    @Option(
            names = "--addresses",
            paramLabel = "N",
            defaultValue = "64",
            description = "of the clients (default: ${DEFAULT-VALUE})")
    private int addresses;

    @Option(
            names = "--in-flight",
            paramLabel = "N",
            defaultValue = "256",
            description = "handshakes under way at a time (default: ${DEFAULT-VALUE})")
    private int inFlight;

    @Option(
            names = "--sample",
            paramLabel = "N",
            defaultValue = "20000",
            description = "SAs that are asked for a sign of life, rekeyed, and replaced (default: ${DEFAULT-VALUE})")
    private int sample;

    @Option(
            names = "--dpd",
            paramLabel = "S",
            defaultValue = "0",
            description = "silence after which the gateway asks every client for a sign of life (default: never)")
    private int dpd;

    @Option(
            names = "--idle",
            paramLabel = "S",
            defaultValue = "10",
            description = "seconds of holding them that are measured (default: ${DEFAULT-VALUE})")
    private int idle;

    @Option(
            names = "--heap",
            paramLabel = "MB",
            defaultValue = "2048",
            description = "of the gateway's JVM (default: ${DEFAULT-VALUE})")
    private int heap;

    @Option(
            names = "--core",
            paramLabel = "N",
            defaultValue = "0",
            description = "the processor that the gateway is pinned to, -1 for none (default: ${DEFAULT-VALUE})")
    private int core;

    @Option(names = "--json", description = "one JSON object instead of a table")
    private boolean json;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (sas < 1
                || clients < 1
                || inFlight < 1
                || sample < 0
                || idle < 1
                || dpd < 0
                || addresses < 1
                || addresses > Clients.ADDRESS_LIMIT) {
            throw new ParameterException(
                    spec.commandLine(), "numbers must be positive, --addresses at most " + Clients.ADDRESS_LIMIT);
        }
        try (Scratch scratch = Scratch.make();
                ClientFleet fleet = ClientFleet.create(suite, clients)) {
            GatewayOrder order = new GatewayOrder(
                    suite,
                    KeyPlace.CARD,
                    !childless,
                    fleet.pki(),
                    scratch.sub("gateway"),
                    InetAddress.getByAddress(new byte[] {127, 0, 0, 1}),
                    0,
                    core,
                    heap);
            try (CardinalGateway gateway = CardinalGateway.start(order, CardinalGateway.Tuning.NONE.withDpd(dpd));
                    Clients load = Clients.open(fleet, gateway.address(), !childless, addresses, 1)) {
                return run(gateway, new Population(load, sas + 2 * sample));
            }
        }
    }

    private int run(CardinalGateway gateway, Population population) throws IOException, InterruptedException {
        int lead = Math.min(sas, sample); // so that what exists once is there before anything is counted
        population.establish(lead, inFlight);
        GatewayStatistics empty = gateway.collected();
        long residentEmpty = gateway.accounting().residentOctets();
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("suite", suite.name());
        row.put("child", !childless);
        row.put("sas", sas);
        row.put("machine", Machine.here());

        ProcessAccounting.Reading began = gateway.accounting().read();
        population.establish(sas - lead, inFlight);
        ProcessAccounting.Reading handshakes = gateway.accounting().read().since(began);
        GatewayStatistics full = gateway.collected();
        long resident = gateway.accounting().residentOctets();
        int counted = Math.max(1, sas - lead);
        row.put("established", full.established());
        row.put("per_s", (sas - lead) * 1e9 / Math.max(1, handshakes.atNanos()));
        row.put("heap_octets_per_sa", (full.liveOctets() - empty.liveOctets()) / (double) counted);
        row.put("rss_octets_per_sa", (resident - residentEmpty) / (double) counted);
        row.put("gateway_heap_mb", full.liveOctets() >> 20);
        row.put("gateway_rss_mb", resident >> 20);
        row.put("clients_rss_mb", population.residentOctets() >> 20);

        // holding them; with --dpd this is the load of signs of life
        long messages = gateway.statistics().counts().getOrDefault("MESSAGES", 0L);
        ProcessAccounting.Reading before = gateway.accounting().read();
        Thread.sleep(Duration.ofSeconds(idle));
        ProcessAccounting.Reading held = gateway.accounting().read().since(before);
        row.put("idle_cpu_share", held.cpuNanos() / (double) held.atNanos());
        row.put(
                "idle_messages_per_s",
                (gateway.statistics().counts().getOrDefault("MESSAGES", 0L) - messages) * 1e9 / held.atNanos());

        int asked = Math.min(sample, population.size());
        row.put("liveness_cpu_us", price(gateway, asked, () -> population.checkLiveness(asked)));
        row.put("liveness_answered", population.answered());
        row.put("rekey_cpu_us", price(gateway, asked, () -> population.rekey(asked)));
        row.put("rekeyed", population.rekeyed());

        long liveBefore = gateway.collected().liveOctets();
        population.replace(asked, inFlight);
        long grown = gateway.collected().liveOctets() - liveBefore;
        row.put("growth_octets_per_replaced_sa", grown / (double) Math.max(1, asked));
        row.put("established_at_end", gateway.established());
        row.put("failed", population.failed());

        boolean whole = full.established() == sas
                && population.failed() == 0
                && population.answered() == asked
                && population.rekeyed() == asked
                && gateway.established() == sas
                && grown < GROWTH_LIMIT * Math.max(asked, 1);
        row.put("ok", whole);
        print(row);
        return whole ? 0 : 1;
    }

    /** Something to be done to so many SAs; returns when it is done. */
    private interface Work {
        void run() throws InterruptedException;
    }

    /** Microseconds of the gateway's processor time for each. */
    private static double price(CardinalGateway gateway, int count, Work work)
            throws IOException, InterruptedException {
        ProcessAccounting.Reading before = gateway.accounting().read();
        work.run();
        return gateway.accounting().read().since(before).cpuNanos() / NANOS_PER_MICRO / Math.max(1, count);
    }

    private void print(Map<String, Object> row) {
        if (json) {
            System.out.println(new GsonBuilder().setPrettyPrinting().create().toJson(row));
            return;
        }
        row.forEach((key, value) -> System.out.println(
                key + ": " + (value instanceof Double number ? String.format(Locale.ROOT, "%.2f", number) : value)));
    }

    /** The clients' side. */
    private static final class Population {
        private static final long PAUSE_MILLIS = 2;
        private static final Duration PATIENCE = Duration.ofMinutes(2);

        /** Orders that may wait in the clients' loop; more are lost. */
        private static final int ORDERS = 1000;

        private final Clients load;
        private final long[] spis;
        private final ProcessAccounting own =
                new ProcessAccounting(ProcessHandle.current().pid());
        private int size;
        private int underWay;
        private long failed;
        private long answered;
        private long rekeyed;

        Population(Clients load, int limit) {
            this.load = load;
            this.spis = new long[limit];
        }

        int size() {
            return size;
        }

        synchronized long failed() {
            return failed;
        }

        long answered() {
            return answered;
        }

        long rekeyed() {
            return rekeyed;
        }

        long residentOctets() throws IOException {
            return own.residentOctets();
        }

        void establish(int count, int inFlight) throws InterruptedException {
            for (int i = 0; i < count; i++) {
                synchronized (this) {
                    while (underWay >= inFlight) {
                        wait();
                    }
                    underWay++;
                }
                load.begin(this::ended);
            }
            synchronized (this) {
                while (underWay > 0) {
                    wait();
                }
            }
        }

        private synchronized void ended(long ownSpi, @org.jspecify.annotations.Nullable String failure) {
            underWay--;
            if (failure == null) {
                spis[size++] = ownSpi;
            } else {
                failed++;
            }
            notifyAll();
        }

        /** One sign of life of each of the first ones; each is one answer of the gateway's. */
        void checkLiveness(int count) throws InterruptedException {
            long before = load.messages();
            order(0, count, new SaCommand.CheckLiveness(), load::messages);
            answered = load.messages() - before;
        }

        /** Rekeys the last ones, which get new SPIs and are not known here any more. */
        void rekey(int count) throws InterruptedException {
            long before = load.notices(NoticeKind.IKE_REKEYED);
            long closed = load.closed();
            order(size - count, count, new SaCommand.RekeyIke(), () -> load.notices(NoticeKind.IKE_REKEYED));
            rekeyed = load.notices(NoticeKind.IKE_REKEYED) - before;
            await(load::closed, closed + count); // the old ones are deleted after the new ones stand
            size -= count;
        }

        /** Deletes the first ones and establishes as many others. */
        void replace(int count, int inFlight) throws InterruptedException {
            int gone = Math.min(count, size);
            long before = load.closed();
            order(0, gone, new SaCommand.DeleteIke(), load::closed);
            await(load::closed, before + gone);
            System.arraycopy(spis, gone, spis, 0, size - gone);
            size -= gone;
            establish(gone, inFlight);
        }

        /** Gives an order to a stretch of SAs, as fast as they are carried out. */
        private void order(int from, int count, SaCommand command, LongSupplier done) throws InterruptedException {
            long before = done.getAsLong();
            for (int i = 0; i < count; i++) {
                while (i - (done.getAsLong() - before) >= ORDERS) {
                    Thread.sleep(PAUSE_MILLIS);
                }
                load.command(spis[from + i], command);
            }
            await(done, before + count);
        }

        private static void await(LongSupplier value, long wanted) throws InterruptedException {
            long deadline = System.nanoTime() + PATIENCE.toNanos();
            while (value.getAsLong() < wanted && System.nanoTime() - deadline < 0) {
                Thread.sleep(PAUSE_MILLIS);
            }
        }
    }
}
