package dev.cardinal.ike.config;

import java.nio.file.Path;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A section under {@code tokens} of {@code cardinal.conf}.
 *
 * @param name the section's name
 * @param module the PKCS#11 module's file
 * @param initArgs what C_Initialize is handed, null for nothing
 * @param token a token's label, or an RFC 7512 URI that begins with {@code pkcs11:}
 * @param pin where the PIN is; null where none is needed
 * @param workers sessions with a thread each, 0 for what suits the token
 * @param queueBegun requests that may wait for exchanges that have begun
 * @param queueEstablished the same for what is established
 * @param queueUnknown the same for new peers
 * @param batchLimit requests that a worker takes at once
 * @param allowExtract whether shared secrets may leave the token
 */
public record TokenConfig(
        String name,
        Path module,
        @Nullable String initArgs,
        String token,
        @Nullable PinPlace pin,
        Set<Role> roles,
        int workers,
        int queueBegun,
        int queueEstablished,
        int queueUnknown,
        int batchLimit,
        boolean allowExtract) {

    public TokenConfig {
        roles = Set.copyOf(roles);
    }

    /** What a token is used for. */
    public enum Role {
        SIGN,
        DECRYPT,
        KEY_EXCHANGE,
        RANDOM
    }

    /** Where a PIN is kept; read at each login. */
    public sealed interface PinPlace {
        /** The first line of a file. */
        record InFile(Path file) implements PinPlace {}

        /** An environment variable. */
        record InEnvironment(String variable) implements PinPlace {}

        /** {@code secrets.token*.pin}. */
        record InConfiguration(Passphrase pin) implements PinPlace {}
    }

    TokenConfig withPin(PinPlace place) {
        return new TokenConfig(
                name,
                module,
                initArgs,
                token,
                place,
                roles,
                workers,
                queueBegun,
                queueEstablished,
                queueUnknown,
                batchLimit,
                allowExtract);
    }
}
