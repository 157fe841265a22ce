package dev.cardinal.bench.compare;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.cardinal.bench.load.Machine;
import dev.cardinal.bench.load.Suite;
import java.util.List;
import org.junit.jupiter.api.Test;

final class ReportTest {
    private static final Report REPORT =
            new Report("card", 3, 5, 64, 1000, new Machine("a processor", 2, "6.1", "25", "0123456789ab"));

    private static Comparison.Outcome outcome(boolean child) {
        return new Comparison.Outcome(
                Suite.of("rsa2048-x25519"),
                child,
                List.of(new Pair(0.5, 1.5), new Pair(0.4, 1.6), new Pair(0.25, 1)),
                "Cardinal 1",
                "on the card",
                "strongSwan 5",
                "in a file",
                7.5);
    }

    @Test
    void jsonHasWhatScriptsRead() {
        JsonArray rows = JsonParser.parseString(REPORT.json(List.of(outcome(false), outcome(true))))
                .getAsJsonArray();
        assertEquals(2, rows.size());
        JsonObject row = rows.get(0).getAsJsonObject();
        assertEquals("rsa2048-x25519", row.get("suite").getAsString());
        assertEquals("card", row.get("key").getAsString());
        assertEquals(0.4, row.get("cardinal_cpu_ms").getAsDouble());
        assertEquals(1.5, row.get("peer_cpu_ms").getAsDouble());
        assertEquals(4, row.get("ratio").getAsDouble());
        assertEquals(3, row.get("pairs").getAsInt());
        assertEquals("strongSwan 5", row.get("peer").getAsString());
        assertEquals(
                "0123456789ab", row.getAsJsonObject("machine").get("commit").getAsString());
    }

    @Test
    void aRowWithAChildSaHasNoRatio() {
        JsonObject row = JsonParser.parseString(REPORT.json(List.of(outcome(true))))
                .getAsJsonArray()
                .get(0)
                .getAsJsonObject();
        assertTrue(row.get("child").getAsBoolean());
        assertFalse(row.has("ratio") || row.has("ratio_range"));
        String text = REPORT.text(outcome(true), false);
        assertTrue(text.contains("not comparable"), text);
        assertFalse(text.contains("4.00"), text);
    }

    @Test
    void textHasTheFiguresAndBothConfigurations() {
        String text = REPORT.text(outcome(false), true);
        for (String part :
                List.of("0.400", "1.500", "4.00", "3.00 to 4.00", "on the card", "in a file", "a processor")) {
            assertTrue(text.contains(part), part + " in\n" + text);
        }
    }
}
