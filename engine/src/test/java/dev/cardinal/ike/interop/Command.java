package dev.cardinal.ike.interop;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** One run of a program to its end, its two outputs joined. Immutable; every {@code with} makes a new one. */
record Command(List<String> words, Map<String, String> environment) {

    private static final Duration LIMIT = Duration.ofSeconds(30);

    Command {
        words = List.copyOf(words);
        environment = Map.copyOf(environment);
    }

    /** What a program left: its exit code and its output. */
    record Output(Command command, int code, String text) {
        /** The output, or an assertion error where the program failed. */
        String orFail() {
            if (code != 0) {
                throw new AssertionError(String.join(" ", command.words) + ": exit code " + code + "\n" + text);
            }
            return text;
        }
    }

    static Command of(String... words) {
        return new Command(List.of(words), Map.of());
    }

    /** The same program inside a network namespace. */
    Command in(String namespace) {
        List<String> all = new ArrayList<>(List.of("ip", "netns", "exec", namespace));
        all.addAll(words);
        return new Command(all, environment);
    }

    Command with(String name, String value) {
        return with(Map.of(name, value));
    }

    Command with(Map<String, String> further) {
        Map<String, String> all = new LinkedHashMap<>(environment);
        all.putAll(further);
        return new Command(words, all);
    }

    /** Runs it; one that does not end within 30 s is killed and is an assertion error. */
    Output run() {
        try {
            Process process = start(true);
            process.getOutputStream().close();
            Thread watch = Thread.startVirtualThread(() -> {
                try {
                    if (!process.waitFor(LIMIT.toMillis(), TimeUnit.MILLISECONDS)) {
                        process.destroyForcibly();
                    }
                } catch (InterruptedException e) {
                    process.destroyForcibly();
                }
            });
            String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            int code = process.waitFor();
            watch.join();
            return new Output(this, code, text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    /** Starts it; the caller owns the process. */
    Process start(boolean joinOutputs) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(words).redirectErrorStream(joinOutputs);
        builder.environment().putAll(environment);
        return builder.start();
    }
}
