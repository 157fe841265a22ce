package dev.cardinal.ike.backend;

import dev.cardinal.ike.crypto.TrustPolicy;
import java.security.GeneralSecurityException;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Set;

/** Certificate revocation lists at hand (RFC 5280 section 6.3); nothing is fetched. */
final class CertificateRevocation {
    private static final String CRL_DISTRIBUTION_POINTS = "2.5.29.31";
    private static final String AUTHORITY_INFO_ACCESS = "1.3.6.1.5.5.7.1.1";
    private static final String DELTA_CRL_INDICATOR = "2.5.29.27";

    /** Bit 6 of the key usage (RFC 5280 section 4.2.1.3). */
    private static final int CRL_SIGN = 6;

    private CertificateRevocation() {}

    /**
     * @param issuer whose key signed the certificate
     * @throws PeerRefused where a list names the certificate, or none at hand is good enough for the policy
     */
    static void check(X509Certificate certificate, X509Certificate issuer, TrustPolicy trust, Instant now)
            throws PeerRefused {
        boolean fresh = false;
        for (X509CRL crl : trust.crls()) {
            if (!isFrom(crl, certificate, issuer)) {
                continue;
            }
            // a stale list still tells what was revoked by then
            if (crl.getRevokedCertificate(certificate) != null) {
                throw new PeerRefused("certificate is revoked: " + describe(certificate));
            }
            fresh |= isFresh(crl, now);
        }
        boolean lacking = switch (trust.revocation()) {
            case STRICT -> !fresh;
            case IF_URI -> !fresh && namesAPlace(certificate);
            case RELAXED -> false;
        };
        if (lacking) {
            throw new PeerRefused("no fresh revocation list for " + describe(certificate));
        }
    }

    private static boolean isFrom(X509CRL crl, X509Certificate certificate, X509Certificate issuer) {
        if (!crl.getIssuerX500Principal().equals(certificate.getIssuerX500Principal())) {
            return false;
        }
        if (crl.getExtensionValue(DELTA_CRL_INDICATOR) != null) {
            return false; // says nothing without its base
        }
        boolean[] usage = issuer.getKeyUsage();
        if (usage != null && !usage[CRL_SIGN]) {
            return false;
        }
        try {
            crl.verify(issuer.getPublicKey()); // the JDK remembers the answer with the list
            return true;
        } catch (GeneralSecurityException | RuntimeException e) {
            return false;
        }
    }

    /**
     * Good as evidence that what it does not name is not revoked: within its dates, and without a critical extension that
     * may narrow its scope.
     */
    private static boolean isFresh(X509CRL crl, Instant now) {
        Date next = crl.getNextUpdate();
        Set<String> critical = crl.getCriticalExtensionOIDs();
        return !crl.getThisUpdate().toInstant().isAfter(now)
                && next != null
                && !next.toInstant().isBefore(now)
                && (critical == null || critical.isEmpty());
    }

    private static boolean namesAPlace(X509Certificate certificate) {
        return List.of(CRL_DISTRIBUTION_POINTS, AUTHORITY_INFO_ACCESS).stream()
                .anyMatch(oid -> certificate.getExtensionValue(oid) != null);
    }

    private static String describe(X509Certificate certificate) {
        return certificate.getSubjectX500Principal() + " serial "
                + certificate.getSerialNumber().toString(16);
    }
}
