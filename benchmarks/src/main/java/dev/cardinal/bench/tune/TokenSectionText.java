package dev.cardinal.bench.tune;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The text of {@code cardinal.conf} with the places of one token's settings, so that they can be set and everything else stays
 * octet by octet. Only for text that the engine's reader accepts: what is wrong with it is that one's to tell.
 */
final class TokenSectionText {
    /** What our comments begin with; such lines in the token's section are ours to replace. */
    static final String MARK = "# tune:";

    private static final String STEP = "  ";

    private final String text;
    private final String token;
    private final Map<String, Setting> settings = new LinkedHashMap<>();
    private final List<Edit> oldComments = new ArrayList<>();
    private int closing = -1;
    private int at;

    /**
     * A setting; where there are several of one name, the last, which counts.
     *
     * @param from where its name begins
     * @param valueFrom where its value begins; right after the equals sign where it is empty
     */
    private record Setting(int from, int valueFrom, int valueTo) {}

    private record Edit(int from, int to, String replacement) {}

    /** @throws IllegalArgumentException where the section is not in this text, but perhaps in an included one */
    TokenSectionText(String text, String token) {
        this.text = text;
        this.token = token;
        body(0, false);
        if (closing < 0) {
            throw new IllegalArgumentException("tokens." + token + ": the section is not in this file itself");
        }
    }

    /**
     * The text with settings of the token and comments above them.
     *
     * @param values by name; at least one
     * @param comments lines without the sign of a comment; they replace those of the last time
     */
    String with(Map<String, String> values, List<String> comments) {
        List<Edit> edits = new ArrayList<>(oldComments);
        StringBuilder added = new StringBuilder();
        Place place = place(values);
        for (String comment : comments) {
            added.append(place.indent)
                    .append(MARK)
                    .append(' ')
                    .append(printable(comment))
                    .append(place.lineEnd);
        }
        values.forEach((name, value) -> {
            Setting setting = settings.get(name);
            if (setting == null) {
                added.append(place.indent)
                        .append(name)
                        .append(" = ")
                        .append(encoded(value))
                        .append(place.lineEnd);
            } else {
                boolean empty = setting.valueFrom == setting.valueTo;
                edits.add(new Edit(setting.valueFrom, setting.valueTo, (empty ? " " : "") + encoded(value)));
            }
        });
        edits.add(new Edit(place.position, place.position, place.before + added + place.after));
        edits.sort(Comparator.comparingInt(Edit::from).thenComparingInt(Edit::to));
        StringBuilder out = new StringBuilder();
        int copied = 0;
        for (Edit edit : edits) {
            out.append(text, copied, edit.from).append(edit.replacement);
            copied = edit.to;
        }
        return out.append(text, copied, text.length()).toString();
    }

    /**
     * Where new lines go.
     *
     * @param before what makes a line of them where they come in the middle of one
     * @param after what the rest of that line is indented by
     */
    private record Place(int position, String before, String indent, String lineEnd, String after) {}

    /** Above the first of the values that is set already, else before the section's end. */
    private Place place(Map<String, String> values) {
        Setting first = values.keySet().stream()
                .map(settings::get)
                .filter(s -> s != null)
                .findFirst()
                .orElse(null);
        int anchor = first == null ? closing : first.from;
        int line = text.lastIndexOf('\n', anchor - 1) + 1;
        String lineEnd = text.contains("\r\n") ? "\r\n" : "\n";
        String prefix = text.substring(line, anchor);
        if (prefix.isBlank()) {
            return new Place(line, "", first == null ? indentInside(prefix) : prefix, lineEnd, "");
        }
        String outer =
                prefix.substring(0, prefix.length() - prefix.stripLeading().length());
        String inner = outer + STEP;
        return new Place(anchor, lineEnd, inner, lineEnd, first == null ? outer : inner);
    }

    /** As the section's last setting that begins a line is indented. */
    private String indentInside(String closingIndent) {
        String indent = closingIndent + STEP;
        for (Setting setting : settings.values()) {
            String prefix = text.substring(text.lastIndexOf('\n', setting.from - 1) + 1, setting.from);
            if (prefix.isBlank()) {
                indent = prefix;
            }
        }
        return indent;
    }

    /** In one line, whatever names of keys and processors hold. */
    private static String printable(String comment) {
        return comment.replaceAll("\\p{Cntrl}", "?").stripTrailing();
    }

    /** A value as the grammar has it: quoted where it would not be read as it is. */
    private static String encoded(String value) {
        boolean plain = !value.isEmpty()
                && value.chars().noneMatch(c -> "#}\"\\\n\r\t".indexOf(c) >= 0)
                && value.strip().equals(value)
                && !value.contains("  ");
        return plain
                ? value
                : '"'
                        + value.replace("\\", "\\\\")
                                .replace("\"", "\\\"")
                                .replace("\n", "\\n")
                                .replace("\r", "\\r")
                                .replace("\t", "\\t")
                        + '"';
    }

    // ---- the grammar of the engine's ConfigParser, with places ------------------------------------------------------

    /** @param depth 0 for the file, 1 for {@code tokens}, 2 for the token; elsewhere it does not matter */
    private void body(int depth, boolean inTokens) {
        boolean ours = depth == 2 && inTokens;
        while (true) {
            skipSpace(ours);
            if (at == text.length()) {
                return;
            }
            if (text.charAt(at) == '}') {
                if (ours) {
                    closing = at;
                }
                at++;
                return;
            }
            statement(depth, inTokens, ours);
        }
    }

    private void statement(int depth, boolean inTokens, boolean ours) {
        int begun = at;
        String name = name();
        skipBlanks();
        char next = peek();
        if (name.equals("include") && next != '=' && next != '{' && next != ':' && next != '\n') {
            value();
            return;
        }
        skipSpace(false);
        if (peek() == '=') {
            at++;
            Setting value = value();
            if (ours) {
                settings.put(name, new Setting(begun, value.valueFrom, value.valueTo));
            }
            return;
        }
        while (peek() != '{' && at < text.length()) { // the names of sections that it inherits from
            at++;
            skipSpace(false);
        }
        at++;
        boolean within = depth == 0 ? name.equals("tokens") : depth == 1 && inTokens && name.equals(token);
        body(depth + 1, within);
    }

    private String name() {
        int from = at;
        while (at < text.length() && "#{}:,=\"\n\r\t ".indexOf(text.charAt(at)) < 0) {
            at++;
        }
        if (at == from) {
            throw new IllegalArgumentException("a name was expected at offset " + at);
        }
        return text.substring(from, at);
    }

    private Setting value() {
        int from = at;
        int to = at;
        int begun = -1;
        while (true) {
            skipBlanks();
            char next = peek();
            if (at == text.length() || next == '\n' || next == '#' || next == '}') {
                return new Setting(from, begun < 0 ? from : begun, to);
            }
            if (begun < 0) {
                begun = at;
            }
            if (next == '"') {
                quoted();
            } else {
                while (at < text.length() && "#}\"\n\r\t ".indexOf(text.charAt(at)) < 0) {
                    at++;
                }
            }
            to = at;
        }
    }

    private void quoted() {
        at++;
        while (at < text.length()) {
            char c = text.charAt(at++);
            if (c == '"') {
                return;
            }
            if (c == '\\' && at < text.length()) {
                at++;
            }
        }
    }

    private char peek() {
        return at < text.length() ? text.charAt(at) : 0;
    }

    private void skipBlanks() {
        while (at < text.length() && " \t\r".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
    }

    /** Blanks, line ends and comments; in our section, comments of ours are noted. */
    private void skipSpace(boolean ours) {
        while (at < text.length()) {
            char c = text.charAt(at);
            if (c == '#') {
                int from = at;
                int end = text.indexOf('\n', at);
                at = end < 0 ? text.length() : end;
                int line = text.lastIndexOf('\n', from) + 1;
                if (ours
                        && text.startsWith(MARK, from)
                        && text.substring(line, from).isBlank()) {
                    oldComments.add(new Edit(line, Math.min(at + 1, text.length()), ""));
                }
            } else if (" \t\r\n".indexOf(c) < 0) {
                return;
            } else {
                at++;
            }
        }
    }
}
