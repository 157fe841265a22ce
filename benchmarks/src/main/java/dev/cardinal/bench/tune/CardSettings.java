package dev.cardinal.bench.tune;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The string of settings that the crypto card takes from {@code C_Initialize}: {@code name='value' ...}. */
final class CardSettings {
    private static final String TUNING = "tuning";

    private CardSettings() {}

    /**
     * The same settings, and the file of break-even points.
     *
     * @param settings null for none; what they say of another such file is dropped
     * @throws IOException where they are not of the card's form, or the path cannot be written in it
     */
    static String withTuning(@Nullable String settings, Path file) throws IOException {
        String path = file.toString();
        char quote = path.indexOf('\'') < 0 ? '\'' : '"';
        if (path.indexOf(quote) >= 0) {
            throw new IOException("a path with both kinds of quotation marks cannot be told to the card: " + path);
        }
        List<String> words = new ArrayList<>();
        for (String word : words(settings == null ? "" : settings)) {
            if (!word.startsWith(TUNING + "=")) {
                words.add(word);
            }
        }
        words.add(TUNING + "=" + quote + path + quote);
        return String.join(" ", words);
    }

    private static List<String> words(String settings) throws IOException {
        List<String> words = new ArrayList<>();
        int at = 0;
        while (at < settings.length()) {
            if (blank(settings.charAt(at))) {
                at++;
                continue;
            }
            int from = at;
            int equals = settings.indexOf('=', at);
            if (equals < 0 || equals == settings.length() - 1) {
                throw new IOException("init_args is not of the form name='value'");
            }
            char first = settings.charAt(equals + 1);
            if (first == '\'' || first == '"') {
                int end = settings.indexOf(first, equals + 2);
                if (end < 0) {
                    throw new IOException("a quotation mark is not closed in init_args");
                }
                at = end + 1;
            } else {
                at = equals + 1;
                while (at < settings.length() && !blank(settings.charAt(at))) {
                    at++;
                }
            }
            words.add(settings.substring(from, at));
        }
        return words;
    }

    private static boolean blank(char c) {
        return c == ' ' || c == '\t' || c == '\n';
    }
}
