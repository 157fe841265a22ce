package dev.cardinal.ike.sim;

import dev.cardinal.ike.backend.HostDecryptionKey;
import dev.cardinal.ike.crypto.DecryptionKey;
import dev.cardinal.ike.crypto.Secret;
import dev.cardinal.ike.crypto.TrustPolicy;
import dev.cardinal.ike.sa.Credentials;
import dev.cardinal.ike.sa.PeerPolicy;
import dev.cardinal.ike.wire.Identification;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One end's real RSA keys.
 *
 * @param certificate any octets that stand for the certificate of the own key; null for a raw key
 * @param peers their keys, the first of them that of the peer called {@code peer}
 */
record RsaEnd(KeyPair own, byte @Nullable [] certificate, String peer, List<EncryptionKey> peers)
        implements Credentials {

    static KeyPair keyPair(int bits) {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
            generator.initialize(bits);
            return generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public @Nullable EncryptionKey encryptionKey(PeerPolicy policy, @Nullable Identification id) {
        boolean isPeer = id == null || peer.equals(new String(id.data(), StandardCharsets.UTF_8));
        return isPeer ? peers.getFirst() : null;
    }

    @Override
    public Decoy decoy(List<PeerPolicy> connections, byte[] ciphertext) {
        int index = Math.floorMod(Arrays.hashCode(ciphertext), peers.size());
        return new Decoy(connections.getFirst(), peers.get(index).key());
    }

    @Override
    public DecryptionKey decryptionKey(PeerPolicy policy) {
        return new HostDecryptionKey(own.getPrivate(), "own");
    }

    @Override
    public byte @Nullable [] decryptionCertificate(PeerPolicy policy) {
        return certificate;
    }

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
