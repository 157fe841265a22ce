package dev.cardinal.ike.cli;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A command in a JVM of its own, with this test's class path and the operator's log. */
final class CommandProcess implements AutoCloseable {
    private static final long LIMIT_SECONDS = 60;

    private final Process process;
    private final Path out;
    private final Path log;

    private CommandProcess(Process process, Path out, Path log) {
        this.process = process;
        this.out = out;
        this.log = log;
    }

    /** @param folder for what it prints */
    static CommandProcess start(Path folder, Map<String, String> environment, String... arguments) throws IOException {
        List<String> words = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Dlogback.configurationFile=logback.xml",
                "-cp",
                System.getProperty("java.class.path"),
                "dev.cardinal.ike.cli.CardinalCli"));
        words.addAll(List.of(arguments));
        Path out = Files.createTempFile(folder, arguments[0], ".out");
        Path log = Files.createTempFile(folder, arguments[0], ".log");
        ProcessBuilder builder =
                new ProcessBuilder(words).redirectOutput(out.toFile()).redirectError(log.toFile());
        builder.environment().putAll(environment);
        return new CommandProcess(builder.start(), out, log);
    }

    /** Waits for its end. @return its exit code */
    int await() throws IOException, InterruptedException {
        assertTrue(process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS), () -> "no end of the command: " + log);
        return process.exitValue();
    }

    /** Waits until a line of stdout begins so. @return the line */
    String awaitOut(String beginning) throws IOException, InterruptedException {
        for (int tries = 0; tries < LIMIT_SECONDS * 20; tries++) {
            for (String line : out()) {
                if (line.startsWith(beginning)) {
                    return line;
                }
            }
            if (process.waitFor(50, TimeUnit.MILLISECONDS)) {
                break;
            }
        }
        throw new AssertionError("no line '" + beginning + "' in " + out() + "\n" + String.join("\n", log()));
    }

    /** SIGTERM. */
    void terminate() {
        process.destroy();
    }

    List<String> out() throws IOException {
        return Files.readAllLines(out);
    }

    List<String> log() throws IOException {
        return Files.readAllLines(log);
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
