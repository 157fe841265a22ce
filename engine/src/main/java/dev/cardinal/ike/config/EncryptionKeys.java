package dev.cardinal.ike.config;

import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.security.interfaces.RSAPublicKey;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The RSA keys of a connection that authenticates by encryption (RFC 2409 sections 5.2 and 5.3).
 *
 * @param own whose private key we decrypt with; null where the connection authenticates otherwise
 * @param peers to encrypt with for the peer, in the order of the configuration
 */
public record EncryptionKeys(@Nullable Key own, List<Key> peers) {

    /** Of a connection that authenticates otherwise. */
    static final EncryptionKeys NONE = new EncryptionKeys(null, List.of());

    /** keyEncipherment in the bits of keyUsage (RFC 5280 section 4.2.1.3). */
    private static final int KEY_ENCIPHERMENT = 2;

    public EncryptionKeys {
        peers = List.copyOf(peers);
    }

    /**
     * A public key.
     *
     * @param certificate null for a raw key
     */
    public record Key(PublicKey key, @Nullable X509Certificate certificate) {
        boolean isKeyOf(PublicKey other) {
            return Arrays.equals(key.getEncoded(), other.getEncoded());
        }
    }

    /** Out of both sides' {@code certs} and {@code pubkeys}; what is wrong with them has been reported on return. */
    static EncryptionKeys of(SectionReader connection, RoundReader.Side ours, RoundReader.Side theirs) {
        if (!ours.policy().method().encrypts() || !theirs.policy().method().encrypts()) {
            return NONE;
        }
        List<Key> own = keys(connection, ours, "ours");
        List<Key> peers = keys(connection, theirs, "the peer's");
        if (own.size() != 1) {
            connection.error("rsa-encr: local wants one key, by certs or pubkeys, not " + own.size());
        }
        if (peers.isEmpty()) {
            connection.error("rsa-encr: remote names no key, by certs or pubkeys");
        }
        return new EncryptionKeys(own.isEmpty() ? null : own.getFirst(), peers);
    }

    private static List<Key> keys(SectionReader connection, RoundReader.Side side, String whose) {
        List<Key> keys = new ArrayList<>();
        for (CertificateSource source : side.certificates()) {
            if (!(source instanceof CertificateSource.InFile file)) {
                connection.error("rsa-encr: certificates on tokens are not supported yet");
                continue;
            }
            X509Certificate certificate = file.certificate();
            boolean[] usage = certificate.getKeyUsage();
            if (!(certificate.getPublicKey() instanceof RSAPublicKey)) {
                connection.error("rsa-encr: the certificate is not of an RSA key: " + name(certificate, whose));
            } else if (usage != null && !usage[KEY_ENCIPHERMENT]) {
                connection.error("rsa-encr: keyUsage without keyEncipherment: " + name(certificate, whose));
            } else {
                keys.add(new Key(certificate.getPublicKey(), certificate));
            }
        }
        for (PublicKey key : side.publicKeys()) {
            keys.add(new Key(key, null));
        }
        return keys;
    }

    private static String name(X509Certificate certificate, String whose) {
        return whose + ", " + certificate.getSubjectX500Principal().getName();
    }
}
