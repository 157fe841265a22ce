package dev.cardinal.ike.daemon;

import dev.cardinal.hsm.pool.PinSource;
import dev.cardinal.ike.config.TokenConfig.PinPlace;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** PINs from where the configuration or a command line says they are; never from a command line itself. */
public final class ConfiguredPin {
    /** Octets of a PIN's file. */
    private static final int FILE_LIMIT = 4096;

    private ConfiguredPin() {}

    static @Nullable PinSource of(@Nullable PinPlace place) {
        if (place == null) {
            return null;
        }
        return switch (place) {
            case PinPlace.InFile file -> inFile(file.file());
            case PinPlace.InEnvironment environment -> inEnvironment(environment.variable());
            case PinPlace.InConfiguration configuration ->
                () -> configuration.pin().octets();
        };
    }

    /** The first line of a file, without its end. */
    public static PinSource inFile(Path file) {
        return () -> {
            if (Files.size(file) > FILE_LIMIT) {
                throw new IOException("too large for a PIN: " + file);
            }
            byte[] all = Files.readAllBytes(file);
            int length = 0;
            while (length < all.length && all[length] != '\n' && all[length] != '\r') {
                length++;
            }
            byte[] pin = Arrays.copyOf(all, length);
            Arrays.fill(all, (byte) 0);
            if (length == 0) {
                throw new IOException("no PIN in " + file);
            }
            return pin;
        };
    }

    /** The value of an environment variable; the JVM keeps a copy of its environment. */
    public static PinSource inEnvironment(String variable) {
        return () -> {
            String value = System.getenv(variable);
            if (value == null || value.isEmpty()) {
                throw new IOException("the environment variable " + variable + " is not set");
            }
            return value.getBytes(StandardCharsets.UTF_8);
        };
    }
}
