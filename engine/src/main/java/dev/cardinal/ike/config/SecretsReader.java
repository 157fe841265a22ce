package dev.cardinal.ike.config;

import dev.cardinal.ike.crypto.Secret;
import dev.cardinal.ike.sa.IdentityPattern;
import dev.cardinal.ike.sa.UserPattern;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads the {@code secrets} of {@code swanctl.conf}. */
final class SecretsReader {
    private static final List<String> FOREIGN = List.of("ntlm", "ppk", "pkcs12");
    /** Prefixes of sections that name a key file, with the folders where such files lie. */
    private static final Map<String, String> KEY_FOLDERS =
            Map.of("private", "private", "rsa", "rsa", "ecdsa", "ecdsa", "pkcs8", "pkcs8");

    private final SwanctlConf.Surroundings around;
    private final List<SharedKey> sharedKeys = new ArrayList<>();
    private final List<UserPassword> passwords = new ArrayList<>();
    private final List<TokenSecret> tokenSecrets = new ArrayList<>();
    private final Map<Path, Passphrase> passphrases = new LinkedHashMap<>();

    SecretsReader(SwanctlConf.Surroundings around) {
        this.around = around;
    }

    List<SharedKey> sharedKeys() {
        return sharedKeys;
    }

    List<UserPassword> passwords() {
        return passwords;
    }

    List<TokenSecret> tokenSecrets() {
        return tokenSecrets;
    }

    Map<Path, Passphrase> passphrases() {
        return passphrases;
    }

    void read(SectionReader secrets) {
        for (SectionReader secret : secrets.children()) {
            String name = secret.name();
            if (name.startsWith("ike")) {
                sharedKey(secret);
            } else if (name.startsWith("xauth") || name.startsWith("eap")) {
                password(secret);
            } else if (name.startsWith("token")) {
                token(secret);
            } else if (FOREIGN.stream().anyMatch(name::startsWith)) {
                secret.error("strongSwan's, not supported yet");
            } else {
                String folder = KEY_FOLDERS.entrySet().stream()
                        .filter(e -> name.startsWith(e.getKey()))
                        .map(Map.Entry::getValue)
                        .findFirst()
                        .orElse(null);
                if (folder == null) {
                    secret.error("unknown kind of secret");
                } else {
                    keyFile(secret, folder);
                }
            }
        }
        secrets.finish();
    }

    private void sharedKey(SectionReader section) {
        List<IdentityPattern> ids = new ArrayList<>();
        for (String key : section.section().values().keySet()) {
            if (key.startsWith("id")) {
                String text = section.text(key);
                try {
                    if (text != null) {
                        ids.add(IdentityText.pattern(text));
                    }
                } catch (ConfigFault e) {
                    section.error(key, e.what());
                }
            }
        }
        Secret secret = secret(section);
        if (secret != null) {
            sharedKeys.add(new SharedKey(secret, ids));
        }
        section.finish();
    }

    /** strongSwan's {@code xauth*}, for which {@code eap*} is another name. */
    private void password(SectionReader section) {
        List<UserPattern> users = new ArrayList<>();
        for (String key : section.section().values().keySet()) {
            if (key.startsWith("id")) {
                String text = section.text(key);
                if (text != null) {
                    users.add(UserPattern.of(text));
                }
            }
        }
        Secret secret = secret(section);
        if (secret != null) {
            passwords.add(new UserPassword(secret, users));
        }
        section.finish();
    }

    private static @Nullable Secret secret(SectionReader section) {
        String text = section.text("secret");
        if (text == null) {
            section.error("the secret is missing");
            return null;
        }
        String lower = text.toLowerCase(Locale.ROOT);
        try {
            if (lower.startsWith("0x")) {
                String digits = text.substring(2).replaceAll("[:_ ]", "");
                return Secret.owning(HexFormat.of().parseHex(digits.length() % 2 == 0 ? digits : "0" + digits));
            }
            if (lower.startsWith("0s")) {
                return Secret.owning(Base64.getDecoder().decode(text.substring(2)));
            }
        } catch (IllegalArgumentException e) {
            section.error(
                    "secret",
                    lower.startsWith("0x")
                            ? "hexadecimal digits were expected after 0x"
                            : "Base64 was expected after 0s");
            return null;
        }
        return Secret.owning(text.getBytes(StandardCharsets.UTF_8));
    }

    private void keyFile(SectionReader section, String folder) {
        String file = section.text("file");
        String secret = section.text("secret");
        if (file == null || secret == null) {
            section.error(file == null ? "the file is missing" : "the secret is missing");
        } else {
            Path path = around.folder().resolve(folder).resolve(file).normalize();
            if (!Files.isRegularFile(path)) {
                section.error("file", "no such file: " + path);
            } else {
                passphrases.put(path, new Passphrase(secret));
            }
        }
        section.finish();
    }

    private void token(SectionReader section) {
        String handle = handle(section);
        String token = token(section, around);
        section.integer("slot", 0, Integer.MAX_VALUE, 0); // slots move: the token is known by its section
        String pin = section.text("pin");
        if (token != null) {
            tokenSecrets.add(new TokenSecret(handle, token, pin == null ? null : new Passphrase(pin)));
        }
        section.finish();
    }

    /** CKA_ID, or null where it is absent or faulty. */
    static @Nullable String handle(SectionReader section) {
        String handle = section.text("handle");
        if (handle == null) {
            return null;
        }
        String digits = handle.replace(":", "").toLowerCase(Locale.ROOT);
        if (digits.startsWith("0x")) {
            digits = digits.substring(2);
        }
        if (!digits.matches("([0-9a-f]{2}){1,256}")) {
            section.error("handle", "CKA_ID in hexadecimal digits was expected, not '" + handle + "'");
            return null;
        }
        return digits;
    }

    /** The section under {@code tokens} that {@code module} names, or the only one. */
    static @Nullable String token(SectionReader section, SwanctlConf.Surroundings around) {
        String module = section.text("module");
        List<TokenConfig> tokens = around.cardinal().tokens();
        if (module != null) {
            if (tokens.stream().anyMatch(t -> t.name().equals(module))) {
                return module;
            }
            section.error("module", "no token '" + module + "' among the tokens of cardinal.conf");
        } else if (tokens.size() == 1) {
            return tokens.getFirst().name();
        } else {
            section.error(
                    tokens.isEmpty()
                            ? "cardinal.conf has no tokens"
                            : "module must name one of cardinal.conf's tokens");
        }
        return null;
    }
}
