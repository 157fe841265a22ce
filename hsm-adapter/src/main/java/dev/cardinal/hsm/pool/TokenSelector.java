package dev.cardinal.hsm.pool;

import dev.cardinal.hsm.pkcs11.Pkcs11Uri;
import dev.cardinal.hsm.pkcs11.TokenInfo;

/** Which token of a module is meant. Never a slot number: those move. */
public sealed interface TokenSelector {

    boolean matches(TokenInfo token);

    /** By the label of {@code CK_TOKEN_INFO}. */
    record ByLabel(String label) implements TokenSelector {
        @Override
        public boolean matches(TokenInfo token) {
            return token.label().equals(label);
        }

        @Override
        public String toString() {
            return "label " + label;
        }
    }

    /** By serial number. */
    record BySerial(String serialNumber) implements TokenSelector {
        @Override
        public boolean matches(TokenInfo token) {
            return token.serialNumber().equals(serialNumber);
        }

        @Override
        public String toString() {
            return "serial number " + serialNumber;
        }
    }

    /** By an RFC 7512 URI. */
    record ByUri(Pkcs11Uri uri) implements TokenSelector {
        @Override
        public boolean matches(TokenInfo token) {
            return uri.matches(token);
        }

        @Override
        public String toString() {
            return uri.toString();
        }
    }

    /** A label, or a URI where the text begins with {@code pkcs11:}. */
    static TokenSelector of(String labelOrUri) {
        return labelOrUri.startsWith("pkcs11:") ? new ByUri(Pkcs11Uri.parse(labelOrUri)) : new ByLabel(labelOrUri);
    }
}
