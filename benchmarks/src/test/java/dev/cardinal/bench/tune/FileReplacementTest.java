package dev.cardinal.bench.tune;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileReplacementTest {
    @TempDir
    Path folder = Path.of("");

    @Test
    void permissionsAndLinksStay() throws Exception {
        Path file = Files.writeString(folder.resolve("file"), "old");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("r--r-----"));
        Path link = Files.createSymbolicLink(folder.resolve("link"), Path.of("file"));
        FileReplacement.write(link, "new \u00e4");
        assertTrue(Files.isSymbolicLink(link));
        assertEquals("new \u00e4", Files.readString(file));
        assertEquals("r--r-----", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
        assertEquals(List.of("file", "link"), names());
    }

    @Test
    void aNewFileIsForEverybodyToRead() throws Exception {
        FileReplacement.write(folder.resolve("fresh"), "x");
        assertEquals(
                "rw-r--r--", PosixFilePermissions.toString(Files.getPosixFilePermissions(folder.resolve("fresh"))));
    }

    @Test
    void whatCannotBeReplacedLeavesNothingBehind() throws Exception {
        Path inTheWay = folder.resolve("taken");
        Files.createDirectories(inTheWay.resolve("full"));
        assertThrows(IOException.class, () -> FileReplacement.write(inTheWay, "x"));
        assertEquals(List.of("taken"), names());
    }

    private List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(f -> f.getFileName().toString()).sorted().toList();
        }
    }
}
