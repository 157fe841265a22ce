package dev.cardinal.ike.config;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Set;

/**
 * Resolves {@code section : ref1, ref2 { }}: what a section does not say itself it inherits from the sections it names, the
 * first named first, with all their subsections.
 */
final class ConfigReferences {
    /** Sections copied: references may multiply, and a small text could fill the memory. */
    static final int WORK_LIMIT = 200_000;

    private final ConfigSection root;
    private final ConfigErrors errors;
    private final Deque<ConfigSection> active = new ArrayDeque<>();
    private final Set<String> referenced = new HashSet<>();
    private int work;

    private ConfigReferences(ConfigSection root, ConfigErrors errors) {
        this.root = root;
        this.errors = errors;
    }

    /** A tree without references; the argument is left as it is. */
    static ConfigSection resolve(ConfigSection root, ConfigErrors errors) {
        ConfigReferences references = new ConfigReferences(root, errors);
        ConfigSection out = new ConfigSection("", "", root.file(), root.line());
        references.copy(root, out, 0);
        for (String name : references.referenced) {
            ConfigSection section = out.sections().get(name);
            if (section != null) {
                section.markReferenced();
            }
        }
        if (references.work >= WORK_LIMIT) {
            errors.add(root.file(), 0, "", "references multiply to more than " + WORK_LIMIT + " sections");
        }
        return out;
    }

    /** Adds what {@code into} does not have yet. */
    private void copy(ConfigSection from, ConfigSection into, int depth) {
        if (++work >= WORK_LIMIT || depth > 2 * ConfigParser.DEPTH_LIMIT) {
            return;
        }
        active.push(from);
        from.values().forEach((key, value) -> into.values().putIfAbsent(key, value));
        for (ConfigSection child : from.sections().values()) {
            copy(child, into.section(child.name(), child.file(), child.line()), depth + 1);
        }
        for (ConfigValue reference : from.references()) {
            ConfigSection target = root.find(reference.text());
            if (target == null) {
                errors.add(reference, from.path(), "refers to a section that does not exist: " + reference.text());
            } else if (active.contains(target)) {
                errors.add(reference, from.path(), "refers to itself through " + reference.text());
            } else {
                referenced.add(reference.text().split("\\.", 2)[0]);
                copy(target, into, depth + 1);
            }
        }
        active.pop();
    }
}
