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
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * The way from one peer certificate to a trust anchor (RFC 5280 section 6): built here, within bounds that the peer cannot
 * stretch, and judged by the JDK's PKIX validator (signatures, dates, basic constraints, path length, key usage, name
 * constraints, unknown critical extensions). Revocation is ours. One object judges one peer.
 */
final class CertificatePath {
    /** Certificates of a path, the anchor not counted. */
    static final int MAX_DEPTH = 8;

    /** Signatures looked at while searching: cross-signed certificates can be arranged to have a great many paths. */
    static final int MAX_SIGNATURES = 32;

    /** Whole paths given to the validator. */
    static final int MAX_PATHS = 8;

    /** Bit 5 of the key usage (RFC 5280 section 4.2.1.3). */
    private static final int KEY_CERT_SIGN = 5;

    private static final String NAME_CONSTRAINTS = "2.5.29.30";

    private final CertificateFactory factory;
    private final CertPathValidator validator;
    private final TrustPolicy trust;
    private final Instant now;
    private final Set<X509Certificate> intermediates = new LinkedHashSet<>();
    private int signatures;
    private int paths;
    private String reason = "no path to a trusted authority";

    CertificatePath(
            CertificateFactory factory,
            CertPathValidator validator,
            TrustPolicy trust,
            List<X509Certificate> sent,
            Instant now) {
        this.factory = factory;
        this.validator = validator;
        this.trust = trust;
        this.now = now;
        intermediates.addAll(trust.intermediates());
        intermediates.addAll(sent);
    }

    /** @throws PeerRefused where no path holds; tells what was wrong with the last one found */
    void require(X509Certificate leaf) throws PeerRefused {
        List<X509Certificate> path = new ArrayList<>();
        path.add(leaf);
        if (!extend(path)) {
            throw new PeerRefused(reason);
        }
    }

    private boolean extend(List<X509Certificate> path) {
        X509Certificate last = path.getLast();
        for (X509Certificate anchor : trust.authorities()) {
            if (issued(anchor, last) && holds(path, anchor)) {
                return true;
            }
        }
        if (path.size() >= MAX_DEPTH) {
            reason = "path longer than " + MAX_DEPTH + " certificates";
            return false;
        }
        for (X509Certificate issuer : intermediates) {
            if (!path.contains(issuer) && issued(issuer, last)) {
                path.add(issuer);
                if (extend(path)) {
                    return true;
                }
                path.removeLast();
            }
        }
        return false;
    }

    private boolean issued(X509Certificate issuer, X509Certificate subject) {
        if (!issuer.getSubjectX500Principal().equals(subject.getIssuerX500Principal())) {
            return false;
        }
        String objection = PeerKeys.objection(issuer.getPublicKey());
        if (objection != null) {
            reason = "authority has an " + objection;
            return false;
        }
        if (signatures >= MAX_SIGNATURES) {
            reason = "too many possible paths";
            return false;
        }
        signatures++;
        try {
            subject.verify(issuer.getPublicKey());
            return true;
        } catch (GeneralSecurityException e) {
            reason = "signature of " + subject.getSubjectX500Principal() + " does not verify";
            return false;
        }
    }

    private boolean holds(List<X509Certificate> path, X509Certificate anchor) {
        if (++paths > MAX_PATHS) {
            reason = "too many possible paths";
            return false;
        }
        try {
            validate(path, anchor);
            for (int i = 0; i < path.size(); i++) {
                X509Certificate issuer = i + 1 < path.size() ? path.get(i + 1) : anchor;
                CertificateRevocation.check(path.get(i), issuer, trust, now);
            }
            return true;
        } catch (CertPathValidatorException e) {
            reason = "path does not hold: " + e.getMessage() + " (" + e.getReason() + ", certificate " + e.getIndex()
                    + ")";
        } catch (GeneralSecurityException e) {
            reason = "path does not hold: " + e.getMessage();
        } catch (PeerRefused e) {
            reason = String.valueOf(e.getMessage());
        }
        return false;
    }

    /**
     * The validator takes an anchor's name and key and ignores the rest. A self-signed anchor is therefore put at the end of
     * the path, below its own key, so that its dates, usages and constraints count.
     */
    private void validate(List<X509Certificate> path, X509Certificate anchor)
            throws GeneralSecurityException, PeerRefused {
        List<X509Certificate> judged = new ArrayList<>(path);
        if (isSelfSigned(anchor)) {
            judged.add(anchor);
        } else {
            checkAnchor(path, anchor);
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
            certificate.verify(certificate.getPublicKey());
            return true;
        } catch (GeneralSecurityException e) {
            return false;
        }
    }

    private void checkAnchor(List<X509Certificate> path, X509Certificate anchor)
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
