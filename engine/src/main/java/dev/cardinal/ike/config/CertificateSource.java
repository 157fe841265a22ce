package dev.cardinal.ike.config;

import java.security.cert.X509Certificate;
import org.jspecify.annotations.Nullable;

/** A certificate that the configuration names. */
public sealed interface CertificateSource {

    /** Read from a file. */
    record InFile(X509Certificate certificate) implements CertificateSource {}

    /**
     * To be read from a token when it is open.
     *
     * @param handle CKA_ID in hexadecimal digits, lower case
     * @param token name of the section under {@code tokens}; null for the only one
     * @param place where the configuration says so, for messages
     */
    record OnToken(String handle, @Nullable String token, ConfigError place) implements CertificateSource {}
}
