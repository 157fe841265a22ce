package dev.cardinal.bench.load;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Where figures come from.
 *
 * @param processor its name as the kernel tells it
 * @param processors that the JVM may use
 * @param kernel release
 * @param jdk version
 * @param commit of the sources, {@code unknown} outside a work tree
 */
public record Machine(String processor, int processors, String kernel, String jdk, String commit) {

    public static Machine here() {
        return new Machine(
                processorName(),
                Runtime.getRuntime().availableProcessors(),
                System.getProperty("os.version"),
                System.getProperty("java.vendor.version", "") + " " + Runtime.version(),
                described());
    }

    private static String processorName() {
        try {
            for (String line : Files.readAllLines(Path.of("/proc/cpuinfo"))) {
                if (line.startsWith("model name")) {
                    return line.substring(line.indexOf(':') + 1).strip();
                }
            }
        } catch (IOException e) {
            // no such file: another system
        }
        return System.getProperty("os.arch");
    }

    private static String described() {
        try {
            Process git = new ProcessBuilder(List.of("git", "describe", "--always", "--dirty", "--abbrev=12"))
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            String text = new String(git.getInputStream().readAllBytes(), StandardCharsets.US_ASCII).strip();
            return git.waitFor(5, TimeUnit.SECONDS) && git.exitValue() == 0 && !text.isEmpty() ? text : "unknown";
        } catch (IOException e) {
            return "unknown";
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return "unknown";
        }
    }
}
