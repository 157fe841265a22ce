package dev.cardinal.ike.loop;

import dev.cardinal.ike.crypto.Secret;
import dev.cardinal.ike.crypto.TrustPolicy;
import dev.cardinal.ike.sa.Credentials;
import dev.cardinal.ike.sa.PeerPolicy;
import dev.cardinal.ike.wire.Identification;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** No keys, no certificates, nobody trusted. */
enum NoCredentials implements Credentials {
    INSTANCE;

    @Override
    public @Nullable Secret presharedKey(@Nullable Identification local, @Nullable Identification remote) {
        return null;
    }

    @Override
    public @Nullable LocalCertificate certificate(PeerPolicy policy, List<byte[]> authorities) {
        return null;
    }

    @Override
    public TrustPolicy trust(PeerPolicy policy) {
        return new TrustPolicy(List.of(), List.of(), List.of(), List.of(), TrustPolicy.Revocation.RELAXED);
    }

    @Override
    public List<byte[]> authorityHashes(PeerPolicy policy) {
        return List.of();
    }
}
