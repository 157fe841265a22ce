package dev.cardinal.ike.vectors;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;

/**
 * A JSON value (RFC 8259): an object, array, string, number, boolean or null. Asking it for what it is not throws
 * {@link IllegalStateException}, so that a test never passes on a value it has not found.
 */
public final class Json {
    private final @Nullable Object value;

    private Json(@Nullable Object value) {
        this.value = value;
    }

    /** Reads a file; unpacks it first where its name ends in {@code .gz}. */
    public static Json read(Path file) {
        try (InputStream raw = Files.newInputStream(file);
                InputStream in = file.toString().endsWith(".gz") ? new GZIPInputStream(raw) : raw) {
            return parse(new String(in.readAllBytes(), StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Parses a whole text. */
    public static Json parse(String text) {
        Parser parser = new Parser(text);
        Json value = parser.value();
        parser.skipSpace();
        if (parser.at != text.length()) {
            throw parser.wrong("end");
        }
        return value;
    }

    /** A member of an object; throws where it is absent. */
    public Json get(String name) {
        Json member = members().get(name);
        if (member == null) {
            throw new IllegalStateException(
                    "no member " + name + ", only " + members().keySet());
        }
        return member;
    }

    /** A member of an object; empty where it is absent or null. */
    public Optional<Json> find(String name) {
        return Optional.ofNullable(members().get(name)).filter(member -> member.value != null);
    }

    /** The members of an object in their order. */
    public Map<String, Json> members() {
        if (value instanceof Members members) {
            return members.byName;
        }
        throw new IllegalStateException("no object: " + value);
    }

    /** The elements of an array. */
    public List<Json> elements() {
        if (value instanceof Elements elements) {
            return elements.inOrder;
        }
        throw new IllegalStateException("no array: " + value);
    }

    public boolean isObject() {
        return value instanceof Members;
    }

    public boolean isArray() {
        return value instanceof Elements;
    }

    public boolean isText() {
        return value instanceof String;
    }

    public boolean isNull() {
        return value == null;
    }

    /** The text of a string. */
    public String text() {
        if (value instanceof String text) {
            return text;
        }
        throw new IllegalStateException("no string: " + value);
    }

    /** The octets of a string of hexadecimal digits. */
    public byte[] bytes() {
        return HexFormat.of().parseHex(text());
    }

    public int number() {
        return decimal().intValueExact();
    }

    public BigDecimal decimal() {
        if (value instanceof BigDecimal number) {
            return number;
        }
        throw new IllegalStateException("no number: " + value);
    }

    public boolean truth() {
        if (value instanceof Boolean truth) {
            return truth;
        }
        throw new IllegalStateException("no boolean: " + value);
    }

    @Override
    public String toString() {
        return String.valueOf(value);
    }

    private record Members(Map<String, Json> byName) {}

    private record Elements(List<Json> inOrder) {}

    private static final class Parser {
        private final String text;
        private int at;

        Parser(String text) {
            this.text = text;
        }

        Json value() {
            return switch (peek()) {
                case '{' -> object();
                case '[' -> array();
                case '"' -> new Json(string());
                case 't' -> word("true", true);
                case 'f' -> word("false", false);
                case 'n' -> word("null", null);
                default -> number();
            };
        }

        private Json object() {
            Map<String, Json> members = new LinkedHashMap<>();
            at++;
            if (peek() == '}') {
                at++;
                return new Json(new Members(members));
            }
            while (true) {
                peek();
                String name = string();
                expect(':');
                members.put(name, value());
                if (peek() == '}') {
                    at++;
                    return new Json(new Members(members));
                }
                expect(',');
            }
        }

        private Json array() {
            List<Json> elements = new ArrayList<>();
            at++;
            if (peek() == ']') {
                at++;
                return new Json(new Elements(elements));
            }
            while (true) {
                elements.add(value());
                if (peek() == ']') {
                    at++;
                    return new Json(new Elements(elements));
                }
                expect(',');
            }
        }

        private String string() {
            expect('"');
            StringBuilder string = new StringBuilder();
            while (true) {
                char c = next();
                if (c == '"') {
                    return string.toString();
                }
                string.append(c == '\\' ? escaped(next()) : c);
            }
        }

        private char escaped(char c) {
            return switch (c) {
                case '"', '\\', '/' -> c;
                case 'b' -> '\b';
                case 'f' -> '\f';
                case 'n' -> '\n';
                case 'r' -> '\r';
                case 't' -> '\t';
                case 'u' -> {
                    if (at + 4 > text.length()) {
                        throw wrong("four digits");
                    }
                    at += 4;
                    yield (char) HexFormat.fromHexDigits(text, at - 4, at);
                }
                default -> throw wrong("escape");
            };
        }

        private Json word(String word, @Nullable Object value) {
            if (!text.startsWith(word, at)) {
                throw wrong(word);
            }
            at += word.length();
            return new Json(value);
        }

        private Json number() {
            int start = at;
            while (at < text.length() && "+-.eE0123456789".indexOf(text.charAt(at)) >= 0) {
                at++;
            }
            if (start == at) {
                throw wrong("value");
            }
            return new Json(new BigDecimal(text.substring(start, at)));
        }

        private void expect(char wanted) {
            if (peek() != wanted) {
                throw wrong("'" + wanted + "'");
            }
            at++;
        }

        private char peek() {
            skipSpace();
            if (at == text.length()) {
                throw wrong("more");
            }
            return text.charAt(at);
        }

        private char next() {
            if (at == text.length()) {
                throw wrong("more");
            }
            return text.charAt(at++);
        }

        void skipSpace() {
            while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) {
                at++;
            }
        }

        IllegalStateException wrong(String wanted) {
            return new IllegalStateException("expected " + wanted + " at offset " + at);
        }
    }
}
