package dev.cardinal.ike.cli;

import java.util.List;

/** A command cannot do what it was asked for: lines for the operator, and exit code 1. */
final class CommandFailure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final transient List<String> lines;

    CommandFailure(List<String> lines) {
        super(String.join("; ", lines), null, false, false);
        this.lines = List.copyOf(lines);
    }

    CommandFailure(String line) {
        this(List.of(line));
    }

    List<String> lines() {
        return lines;
    }
}
