package dev.cardinal.ike.backend;

import dev.cardinal.ike.crypto.CryptoOutcome;
import dev.cardinal.ike.crypto.CryptoRequest;
import dev.cardinal.ike.crypto.TrustPolicy;
import java.io.ByteArrayInputStream;
import java.security.GeneralSecurityException;
import java.security.cert.CertPathValidator;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Whether a peer is whom it claims to be: its certificate names the identity, leads to an authority (or is pinned), and its
 * key made the signature. Certificates come from anybody; whatever they hold, the answer is an outcome. Not thread-safe.
 */
final class PeerVerification {
    /** Certificates that a peer may send. */
    static final int MAX_CERTIFICATES = 16;

    /** Octets of one certificate. */
    static final int MAX_CERTIFICATE_LENGTH = 16 * 1024;

    private static final int MAX_REASON_LENGTH = 300;

    private static final int DER_SEQUENCE = 0x30;

    /** Bits 0 and 1 of the key usage (RFC 5280 section 4.2.1.3). */
    private static final int DIGITAL_SIGNATURE = 0;

    private static final int NON_REPUDIATION = 1;

    private final Clock clock;
    private final HostSignatures signatures;
    private final CertificateFactory factory;
    private final CertPathValidator validator;

    PeerVerification(Clock clock, HostSignatures signatures) {
        this.clock = clock;
        this.signatures = signatures;
        try {
            factory = CertificateFactory.getInstance("X.509");
            validator = CertPathValidator.getInstance("PKIX");
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("the JDK lacks X.509", e);
        }
    }

    CryptoOutcome verify(CryptoRequest.VerifyPeer request) {
        try {
            require(request);
            return new CryptoOutcome.PeerVerified();
        } catch (PeerRefused e) {
            return new CryptoOutcome.PeerRejected(printable(String.valueOf(e.getMessage())));
        } catch (RuntimeException | StackOverflowError e) {
            // parsers of hostile octets fail in ways of their own; whatever it is, nothing was proven
            return new CryptoOutcome.PeerRejected(
                    "malformed certificate: " + e.getClass().getSimpleName());
        }
    }

    /** Reasons quote names that the peer chose: short, and on one line. */
    private static String printable(String reason) {
        String head = reason.substring(0, Math.min(reason.length(), MAX_REASON_LENGTH));
        return head.replaceAll("\\p{Cntrl}", "?");
    }

    private void require(CryptoRequest.VerifyPeer request) throws PeerRefused {
        TrustPolicy trust = request.trust();
        List<X509Certificate> sent = decode(request.certificates());
        if (sent.isEmpty()) {
            requirePinned(request);
            return;
        }
        X509Certificate leaf = sent.getFirst();
        if (!CertificateIdentity.names(leaf, request.id())) {
            throw new PeerRefused("certificate of " + leaf.getSubjectX500Principal() + " does not name the identity");
        }
        if (trust.peers().isEmpty()) {
            requireUsage(leaf);
            requireKey(leaf);
            new CertificatePath(factory, validator, trust, sent.subList(1, sent.size()), clock.instant()).require(leaf);
        } else if (!trust.peers().contains(leaf)) {
            throw new PeerRefused("certificate of " + leaf.getSubjectX500Principal() + " is none of those pinned");
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
        requireKey(leaf);
        if (!PeerKeys.suits(leaf.getPublicKey(), request.scheme())) {
            throw new PeerRefused(request.scheme() + " with a key of the algorithm "
                    + leaf.getPublicKey().getAlgorithm());
        }
        if (!signatures.verify(leaf.getPublicKey(), request.scheme(), request.octets(), request.signature())) {
            throw new PeerRefused("signature does not verify");
        }
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

    private List<X509Certificate> decode(List<byte[]> certificates) throws PeerRefused {
        if (certificates.size() > MAX_CERTIFICATES) {
            throw new PeerRefused(certificates.size() + " certificates");
        }
        List<X509Certificate> decoded = new ArrayList<>();
        for (byte[] der : certificates) {
            decoded.add(decode(der));
        }
        return decoded;
    }

    private X509Certificate decode(byte[] der) throws PeerRefused {
        // the JDK's factory would read PEM too, and ignore what follows a certificate
        if (der.length == 0 || der.length > MAX_CERTIFICATE_LENGTH || der[0] != DER_SEQUENCE) {
            throw new PeerRefused("no certificate in DER of up to " + MAX_CERTIFICATE_LENGTH + " octets");
        }
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
