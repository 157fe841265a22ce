package dev.cardinal.ike.backend;

import dev.cardinal.ike.crypto.TrustPolicy;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * The search for a way from one peer certificate to a trust anchor that holds by {@link PathRules}, along signatures that
 * are verified here, within bounds that the peer cannot stretch. One object judges one peer.
 */
final class CertificatePath {
    /** Certificates of a path, the anchor not counted. */
    static final int MAX_DEPTH = 8;

    /** Signatures looked at while searching: cross-signed certificates can be arranged to have a great many paths. */
    static final int MAX_SIGNATURES = 32;

    /** Whole paths given to the validator. */
    static final int MAX_PATHS = 8;

    private final PathRules rules;
    private final TrustPolicy trust;
    private final Instant now;
    private final Set<X509Certificate> intermediates = new LinkedHashSet<>();
    private int signatures;
    private int paths;
    private String reason = "no path to a trusted authority";

    CertificatePath(PathRules rules, TrustPolicy trust, List<X509Certificate> sent, Instant now) {
        this.rules = rules;
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
            rules.require(path, anchor, trust, now);
            return true;
        } catch (PeerRefused e) {
            reason = String.valueOf(e.getMessage());
            return false;
        }
    }
}
