package dev.cardinal.bench.decryption;

import com.google.gson.GsonBuilder;
import dev.cardinal.bench.gateway.DecryptingGateway;
import dev.cardinal.bench.gateway.KeyPlace;
import dev.cardinal.bench.load.Scratch;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code bench decryption}: whether a gateway tells what a ciphertext was. */
@Command(
        name = "decryption",
        mixinStandardHelpOptions = true,
        description = {
            "Third messages of IKEv1's main mode with public key encryption, right ones and such as are wrong in one way,",
            "in random order from many ports at a gateway in a process of its own. Fails where the answers to a kind look",
            "different from those to right ones, or take a different time: a two-sided Mann-Whitney test with p at most --p."
        })
public final class DecryptionCommand implements Callable<Integer> {
    private static final double NANOS_PER_MICRO = 1000;
    private static final double TAIL = 0.99;
    private static final int COUNT_LIMIT = 10_000_000;
    private static final int PORTS_LIMIT = 1024;

    @Option(
            names = "--count",
            paramLabel = "N",
            defaultValue = "100000",
            description = "messages of each kind (default: ${DEFAULT-VALUE})")
    private int count;

    @Option(
            names = "--warm-up",
            paramLabel = "N",
            defaultValue = "2000",
            description = "messages of each kind before those that count (default: ${DEFAULT-VALUE})")
    private int warmUp;

    @Option(
            names = "--method",
            paramLabel = "NAME",
            defaultValue = "rsa-encr",
            description = "rsa-encr or rsa-encr-revised (default: ${DEFAULT-VALUE})")
    private String method = "";

    @Option(
            names = "--key",
            paramLabel = "PLACE",
            defaultValue = "softhsm",
            description = "where the gateway's key lies: softhsm, card or file (default: ${DEFAULT-VALUE})")
    private String key = "";

    @Option(
            names = "--bits",
            paramLabel = "N",
            defaultValue = "3072",
            description =
                    "of the gateway's key, at least 2176 for a nonce that is too long (default: ${DEFAULT-VALUE})")
    private int bits;

    @Option(
            names = "--in-flight",
            paramLabel = "N",
            defaultValue = "16",
            description = "ports, with one exchange each at a time (default: ${DEFAULT-VALUE})")
    private int inFlight;

    @Option(
            names = "--p",
            paramLabel = "P",
            defaultValue = "0.01",
            description = "from which on down a difference in time fails (default: ${DEFAULT-VALUE})")
    private double threshold;

    @Option(
            names = "--seed",
            paramLabel = "N",
            description = "of the order and the messages; else another each time, which is told")
    private long seed = System.nanoTime();

    @Option(
            names = "--slow-token-ms",
            paramLabel = "MS",
            defaultValue = "0",
            description = {
                "with --key file: makes a bad padding take so much longer, to see that this is found",
                "(default: ${DEFAULT-VALUE})"
            })
    private int slowMillis;

    @Option(names = "--json", description = "a JSON array, an object for each kind, instead of a table")
    private boolean json;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    /** What is told of a kind. */
    private record Row(Kind kind, double[] nanos, double p, Map<String, Integer> answers) {
        double micros(double share) {
            return nanos.length == 0
                    ? Double.NaN
                    : nanos[(int) Math.min((long) (share * nanos.length), nanos.length - 1)] / NANOS_PER_MICRO;
        }
    }

    @Override
    public Integer call() throws IOException, GeneralSecurityException {
        KeyPlace place = place();
        ThirdMessage.Method wanted = method();
        if (count < 1 || count > COUNT_LIMIT || warmUp < 0 || warmUp > COUNT_LIMIT) {
            throw new ParameterException(spec.commandLine(), "--count must be 1 to " + COUNT_LIMIT);
        }
        if (inFlight < 1 || inFlight > PORTS_LIMIT) {
            throw new ParameterException(spec.commandLine(), "--in-flight must be 1 to " + PORTS_LIMIT);
        }
        if (bits < 2176 || bits > 4096 || bits % 8 != 0) {
            throw new ParameterException(spec.commandLine(), "--bits must be a multiple of 8 from 2176 to 4096");
        }
        if (!(threshold > 0 && threshold < 1)) {
            throw new ParameterException(spec.commandLine(), "--p must be between 0 and 1");
        }
        if (slowMillis < 0 || slowMillis > 0 && place != KeyPlace.FILE) {
            throw new ParameterException(spec.commandLine(), "--slow-token-ms wants --key file");
        }
        Random random = new Random(seed);
        Samples samples = new Samples(count);
        try (Scratch scratch = Scratch.make();
                DecryptingGateway gateway = DecryptingGateway.start(
                        new DecryptingGateway.Order(place, wanted.keyword, bits, scratch.sub("gateway"), slowMillis))) {
            ThirdMessage messages = new ThirdMessage(wanted, gateway.key(), random);
            if (warmUp > 0) {
                try (Prober prober = new Prober(gateway.address(), messages, inFlight, new Samples(warmUp), random)) {
                    prober.run(order(warmUp, random));
                }
            }
            try (Prober prober = new Prober(gateway.address(), messages, inFlight, samples, random)) {
                prober.run(order(count, random));
            }
        }
        List<Row> rows = rows(samples);
        boolean alike = samples.alike(count);
        boolean even = rows.stream().allMatch(row -> row.kind() == Kind.GOOD || row.p() > threshold);
        if (json) {
            report(rows, alike);
        } else {
            print(rows, alike, even);
        }
        return alike && even ? 0 : 1;
    }

    private KeyPlace place() {
        return switch (key) {
            case "softhsm" -> KeyPlace.SOFTHSM;
            case "card" -> KeyPlace.CARD;
            case "file" -> KeyPlace.FILE;
            default -> throw new ParameterException(spec.commandLine(), "--key: softhsm, card or file, not " + key);
        };
    }

    private ThirdMessage.Method method() {
        for (ThirdMessage.Method known : ThirdMessage.Method.values()) {
            if (known.keyword.equals(method)) {
                return known;
            }
        }
        throw new ParameterException(spec.commandLine(), "--method: rsa-encr or rsa-encr-revised, not " + method);
    }

    /** So many of each kind, at random: what else happens meanwhile happens to all kinds alike. */
    private static List<Kind> order(int each, Random random) {
        List<Kind> order = new ArrayList<>(each * Kind.values().length);
        for (Kind kind : Kind.values()) {
            order.addAll(Collections.nCopies(each, kind));
        }
        Collections.shuffle(order, random);
        return order;
    }

    private static List<Row> rows(Samples samples) {
        double[] good = samples.sorted(Kind.GOOD);
        List<Row> rows = new ArrayList<>();
        for (Kind kind : Kind.values()) {
            double[] nanos = samples.sorted(kind);
            rows.add(new Row(kind, nanos, MannWhitney.of(nanos, good).p(), samples.shapes(kind)));
        }
        return rows;
    }

    private void report(List<Row> rows, boolean alike) {
        List<Map<String, Object>> all = new ArrayList<>();
        for (Row row : rows) {
            Map<String, Object> told = new LinkedHashMap<>();
            told.put("method", method);
            told.put("key", key);
            told.put("bits", bits);
            told.put("kind", row.kind().keyword());
            told.put("samples", row.nanos().length);
            told.put("median_us", row.micros(0.5));
            told.put("p99_us", row.micros(TAIL));
            told.put("p", row.p());
            told.put("answers", row.answers());
            told.put("answers_alike", alike);
            told.put("in_flight", inFlight);
            told.put("slow_token_ms", slowMillis);
            told.put("seed", seed);
            all.add(told);
        }
        System.out.println(new GsonBuilder()
                .setPrettyPrinting()
                .serializeSpecialFloatingPointValues()
                .create()
                .toJson(all));
    }

    private void print(List<Row> rows, boolean alike, boolean even) {
        System.out.printf(
                Locale.ROOT,
                "%s, key of %d bits on %s, %d of each kind, %d under way, seed %d%n",
                method,
                bits,
                key,
                count,
                inFlight,
                seed);
        System.out.printf("%-20s %10s %12s %12s %10s%n", "kind", "samples", "median us", "p99 us", "p");
        for (Row row : rows) {
            System.out.printf(
                    Locale.ROOT,
                    "%-20s %10d %12.1f %12.1f %10s%n",
                    row.kind().keyword(),
                    row.nanos().length,
                    row.micros(0.5),
                    row.micros(TAIL),
                    row.kind() == Kind.GOOD ? "" : String.format(Locale.ROOT, "%.4g", row.p()));
        }
        if (alike) {
            System.out.println("answers: all alike, "
                    + rows.getFirst().answers().keySet().iterator().next());
        } else {
            System.out.println("answers differ:");
            rows.forEach(row -> System.out.println("  " + row.kind().keyword() + " " + row.answers()));
        }
        System.out.println(even ? "times: no kind tells" : "times: a kind with p of at most " + threshold + " tells");
    }
}
