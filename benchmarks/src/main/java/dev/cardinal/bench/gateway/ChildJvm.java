package dev.cardinal.bench.gateway;

import java.io.IOException;
import java.io.InputStream;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A further JVM of the same JDK and class path as this one, with the options that the launcher gives every JVM. */
record ChildJvm(List<String> command, Map<String, String> environment) {
    private static final List<String> LAUNCHER_OPTIONS = List.of(
            "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow",
            "-XX:+UseCompactObjectHeaders",
            "-XX:MaxTenuringThreshold=2");

    private static final long PATIENCE_SECONDS = 120;

    static ChildJvm of(Class<?> main, List<String> arguments, Map<String, String> environment) {
        return of(main, List.of(), arguments, environment);
    }

    /** @param options of the JVM */
    static ChildJvm of(Class<?> main, List<String> options, List<String> arguments, Map<String, String> environment) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(LAUNCHER_OPTIONS);
        String card = System.getProperty("cardinal.lib");
        if (card != null) {
            command.add("-Dcardinal.lib=" + card);
        }
        command.addAll(options);
        command.add("-cp");
        command.add(System.getProperty("java.class.path"));
        command.add(main.getName());
        command.addAll(arguments);
        return new ChildJvm(command, environment);
    }

    /** Pinned to a processor; a negative one leaves it free. */
    ChildJvm pinned(int core) {
        if (core < 0) {
            return this;
        }
        List<String> pinned = new ArrayList<>(List.of("taskset", "-c", Integer.toString(core)));
        pinned.addAll(command);
        return new ChildJvm(pinned, environment);
    }

    /** Starts it; its errors go to a file. */
    Process start(Path errors) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(errors.toFile());
        builder.environment().putAll(environment);
        return builder.start();
    }

    /** Runs it to its end. @return what it wrote, without blanks at the ends */
    String output() throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(Redirect.INHERIT);
        builder.environment().putAll(environment);
        Process process = builder.start();
        try (InputStream output = process.getInputStream()) {
            process.getOutputStream().close();
            String text = new String(output.readAllBytes(), StandardCharsets.UTF_8).strip();
            if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS) || process.exitValue() != 0) {
                throw new IOException(command.getLast() + ": a process failed");
            }
            return text;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        } finally {
            process.destroyForcibly();
        }
    }
}
