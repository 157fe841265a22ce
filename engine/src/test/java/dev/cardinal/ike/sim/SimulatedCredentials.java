package dev.cardinal.ike.sim;

import dev.cardinal.ike.crypto.DecryptionKey;
import dev.cardinal.ike.crypto.Secret;
import dev.cardinal.ike.crypto.TrustPolicy;
import dev.cardinal.ike.sa.Credentials;
import dev.cardinal.ike.sa.PeerPolicy;
import dev.cardinal.ike.wire.Identification;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One shared secret for everybody, and a certificate of the simulated token for everyone.
 *
 * @param shared null where there is none
 * @param certificateLength octets of a certificate; the larger, the more fragments
 */
record SimulatedCredentials(@Nullable String shared, int certificateLength) implements Credentials {

    @Override
    public @Nullable Secret presharedKey(@Nullable Identification local, @Nullable Identification remote) {
        return shared == null ? null : Secret.owning(shared.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public @Nullable LocalCertificate certificate(PeerPolicy policy, List<byte[]> authorities) {
        Identification id = policy.localAuth().id().exact();
        if (id == null) {
            return null;
        }
        SimulatedToken.Key key = new SimulatedToken.Key(new String(id.data(), StandardCharsets.UTF_8));
        return new LocalCertificate(List.of(key.certificate(certificateLength)), id, key);
    }

    /** Everyone has a key that is called as it is; a connection knows that of its peer. */
    @Override
    public @Nullable EncryptionKey encryptionKey(PeerPolicy policy, @Nullable Identification peer) {
        Identification known = policy.remoteAuth().id().exact();
        return known == null || (peer != null && !peer.equals(known))
                ? null
                : new EncryptionKey(new SimulatedToken.PeerKey(new String(known.data(), StandardCharsets.UTF_8)), null);
    }

    @Override
    public @Nullable Decoy decoy(List<PeerPolicy> connections, byte[] ciphertext) {
        EncryptionKey key = encryptionKey(connections.getFirst(), null);
        return key == null ? null : new Decoy(connections.getFirst(), key.key());
    }

    @Override
    public @Nullable DecryptionKey decryptionKey(PeerPolicy policy) {
        Identification id = policy.localAuth().id().exact();
        return id == null ? null : new SimulatedToken.OpeningKey(new String(id.data(), StandardCharsets.UTF_8));
    }

    @Override
    public TrustPolicy trust(PeerPolicy policy) {
        return new TrustPolicy(List.of(), List.of(), List.of(), List.of(), TrustPolicy.Revocation.RELAXED);
    }

    @Override
    public List<byte[]> authorityHashes(PeerPolicy policy) {
        return List.of(new byte[20]);
    }
}
