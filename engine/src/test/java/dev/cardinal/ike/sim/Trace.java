package dev.cardinal.ike.sim;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Supplier;

/** The last things that happened, for the message of a failure. Costs nothing while it is off. */
final class Trace {
    private static final int LINES = 2000;

    private final boolean on;
    private final VirtualTime time;
    private final long startNanos;
    private final Deque<String> lines = new ArrayDeque<>();

    Trace(boolean on, VirtualTime time) {
        this.on = on;
        this.time = time;
        this.startNanos = time.nowNanos();
    }

    void line(Supplier<String> text) {
        if (on) {
            if (lines.size() == LINES) {
                lines.removeFirst();
            }
            lines.add("%10.3f  %s".formatted((time.nowNanos() - startNanos) / 1e9, text.get()));
        }
    }

    @Override
    public String toString() {
        return String.join("\n", lines);
    }
}
