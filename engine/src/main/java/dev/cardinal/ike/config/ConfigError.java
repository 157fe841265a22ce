package dev.cardinal.ike.config;

import java.nio.file.Path;

/**
 * A fault of the configuration.
 *
 * @param file where it stands
 * @param line counted from 1; 0 where the file as a whole is meant
 * @param key dotted name of the setting, such as {@code connections.gw.proposals}; empty where there is none
 * @param message in one line; never a secret
 */
public record ConfigError(Path file, int line, String key, String message) {

    /** {@code file:line: key: message}, as {@code check} prints it. */
    @Override
    public String toString() {
        return file + ":" + line + ": " + (key.isEmpty() ? "" : key + ": ") + message;
    }
}
