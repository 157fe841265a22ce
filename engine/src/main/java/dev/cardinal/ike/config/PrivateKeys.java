package dev.cardinal.ike.config;

import dev.cardinal.ike.crypto.DecryptionKey;
import dev.cardinal.ike.crypto.SigningKey;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import org.jspecify.annotations.Nullable;

/** Finds private keys and certificates where they lie: on open tokens, and on the host. Asked at start only. */
public interface PrivateKeys {

    /**
     * The private key that belongs to a public key.
     *
     * @return null where there is none
     * @throws KeyTrouble where there are two, or a device fails; the message names where
     */
    @Nullable
    SigningKey find(PublicKey publicKey) throws KeyTrouble;

    /**
     * The RSA private key that belongs to a public key, to decrypt with.
     *
     * @return null where there is none
     * @throws KeyTrouble as for {@link #find}
     */
    @Nullable
    DecryptionKey findDecryption(PublicKey publicKey) throws KeyTrouble;

    /**
     * A certificate on a token.
     *
     * @param handle CKA_ID in hexadecimal digits
     * @param token name of the token's section; null for the only one
     * @return null where there is none
     */
    @Nullable
    X509Certificate certificate(String handle, @Nullable String token) throws KeyTrouble;

    /** Why a key cannot be had. */
    final class KeyTrouble extends Exception {
        private static final long serialVersionUID = 1L;

        private final String what;

        public KeyTrouble(String what) {
            super(what, null, false, false);
            this.what = what;
        }

        /** The message, which is never null. */
        public String what() {
            return what;
        }
    }
}
