package dev.cardinal.bench.results;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cardinal.bench.BenchCli;
import dev.cardinal.bench.load.Machine;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Parts by a launcher that is a few lines of shell. */
class LaunchTest {
    private static final Machine MACHINE = new Machine("processor", 1, "6.1", "25", "abc");

    @TempDir
    Path root = Path.of("");

    @BeforeEach
    void rootIsKnown() {
        System.setProperty(ResultsCommand.ROOT, root.toString());
    }

    @AfterEach
    void rootIsForgotten() {
        System.clearProperty(ResultsCommand.ROOT);
    }

    @Test
    void figuresAreWhatItPrints() throws Exception {
        launcherIs(
                "echo \"[{\\\"line\\\": \\\"$*\\\", \\\"primaryMetric\\\": {\\\"rawData\\\": [1], \\\"score\\\": 2}}]\"");
        Result result = run(part(List.of("bench", "x", "--json"), "", 60));
        assertEquals("", result.error());
        assertEquals("./cardinal bench x --json", result.command());
        assertEquals(MACHINE, result.machine());
        assertEquals("--no-install bench x --json", result.rows().getFirst().text("line"));
        assertEquals(2, result.rows().getFirst().number("primaryMetric/score"));
        assertFalse(String.valueOf(result.figures()).contains("rawData"));
    }

    @Test
    void figuresMayComeInAFile() throws Exception {
        launcherIs("echo a log", "echo '{\"a\": 1}' > \"$4\"");
        assertEquals(
                1,
                run(part(List.of("bench", "-rff", "target/x.json"), "target/x.json", 60))
                        .rows()
                        .getFirst()
                        .number("a"));
        launcherIs("echo a log");
        Result none = run(part(List.of("bench", "-rff", "target/x.json"), "target/x.json", 60));
        assertTrue(none.rows().isEmpty(), "those of the last time are no figures of this one");
        assertEquals("it told no figures", none.error());
    }

    @Test
    void theLastLineTellsWhatFailed() throws Exception {
        launcherIs("echo first >&2", "echo \"bench: no 'x'\" >&2", "echo >&2", "exit 3");
        Result result = run(part(List.of("bench"), "", 60));
        assertEquals(3, result.exitCode());
        assertEquals("bench: no 'x'", result.error());
        assertTrue(result.rows().isEmpty());
        launcherIs("echo '{\"failed\": 2}'", "exit 1");
        result = run(part(List.of("bench"), "", 60));
        assertEquals(2, result.rows().getFirst().number("failed"));
        assertEquals("it told no reason", result.error());
    }

    @Test
    void whatDoesNotEndIsEnded() throws Exception {
        launcherIs("sleep 600");
        Result result = run(part(List.of("bench"), "", 1));
        assertTrue(result.error().startsWith("not done after "), result.error());
    }

    @Test
    void partsThatAreNotRunAgainKeepTheirFigures() throws Exception {
        launcherIs("echo '{\"suite\": \"first\", \"sas\": 1, \"clients\": 1}'");
        assertEquals(0, command("--only", "storm", "scale"));
        launcherIs("echo '{\"suite\": \"second\", \"sas\": 1, \"clients\": 1}'");
        assertEquals(0, command("--only", "storm"));
        String page = Files.readString(root.resolve("benchmarks/RESULTS.md"));
        assertTrue(page.contains("| second | 1 |") && page.contains("| 1 | first |"), page);
        assertFalse(page.contains("## JMH"), "never run");
        launcherIs("exit 1");
        assertEquals(1, command("--only", "scale"));
        assertTrue(Files.readString(root.resolve("benchmarks/RESULTS.md")).contains("**scale** failed, exit code 1: "));
        assertEquals(1, command("--only", "storm", "--quick"));
        assertFalse(
                Files.readString(root.resolve("benchmarks/RESULTS.md")).contains("trial"),
                "a trial has a page of its own");
        assertTrue(Files.readString(root.resolve("target/quick-results/RESULTS.md"))
                .contains("trial"));
        assertEquals(2, command("--only", "nothing"));
        assertEquals(2, command("--only", "scale-large"));
    }

    @Test
    void everyPartHasANameAndASectionOfItsOwn() {
        for (boolean quick : List.of(false, true)) {
            List<Part> parts = Part.all(new Part.Plan(quick, true, "folder"));
            Set<String> names = new HashSet<>();
            Set<Part.Group> groups = new HashSet<>();
            for (Part part : parts) {
                assertTrue(names.add(part.name()), part.name());
                groups.add(part.group());
                assertTrue(part.command().startsWith("./cardinal bench "), part.command());
                assertEquals(part.output().isEmpty(), part.arguments().contains("--json"), part.command());
            }
            assertEquals(Set.of(Part.Group.values()), groups);
        }
    }

    private int command(String... arguments) {
        PrintStream out = System.out;
        PrintStream err = System.err;
        System.setOut(new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8));
        System.setErr(new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8));
        try {
            return BenchCli.commandLine(new ResultsCommand()).execute(arguments);
        } finally {
            System.setOut(out);
            System.setErr(err);
        }
    }

    private Result run(Part part) throws Exception {
        return new Launch(root, Files.createDirectories(root.resolve("scratch")), MACHINE, false).run(part, false);
    }

    private static Part part(List<String> arguments, String output, int seconds) {
        return new Part("one", Part.Group.STORM, arguments, output, Duration.ofSeconds(seconds));
    }

    private void launcherIs(String... lines) throws Exception {
        Path launcher = root.resolve("cardinal");
        Files.deleteIfExists(launcher);
        Files.writeString(launcher, "#!/bin/sh\n" + String.join("\n", lines) + "\n");
        Files.setPosixFilePermissions(launcher, PosixFilePermissions.fromString("rwx------"));
    }
}
