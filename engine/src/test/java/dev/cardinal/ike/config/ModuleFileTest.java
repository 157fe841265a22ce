package dev.cardinal.ike.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ModuleFileTest {
    @TempDir
    private Path folder = Path.of("");

    private @Nullable String before;

    @BeforeEach
    void remember() {
        before = System.clearProperty(ModuleFile.CARD_FOLDER);
    }

    @AfterEach
    void restore() {
        if (before == null) {
            System.clearProperty(ModuleFile.CARD_FOLDER);
        } else {
            System.setProperty(ModuleFile.CARD_FOLDER, before);
        }
    }

    @Test
    void aFileIsFoundFromItsFolder() throws Exception {
        Path module = Files.createFile(folder.resolve("module.so"));
        assertEquals(module, ModuleFile.of("module.so", folder));
        assertEquals(module, ModuleFile.of(module.toString(), Path.of("")));
        IOException missing = assertThrows(IOException.class, () -> ModuleFile.of("other.so", folder));
        assertEquals("no such file: " + folder.resolve("other.so"), missing.getMessage());
        Path odd = Files.createFile(folder.resolve("card"));
        assertEquals(odd.toRealPath(), ModuleFile.of("./card", folder).toRealPath());
    }

    @Test
    void theCardIsWhereThePropertySays() throws Exception {
        System.setProperty(ModuleFile.CARD_FOLDER, folder.toString());
        Path module = Files.createFile(folder.resolve("libcardinal-card.so"));
        assertEquals(module, ModuleFile.of("card", Path.of("/elsewhere")));
    }

    @Test
    void whereTheCardIsMissingItIsSaidHowToGetIt() {
        String unknown = String.valueOf(assertThrows(IOException.class, () -> ModuleFile.of("card", folder))
                .getMessage());
        assertTrue(unknown.contains("start with ./cardinal, or with -Dcardinal.lib=DIR"), unknown);
        System.setProperty(ModuleFile.CARD_FOLDER, folder.toString());
        String missing = String.valueOf(assertThrows(IOException.class, () -> ModuleFile.of("card", folder))
                .getMessage());
        assertTrue(missing.contains(folder.resolve("libcardinal-card.so") + " is missing"), missing);
        assertTrue(missing.contains("./cardinal builds it"), missing);
    }
}
