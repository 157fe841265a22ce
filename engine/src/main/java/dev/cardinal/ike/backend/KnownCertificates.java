package dev.cardinal.ike.backend;

import dev.cardinal.ike.crypto.TrustPolicy;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Certificates of peers that were verified before, so that those of a peer that comes again are neither decoded nor have
 * their signatures verified again. What is kept is never stale: what octets mean, and that a signature over them is that of
 * a key. Whether a certificate is valid, not revoked and trusted here is judged each time.
 *
 * <p>Only what belonged to a peer that was verified is added, under SHA-256: certificates that nobody signed evict nothing.
 * Thread-safe.
 */
public final class KnownCertificates {
    /** Decoded certificates, of about 10 KB each: with 20 MB the clients that are about to come again. */
    static final int DECODED_LIMIT = 2048;

    /** Signatures, of about 150 octets each: 10 MB for every client of a large gateway. */
    static final int SIGNATURES_LIMIT = 65536;

    private final RecentlyAdded<ByteBuffer, X509Certificate> decoded = new RecentlyAdded<>(DECODED_LIMIT);
    private final RecentlyAdded<ByteBuffer, Boolean> signatures = new RecentlyAdded<>(SIGNATURES_LIMIT);

    /** Paths that hold, by the peer's certificate and whom the connection trusts. */
    private final RecentlyAdded<Trusted, JudgedPath> paths = new RecentlyAdded<>(DECODED_LIMIT);

    private final boolean kept;

    /** A certificate under one policy; a policy is the same only as long as it is the same object. */
    private record Trusted(ByteBuffer digest, TrustPolicy trust) {
        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Trusted that && trust == that.trust && digest.equals(that.digest);
        }

        @Override
        public int hashCode() {
            return digest.hashCode();
        }
    }

    /**
     * A path that the PKIX rules let pass, and all of whose signatures hold. What it depends on besides is time; whether its
     * members are revoked is asked each time.
     *
     * @param path the peer's certificate first, the anchor not in it
     * @param from when the last of all, the anchor included, became valid
     * @param until when the first of them ends to be
     */
    record JudgedPath(List<X509Certificate> path, X509Certificate anchor, Instant from, Instant until) {

        static JudgedPath of(List<X509Certificate> path, X509Certificate anchor) {
            Instant from = anchor.getNotBefore().toInstant();
            Instant until = anchor.getNotAfter().toInstant();
            for (X509Certificate member : path) {
                Instant begin = member.getNotBefore().toInstant();
                Instant end = member.getNotAfter().toInstant();
                from = begin.isAfter(from) ? begin : from;
                until = end.isBefore(until) ? end : until;
            }
            return new JudgedPath(List.copyOf(path), anchor, from, until);
        }

        boolean holdsAt(Instant now) {
            return !now.isBefore(from) && !now.isAfter(until);
        }
    }

    private KnownCertificates(boolean kept) {
        this.kept = kept;
    }

    /** Certificates that are remembered. */
    public static KnownCertificates kept() {
        return new KnownCertificates(true);
    }

    /** None: every certificate is decoded and its signature verified each time. */
    public static KnownCertificates none() {
        return new KnownCertificates(false);
    }

    /** Whether any are remembered; else there is nothing to look for. */
    boolean isKept() {
        return kept;
    }

    /** What certificates are known by. */
    static byte[] digest(byte[] der) {
        return sha256().digest(der);
    }

    @Nullable
    X509Certificate decoded(byte[] digest) {
        return decoded.get(ByteBuffer.wrap(digest));
    }

    /** Whether the certificate's signature is known to be the key's. */
    boolean isSigned(byte[] digest, PublicKey issuer) {
        return signatures.get(signature(digest, issuer)) != null;
    }

    /** Notes a certificate whose signature was verified with the key. */
    void add(byte[] digest, X509Certificate certificate, PublicKey issuer) {
        if (kept) {
            decoded.add(ByteBuffer.wrap(digest), certificate);
            signatures.add(signature(digest, issuer), Boolean.TRUE);
        }
    }

    /** The path that held for a certificate under this very policy, null where none is known. */
    @Nullable
    JudgedPath path(byte[] digest, TrustPolicy trust) {
        return paths.get(new Trusted(ByteBuffer.wrap(digest), trust));
    }

    /** Notes a path that holds, with signatures that were all verified. */
    void add(byte[] digest, TrustPolicy trust, JudgedPath path) {
        if (kept) {
            paths.add(new Trusted(ByteBuffer.wrap(digest), trust), path);
        }
    }

    private static ByteBuffer signature(byte[] digest, PublicKey issuer) {
        MessageDigest both = sha256();
        both.update(digest);
        return ByteBuffer.wrap(both.digest(issuer.getEncoded()));
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("the JDK lacks SHA-256", e);
        }
    }
}
