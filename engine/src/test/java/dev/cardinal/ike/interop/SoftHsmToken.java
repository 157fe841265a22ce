package dev.cardinal.ike.interop;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** A SoftHSM token of its own: configuration, token folder, PIN file. Keys are imported, and stay for its life. */
final class SoftHsmToken implements InteropToken {

    private static final Path MODULE = Path.of("/usr/lib/softhsm/libsofthsm2.so");
    private static final String PIN = "271828";

    private final Path folder;
    private int imported;

    /** Makes and initialises the token in an existing folder that the caller removes. */
    SoftHsmToken(Path folder) {
        this.folder = folder;
        if (!Files.exists(MODULE)) {
            throw new AssertionError(MODULE + " is missing: install softhsm2");
        }
        try {
            Files.createDirectories(folder.resolve("tokens"));
            Files.writeString(
                    conf(),
                    "directories.tokendir = " + folder.resolve("tokens")
                            + "\nobjectstore.backend = file\nlog.level = ERROR\n");
            Files.writeString(pinFile(), PIN + "\n");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        utility("--init-token", "--free", "--label", LABEL, "--pin", PIN, "--so-pin", "31415926");
    }

    @Override
    public Path module() {
        return MODULE;
    }

    @Override
    public Map<String, String> environment() {
        return Map.of("SOFTHSM2_CONF", conf().toString());
    }

    private Path conf() {
        return folder.resolve("softhsm2.conf");
    }

    @Override
    public Path pinFile() {
        return folder.resolve("pin");
    }

    @Override
    public void importKey(String label, TestPki.Credential credential) {
        Path file = folder.resolve(label + ".p8");
        imported++;
        try {
            Files.writeString(file, ConfigFolder.pkcs8(credential.key().getPrivate()));
            utility(
                    "--import",
                    file.toString(),
                    "--token",
                    LABEL,
                    "--pin",
                    PIN,
                    "--label",
                    label,
                    "--id",
                    "%02x".formatted(imported));
            Files.delete(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void utility(String... words) {
        String[] all = new String[words.length + 1];
        all[0] = "softhsm2-util";
        System.arraycopy(words, 0, all, 1, words.length);
        Command.of(all).with("SOFTHSM2_CONF", conf().toString()).run().orFail();
    }
}
