package dev.cardinal.ike.config;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Reads a section's settings and knows what was asked for, so that the rest can be reported: as unknown, or as
 * strongSwan's and not supported yet. A faulty value is reported and its default returned, so that reading goes on.
 */
final class SectionReader {
    /** Ten years in seconds: more is a slip, and nanoseconds of it still fit a long. */
    private static final long TIME_LIMIT = 10L * 366 * 86400;

    private final ConfigSection section;
    private final ConfigErrors errors;
    private final Set<String> known = new HashSet<>();
    private final Set<String> knownSections = new HashSet<>();

    SectionReader(ConfigSection section, ConfigErrors errors) {
        this.section = section;
        this.errors = errors;
    }

    ConfigSection section() {
        return section;
    }

    String path() {
        return section.path();
    }

    void error(String key, String message) {
        ConfigValue value = section.values().get(key);
        if (value == null) {
            errors.add(section.file(), section.line(), section.key(key), message);
        } else {
            errors.add(value, section.key(key), message);
        }
    }

    /** A fault of the section as a whole. */
    void error(String message) {
        errors.add(section.file(), section.line(), section.path(), message);
    }

    /** Where a setting stands, or the section where it is not set. */
    ConfigError place(String key) {
        ConfigValue value = section.values().get(key);
        return value == null
                ? new ConfigError(section.file(), section.line(), section.key(key), "")
                : new ConfigError(value.file(), value.line(), section.key(key), "");
    }

    void warn(String key, String message) {
        errors.warn(place(key), section.key(key), message);
    }

    /** Null where it is not set or was cleared. */
    @Nullable
    ConfigValue value(String key) {
        known.add(key);
        ConfigValue value = section.values().get(key);
        return value == null || value.text().isEmpty() ? null : value;
    }

    @Nullable
    String text(String key) {
        ConfigValue value = value(key);
        return value == null ? null : value.text();
    }

    /** Elements between commas, trimmed, without empty ones. */
    List<String> list(String key) {
        String text = text(key);
        List<String> elements = new ArrayList<>();
        if (text != null) {
            for (String element : text.split(",")) {
                if (!element.isBlank()) {
                    elements.add(element.strip());
                }
            }
        }
        return elements;
    }

    boolean bool(String key, boolean otherwise) {
        String text = text(key);
        if (text == null) {
            return otherwise;
        }
        Boolean value = bool(text);
        if (value == null) {
            error(key, "yes or no was expected, not '" + text + "'");
            return otherwise;
        }
        return value;
    }

    static @Nullable Boolean bool(String text) {
        return switch (text) {
            case "yes", "true", "enabled", "1" -> Boolean.TRUE;
            case "no", "false", "disabled", "0" -> Boolean.FALSE;
            default -> null;
        };
    }

    int integer(String key, int min, int max, int otherwise) {
        String text = text(key);
        if (text == null) {
            return otherwise;
        }
        try {
            int value = Integer.parseInt(text);
            if (value >= min && value <= max) {
                return value;
            }
        } catch (NumberFormatException e) {
            // reported below
        }
        error(key, "a number from " + min + " to " + max + " was expected, not '" + text + "'");
        return otherwise;
    }

    double decimal(String key, double min, double max, double otherwise) {
        String text = text(key);
        if (text == null) {
            return otherwise;
        }
        try {
            double value = Double.parseDouble(text);
            if (value >= min && value <= max) {
                return value;
            }
        } catch (NumberFormatException e) {
            // reported below
        }
        error(key, "a number from " + min + " to " + max + " was expected, not '" + text + "'");
        return otherwise;
    }

    /**
     * A time: seconds, or with s, m, h or d.
     *
     * @param otherwise in nanoseconds
     * @return nanoseconds
     */
    long nanos(String key, long otherwise) {
        String text = text(key);
        if (text == null) {
            return otherwise;
        }
        char unit = text.charAt(text.length() - 1);
        long factor = switch (unit) {
            case 's' -> 1;
            case 'm' -> 60;
            case 'h' -> 3600;
            case 'd' -> 86400;
            default -> 0;
        };
        String digits = factor == 0 ? text : text.substring(0, text.length() - 1);
        if (digits.matches("[0-9]{1,10}")) {
            long seconds = Long.parseLong(digits) * Math.max(factor, 1);
            if (seconds <= TIME_LIMIT) {
                return TimeUnit.SECONDS.toNanos(seconds);
            }
        }
        error(key, "a time such as 30s, 10m, 4h or 1d was expected, not '" + text + "'");
        return otherwise;
    }

    /** Like {@link #nanos}, also with a fraction: strongswan.conf's retransmit_timeout is such a number. */
    long decimalNanos(String key, double minSeconds, double maxSeconds, double otherwiseSeconds) {
        return (long) (decimal(key, minSeconds, maxSeconds, otherwiseSeconds) * 1e9);
    }

    <T> T choice(String key, Map<String, T> choices, T otherwise) {
        String text = text(key);
        if (text == null) {
            return otherwise;
        }
        T value = choices.get(text);
        if (value == null) {
            error(key, "one of " + String.join(", ", choices.keySet()) + " was expected, not '" + text + "'");
            return otherwise;
        }
        return value;
    }

    /** The subsection, or null. */
    @Nullable
    SectionReader child(String name) {
        knownSections.add(name);
        ConfigSection child = section.sections().get(name);
        return child == null ? null : new SectionReader(child, errors);
    }

    /** All subsections. */
    List<SectionReader> children() {
        List<SectionReader> children = new ArrayList<>();
        for (ConfigSection child : section.sections().values()) {
            knownSections.add(child.name());
            children.add(new SectionReader(child, errors));
        }
        return children;
    }

    /** The subsections whose name begins so. */
    List<SectionReader> children(String prefix) {
        List<SectionReader> children = new ArrayList<>();
        for (ConfigSection child : section.sections().values()) {
            if (child.name().startsWith(prefix)) {
                knownSections.add(child.name());
                children.add(new SectionReader(child, errors));
            }
        }
        return children;
    }

    String name() {
        return section.name();
    }

    /**
     * Settings of strongSwan that are not supported yet: reported, unless they say what is done anyway.
     *
     * @param harmless the values that change nothing, for each setting
     */
    void unsupported(Map<String, Set<String>> harmless) {
        harmless.forEach((key, values) -> {
            String text = text(key);
            if (text != null && !values.contains(text)) {
                error(key, "strongSwan's, not supported yet");
            }
        });
    }

    /** Reports all that nobody asked for. */
    void finish() {
        section.values().forEach((key, value) -> {
            if (!known.contains(key)) {
                errors.add(value, section.key(key), "unknown setting");
            }
        });
        section.sections().forEach((name, child) -> {
            if (!knownSections.contains(name) && !child.referenced()) {
                errors.add(child.file(), child.line(), child.path(), "unknown section");
            }
        });
    }
}
