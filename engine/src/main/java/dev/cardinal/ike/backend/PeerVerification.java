package dev.cardinal.ike.backend;

import dev.cardinal.ike.backend.PeerJudge.Judgement;
import dev.cardinal.ike.backend.PeerJudge.Link;
import dev.cardinal.ike.backend.PeerJudge.Sent;
import dev.cardinal.ike.crypto.CryptoOutcome;
import dev.cardinal.ike.crypto.CryptoRequest;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.List;

/**
 * Whether a peer is whom it claims to be, on the host: its certificate names the identity, leads to an authority (or is
 * pinned), and its key made the signature. Certificates come from anybody; whatever they hold, the answer is an outcome. Not
 * thread-safe.
 */
final class PeerVerification {
    static final String WRONG_SIGNATURE = "signature does not verify";

    private final Clock clock;
    private final HostSignatures signatures;
    private final KnownCertificates known;
    private final PeerJudge judge;
    private final PathRules rules = new PathRules();

    PeerVerification(Clock clock, HostSignatures signatures, KnownCertificates known) {
        this.clock = clock;
        this.signatures = signatures;
        this.known = known;
        this.judge = new PeerJudge(clock, known);
    }

    CryptoOutcome verify(CryptoRequest.VerifyPeer request) {
        return switch (judge.judge(request)) {
            case Judgement.Refused refused -> new CryptoOutcome.PeerRejected(refused.reason());
            case Judgement.Signatures judged -> {
                if (!hold(judged.links())) {
                    yield search(request);
                }
                if (!holds(judged.auth())) {
                    yield new CryptoOutcome.PeerRejected(WRONG_SIGNATURE);
                }
                PeerJudge.remember(known, judged);
                yield new CryptoOutcome.PeerVerified();
            }
            case Judgement.Unusual unusual -> search(request);
        };
    }

    private boolean hold(List<Link> links) {
        for (Link link : links) {
            if (!holds(link.check())) {
                return false;
            }
        }
        return true;
    }

    private boolean holds(SignatureCheck check) {
        return signatures.verify(check.key(), check.scheme(), check.octets(), check.signature());
    }

    /** With the search for a path: what has the last word where a judgement is not enough. */
    CryptoOutcome search(CryptoRequest.VerifyPeer request) {
        Judgement.Refused refusal;
        try {
            require(request);
            return new CryptoOutcome.PeerVerified();
        } catch (PeerRefused e) {
            refusal = PeerJudge.refused(e);
        } catch (RuntimeException | StackOverflowError e) {
            refusal = PeerJudge.refused(e);
        }
        return new CryptoOutcome.PeerRejected(refusal.reason());
    }

    private void require(CryptoRequest.VerifyPeer request) throws PeerRefused {
        List<X509Certificate> sent = judge.decode(request.certificates()).stream()
                .map(Sent::certificate)
                .toList();
        if (sent.isEmpty()) {
            requirePinned(request);
            return;
        }
        X509Certificate leaf = sent.getFirst();
        if (!PeerJudge.requireLeaf(leaf, request)) {
            new CertificatePath(rules, request.trust(), sent.subList(1, sent.size()), clock.instant()).require(leaf);
        }
        requireSignature(leaf, request);
    }

    /** A peer that sent no certificate is known by one that the connection holds. */
    private void requirePinned(CryptoRequest.VerifyPeer request) throws PeerRefused {
        PeerRefused refusal = new PeerRefused("no certificate");
        for (X509Certificate pinned : request.trust().peers()) {
            if (CertificateIdentity.names(pinned, request.id())) {
                try {
                    requireSignature(pinned, request);
                    return;
                } catch (PeerRefused e) {
                    refusal = e;
                }
            }
        }
        throw refusal;
    }

    private void requireSignature(X509Certificate leaf, CryptoRequest.VerifyPeer request) throws PeerRefused {
        if (!holds(PeerJudge.auth(leaf, request))) {
            throw new PeerRefused(WRONG_SIGNATURE);
        }
    }
}
