package dev.cardinal.ike.config;

import org.jspecify.annotations.Nullable;

/**
 * strongSwan's {@code secrets.token*}: a key on a token, with the token's PIN.
 *
 * @param handle CKA_ID in hexadecimal digits, lower case; null where any key of the token may be used
 * @param token name of the section under {@code tokens}
 * @param pin null where the token's own section says where the PIN is
 */
public record TokenSecret(
        @Nullable String handle, String token, @Nullable Passphrase pin) {}
