package dev.cardinal.ike.config;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;

/** Files named with the shell's wildcards, in any part of the path. */
final class FilePattern {
    /** Files that one pattern may name. */
    private static final int MATCH_LIMIT = 4096;

    private FilePattern() {}

    /**
     * Finds the files, sorted by name. A pattern with wildcards may match nothing.
     *
     * @param including the file that a relative pattern is relative to
     * @param found receives the files
     * @return null, or what is wrong with the pattern
     */
    static @Nullable String expand(Path including, String pattern, List<Path> found) {
        if (pattern.isEmpty()) {
            return "the name of a file was expected";
        }
        Path base = including.getParent();
        Path start = pattern.startsWith("/") ? Path.of("/") : base == null ? Path.of("") : base;
        List<Path> matches = List.of(start);
        try {
            for (String part : pattern.split("/")) {
                if (!part.isEmpty()) {
                    matches = step(matches, part);
                }
            }
        } catch (InvalidPathException | PatternSyntaxException e) {
            return "not the name of a file: " + pattern;
        }
        for (Path match : matches) {
            if (!isWild(pattern) || Files.isRegularFile(match)) {
                found.add(match);
            }
        }
        return matches.size() >= MATCH_LIMIT ? "matches more than " + MATCH_LIMIT + " files" : null;
    }

    private static List<Path> step(List<Path> from, String part) {
        List<Path> next = new ArrayList<>();
        for (Path folder : from) {
            if (!isWild(part)) {
                next.add(folder.resolve(part));
                continue;
            }
            List<Path> inside = new ArrayList<>();
            try (DirectoryStream<Path> entries = Files.newDirectoryStream(
                    folder.toString().isEmpty() ? Path.of(".") : folder, part.replace("{", "\\{"))) {
                for (Path entry : entries) {
                    if (!entry.getFileName().toString().startsWith(".") && next.size() + inside.size() < MATCH_LIMIT) {
                        inside.add(folder.resolve(entry.getFileName()));
                    }
                }
            } catch (IOException | java.nio.file.DirectoryIteratorException e) {
                continue; // no such folder, or not ours to read: nothing matches there
            }
            Collections.sort(inside);
            next.addAll(inside);
        }
        return next;
    }

    private static boolean isWild(String pattern) {
        return pattern.indexOf('*') >= 0 || pattern.indexOf('?') >= 0 || pattern.indexOf('[') >= 0;
    }
}
