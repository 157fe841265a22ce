package dev.cardinal.ike.vectors;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.GZIPInputStream;

/** The regular files of a {@code .tar.gz}, as the ustar format lays them out. */
public final class TarGz {
    private static final int BLOCK = 512;

    private TarGz() {}

    /** Contents by name, in their order. */
    public static Map<String, byte[]> read(Path file) {
        Map<String, byte[]> contents = new LinkedHashMap<>();
        try (InputStream in = new GZIPInputStream(Files.newInputStream(file))) {
            for (byte[] header = in.readNBytes(BLOCK);
                    header.length == BLOCK && header[0] != 0;
                    header = in.readNBytes(BLOCK)) {
                String name = field(header, 0, 100);
                int length = Integer.parseInt(field(header, 124, 12), 8);
                byte[] content = in.readNBytes(length);
                in.skipNBytes((BLOCK - length % BLOCK) % BLOCK);
                if (header[156] == '0' || header[156] == 0) {
                    contents.put(name, content);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return contents;
    }

    private static String field(byte[] header, int offset, int length) {
        String field = new String(header, offset, length, StandardCharsets.US_ASCII);
        int end = field.indexOf('\0');
        return (end < 0 ? field : field.substring(0, end)).strip();
    }
}
