package dev.cardinal.bench.tune;

import dev.cardinal.bench.BenchCli;
import dev.cardinal.bench.load.Machine;
import dev.cardinal.bench.load.Scratch;
import dev.cardinal.bench.load.Suite;
import dev.cardinal.bench.load.SuiteConverter;
import dev.cardinal.hsm.HsmFailure;
import dev.cardinal.ike.config.ConfigErrors;
import dev.cardinal.ike.config.Configuration;
import dev.cardinal.ike.config.TokenConfig;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDate;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code tune}: measures how a configured token is used best, and writes that into {@code cardinal.conf}. */
@Command(
        name = "tune",
        mixinStandardHelpOptions = true,
        description = {
            "Opens a token of a configuration with one worker, two, four and so on, and several batch limits, has it do the",
            "work of a suite's handshakes, and sets workers and batch of the token's section in cardinal.conf; the figures",
            "stand above them as comments. For the crypto card it measures first from how many operations on the vector",
            "kernels are worth while, into a file beside cardinal.conf that init_args names. Without --config, or with",
            "--break-even, ./cardinal tune prints that table only."
        })
public final class TuneCommand implements Callable<Integer> {
    private static final int IN_FLIGHT_LIMIT = 1000;
    private static final int ROUNDS_LIMIT = 100;
    private static final double SECONDS_LIMIT = 600;

    /** Of a measurement's length, before it begins. */
    private static final double LEAD_SHARE = 0.2;

    @Option(
            names = "--config",
            required = true,
            paramLabel = "DIR",
            description = "folder with swanctl.conf, cardinal.conf and the folders beside them")
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private Path folder;

    @Option(
            names = "--token",
            paramLabel = "NAME",
            description = "section under tokens in cardinal.conf (default: the only one)")
    private @Nullable String tokenName;

    @Option(
            names = "--suite",
            paramLabel = "NAME",
            defaultValue = "rsa2048-x25519",
            converter = SuiteConverter.class,
            description = "handshakes to work for, as in bench handshakes (default: ${DEFAULT-VALUE})")
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private Suite suite;

    @Option(
            names = "--seconds",
            paramLabel = "S",
            defaultValue = "1",
            description = "of each measurement (default: ${DEFAULT-VALUE})")
    private double seconds;

    @Option(
            names = "--rounds",
            paramLabel = "N",
            defaultValue = "3",
            description = "measurements of each way, of which the best counts (default: ${DEFAULT-VALUE})")
    private int rounds;

    @Option(
            names = "--in-flight",
            paramLabel = "N",
            defaultValue = "64",
            description = "handshakes under way at a time (default: ${DEFAULT-VALUE})")
    private int inFlight;

    @Option(
            names = "--latency",
            paramLabel = "MS",
            defaultValue = "100",
            description =
                    "p99 of an operation that is still good, where the token keeps it at all (default: ${DEFAULT-VALUE})")
    private double latencyMillis;

    @Option(names = "--dry-run", description = "measures and tells, and writes nothing")
    private boolean dryRun;

    @Option(names = "--json", description = "one JSON object instead of a table")
    private boolean json;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    /** The process. Exit codes as {@link BenchCli}'s. */
    public static void main(String[] arguments) {
        System.exit(BenchCli.commandLine(new TuneCommand()).execute(arguments));
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        require(Files.isDirectory(folder), "no such folder: " + folder);
        require(seconds > 0 && seconds <= SECONDS_LIMIT, "--seconds must be above 0 and at most " + SECONDS_LIMIT);
        require(
                inFlight >= 1 && inFlight <= IN_FLIGHT_LIMIT,
                "--in-flight must be 1 to " + IN_FLIGHT_LIMIT + ", not " + inFlight);
        require(rounds >= 1 && rounds <= ROUNDS_LIMIT, "--rounds must be 1 to " + ROUNDS_LIMIT + ", not " + rounds);
        require(latencyMillis > 0, "--latency must be above 0");
        try (Configuration configuration = read()) {
            Path file = configuration.folder().resolve("cardinal.conf");
            String text = text(file);
            TokenConfig token = token(configuration.cardinal().tokens());
            TokenSectionText section;
            try {
                section = new TokenSectionText(text, token.name());
            } catch (IllegalArgumentException e) {
                throw new IOException(file + ": " + e.getMessage(), e);
            }
            tune(configuration, token, file, text, section);
            return 0;
        }
    }

    private void tune(Configuration configuration, TokenConfig token, Path file, String text, TokenSectionText section)
            throws IOException, InterruptedException {
        try (Scratch scratch = Scratch.make()) {
            TokenOnTrial trial = TokenOnTrial.of(configuration, token, suite);
            String table = trial.isCard() ? BreakEven.measure(Math.clamp(seconds / 100, 0.001, 0.01)) : null;
            if (trial.isCard() && table == null) {
                System.err.println("tune: the crypto card has no vector kernels here: no break-even points to write");
            }
            Path tableFile =
                    configuration.folder().resolve(token.name().replaceAll("[^A-Za-z0-9_-]", "_") + ".break-even");
            String initArgs = token.initArgs();
            if (table != null) {
                initArgs = CardSettings.withTuning(token.initArgs(), tableFile);
                Path tried = Files.writeString(scratch.folder().resolve("break-even"), table);
                trial.initialize(CardSettings.withTuning(token.initArgs(), tried));
            }
            TuneReport report = report(token, trial, table == null ? null : tableFile, file);
            if (!dryRun) {
                if (table != null) {
                    FileReplacement.write(tableFile, table);
                }
                write(token.name(), file, text, section, report, initArgs, table != null);
            }
            System.out.println(json ? report.json() : words(report));
        } catch (HsmFailure e) {
            throw new IOException("token " + token.name() + ": " + e.getMessage(), e);
        }
    }

    private TuneReport report(TokenConfig token, TokenOnTrial trial, @Nullable Path tableFile, Path file)
            throws IOException, InterruptedException {
        Duration stretch = Duration.ofNanos((long) (seconds * 1e9));
        Duration lead = Duration.ofNanos((long) (seconds * LEAD_SHARE * 1e9));
        // so that the first row is not that of code which is not compiled yet
        trial.measure(1, Search.BATCH_LIMITS.getLast(), inFlight, stretch, stretch);
        if (!json) {
            System.out.println(token.name() + ", " + suite + ": " + trial.steps());
            System.out.println(TuneReport.HEADING);
        }
        List<Point> points = Search.run(
                trial.mostWorkers(),
                rounds,
                (workers, batchLimit) -> trial.measure(workers, batchLimit, inFlight, lead, stretch),
                point -> {
                    if (!json) {
                        System.out.println(TuneReport.row(point));
                    }
                });
        return new TuneReport(
                token.name(),
                suite.name(),
                trial.steps(),
                inFlight,
                seconds,
                rounds,
                latencyMillis,
                Machine.here(),
                LocalDate.now(),
                points,
                Point.choose(points, latencyMillis),
                tableFile,
                file,
                !dryRun);
    }

    /** What the file says afterwards is read back: a file that it includes may say otherwise. */
    private void write(
            String name,
            Path file,
            String text,
            TokenSectionText section,
            TuneReport report,
            @Nullable String initArgs,
            boolean tuned)
            throws IOException {
        Map<String, String> values = new LinkedHashMap<>();
        values.put("workers", Integer.toString(report.chosen().workers()));
        values.put("batch", Integer.toString(report.chosen().batchLimit()));
        if (tuned) {
            values.put("init_args", Objects.requireNonNull(initArgs));
        }
        if (!text(file).equals(text)) {
            throw new IOException(file + " has changed during the measurement: nothing was written");
        }
        FileReplacement.write(file, section.with(values, report.comments()));
        boolean stands = false;
        try (Configuration after = read()) {
            stands = after.cardinal().tokens().stream()
                    .anyMatch(t -> t.name().equals(name)
                            && t.workers() == report.chosen().workers()
                            && t.batchLimit() == report.chosen().batchLimit()
                            && Objects.equals(t.initArgs(), initArgs));
        } finally {
            if (!stands) {
                FileReplacement.write(file, text);
            }
        }
        if (!stands) {
            throw new IOException(
                    file + ": another section or an included file sets workers, batch or init_args of tokens." + name
                            + " again: the file is as it was");
        }
    }

    private static String words(TuneReport report) {
        Point chosen = report.chosen();
        StringBuilder text = new StringBuilder();
        text.append("chosen: workers = ")
                .append(chosen.workers())
                .append(", batch = ")
                .append(chosen.batchLimit());
        Path table = report.breakEven();
        if (table != null) {
            text.append(", tuning = ").append(table);
        }
        return text.append(report.written() ? "; written to " : "; not written to ")
                .append(report.file())
                .toString();
    }

    private Configuration read() throws IOException {
        ConfigErrors errors = new ConfigErrors();
        Configuration configuration = Configuration.read(folder, Configuration.Ports.GATEWAY, errors);
        if (errors.isEmpty()) {
            return configuration;
        }
        configuration.close();
        throw new IOException(
                errors.list().stream().map(Object::toString).collect(Collectors.joining(System.lineSeparator())));
    }

    private static String text(Path file) throws IOException {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(Files.readAllBytes(file)))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new IOException(file + ": not UTF-8", e);
        }
    }

    private TokenConfig token(List<TokenConfig> tokens) {
        require(!tokens.isEmpty(), folder + " configures no token");
        String known = tokens.stream().map(TokenConfig::name).collect(Collectors.joining(", "));
        String wanted = tokenName;
        if (wanted == null) {
            require(tokens.size() == 1, "--token is needed, there are several: " + known);
            return tokens.getFirst();
        }
        List<TokenConfig> found =
                tokens.stream().filter(t -> t.name().equals(wanted)).toList();
        require(!found.isEmpty(), "--token '" + wanted + "' is not configured; configured: " + known);
        return found.getFirst();
    }

    private void require(boolean holds, String complaint) {
        if (!holds) {
            throw new ParameterException(spec.commandLine(), complaint);
        }
    }
}
