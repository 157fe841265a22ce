package dev.cardinal.ike.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConfigParserTest {
    private final ConfigFolder folder;
    private final List<String> errors = new ArrayList<>();

    ConfigParserTest(@TempDir Path path) {
        folder = new ConfigFolder(path);
    }

    private String value(ConfigSection tree, String dotted) {
        int dot = dotted.lastIndexOf('.');
        ConfigSection section = dot < 0 ? tree : tree.find(dotted.substring(0, dot));
        assertNotNull(section, dotted);
        ConfigValue value = section.values().get(dotted.substring(dot + 1));
        assertNotNull(value, dotted);
        return value.text();
    }

    @Test
    void grammar() {
        ConfigSection tree = folder.parse("""
                # a comment
                a = b # another
                section-one {
                    plain =   two   words\t
                    quoted = "two  spaces # no comment } brace"
                    escapes = "a\\"b\\\\c\\nd\\te"
                    continued = "one \\
                two"
                    glued = one "two three" four
                    dn = C=CH, O=Example, CN=gw
                    colon = 2001:db8::1
                    empty =
                    sub { x = 1 }
                    sub2
                    {
                      y = 2
                    }
                }
                """, errors);
        assertEquals(List.of(), errors);
        assertEquals("b", value(tree, "a"));
        assertEquals("two words", value(tree, "section-one.plain"));
        assertEquals("two  spaces # no comment } brace", value(tree, "section-one.quoted"));
        assertEquals("a\"b\\c\nd\te", value(tree, "section-one.escapes"));
        assertEquals("one two", value(tree, "section-one.continued"));
        assertEquals("one two three four", value(tree, "section-one.glued"));
        assertEquals("C=CH, O=Example, CN=gw", value(tree, "section-one.dn"));
        assertEquals("2001:db8::1", value(tree, "section-one.colon"));
        assertEquals("", value(tree, "section-one.empty"));
        assertEquals("1", value(tree, "section-one.sub.x"));
        assertEquals("2", value(tree, "section-one.sub2.y"));
    }

    @Test
    void valuesKnowTheirLine() {
        ConfigSection tree = folder.parse("a = \"x\\\ny\"\n\ns {\n  b = 1\n}\n", errors);
        assertEquals(1, Objects.requireNonNull(tree.values().get("a")).line());
        ConfigSection section = tree.find("s");
        assertNotNull(section);
        assertEquals(4, section.line());
        assertEquals(5, Objects.requireNonNull(section.values().get("b")).line());
    }

    @Test
    void repeatedSectionsMergeAndLaterKeysWin() {
        ConfigSection tree = folder.parse("s { a = 1\n b = 1\n t { x = 1 } }\ns { b = 2\n t { y = 2 } }\n", errors);
        assertEquals(List.of(), errors);
        assertEquals("1", value(tree, "s.a"));
        assertEquals("2", value(tree, "s.b"));
        assertEquals("1", value(tree, "s.t.x"));
        assertEquals("2", value(tree, "s.t.y"));
    }

    @Test
    void referencesFillWhatASectionDoesNotSay() {
        ConfigSection tree = folder.parse("""
                connections {
                  a : defaults, other { x = own
                    local { id = a } }
                  b : connections.a { cleared = }
                }
                defaults { x = d
                  y = d
                  cleared = d
                  local { auth = psk
                    id = d } }
                other { y = o
                  z = o }
                """, errors);
        assertEquals(List.of(), errors);
        assertEquals("own", value(tree, "connections.a.x"));
        assertEquals("d", value(tree, "connections.a.y"));
        assertEquals("o", value(tree, "connections.a.z"));
        assertEquals("a", value(tree, "connections.a.local.id"));
        assertEquals("psk", value(tree, "connections.a.local.auth"));
        assertEquals("own", value(tree, "connections.b.x"));
        assertEquals("psk", value(tree, "connections.b.local.auth"));
        assertEquals("", value(tree, "connections.b.cleared"));
        ConfigSection inherited = tree.find("connections.b.local");
        assertNotNull(inherited);
        assertEquals("connections.b.local", inherited.path());
    }

    @Test
    void referencesThatLeadNowhereOrInCircles() {
        folder.parse("a : nosuch { }\nb : c { }\nc : b { }\nd { e : d { } }\n", errors);
        assertEquals(
                List.of(
                        "test.conf:1: a: refers to a section that does not exist: nosuch",
                        "test.conf:2: b: refers to itself through c",
                        "test.conf:3: c: refers to itself through b",
                        "test.conf:4: d.e: refers to itself through d"),
                errors);
    }

    @Test
    void multiplyingReferencesAreBounded() {
        StringBuilder text = new StringBuilder("s0 { x { } }\n");
        for (int i = 1; i < 40; i++) {
            text.append("s%d : s%d, s%d { }\n".formatted(i, i - 1, i - 1));
        }
        folder.parse(text.toString(), errors);
        assertEquals(
                List.of("test.conf:0: references multiply to more than " + ConfigReferences.WORK_LIMIT + " sections"),
                errors);
    }

    @Test
    void includesAreRelativeToTheIncludingFile() {
        folder.write("conf.d/20.conf", "a = 20\n");
        folder.write("conf.d/10.conf", "a = 10\nb = 10\ninclude deeper/*.inc\n");
        folder.write("conf.d/deeper/x.inc", "c = deep\n");
        folder.write("conf.d/.hidden.conf", "a = hidden\n");
        folder.write("one.conf", "sub { d = 1 }\n");
        ConfigSection tree =
                folder.parse("include conf.d/*.conf\ns {\n include one.conf\n}\ninclude none/*.conf\n", errors);
        assertEquals(List.of(), errors);
        assertEquals("20", value(tree, "a"));
        assertEquals("10", value(tree, "b"));
        assertEquals("deep", value(tree, "c"));
        assertEquals("1", value(tree, "s.sub.d"));
        assertEquals("x", value(folder.parse("include = x\n", errors), "include"));
    }

    @Test
    void aFileThatIncludesItself() {
        folder.parse("a = 1\ninclude test.conf\n", errors);
        assertEquals(
                List.of("test.conf:2: include: nested deeper than " + ConfigParser.INCLUDE_DEPTH_LIMIT
                        + "; does a file include itself?"),
                errors);
    }

    @Test
    void everyErrorIsFound() {
        ConfigSection tree = folder.parse("""
                }
                key without equals
                ok = 1
                = value
                include nosuch.conf
                s {
                  lonely
                  t : { }
                  q = "open
                """, errors);
        assertEquals(
                List.of(
                        "test.conf:1: a closing brace too many",
                        "test.conf:2: key: '=' or '{' was expected after the name",
                        "test.conf:4: a name was expected, not '='",
                        "test.conf:5: include: no such file: nosuch.conf",
                        "test.conf:6: s: section is not closed",
                        "test.conf:7: s.lonely: '=' or '{' was expected after the name",
                        "test.conf:8: s.t: the name of a section was expected after ':' or ','",
                        "test.conf:9: s.q: the closing quotation mark is missing"),
                errors);
        assertEquals("1", value(tree, "ok"));
    }

    @Test
    void depthIsBounded() {
        folder.parse("s {\n".repeat(100) + "}\n".repeat(100), errors);
        assertTrue(
                errors.stream().anyMatch(e -> e.contains("nested deeper than " + ConfigParser.DEPTH_LIMIT)),
                errors.toString());
    }

    @Test
    void noFileAtAll() {
        ConfigErrors found = new ConfigErrors();
        ConfigSection tree = ConfigParser.parse(folder.file("absent.conf"), found);
        assertNull(tree.find("x"));
        assertEquals(
                List.of("absent.conf:0: no such file: absent.conf"),
                found.list().stream().map(folder::shown).toList());
    }
}
