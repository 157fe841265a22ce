package dev.cardinal.ike.backend;

import dev.cardinal.ike.crypto.CryptoRequest;
import dev.cardinal.ike.crypto.TrustPolicy;
import java.io.ByteArrayInputStream;
import java.security.PublicKey;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * All of a peer's verification but the arithmetic of signatures: decoding, identity, usage, the path and whether it holds,
 * revocation. The path is judged as far as there is only one that names allow; to search is {@link CertificatePath}'s, and
 * wherever this refuses a path, that search has the last word. Certificates come from anybody; whatever they hold, the
 * answer is a {@link Judgement}. Not thread-safe.
 */
final class PeerJudge {
    /** Certificates that a peer may send. */
    static final int MAX_CERTIFICATES = 16;

    /** Octets of one certificate. */
    static final int MAX_CERTIFICATE_LENGTH = 16 * 1024;

    private static final int MAX_REASON_LENGTH = 300;

    private static final byte[] NO_DIGEST = {};

    private static final int DER_SEQUENCE = 0x30;

    /** Bits 0 and 1 of the key usage (RFC 5280 section 4.2.1.3). */
    private static final int DIGITAL_SIGNATURE = 0;

    private static final int NON_REPUDIATION = 1;

    private final Clock clock;
    private final KnownCertificates known;
    private final CertificateFactory factory;
    private final PathRules rules = new PathRules();

    PeerJudge(Clock clock, KnownCertificates known) {
        this.clock = clock;
        this.known = known;
        try {
            factory = CertificateFactory.getInstance("X.509");
        } catch (CertificateException e) {
            throw new IllegalStateException("the JDK lacks X.509", e);
        }
    }

    /** What judging came to. */
    sealed interface Judgement {

        /** The peer is not whom it claims to be, whatever its signatures. */
        record Refused(String reason) implements Judgement {}

        /**
         * The peer is whom it claims to be if all the signatures hold.
         *
         * @param links of the path's certificates, without those that are known to hold
         * @param auth the one of the AUTH payload
         * @param fresh the path that will be known to hold then; null where there is none, or it is known already
         */
        record Signatures(
                List<Link> links,
                SignatureCheck auth,
                @Nullable Fresh fresh) implements Judgement {}

        /** Only a search can tell. */
        record Unusual() implements Judgement {}
    }

    /** A certificate whose signature is to be verified. */
    record Link(byte[] digest, X509Certificate certificate, SignatureCheck check) {}

    /** A path judged now. */
    record Fresh(byte[] digest, TrustPolicy trust, KnownCertificates.JudgedPath path) {}

    /** What is left of a path once it was judged. */
    private record Route(List<Link> links, @Nullable Fresh fresh) {
        static final Route NOTHING = new Route(List.of(), null);
    }

    /**
     * A certificate as the peer sent it.
     *
     * @param der its encoding
     * @param digest what it is known by, where any are remembered
     */
    record Sent(byte[] der, byte[] digest, X509Certificate certificate) {}

    Judgement judge(CryptoRequest.VerifyPeer request) {
        try {
            return judged(request);
        } catch (PeerRefused e) {
            return refused(e);
        } catch (RuntimeException | StackOverflowError e) {
            return refused(e);
        }
    }

    static Judgement.Refused refused(PeerRefused e) {
        return new Judgement.Refused(printable(String.valueOf(e.getMessage())));
    }

    /** Parsers of hostile octets fail in ways of their own; whatever it is, nothing was proven. */
    static Judgement.Refused refused(Throwable e) {
        return new Judgement.Refused("malformed certificate: " + e.getClass().getSimpleName());
    }

    /** Reasons quote names that the peer chose: short, and on one line. */
    private static String printable(String reason) {
        String head = reason.substring(0, Math.min(reason.length(), MAX_REASON_LENGTH));
        return head.replaceAll("\\p{Cntrl}", "?");
    }

    private Judgement judged(CryptoRequest.VerifyPeer request) throws PeerRefused {
        if (request.certificates().isEmpty()) {
            return new Judgement.Unusual();
        }
        List<Sent> sent = decode(request.certificates());
        X509Certificate leaf = sent.getFirst().certificate();
        boolean pinned = requireLeaf(leaf, request);
        Route route = pinned ? Route.NOTHING : route(sent, request.trust());
        if (route == null || !PeerKeys.suits(leaf.getPublicKey(), request.scheme())) {
            return new Judgement.Unusual();
        }
        return new Judgement.Signatures(route.links(), auth(leaf, request), route.fresh());
    }

    /**
     * What is asked of the peer's own certificate.
     *
     * @return whether it is pinned, and needs no path
     */
    static boolean requireLeaf(X509Certificate leaf, CryptoRequest.VerifyPeer request) throws PeerRefused {
        if (!CertificateIdentity.names(leaf, request.id())) {
            throw new PeerRefused("certificate of " + leaf.getSubjectX500Principal() + " does not name the identity");
        }
        List<X509Certificate> peers = request.trust().peers();
        if (peers.isEmpty()) {
            requireUsage(leaf);
            requireKey(leaf);
            return false;
        }
        if (!peers.contains(leaf)) {
            throw new PeerRefused("certificate of " + leaf.getSubjectX500Principal() + " is none of those pinned");
        }
        return true;
    }

    /** The check of the AUTH payload's signature. */
    static SignatureCheck auth(X509Certificate leaf, CryptoRequest.VerifyPeer request) throws PeerRefused {
        requireKey(leaf);
        if (!PeerKeys.suits(leaf.getPublicKey(), request.scheme())) {
            throw new PeerRefused(request.scheme() + " with a key of the algorithm "
                    + leaf.getPublicKey().getAlgorithm());
        }
        return new SignatureCheck(leaf.getPublicKey(), request.scheme(), request.octets(), request.signature());
    }

    private static void requireKey(X509Certificate leaf) throws PeerRefused {
        String objection = PeerKeys.objection(leaf.getPublicKey());
        if (objection != null) {
            throw new PeerRefused("certificate has an " + objection);
        }
    }

    /** RFC 4945 section 5.1.3.2: where the key usage is stated, it must allow signatures. */
    private static void requireUsage(X509Certificate leaf) throws PeerRefused {
        boolean[] usage = leaf.getKeyUsage();
        if (usage != null && !usage[DIGITAL_SIGNATURE] && !usage[NON_REPUDIATION]) {
            throw new PeerRefused("certificate's key usage forbids signatures");
        }
    }

    /**
     * The signatures that the only possible path stands on.
     *
     * @return null where there are several paths, or the one does not hold
     */
    private @Nullable Route route(List<Sent> sent, TrustPolicy trust) {
        Instant now = clock.instant();
        Sent leaf = sent.getFirst();
        // what else a peer sent could open another path
        KnownCertificates.JudgedPath before =
                known.isKept() && sent.size() == 1 ? known.path(leaf.digest(), trust) : null;
        if (before != null && before.holdsAt(now)) {
            try {
                PathRules.requireUnrevoked(before.path(), before.anchor(), trust, now);
                return Route.NOTHING;
            } catch (PeerRefused e) {
                return null; // the search has the last word, and the reason
            }
        }
        List<X509Certificate> path = new ArrayList<>();
        path.add(new UnverifiedCertificate(leaf.certificate(), leaf.der()));
        X509Certificate anchor = null;
        while (anchor == null) {
            X509Certificate last = path.getLast();
            List<X509Certificate> issuers = issuers(trust.authorities(), last);
            if (issuers.isEmpty() && path.size() < CertificatePath.MAX_DEPTH) {
                List<X509Certificate> between = intermediates(sent, trust, last);
                if (between.size() != 1 || path.contains(between.getFirst())) {
                    return null;
                }
                path.add(between.getFirst());
            } else if (issuers.size() == 1) {
                anchor = issuers.getFirst();
            } else {
                return null;
            }
            if (PeerKeys.objection((anchor == null ? path.getLast() : anchor).getPublicKey()) != null) {
                return null;
            }
        }
        try {
            rules.require(path, anchor, trust, now);
        } catch (PeerRefused e) {
            return null;
        }
        List<Link> links = links(path, sent);
        if (links == null) {
            return null;
        }
        boolean noted = known.isKept() && sent.size() == 1;
        return new Route(links, noted ? new Fresh(leaf.digest(), trust, judged(path, anchor)) : null);
    }

    private static KnownCertificates.JudgedPath judged(List<X509Certificate> path, X509Certificate anchor) {
        List<X509Certificate> members = new ArrayList<>(path.size());
        for (X509Certificate member : path) {
            members.add(member instanceof UnverifiedCertificate unverified ? unverified.certificate() : member);
        }
        return KnownCertificates.JudgedPath.of(members, anchor);
    }

    /** The issuers by name that are configured or were sent, without their doubles. */
    private static List<X509Certificate> intermediates(List<Sent> sent, TrustPolicy trust, X509Certificate subject) {
        List<X509Certificate> found = new ArrayList<>(issuers(trust.intermediates(), subject));
        for (Sent other : sent.subList(1, sent.size())) {
            if (isIssuer(other.certificate(), subject) && !found.contains(other.certificate())) {
                found.add(new UnverifiedCertificate(other.certificate(), other.der()));
            }
        }
        return found;
    }

    private static List<X509Certificate> issuers(List<X509Certificate> candidates, X509Certificate subject) {
        List<X509Certificate> found = new ArrayList<>(1);
        for (X509Certificate candidate : candidates) {
            if (isIssuer(candidate, subject) && !found.contains(candidate)) {
                found.add(candidate);
            }
        }
        return found;
    }

    private static boolean isIssuer(X509Certificate candidate, X509Certificate subject) {
        return candidate.getSubjectX500Principal().equals(subject.getIssuerX500Principal());
    }

    /** What the validator put off, and is not known yet; null where it cannot be told as a {@link SignatureCheck}. */
    private @Nullable List<Link> links(List<X509Certificate> path, List<Sent> sent) {
        List<Link> links = new ArrayList<>(path.size());
        for (X509Certificate member : path) {
            if (!(member instanceof UnverifiedCertificate unverified)) {
                continue; // of the configuration: the validator has verified it
            }
            PublicKey signer = unverified.signer();
            X509Certificate certificate = unverified.certificate();
            Sent origin = null;
            for (Sent candidate : sent) {
                if (candidate.certificate() == certificate) {
                    origin = candidate;
                }
            }
            if (signer == null || origin == null) {
                return null;
            }
            if (!known.isKept() || !known.isSigned(origin.digest(), signer)) {
                SignatureCheck check = SignatureCheck.of(certificate, signer);
                if (check == null) {
                    return null;
                }
                links.add(new Link(origin.digest(), certificate, check));
            }
        }
        return links;
    }

    /** Notes that all signatures of a judgement hold. */
    static void remember(KnownCertificates known, Judgement.Signatures verified) {
        for (Link link : verified.links()) {
            known.add(link.digest(), link.certificate(), link.check().key());
        }
        Fresh fresh = verified.fresh();
        if (fresh != null) {
            known.add(fresh.digest(), fresh.trust(), fresh.path());
        }
    }

    List<Sent> decode(List<byte[]> certificates) throws PeerRefused {
        if (certificates.size() > MAX_CERTIFICATES) {
            throw new PeerRefused(certificates.size() + " certificates");
        }
        List<Sent> decoded = new ArrayList<>(certificates.size());
        for (byte[] der : certificates) {
            // the JDK's factory would read PEM too, and ignore what follows a certificate
            if (der.length == 0 || der.length > MAX_CERTIFICATE_LENGTH || der[0] != DER_SEQUENCE) {
                throw new PeerRefused("no certificate in DER of up to " + MAX_CERTIFICATE_LENGTH + " octets");
            }
            byte[] digest = known.isKept() ? KnownCertificates.digest(der) : NO_DIGEST;
            X509Certificate before = known.isKept() ? known.decoded(digest) : null;
            decoded.add(new Sent(der, digest, before == null ? decode(der) : before));
        }
        return decoded;
    }

    private X509Certificate decode(byte[] der) throws PeerRefused {
        try {
            if (factory.generateCertificate(new ByteArrayInputStream(der)) instanceof X509Certificate certificate
                    && Arrays.equals(certificate.getEncoded(), der)) {
                return certificate;
            }
        } catch (CertificateException e) {
            throw new PeerRefused("malformed certificate: " + e.getMessage());
        }
        throw new PeerRefused("octets after a certificate");
    }
}
