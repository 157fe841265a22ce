package dev.cardinal.ike.config;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * strongSwan's settings grammar:
 *
 * <pre>
 * settings   := (section | keyvalue | include)*
 * section    := name [: name[.name]* (, name[.name]*)*] { settings }
 * keyvalue   := key = value      up to the end of the line, a comment or a closing brace
 * include    := include PATTERN  relative to the including file
 * </pre>
 *
 * Words of a value are joined by single spaces; a quoted one keeps its spaces and knows {@code \n \r \t \" \\} and a
 * backslash before a line's end, which continues it. Depth, sizes and includes are bounded. Faults are collected and
 * parsing goes on after the line.
 */
final class ConfigParser {
    /** Nested sections. */
    static final int DEPTH_LIMIT = 32;
    /** Nested includes. */
    static final int INCLUDE_DEPTH_LIMIT = 16;
    /** Files read for one configuration. */
    static final int FILE_LIMIT = 4096;
    /** Octets of one file. */
    static final int FILE_SIZE_LIMIT = 8 << 20;
    /** Octets of all files. */
    static final long TOTAL_SIZE_LIMIT = 64L << 20;

    private final ConfigErrors errors;
    private int files;
    private long octets;

    private ConfigParser(ConfigErrors errors) {
        this.errors = errors;
    }

    /** Reads a file and what it includes; references are resolved. */
    static ConfigSection parse(Path file, ConfigErrors errors) {
        ConfigParser parser = new ConfigParser(errors);
        ConfigSection root = new ConfigSection("", "", file, 0);
        parser.read(file, root, 0, 0, new ConfigValue("", file, 0));
        return ConfigReferences.resolve(root, errors);
    }

    private void read(Path file, ConfigSection into, int depth, int includeDepth, ConfigValue from) {
        if (++files > FILE_LIMIT) {
            errors.add(from, "include", "more than " + FILE_LIMIT + " files");
            return;
        }
        String text;
        try {
            long size = Files.size(file);
            octets += size;
            if (size > FILE_SIZE_LIMIT || octets > TOTAL_SIZE_LIMIT) {
                errors.add(file, 0, "", "too large: " + size + " octets");
                return;
            }
            text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(Files.readAllBytes(file)))
                    .toString();
        } catch (NoSuchFileException e) {
            errors.add(from, from.line() == 0 ? "" : "include", "no such file: " + file);
            return;
        } catch (CharacterCodingException e) {
            errors.add(file, 0, "", "not UTF-8");
            return;
        } catch (IOException e) {
            errors.add(file, 0, "", "cannot be read: " + e.getClass().getSimpleName());
            return;
        }
        new Source(file, text, includeDepth).body(into, depth, false);
    }

    /** One file being read. */
    private final class Source {
        private final Path file;
        private final String text;
        private final int includeDepth;
        private int at;
        private int line = 1;

        Source(Path file, String text, int includeDepth) {
            this.file = file;
            this.text = text;
            this.includeDepth = includeDepth;
        }

        /** @param braced whether a closing brace ends this body */
        void body(ConfigSection section, int depth, boolean braced) {
            int begun = line;
            while (true) {
                skipSpace();
                if (at == text.length()) {
                    if (braced) {
                        errors.add(file, begun, section.path(), "section is not closed");
                    }
                    return;
                }
                if (text.charAt(at) == '}') {
                    at++;
                    if (braced) {
                        return;
                    }
                    errors.add(file, line, section.path(), "a closing brace too many");
                    continue;
                }
                statement(section, depth);
            }
        }

        private void statement(ConfigSection section, int depth) {
            int begun = line;
            String name = name();
            if (name.isEmpty()) {
                errors.add(file, line, section.path(), "a name was expected, not '" + text.charAt(at) + "'");
                skipLine();
                return;
            }
            skipBlanks();
            char next = peek();
            if (name.equals("include") && next != '=' && next != '{' && next != ':' && next != '\n' && next != 0) {
                include(section, depth, begun);
                return;
            }
            if (next == '\n' || next == '#') {
                int savedAt = at;
                int savedLine = line;
                skipSpace();
                if (peek() != '{' && peek() != ':') {
                    at = savedAt;
                    line = savedLine;
                    errors.add(file, begun, section.key(name), "'=' or '{' was expected after the name");
                    return;
                }
                next = peek();
            }
            switch (next) {
                case '=' -> {
                    at++;
                    section.put(name, new ConfigValue(value(section.key(name)), file, begun));
                }
                case '{', ':' -> {
                    ConfigSection child = section.section(name, file, begun);
                    if (next == ':') {
                        at++;
                        references(child);
                    }
                    if (peek() != '{') {
                        errors.add(file, line, child.path(), "'{' was expected");
                        skipLine();
                        return;
                    }
                    at++;
                    if (depth + 1 >= DEPTH_LIMIT) {
                        errors.add(file, begun, child.path(), "nested deeper than " + DEPTH_LIMIT);
                        at = text.length();
                        return;
                    }
                    body(child, depth + 1, true);
                }
                default -> {
                    errors.add(file, begun, section.key(name), "'=' or '{' was expected after the name");
                    skipLine();
                }
            }
        }

        private void references(ConfigSection child) {
            while (true) {
                skipSpace();
                String reference = name();
                if (reference.isEmpty()) {
                    errors.add(file, line, child.path(), "the name of a section was expected after ':' or ','");
                    return;
                }
                child.references().add(new ConfigValue(reference, file, line));
                skipSpace();
                if (peek() != ',') {
                    return;
                }
                at++;
            }
        }

        private void include(ConfigSection section, int depth, int begun) {
            String pattern = value("include");
            ConfigValue from = new ConfigValue(pattern, file, begun);
            if (includeDepth + 1 >= INCLUDE_DEPTH_LIMIT) {
                errors.add(
                        from, "include", "nested deeper than " + INCLUDE_DEPTH_LIMIT + "; does a file include itself?");
                return;
            }
            List<Path> found = new ArrayList<>();
            String failure = FilePattern.expand(file, pattern, found);
            if (failure != null) {
                errors.add(from, "include", failure);
            }
            for (Path one : found) {
                read(one, section, depth, includeDepth + 1, from);
            }
        }

        private String name() {
            int from = at;
            while (at < text.length() && "#{}:,=\"\n\r\t ".indexOf(text.charAt(at)) < 0) {
                at++;
            }
            return text.substring(from, at);
        }

        private String value(String key) {
            StringBuilder out = new StringBuilder();
            boolean first = true;
            while (true) {
                skipBlanks();
                char next = peek();
                if (next == 0 || next == '\n' || next == '#' || next == '}') {
                    return out.toString();
                }
                if (!first) {
                    out.append(' ');
                }
                first = false;
                if (next == '"') {
                    quoted(key, out);
                } else {
                    int from = at;
                    while (at < text.length() && "#}\"\n\r\t ".indexOf(text.charAt(at)) < 0) {
                        at++;
                    }
                    out.append(text, from, at);
                }
            }
        }

        private void quoted(String key, StringBuilder out) {
            int begun = line;
            at++;
            while (at < text.length()) {
                char c = text.charAt(at++);
                if (c == '"') {
                    return;
                }
                if (c == '\n') {
                    line++;
                }
                if (c != '\\' || at == text.length()) {
                    out.append(c);
                    continue;
                }
                char escaped = text.charAt(at++);
                switch (escaped) {
                    case 'n' -> out.append('\n');
                    case 'r' -> out.append('\r');
                    case 't' -> out.append('\t');
                    case '\n' -> line++;
                    case '\r' -> {
                        if (peek() == '\n') {
                            at++;
                            line++;
                        }
                    }
                    default -> out.append(escaped);
                }
            }
            errors.add(file, begun, key, "the closing quotation mark is missing");
        }

        private char peek() {
            return at < text.length() ? text.charAt(at) : 0;
        }

        private void skipBlanks() {
            while (at < text.length() && " \t\r".indexOf(text.charAt(at)) >= 0) {
                at++;
            }
        }

        /** Blanks, line ends and comments. */
        private void skipSpace() {
            while (at < text.length()) {
                char c = text.charAt(at);
                if (c == '\n') {
                    line++;
                } else if (c == '#') {
                    skipLine();
                    continue;
                } else if (" \t\r".indexOf(c) < 0) {
                    return;
                }
                at++;
            }
        }

        /** To the line's end, which is left. */
        private void skipLine() {
            while (at < text.length() && text.charAt(at) != '\n') {
                at++;
            }
        }
    }
}
