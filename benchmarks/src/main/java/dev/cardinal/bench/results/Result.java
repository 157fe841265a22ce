package dev.cardinal.bench.results;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import com.google.gson.JsonParseException;
import dev.cardinal.bench.load.Machine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a part came to when it ran last; kept as a file beside the page.
 *
 * @param command that was run
 * @param date of the day, ISO 8601
 * @param quick whether it was only a trial, with figures that mean nothing
 * @param exitCode of the command
 * @param error the last line of what it complained of; empty where it succeeded
 * @param figures as it told them; null where it told none
 */
record Result(
        String part,
        String command,
        String date,
        Machine machine,
        boolean quick,
        int exitCode,
        String error,
        @Nullable JsonElement figures) {

    private static final Gson GSON = new GsonBuilder()
            .setPrettyPrinting()
            .disableHtmlEscaping()
            .serializeSpecialFloatingPointValues()
            .create();

    /** Where the part with this name keeps its result. */
    static Path file(Path folder, String part) {
        return folder.resolve(part + ".json");
    }

    void store(Path folder) throws IOException {
        Files.createDirectories(folder);
        Files.writeString(file(folder, part), GSON.toJson(this) + "\n");
    }

    /** @return null where the part has never run */
    static @Nullable Result load(Path folder, String part) throws IOException {
        Path file = file(folder, part);
        try {
            Result result = GSON.fromJson(Files.readString(file), Result.class);
            if (result == null || result.machine() == null || !part.equals(result.part())) {
                throw new IOException(file + ": no result of " + part);
            }
            return result;
        } catch (NoSuchFileException e) {
            return null;
        } catch (JsonParseException e) {
            throw new IOException(file + ": " + e.getMessage(), e);
        }
    }

    /** Objects of the figures; none where there are none. */
    List<Figures> rows() {
        return Figures.rows(figures);
    }
}
