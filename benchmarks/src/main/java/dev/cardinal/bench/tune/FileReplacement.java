package dev.cardinal.bench.tune;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Objects;
import java.util.Set;

/** Writes files so that a reader sees the old or the new content whole, even where the machine stops in between. */
final class FileReplacement {
    private static final Set<PosixFilePermission> NEW_FILE = PosixFilePermissions.fromString("rw-r--r--");

    private FileReplacement() {}

    /**
     * Replaces a file, or makes it. Permissions, owner and group of one that exists stay; a link stays one.
     *
     * @throws IOException where it cannot be done; the old file is untouched then
     */
    static void write(Path file, String content) throws IOException {
        boolean exists = Files.exists(file);
        Path target = exists ? file.toRealPath() : file;
        Path folder = Objects.requireNonNull(target.toAbsolutePath().getParent());
        Path fresh = Files.createTempFile(folder, "." + target.getFileName() + ".", ".new");
        try {
            try (FileChannel channel = FileChannel.open(fresh, StandardOpenOption.WRITE)) {
                ByteBuffer octets = StandardCharsets.UTF_8.encode(content);
                while (octets.hasRemaining()) {
                    channel.write(octets);
                }
                channel.force(true);
            }
            if (exists) {
                PosixFileAttributes old = Files.readAttributes(target, PosixFileAttributes.class);
                PosixFileAttributeView view = Files.getFileAttributeView(fresh, PosixFileAttributeView.class);
                PosixFileAttributes ours = view.readAttributes();
                if (!ours.owner().equals(old.owner())) {
                    view.setOwner(old.owner());
                }
                if (!ours.group().equals(old.group())) {
                    view.setGroup(old.group());
                }
                view.setPermissions(old.permissions());
            } else {
                Files.setPosixFilePermissions(fresh, NEW_FILE);
            }
            Files.move(fresh, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(fresh);
        }
    }
}
