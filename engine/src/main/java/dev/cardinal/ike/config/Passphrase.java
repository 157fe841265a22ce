package dev.cardinal.ike.config;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * A PIN or a passphrase that stands in the configuration. Wiped on close; the text it was read from is the JVM's to forget,
 * which is why {@code pin_file} is to be preferred.
 */
public final class Passphrase implements AutoCloseable {
    private final char[] characters;

    Passphrase(String text) {
        characters = text.toCharArray();
    }

    /** A copy, which the caller wipes. */
    public char[] characters() {
        return characters.clone();
    }

    /** UTF-8 in a fresh array, which the caller wipes. */
    public byte[] octets() {
        char[] copy = characters.clone();
        ByteBuffer encoded = StandardCharsets.UTF_8.encode(java.nio.CharBuffer.wrap(copy));
        byte[] octets = new byte[encoded.remaining()];
        encoded.get(octets);
        Arrays.fill(encoded.array(), (byte) 0);
        Arrays.fill(copy, '\0');
        return octets;
    }

    @Override
    public void close() {
        Arrays.fill(characters, '\0');
    }

    @Override
    public String toString() {
        return "Passphrase[redacted]";
    }
}
