package dev.cardinal.ike.config;

import dev.cardinal.ike.crypto.TrustPolicy;
import dev.cardinal.ike.sa.PeerPolicy;
import java.security.cert.X509Certificate;
import java.util.List;

/**
 * A connection: the policy its SAs follow, and whose certificates count.
 *
 * @param localCertificates candidates to authenticate with; empty for any that fits the identity
 * @param peers certificates pinned for the peer; empty for any
 * @param authorities who must have issued the peer's certificate; empty for every authority of the configuration
 * @param encryptionKeys of the IKEv1 methods with RSA encryption; none with any other
 * @param place the section, for messages
 */
public record ConnectionConfig(
        PeerPolicy policy,
        List<CertificateSource> localCertificates,
        List<X509Certificate> peers,
        List<X509Certificate> authorities,
        TrustPolicy.Revocation revocation,
        EncryptionKeys encryptionKeys,
        ConfigError place) {

    public ConnectionConfig {
        localCertificates = List.copyOf(localCertificates);
        peers = List.copyOf(peers);
        authorities = List.copyOf(authorities);
    }
}
