package dev.cardinal.ike.config;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** PKCS#11 modules as users name them: a file, or {@code card} for the crypto card that comes with Cardinal. */
public final class ModuleFile {
    /** The crypto card's name. A file of this name is {@code ./card}. */
    public static final String CARD = "card";

    /** The property that tells the folder of the card's module; the launcher sets it. */
    public static final String CARD_FOLDER = "cardinal.lib";

    private static final String CARD_FILE = "libcardinal-card.so";

    private ModuleFile() {}

    /**
     * The module's file, which exists.
     *
     * @param folder against which a relative path is resolved
     * @throws IOException where it does not; the message says what to do
     */
    public static Path of(String name, Path folder) throws IOException {
        if (name.equals(CARD)) {
            return card();
        }
        Path file = folder.resolve(name);
        if (!Files.isRegularFile(file)) {
            throw new IOException("no such file: " + file);
        }
        return file;
    }

    /** The crypto card's module; see {@link #of}. */
    public static Path card() throws IOException {
        String folder = System.getProperty(CARD_FOLDER);
        if (folder == null) {
            throw new IOException("where the crypto card is, is not known: start with ./cardinal, or with -D"
                    + CARD_FOLDER + "=DIR where DIR holds " + CARD_FILE);
        }
        Path file = Path.of(folder).resolve(CARD_FILE);
        if (!Files.isRegularFile(file)) {
            throw new IOException("the crypto card is not built: " + file
                    + " is missing; ./cardinal builds it, and so does mvn package");
        }
        return file;
    }
}
