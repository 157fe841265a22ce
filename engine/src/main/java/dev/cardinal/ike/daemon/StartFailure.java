package dev.cardinal.ike.daemon;

import java.util.List;

/** Why the daemon does not start, in lines for the operator. */
public final class StartFailure extends Exception {
    private static final long serialVersionUID = 1L;

    private final transient List<String> lines;

    StartFailure(List<String> lines) {
        super(String.join("; ", lines), null, false, false);
        this.lines = List.copyOf(lines);
    }

    StartFailure(String line) {
        this(List.of(line));
    }

    /** At least one. */
    public List<String> lines() {
        return lines;
    }
}
