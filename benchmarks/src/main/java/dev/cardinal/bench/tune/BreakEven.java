package dev.cardinal.bench.tune;

import java.io.IOException;
import java.io.InputStream;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** From how many operations on the crypto card's vector kernels are worth while: its own program measures that. */
final class BreakEven {
    /** The property that tells the program; the launcher sets it. */
    static final String PROGRAM = "cardinal.primitives";

    private static final long PATIENCE_SECONDS = 600;

    private BreakEven() {}

    /**
     * The table, as the card's setting {@code tuning} reads it.
     *
     * @param window seconds of a timing window, 0.001 to 10
     * @return null where this processor, or this build, has no vector kernels: there is nothing to choose then
     */
    static @Nullable String measure(double window) throws IOException, InterruptedException {
        String program = System.getProperty(PROGRAM);
        if (program == null || !Files.isExecutable(Path.of(program))) {
            return null;
        }
        Process process = new ProcessBuilder(
                        List.of(program, "--tune", "--seconds", String.format(Locale.ROOT, "%.4f", window)))
                .redirectError(Redirect.INHERIT)
                .start();
        try (InputStream output = process.getInputStream()) {
            process.getOutputStream().close();
            String table = new String(output.readAllBytes(), StandardCharsets.UTF_8);
            if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS) || process.exitValue() != 0) {
                throw new IOException(program + " --tune failed");
            }
            return table.isBlank() ? null : table;
        } finally {
            process.destroyForcibly();
        }
    }
}
