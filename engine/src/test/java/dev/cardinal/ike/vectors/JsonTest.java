package dev.cardinal.ike.vectors;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class JsonTest {
    @Test
    void readsEveryKindOfValue() {
        Json json = Json.parse("""
                {"a": [1, -2.5e1, true, false, null], "b": {"c": "x\\n\\u0041\\"\\\\"}, "hex": "00ff", "none": null,
                 "empty": {}, "nothing": []}
                """);
        assertEquals(5, json.get("a").elements().size());
        assertEquals(1, json.get("a").elements().get(0).number());
        assertEquals(-25, json.get("a").elements().get(1).number());
        assertTrue(json.get("a").elements().get(2).truth());
        assertTrue(json.get("a").elements().get(4).isNull());
        assertEquals("x\nA\"\\", json.get("b").get("c").text());
        assertArrayEquals(new byte[] {0, (byte) 0xff}, json.get("hex").bytes());
        assertTrue(json.find("none").isEmpty());
        assertTrue(json.find("absent").isEmpty());
        assertTrue(json.get("empty").members().isEmpty());
        assertTrue(json.get("nothing").elements().isEmpty());
    }

    @Test
    void refusesWhatIsNoJson() {
        for (String text :
                new String[] {"", "{", "[1", "[1,", "{\"a\"}", "\"open", "nul", "1 2", "{\"a\":1,}", "\"\\u00\""}) {
            assertThrows(RuntimeException.class, () -> Json.parse(text), text);
        }
        assertThrows(IllegalStateException.class, () -> Json.parse("1").text());
        assertThrows(IllegalStateException.class, () -> Json.parse("{}").get("a"));
    }

    @Test
    void readsEverySharedFile() {
        int files = 0;
        for (String folder : new String[] {"kdf", "rfc", "messages", "pcap", "crypto"}) {
            for (Path file : SharedVectors.files(folder)) {
                if (file.toString().endsWith(".json") || file.toString().endsWith(".json.gz")) {
                    Json json = Json.read(file);
                    assertTrue(json.isObject() || json.isArray(), file.toString());
                    files++;
                }
            }
        }
        System.out.println("shared JSON files read: " + files);
    }
}
