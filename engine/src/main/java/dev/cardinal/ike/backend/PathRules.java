package dev.cardinal.ike.backend;

import dev.cardinal.ike.crypto.TrustPolicy;
import java.security.GeneralSecurityException;
import java.security.cert.CertPathValidator;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateFactory;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.Set;

/**
 * Whether a path to a trust anchor holds (RFC 5280 section 6), by the JDK's PKIX validator: signatures (but for those of
 * {@link UnverifiedCertificate}s), dates, basic constraints, path length, key usage, name constraints, unknown critical
 * extensions. Revocation is ours. Not thread-safe.
 */
final class PathRules {
    /** Bit 5 of the key usage (RFC 5280 section 4.2.1.3). */
    private static final int KEY_CERT_SIGN = 5;

    private static final String NAME_CONSTRAINTS = "2.5.29.30";

    private final CertificateFactory factory;
    private final CertPathValidator validator;

    PathRules() {
        try {
            factory = CertificateFactory.getInstance("X.509");
            validator = CertPathValidator.getInstance("PKIX");
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("the JDK lacks X.509", e);
        }
    }

    /**
     * @param path the peer's certificate first, the anchor not in it
     * @throws PeerRefused tells why the path does not hold
     */
    void require(List<? extends X509Certificate> path, X509Certificate anchor, TrustPolicy trust, Instant now)
            throws PeerRefused {
        try {
            validate(path, anchor, now);
        } catch (CertPathValidatorException e) {
            throw new PeerRefused("path does not hold: " + e.getMessage() + " (" + e.getReason() + ", certificate "
                    + e.getIndex() + ")");
        } catch (GeneralSecurityException e) {
            throw new PeerRefused("path does not hold: " + e.getMessage());
        }
        requireUnrevoked(path, anchor, trust, now);
    }

    /** @throws PeerRefused where one of the path is revoked, or it must be known that it is not and cannot be */
    static void requireUnrevoked(
            List<? extends X509Certificate> path, X509Certificate anchor, TrustPolicy trust, Instant now)
            throws PeerRefused {
        for (int i = 0; i < path.size(); i++) {
            X509Certificate issuer = i + 1 < path.size() ? path.get(i + 1) : anchor;
            CertificateRevocation.check(path.get(i), issuer, trust, now);
        }
    }

    /**
     * The validator takes an anchor's name and key and ignores the rest. A self-signed anchor is therefore put at the end of
     * the path, below its own key, so that its dates, usages and constraints count.
     */
    private void validate(List<? extends X509Certificate> path, X509Certificate anchor, Instant now)
            throws GeneralSecurityException, PeerRefused {
        List<X509Certificate> judged = new ArrayList<>(path);
        if (isSelfSigned(anchor)) {
            judged.add(anchor);
        } else {
            checkAnchor(path, anchor, now);
        }
        PKIXParameters parameters = new PKIXParameters(
                Set.of(new TrustAnchor(anchor.getSubjectX500Principal(), anchor.getPublicKey(), null)));
        parameters.setRevocationEnabled(false);
        parameters.setDate(Date.from(now));
        validator.validate(factory.generateCertPath(judged), parameters);
    }

    private static boolean isSelfSigned(X509Certificate certificate) {
        if (!certificate.getSubjectX500Principal().equals(certificate.getIssuerX500Principal())) {
            return false;
        }
        try {
            certificate.verify(certificate.getPublicKey()); // the JDK remembers the answer with the certificate
            return true;
        } catch (GeneralSecurityException e) {
            return false;
        }
    }

    private static void checkAnchor(List<? extends X509Certificate> path, X509Certificate anchor, Instant now)
            throws GeneralSecurityException, PeerRefused {
        anchor.checkValidity(Date.from(now));
        boolean[] usage = anchor.getKeyUsage();
        int pathLength = anchor.getBasicConstraints();
        if (pathLength < 0 || (usage != null && !usage[KEY_CERT_SIGN])) {
            throw new PeerRefused("authority must not sign certificates: " + anchor.getSubjectX500Principal());
        }
        long between = path.stream()
                .skip(1)
                .filter(ca -> !ca.getSubjectX500Principal().equals(ca.getIssuerX500Principal()))
                .count();
        if (between > pathLength) {
            throw new PeerRefused("path longer than the authority allows");
        }
        if (anchor.getExtensionValue(NAME_CONSTRAINTS) != null) {
            // better refused than ignored; with the issuer configured as the authority they are obeyed
            throw new PeerRefused("name constraints of an authority that is not self-signed");
        }
    }
}
