package dev.cardinal.bench.compare;

import dev.cardinal.bench.gateway.KeyPlace;
import dev.cardinal.bench.load.Machine;
import dev.cardinal.bench.load.Progress;
import dev.cardinal.bench.load.Suite;
import dev.cardinal.bench.load.SuiteConverter;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code bench compare}: what a handshake costs Cardinal and a peer, measured in turn; see {@link Comparison}. */
@Command(
        name = "compare",
        mixinStandardHelpOptions = true,
        description = {
            "Starts Cardinal and the peer as responders on one processor, each in its best configuration, loads them in turn,",
            "and tells the processor time of a handshake at each. The ratio is the peer's over Cardinal's."
        })
public final class CompareCommand implements Callable<Integer> {
    private static final String STRONGSWAN = "strongswan";
    private static final List<String> SUITES =
            List.of("rsa2048-modp2048", "rsa2048-x25519", "ecdsa256-ecp256", "psk-x25519");
    private static final int PAIRS_LIMIT = 1000;
    private static final int SECONDS_LIMIT = 600;
    private static final int CLIENTS_LIMIT = 100_000;
    private static final int IN_FLIGHT_LIMIT = 10_000;
    private static final int HEAP_LEAST = 256;

    @Option(
            names = "--peer",
            paramLabel = "NAME",
            defaultValue = STRONGSWAN,
            description = "strongswan, Debian's (default)")
    private String peer = STRONGSWAN;

    @Option(
            names = "--suite",
            paramLabel = "NAME",
            converter = SuiteConverter.class,
            description =
                    "psk, rsa2048, rsa3072, rsa4096 or ecdsa256 (for IKEv1 with ikev1- before it), a dash and a key exchange method; may be repeated"
                            + " (default: rsa2048-modp2048, rsa2048-x25519, ecdsa256-ecp256, psk-x25519)")
    private List<Suite> suites = List.of();

    @Option(
            names = "--key",
            paramLabel = "PLACE",
            defaultValue = "card",
            description = {
                "where the private keys lie: card (default), Cardinal's key and key exchange on the crypto card, the peer's",
                "key in a file; softhsm, both on SoftHSM; file, both in files"
            })
    private String key = "card";

    @Option(
            names = "--pairs",
            paramLabel = "N",
            defaultValue = "7",
            description = "windows of each, in turn (default: ${DEFAULT-VALUE})")
    private int pairs;

    @Option(
            names = "--seconds",
            paramLabel = "S",
            defaultValue = "5",
            description = "of a window (default: ${DEFAULT-VALUE})")
    private int seconds;

    @Option(
            names = "--in-flight",
            paramLabel = "N",
            defaultValue = "96",
            description = "handshakes under way at a time, at least " + Window.LEAST_IN_FLIGHT
                    + " (default: ${DEFAULT-VALUE})")
    private int inFlight;

    @Option(
            names = "--clients",
            paramLabel = "N",
            defaultValue = "1000",
            description = "distinct clients, each with a certificate of its own (default: ${DEFAULT-VALUE})")
    private int clients;

    @Option(
            names = "--warm-up",
            paramLabel = "S",
            defaultValue = "40",
            description = "seconds of load on Cardinal before the first window (default: ${DEFAULT-VALUE})")
    private int warmUp;

    @Option(
            names = "--core",
            paramLabel = "N",
            defaultValue = "0",
            description = "the processor of both responders (default: ${DEFAULT-VALUE})")
    private int core;

    @Option(
            names = "--heap",
            paramLabel = "MB",
            defaultValue = "4096",
            description = "of Cardinal's JVM, which keeps all SAs (default: ${DEFAULT-VALUE})")
    private int heap;

    @Option(
            names = "--child",
            description = "measures each suite once more with a Child SA, told apart and without a ratio")
    private boolean child;

    @Option(names = "--json", description = "a JSON array with an object for each suite instead of a table")
    private boolean json;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException, InterruptedException {
        Comparison.Plan plan = plan();
        Report report = new Report(key, pairs, seconds, inFlight, clients, Machine.here());
        List<Comparison.Outcome> outcomes = new ArrayList<>();
        for (boolean withChild : child ? List.of(false, true) : List.of(false)) {
            for (Suite suite : suites()) {
                outcomes.add(run(plan, suite, withChild));
                if (!json) {
                    System.out.print(report.text(outcomes.getLast(), outcomes.size() == 1));
                }
            }
        }
        if (json) {
            System.out.println(report.json(outcomes));
        }
        return 0;
    }

    private static Comparison.Outcome run(Comparison.Plan plan, Suite suite, boolean withChild)
            throws IOException, InterruptedException {
        Progress progress = Progress.of(plan.loadSeconds());
        try {
            return new Comparison(plan).run(suite, withChild);
        } finally {
            progress.end();
        }
    }

    private Comparison.Plan plan() {
        require(peer.equals(STRONGSWAN), "--peer '" + peer + "' is not known; known: " + STRONGSWAN);
        require(pairs >= 1 && pairs <= PAIRS_LIMIT, "--pairs must be 1 to " + PAIRS_LIMIT + ", not " + pairs);
        require(
                seconds >= 1 && seconds <= SECONDS_LIMIT,
                "--seconds must be 1 to " + SECONDS_LIMIT + ", not " + seconds);
        require(warmUp >= 1 && warmUp <= SECONDS_LIMIT, "--warm-up must be 1 to " + SECONDS_LIMIT + ", not " + warmUp);
        require(
                inFlight >= Window.LEAST_IN_FLIGHT && inFlight <= IN_FLIGHT_LIMIT,
                "--in-flight must be " + Window.LEAST_IN_FLIGHT + " to " + IN_FLIGHT_LIMIT + ", not " + inFlight);
        require(
                clients >= 1 && clients <= CLIENTS_LIMIT,
                "--clients must be 1 to " + CLIENTS_LIMIT + ", not " + clients);
        require(core >= 0, "--core must be a processor's number, not " + core);
        require(heap >= HEAP_LEAST, "--heap must be at least " + HEAP_LEAST + ", not " + heap);
        return new Comparison.Plan(keyPlace(), pairs, seconds, inFlight, clients, warmUp, core, heap);
    }

    private void require(boolean holds, String complaint) {
        if (!holds) {
            throw new ParameterException(spec.commandLine(), complaint);
        }
    }

    private KeyPlace keyPlace() {
        for (KeyPlace place : KeyPlace.values()) {
            if (place.name().toLowerCase(Locale.ROOT).equals(key)) {
                return place;
            }
        }
        throw new ParameterException(
                spec.commandLine(), "--key '" + key + "' is not known; known: card, softhsm, file");
    }

    private List<Suite> suites() {
        return suites.isEmpty() ? SUITES.stream().map(Suite::of).toList() : suites;
    }
}
