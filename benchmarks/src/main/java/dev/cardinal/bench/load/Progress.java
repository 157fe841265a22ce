package dev.cardinal.bench.load;

import java.io.Console;
import java.time.Duration;

/** A bar that fills with time, on a terminal; silent elsewhere. */
public final class Progress {
    private static final int WIDTH = 40;

    private final Thread thread;

    private Progress(Thread thread) {
        this.thread = thread;
    }

    /** @param seconds until it is full */
    public static Progress of(int seconds) {
        Console console = System.console();
        boolean terminal = console != null && console.isTerminal();
        return new Progress(Thread.ofVirtual().start(() -> {
            try {
                for (int i = 0; terminal && i <= seconds; i++) {
                    int filled = i * WIDTH / Math.max(1, seconds);
                    System.err.print(
                            "\r[" + "#".repeat(filled) + " ".repeat(WIDTH - filled) + "] " + i + "/" + seconds + " s");
                    Thread.sleep(Duration.ofSeconds(1));
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }));
    }

    public void end() throws InterruptedException {
        thread.interrupt();
        thread.join();
        Console console = System.console();
        if (console != null && console.isTerminal()) {
            System.err.println();
        }
    }
}
