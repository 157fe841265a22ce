package dev.cardinal.ike.vectors;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Where the published vectors lie: {@code shared/vectors} beside the checkout (or beside the folder that holds it, for a
 * work tree). A build without them runs on the committed values alone.
 */
public final class SharedVectors {
    private SharedVectors() {}

    /** The folder of vectors, or empty where this checkout has none beside it. */
    public static Optional<Path> folder() {
        Path root = root();
        Path above = root == null ? null : root.getParent();
        for (int level = 0; level < 2 && above != null; level++) {
            Path candidate = above.resolve("shared").resolve("vectors");
            if (Files.isDirectory(candidate)) {
                return Optional.of(candidate);
            }
            above = above.getParent();
        }
        return Optional.empty();
    }

    /** A file of the folder, by its relative name; empty where there is no folder or no such file. */
    public static Optional<Path> file(String relative) {
        return folder().map(folder -> folder.resolve(relative)).filter(Files::isRegularFile);
    }

    /** The regular files of a sub-folder in the order of their names; none where there is no folder. */
    public static List<Path> files(String subfolder) {
        Optional<Path> folder = folder().map(all -> all.resolve(subfolder)).filter(Files::isDirectory);
        if (folder.isEmpty()) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(folder.get())) {
            return files.filter(Files::isRegularFile).sorted().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static @Nullable Path root() {
        for (Path at = Path.of("").toAbsolutePath(); at != null; at = at.getParent()) {
            if (Files.exists(at.resolve(".git")) || (hasPom(at) && !hasPom(at.getParent()))) {
                return at;
            }
        }
        return null;
    }

    private static boolean hasPom(@Nullable Path folder) {
        return folder != null && Files.isRegularFile(folder.resolve("pom.xml"));
    }
}
