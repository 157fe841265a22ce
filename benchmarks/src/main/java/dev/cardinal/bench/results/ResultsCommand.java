package dev.cardinal.bench.results;

import dev.cardinal.bench.load.Machine;
import dev.cardinal.bench.load.Scratch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code bench results}: all benchmarks one after another, and the page of their figures. */
@Command(
        name = "results",
        mixinStandardHelpOptions = true,
        description = {
            "Runs the benchmarks one after another and writes benchmarks/RESULTS.md and its plots. Each part's figures are kept",
            "in benchmarks/results; parts that are not run again stay as they were. A part that fails is told in the page",
            "instead of its figures. Hours of this machine, which should do nothing else; bench compare needs root."
        })
public final class ResultsCommand implements Callable<Integer> {
    /** The property that tells the project's folder; the launcher sets it. */
    static final String ROOT = "cardinal.root";

    @Option(
            names = "--only",
            arity = "1..*",
            paramLabel = "PART",
            description =
                    "runs these parts, or groups of parts, and keeps the others' last results: handshakes, compare,"
                            + " overhead, storm, scale, primitives, jmh")
    private List<String> only = List.of();

    @Option(names = "--large", description = "a million SAs too")
    private boolean large;

    @Option(
            names = "--quick",
            description = "a trial with short runs, whose figures mean nothing; written into target/quick-results")
    private boolean quick;

    @Option(names = "--page", description = "runs nothing: the page anew out of the last results")
    private boolean pageOnly;

    @Option(names = "--no-install", description = "installs no packages")
    private boolean noInstall;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException, InterruptedException {
        Path root = root();
        Path folder = root.resolve(quick ? "target/quick-results" : "benchmarks");
        Path kept = Files.createDirectories(folder.resolve("results"));
        String plots = root.relativize(kept).toString();
        List<Part> wanted = wanted(Part.all(new Part.Plan(quick, large, plots)));
        int failed = 0;
        try (Scratch scratch = Scratch.make()) {
            Launch launch = new Launch(root, scratch.folder(), Machine.here(), !noInstall);
            for (Part part : pageOnly ? List.<Part>of() : wanted) {
                System.err.println(part.name() + ": " + part.command());
                Result result = launch.run(part, quick);
                result.store(kept);
                if (!result.error().isEmpty()) {
                    System.err.println(part.name() + ": exit code " + result.exitCode() + ": " + result.error());
                    failed++;
                }
            }
        }
        Path page = folder.resolve("RESULTS.md");
        write(page, kept);
        System.out.println(page + (failed == 0 ? "" : "; parts that failed: " + failed));
        return failed == 0 ? 0 : 1;
    }

    /** Everything that was ever run, a million SAs too. */
    private void write(Path page, Path kept) throws IOException {
        List<Result> results = new ArrayList<>();
        Map<String, Part.Group> groups = new LinkedHashMap<>();
        Set<String> drawn = new LinkedHashSet<>();
        for (Part part : Part.all(new Part.Plan(quick, true, ""))) {
            Result result = Result.load(kept, part.name());
            if (result != null) {
                results.add(result);
                groups.put(part.name(), part.group());
                if (part.group() == Part.Group.STORM
                        && !result.rows().isEmpty()
                        && Files.exists(kept.resolve(part.name() + ".svg"))) {
                    drawn.add(part.name());
                }
            }
        }
        if (results.isEmpty()) {
            throw new IOException("no results in " + kept + ": nothing has been run yet");
        }
        Page rendered = new Page(results, drawn);
        Files.writeString(page, rendered.render(groups));
        for (Map.Entry<String, String> plot : rendered.plots().entrySet()) {
            Files.writeString(kept.resolve(plot.getKey()), plot.getValue());
        }
    }

    private List<Part> wanted(List<Part> parts) {
        if (only.isEmpty()) {
            return parts;
        }
        Set<Part> wanted = new LinkedHashSet<>();
        for (String name : only) {
            List<Part> found = parts.stream()
                    .filter(p -> p.name().equals(name)
                            || p.group().name().toLowerCase(Locale.ROOT).equals(name))
                    .toList();
            if (found.isEmpty()) {
                throw new ParameterException(
                        spec.commandLine(),
                        "--only '" + name
                                + "' is not known; known: the groups handshakes, compare, overhead, storm, scale, "
                                + "primitives, jmh, and "
                                + parts.stream().map(Part::name).collect(Collectors.joining(", ")));
            }
            wanted.addAll(found);
        }
        return parts.stream().filter(wanted::contains).toList();
    }

    private static Path root() {
        @Nullable String root = System.getProperty(ROOT);
        if (root == null) {
            throw new IllegalStateException("start with ./cardinal bench results: where the project is, is not known");
        }
        return Path.of(root);
    }
}
