package dev.cardinal.ike.sa;

import dev.cardinal.ike.crypto.Secret;
import dev.cardinal.ike.crypto.SigningKey;
import dev.cardinal.ike.crypto.TrustPolicy;
import dev.cardinal.ike.wire.Identification;
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
