package dev.cardinal.ike.backend;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
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

    private final boolean kept;

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
