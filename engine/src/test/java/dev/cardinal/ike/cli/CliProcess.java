package dev.cardinal.ike.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/** The command line in a JVM of its own, with this test's class path and environment. Killed by {@link #close}. */
final class CliProcess implements AutoCloseable {
    /** For a busy machine; what is asserted is never a time. */
    private static final long LIMIT_SECONDS = 60;

    private final Process process;
    private final List<String> out = new ArrayList<>();
    private final List<String> err = new ArrayList<>();
    private final List<Thread> readers;
    private int ended;

    private CliProcess(Map<String, String> environment, String... arguments) {
        List<String> words = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                // the product's own, which the tests' would hide
                "-Dlogback.configurationFile=logback.xml",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                CardinalCli.class.getName()));
        words.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(words);
        builder.environment().putAll(environment);
        try {
            process = builder.start();
            process.getOutputStream().close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        readers = List.of(collect(process.inputReader(), out), collect(process.errorReader(), err));
    }

    static CliProcess start(String... arguments) {
        return new CliProcess(Map.of(), arguments);
    }

    static CliProcess start(Map<String, String> environment, String... arguments) {
        return new CliProcess(environment, arguments);
    }

    private Thread collect(BufferedReader reader, List<String> lines) {
        return Thread.ofVirtual().start(() -> {
            try (reader) {
                for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                    synchronized (this) {
                        lines.add(line);
                        notifyAll();
                    }
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            } finally {
                synchronized (this) {
                    ended++;
                    notifyAll();
                }
            }
        });
    }

    /** The first such line of stdout; fails where the process ends without. */
    String awaitOut(Predicate<String> wanted) throws InterruptedException {
        return await(out, wanted);
    }

    /** The first such line of stderr; fails where the process ends without. */
    String awaitErr(Predicate<String> wanted) throws InterruptedException {
        return await(err, wanted);
    }

    private synchronized String await(List<String> lines, Predicate<String> wanted) throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_SECONDS);
        while (true) {
            for (String line : lines) {
                if (wanted.test(line)) {
                    return line;
                }
            }
            long left = end - System.nanoTime();
            if (left <= 0 || ended == 2) {
                throw new AssertionError("the line did not come\n" + output());
            }
            TimeUnit.NANOSECONDS.timedWait(this, left);
        }
    }

    /** SIGTERM, then {@link #exitCode}. */
    int terminate() throws InterruptedException {
        process.toHandle().destroy(); // the process's own destroy would close its output too
        return exitCode();
    }

    /** Waits for the end, and for all output. */
    int exitCode() throws InterruptedException {
        if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
            throw new AssertionError("the process does not end\n" + output());
        }
        for (Thread reader : readers) {
            reader.join();
        }
        return process.exitValue();
    }

    synchronized List<String> out() {
        return List.copyOf(out);
    }

    synchronized List<String> err() {
        return List.copyOf(err);
    }

    synchronized String output() {
        return "-- stdout\n" + String.join("\n", out) + "\n-- stderr\n" + String.join("\n", err);
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
