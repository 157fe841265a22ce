package dev.cardinal.ike.config;

import java.nio.file.Path;

/**
 * A value as it was written, with its place.
 *
 * @param text without quotes and escapes; empty where the value was cleared, so that the default applies
 */
record ConfigValue(String text, Path file, int line) {

    /** Without the text, which may be a secret. */
    @Override
    public String toString() {
        return file + ":" + line;
    }
}
