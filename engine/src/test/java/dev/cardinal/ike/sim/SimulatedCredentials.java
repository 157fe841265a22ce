package dev.cardinal.ike.sim;

import dev.cardinal.ike.crypto.Secret;
import dev.cardinal.ike.crypto.TrustPolicy;
import dev.cardinal.ike.sa.Credentials;
import dev.cardinal.ike.sa.PeerPolicy;
import dev.cardinal.ike.wire.Identification;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One shared secret for everybody, and a certificate of the simulated token for everyone.
 *
 * @param shared null where there is none
 * @param certificateLength octets of a certificate; the larger, the more fragments
 * @param passwords of XAUTH users, by their names
 */
record SimulatedCredentials(@Nullable String shared, int certificateLength, Map<String, String> passwords)
        implements Credentials {

    SimulatedCredentials(@Nullable String shared, int certificateLength) {
        this(shared, certificateLength, Map.of());
    }

    @Override
    public @Nullable Secret xauthPassword(String user) {
        String password = passwords.get(user);
        return password == null ? null : Secret.owning(password.getBytes(StandardCharsets.UTF_8));
    }

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

    @Override
    public TrustPolicy trust(PeerPolicy policy) {
        return new TrustPolicy(List.of(), List.of(), List.of(), List.of(), TrustPolicy.Revocation.RELAXED);
    }

    @Override
    public List<byte[]> authorityHashes(PeerPolicy policy) {
        return List.of(new byte[20]);
    }
}
