package dev.cardinal.ike.config;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A section of the settings tree, in the order of the text. Repeated sections are one; later values replace earlier ones. */
final class ConfigSection {
    private final String name;
    private final String path;
    private final Path file;
    private final int line;
    private final Map<String, ConfigValue> values = new LinkedHashMap<>();
    private final Map<String, ConfigSection> sections = new LinkedHashMap<>();
    private final List<ConfigValue> references = new ArrayList<>();
    private boolean referenced;

    /** @param path dotted name from the root, empty for the root */
    ConfigSection(String name, String path, Path file, int line) {
        this.name = name;
        this.path = path;
        this.file = file;
        this.line = line;
    }

    String name() {
        return name;
    }

    String path() {
        return path;
    }

    Path file() {
        return file;
    }

    int line() {
        return line;
    }

    /** The dotted name of a setting in this section. */
    String key(String setting) {
        return path.isEmpty() ? setting : path + "." + setting;
    }

    Map<String, ConfigValue> values() {
        return values;
    }

    Map<String, ConfigSection> sections() {
        return sections;
    }

    /** Dotted names of the sections that this one inherits from, in order. */
    List<ConfigValue> references() {
        return references;
    }

    /** Whether another section inherits from this one or from one inside it. */
    boolean referenced() {
        return referenced;
    }

    void markReferenced() {
        referenced = true;
    }

    void put(String key, ConfigValue value) {
        values.put(key, value);
    }

    /** The subsection, made where it does not exist yet. */
    ConfigSection section(String child, Path childFile, int childLine) {
        return sections.computeIfAbsent(child, n -> new ConfigSection(n, key(n), childFile, childLine));
    }

    @Nullable
    ConfigSection find(String dotted) {
        ConfigSection at = this;
        for (String part : dotted.split("\\.", -1)) {
            ConfigSection next = at.sections.get(part);
            if (next == null) {
                return null;
            }
            at = next;
        }
        return at;
    }
}
