package dev.cardinal.bench.tune;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TokenSectionTextTest {
    private static final String SEVERAL = """
            # the gateway's tokens: workers = 99 { } in a comment
            cardinal {
              loops = 4   # workers = 7
              card { }
            }
            include other.conf
            tokens {
              luna {
                module = "/usr/lib/{odd} \\"name\\".so"
                workers = 32
              }
              card : defaults {
                module = card
                pin_file = pin      # kept apart
                workers =  8   # as it was
                extra { workers = 1 }
                batch = "16"
              }
              defaults { roles = sign }
            }
            """;

    @Test
    void valuesAreReplacedWhereTheyStand() {
        String expected =
                SEVERAL.replace("workers =  8   #", "workers =  2   #").replace("\"16\"", "64");
        expected = expected.replace("    workers =  2", "    # tune: measured\n    workers =  2");
        assertEquals(expected, set(SEVERAL, "card", 2, 64, "measured"));
    }

    @Test
    void settingsThatAreMissingComeAtTheSectionsEnd() {
        String expected = SEVERAL.replace(
                "    workers = 32\n", "    # tune: first\n    # tune: second\n    batch = 4\n    workers = 1\n");
        assertEquals(expected, set(SEVERAL, "luna", 1, 4, "first", "second"));
        assertEquals(
                "tokens {\n\ta {\n\t\tmodule = m\n\t\t# tune: c\n\t\tworkers = 1\n\t\tbatch = 4\n\t}\n}",
                set("tokens {\n\ta {\n\t\tmodule = m\n\t}\n}", "a", 1, 4, "c"));
        assertEquals(
                "tokens {\n  a {\n    # tune: c\n    workers = 1\n    batch = 4\n  }\n}\n",
                set("tokens {\n  a {\n  }\n}\n", "a", 1, 4, "c"));
    }

    @Test
    void sectionsInOneLine() {
        String once = set("tokens { a { module = m } b { workers = 5 } }\n", "a", 1, 4, "c");
        assertEquals(
                "tokens { a { module = m \n  # tune: c\n  workers = 1\n  batch = 4\n} b { workers = 5 } }\n", once);
        String other = set(once, "b", 2, 8, "d");
        assertEquals(
                "tokens { a { module = m \n  # tune: c\n  workers = 1\n  batch = 4\n"
                        + "} b { \n  # tune: d\n  batch = 8\n  workers = 2 } }\n",
                other);
    }

    @Test
    void commentsOfTheLastTimeAreReplaced() {
        String first = set(SEVERAL, "card", 2, 64, "one", "two", "three");
        String both = set(first, "luna", 4, 8, "of luna");
        String again = set(both, "card", 2, 64, "four");
        assertTrue(again.contains("# tune: of luna\n"), "another token's comments stay");
        assertEquals(both.replace("# tune: one\n    # tune: two\n    # tune: three\n", "# tune: four\n"), again);
        assertEquals(again, set(again, "card", 2, 64, "four"));
    }

    @Test
    void linesOfValuesAreNoComments() {
        String text = "tokens {\n  a {\n    init_args = \"x='\n    # tune: of a value'\"\n    workers = 1\n  }\n}\n";
        String expected = text.replace("    workers = 1\n", "    # tune: c\n    batch = 2\n    workers = 3\n");
        assertEquals(expected, set(text, "a", 3, 2, "c"));
    }

    @Test
    void theLastOfSeveralCounts() {
        String text = "tokens {\n a {\n  workers = 1\n  workers = 2\n }\n}\ntokens {\n a {\n  batch = 3\n }\n}\n";
        assertEquals(
                text.replace("workers = 2", "workers = 7")
                        .replace("batch = 3", "batch = 9")
                        .replace("  workers = 7", "  # tune: c\n  workers = 7"),
                set(text, "a", 7, 9, "c"));
    }

    @Test
    void emptyValuesAndForeignLineEnds() {
        String text = "tokens {\r\n  a {\r\n    workers = # none\r\n    batch =\r\n  }\r\n}\r\n";
        assertEquals(
                "tokens {\r\n  a {\r\n    # tune: c\r\n    workers = 1 # none\r\n    batch = 2\r\n  }\r\n}\r\n",
                set(text, "a", 1, 2, "c"));
    }

    @Test
    void valuesThatTheGrammarWouldReadOtherwiseAreQuoted() {
        String text = "tokens {\n  a {\n    init_args = directory='/a'\n  }\n}\n";
        TokenSectionText section = new TokenSectionText(text, "a");
        assertEquals(
                text.replace("directory='/a'", "\"directory='/a#b' tuning=\\\"/c  d\\\"\""),
                section.with(Map.of("init_args", "directory='/a#b' tuning=\"/c  d\""), List.of()));
    }

    @Test
    void commentsStayInTheirLine() {
        String text = "tokens {\n  a {\n    workers = 1\n    batch = 1\n  }\n}\n";
        String set = set(text, "a", 1, 1, "label\nworkers = 256");
        assertEquals(text.replace("    workers", "    # tune: label?workers = 256\n    workers"), set);
    }

    @Test
    void sectionsElsewhereAreTold() {
        assertThrows(IllegalArgumentException.class, () -> new TokenSectionText(SEVERAL, "extra"));
        assertThrows(IllegalArgumentException.class, () -> new TokenSectionText("a { tokens { b { } } }", "b"));
        IllegalArgumentException told = assertThrows(
                IllegalArgumentException.class, () -> new TokenSectionText("tokens { include more.conf\n }", "b"));
        assertTrue(String.valueOf(told.getMessage()).startsWith("tokens.b: "), told.getMessage());
    }

    private static String set(String text, String token, int workers, int batch, String... comments) {
        Map<String, String> values = new LinkedHashMap<>();
        values.put("workers", Integer.toString(workers));
        values.put("batch", Integer.toString(batch));
        return new TokenSectionText(text, token).with(values, List.of(comments));
    }
}
