package dev.cardinal.ike.interop;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A token of the crypto card, made and filled by OpenSC's pkcs11-tool as an operator would. */
final class CardToken implements InteropToken {

    static final String PIN = "271828";
    private static final String SO_PIN = "31415926";

    private final Path folder;
    private final Map<String, String> ids = new LinkedHashMap<>();

    /** Makes and initialises the token in a folder that the caller removes. */
    CardToken(Path folder) {
        this.folder = folder;
        if (!Files.exists(module())) {
            throw new AssertionError(module() + " is missing: build native/");
        }
        try {
            Files.createDirectories(folder);
            Files.writeString(pinFile(), PIN + "\n");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        tool("--init-token", "--slot-index", "0", "--label", LABEL, "--so-pin", SO_PIN);
        tool("--init-pin", "--token-label", LABEL, "--login", "--login-type", "so", "--so-pin", SO_PIN, "--pin", PIN);
    }

    @Override
    public Path module() {
        return Path.of(System.getProperty("cardinal.card", "libcardinal-card.so"));
    }

    @Override
    public Path pinFile() {
        return folder.resolve("pin");
    }

    @Override
    public Map<String, String> environment() {
        return Map.of("CARDINAL_CARD_DIR", folder.resolve("card").toString());
    }

    @Override
    public void importKey(String label, TestPki.Credential credential) {
        String id = "%02x".formatted(ids.size() + 1);
        ids.put(label, id);
        try {
            Path privateKey = folder.resolve("key.der");
            Path publicKey = folder.resolve("public.der");
            Files.write(privateKey, credential.key().getPrivate().getEncoded());
            Files.write(publicKey, credential.key().getPublic().getEncoded());
            write(privateKey, "privkey", label, id);
            write(publicKey, "pubkey", label, id);
            Files.delete(privateKey);
            Files.delete(publicKey);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** {@code CKA_ID} of an imported key, in hex. */
    String id(String label) {
        return ids.getOrDefault(label, "");
    }

    private void write(Path file, String type, String label, String id) {
        tool(
                "--token-label",
                LABEL,
                "--login",
                "--pin",
                PIN,
                "--write-object",
                file.toString(),
                "--type",
                type,
                "--usage-sign",
                "--label",
                label,
                "--id",
                id);
    }

    private void tool(String... words) {
        List<String> all = new ArrayList<>(List.of("pkcs11-tool", "--module", module().toString()));
        all.addAll(List.of(words));
        Command command = new Command(all, environment());
        command.run().orFail();
    }
}
