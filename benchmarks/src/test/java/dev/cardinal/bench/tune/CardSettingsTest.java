package dev.cardinal.bench.tune;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CardSettingsTest {

    @Test
    void tuningIsAddedOrReplaced() throws Exception {
        assertEquals("tuning='/f'", CardSettings.withTuning(null, Path.of("/f")));
        assertEquals(
                "directory='/a b' backend=auto tuning='/f'",
                CardSettings.withTuning("directory='/a b'  tuning=\"/old place\" backend=auto", Path.of("/f")));
        assertEquals("tuning=\"/it's\"", CardSettings.withTuning("tuning=/old", Path.of("/it's")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"directory", "directory=", "directory='/a"})
    void whatIsNotTheCardsFormIsTold(String settings) {
        assertThrows(IOException.class, () -> CardSettings.withTuning(settings, Path.of("/f")));
    }

    @Test
    void pathsThatCannotBeWrittenAreTold() {
        assertThrows(IOException.class, () -> CardSettings.withTuning(null, Path.of("/a'b\"c")));
    }
}
