package dev.cardinal.ike.config;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;

/** Collects all faults of a configuration, up to {@link #LIMIT}. Not for several threads. */
public final class ConfigErrors {
    /** Nobody reads more than these; what comes later is counted only. */
    public static final int LIMIT = 1000;

    private final List<ConfigError> errors = new ArrayList<>();
    private final List<ConfigError> warnings = new ArrayList<>();
    private int more;

    public void add(Path file, int line, String key, String message) {
        ConfigError error = new ConfigError(file, line, key, printable(message));
        if (errors.size() == LIMIT) {
            more++;
        } else if (!errors.contains(error)) {
            errors.add(error);
        }
    }

    void add(ConfigValue at, String key, String message) {
        add(at.file(), at.line(), key, message);
    }

    /** A configuration that works, and of which the operator should know this. */
    void warn(ConfigError place, String key, String message) {
        ConfigError warning = new ConfigError(place.file(), place.line(), key, printable(message));
        if (warnings.size() < LIMIT && !warnings.contains(warning)) {
            warnings.add(warning);
        }
    }

    /** In the order of the files' names and lines; a configuration with warnings is valid. */
    public List<ConfigError> warnings() {
        return sorted(warnings);
    }

    public boolean isEmpty() {
        return errors.isEmpty();
    }

    /** In the order of the files' names and lines. */
    public List<ConfigError> list() {
        return sorted(errors);
    }

    private static List<ConfigError> sorted(List<ConfigError> some) {
        List<ConfigError> sorted = new ArrayList<>(some);
        sorted.sort(Comparator.comparing((ConfigError e) -> e.file().toString()).thenComparingInt(ConfigError::line));
        return Collections.unmodifiableList(sorted);
    }

    /** How many did not fit any more. */
    public int more() {
        return more;
    }

    /** One line without control characters: a message quotes the file, and the file may hold anything. */
    private static String printable(String text) {
        StringBuilder out = new StringBuilder(text.length());
        text.codePoints().limit(400).forEach(c -> out.appendCodePoint(Character.isISOControl(c) ? '?' : c));
        return out.toString();
    }
}
