package dev.cardinal.ike.cli;

import java.util.concurrent.CompletableFuture;
import sun.misc.Signal;
import sun.misc.SignalHandler;

/**
 * SIGTERM and SIGINT as an event, so that a command ends in order and with its own exit code; a shutdown hook could not
 * choose the code. The handlers that stood before are restored on close.
 */
final class Signals implements AutoCloseable {
    private static final String[] NAMES = {"TERM", "INT"};

    private final CompletableFuture<Void> received = new CompletableFuture<>();
    private final SignalHandler[] before = new SignalHandler[NAMES.length];

    private Signals() {}

    static Signals watch() {
        Signals signals = new Signals();
        for (int i = 0; i < NAMES.length; i++) {
            signals.before[i] = Signal.handle(new Signal(NAMES[i]), signal -> signals.received.complete(null));
        }
        return signals;
    }

    /** Completes with the first signal. */
    CompletableFuture<Void> received() {
        return received;
    }

    /** Waits for a signal, or for the thread's interruption, which means the same. */
    void await() {
        try {
            received.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (java.util.concurrent.ExecutionException e) {
            throw new IllegalStateException("a signal does not fail", e);
        }
    }

    @Override
    public void close() {
        for (int i = 0; i < NAMES.length; i++) {
            Signal.handle(new Signal(NAMES[i]), before[i]);
        }
    }
}
