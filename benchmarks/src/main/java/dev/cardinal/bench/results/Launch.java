package dev.cardinal.bench.results;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import dev.cardinal.bench.load.Machine;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Runs parts by the launcher, each in processes of its own that end with this one.
 *
 * @param root the project's folder
 * @param scratch for what the programs print
 * @param machine as it is before the first part: what the parts write would make the commit look changed
 * @param install whether the launcher may install packages
 */
record Launch(Path root, Path scratch, Machine machine, boolean install) {
    private static final int ERROR_LENGTH = 300;
    private static final int FAILED = 1;

    /** What the page does not show, and what the result has once already. */
    private static final Set<String> LARGE =
            Set.of("rawData", "rawDataHistogram", "scorePercentiles", "jvmArgs", "jvm", "machine", "goodput_per_s");

    /** @param quick noted in the result */
    Result run(Part part, boolean quick) throws IOException, InterruptedException {
        Path output = scratch.resolve(part.name() + ".out");
        Path errors = scratch.resolve(part.name() + ".err");
        List<String> command = new ArrayList<>(List.of(root.resolve("cardinal").toString()));
        if (!install) {
            command.add("--no-install");
        }
        command.addAll(part.arguments());
        Path told = part.output().isEmpty() ? output : root.resolve(part.output());
        if (!part.output().isEmpty()) {
            Files.createDirectories(root.resolve("target"));
            Files.deleteIfExists(told);
        }
        Process process = new ProcessBuilder(command)
                .directory(root.toFile())
                .redirectOutput(output.toFile())
                .redirectError(errors.toFile())
                .start();
        Thread end = new Thread(() -> stop(process));
        Runtime.getRuntime().addShutdownHook(end);
        boolean ended;
        try {
            process.getOutputStream().close();
            ended = process.waitFor(part.limit().toSeconds(), TimeUnit.SECONDS);
        } finally {
            stop(process);
            Runtime.getRuntime().removeShutdownHook(end);
        }
        int exitCode = ended ? process.exitValue() : FAILED;
        JsonElement figures = figures(told);
        String error = "";
        if (!ended) {
            error = "not done after " + part.limit().toMinutes() + " minutes";
        } else if (exitCode != 0 || figures == null) {
            error = lastLine(errors);
            if (error.isEmpty()) {
                error = figures == null ? "it told no figures" : "it told no reason";
            }
        }
        return new Result(
                part.name(),
                part.command(),
                LocalDate.now().toString(),
                machine,
                quick,
                exitCode,
                error,
                figures == null ? null : small(figures));
    }

    private static void stop(Process process) {
        process.descendants().forEach(ProcessHandle::destroy);
        process.destroy();
    }

    /** Null where there are none, or no JSON. */
    private static @Nullable JsonElement figures(Path file) throws IOException {
        if (!Files.exists(file)) {
            return null;
        }
        try {
            JsonElement figures = JsonParser.parseString(Files.readString(file));
            return Figures.rows(figures).isEmpty() ? null : figures;
        } catch (JsonParseException e) {
            return null;
        }
    }

    private static String lastLine(Path file) throws IOException {
        List<String> lines = new String(Files.readAllBytes(file), StandardCharsets.UTF_8)
                .lines()
                .map(String::strip)
                .filter(line -> !line.isEmpty())
                .toList();
        String last = lines.isEmpty() ? "" : lines.getLast();
        return last.length() > ERROR_LENGTH ? last.substring(0, ERROR_LENGTH) + "..." : last;
    }

    /** Without the large: a result is kept for years. */
    private static JsonElement small(JsonElement element) {
        switch (element) {
            case JsonArray array -> {
                JsonArray out = new JsonArray();
                array.forEach(each -> out.add(small(each)));
                return out;
            }
            case JsonObject object -> {
                JsonObject out = new JsonObject();
                object.entrySet().forEach(entry -> {
                    if (!LARGE.contains(entry.getKey())) {
                        out.add(entry.getKey(), small(entry.getValue()));
                    }
                });
                return out;
            }
            default -> {
                return element;
            }
        }
    }
}
