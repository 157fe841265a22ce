package dev.cardinal.ike.crypto;

import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.util.List;

/**
 * Whom a connection trusts.
 *
 * @param authorities trust anchors
 * @param intermediates further CA certificates that may help to build a path
 * @param peers end-entity certificates that the connection pins; empty for any. A pinned certificate is trusted as it
 *     stands
 * @param crls certificate revocation lists at hand
 * @param revocation what a missing or stale list means
 */
public record TrustPolicy(
        List<X509Certificate> authorities,
        List<X509Certificate> intermediates,
        List<X509Certificate> peers,
        List<X509CRL> crls,
        Revocation revocation) {

    public TrustPolicy {
        authorities = List.copyOf(authorities);
        intermediates = List.copyOf(intermediates);
        peers = List.copyOf(peers);
        crls = List.copyOf(crls);
    }

    /** strongSwan's {@code revocation} keywords. */
    public enum Revocation {
        /** Fails without a fresh list. */
        STRICT,
        /** Fails without a list, where the certificate names a place to fetch one. */
        IF_URI,
        /** Only a listed certificate fails. */
        RELAXED
    }
}
