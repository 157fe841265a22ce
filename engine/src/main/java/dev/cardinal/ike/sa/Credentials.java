package dev.cardinal.ike.sa;

import dev.cardinal.ike.crypto.DecryptionKey;
import dev.cardinal.ike.crypto.Secret;
import dev.cardinal.ike.crypto.SigningKey;
import dev.cardinal.ike.crypto.TrustPolicy;
import dev.cardinal.ike.wire.Identification;
import java.net.InetAddress;
import java.security.PublicKey;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Keys and certificates of the configuration. Immutable; every method is quick. */
public interface Credentials {

    /**
     * The shared secret for a pair of identities; the best match wins: both ends named, then one, then a secret without
     * names.
     *
     * @return a copy, which the caller closes; null where there is none
     */
    @Nullable
    Secret presharedKey(@Nullable Identification local, @Nullable Identification remote);

    /**
     * The shared secret for two addresses: IKEv1's Main Mode needs it before any identity is known (RFC 2409 section 5.4).
     * A secret that names the peer's address goes first; then that of the identities of the connection, where the addresses
     * belong to exactly one that names the peer's; then a secret without names.
     *
     * @return a copy, which the caller closes; null where there is none
     */
    default @Nullable Secret presharedKey(InetAddress local, InetAddress remote) {
        return presharedKey(Identification.of(local), Identification.of(remote));
    }

    /**
     * The password of an XAUTH user, ours or a peer's; the best match wins: a secret that names the user, then one with a
     * pattern, then one without names.
     *
     * @return a copy, which the caller closes; null where there is none
     */
    default @Nullable Secret xauthPassword(String user) {
        return null;
    }

    /**
     * The RSA key to encrypt with for the peer, in the IKEv1 methods with RSA encryption: {@code remote.certs} and
     * {@code remote.pubkeys} of the connection.
     *
     * @param peer the identity it must belong to, where it is known: a certificate that bears it, else a key without a
     *     certificate, which says nothing of identities; null for the first
     */
    default @Nullable EncryptionKey encryptionKey(PeerPolicy policy, @Nullable Identification peer) {
        return null;
    }

    /**
     * Whom to answer where a peer's identity could not be read, or has no key here: one of all the keys of
     * {@link #encryptionKey}, by a keyed hash of the ciphertext, so that the same ciphertext meets the same one on every loop,
     * and nobody can tell by the answer that it is none's.
     *
     * @param connections those that the peer may mean, all with RSA encryption; not empty
     * @return null where none of them has a key
     */
    default @Nullable Decoy decoy(List<PeerPolicy> connections, byte[] ciphertext) {
        return null;
    }

    /** Our key to decrypt with in those methods: that of {@code local.certs} or {@code local.pubkeys}. It never signs. */
    default @Nullable DecryptionKey decryptionKey(PeerPolicy policy) {
        return null;
    }

    /** The certificate of {@link #decryptionKey}, DER; null where it is a raw key. */
    default byte @Nullable [] decryptionCertificate(PeerPolicy policy) {
        return null;
    }

    /**
     * The certificate to authenticate with, or null where the connection has none.
     *
     * @param authorities SHA-1 hashes of the CA keys the peer asked for, empty where it did not say
     */
    @Nullable
    LocalCertificate certificate(PeerPolicy policy, List<byte[]> authorities);

    /** Whom the connection trusts. */
    TrustPolicy trust(PeerPolicy policy);

    /** SHA-1 hashes of the SubjectPublicKeyInfo of the authorities the connection trusts, for CERTREQ. */
    List<byte[]> authorityHashes(PeerPolicy policy);

    /**
     * A peer's RSA key to encrypt with.
     *
     * @param certificate DER, which a hash names it by (RFC 2409 section 5.2); null for a raw key
     */
    record EncryptionKey(PublicKey key, byte @Nullable [] certificate) {}

    /** A key that stands for that of an unknown peer, and its connection. */
    record Decoy(PeerPolicy connection, PublicKey key) {}

    /**
     * A certificate of ours with its key.
     *
     * @param chain DER, our own first, then intermediates; the anchor is left out
     * @param id the identity to use where the connection names none: the subject's DN
     */
    record LocalCertificate(List<byte[]> chain, Identification id, SigningKey key) {
        public LocalCertificate {
            chain = List.copyOf(chain);
        }
    }
}
