package dev.cardinal.bench.jmh;

import dev.cardinal.ike.crypto.KeyExchangePlacement;
import dev.cardinal.ike.crypto.Secret;
import dev.cardinal.ike.crypto.SigningKey;
import dev.cardinal.ike.crypto.TrustPolicy;
import dev.cardinal.ike.sa.AddressRange;
import dev.cardinal.ike.sa.Addresses;
import dev.cardinal.ike.sa.AuthPolicy;
import dev.cardinal.ike.sa.ChildPolicy;
import dev.cardinal.ike.sa.Credentials;
import dev.cardinal.ike.sa.IdentityPattern;
import dev.cardinal.ike.sa.PeerPolicy;
import dev.cardinal.ike.sa.SelectorPolicy;
import dev.cardinal.ike.sa.VirtualAddresses;
import dev.cardinal.ike.wire.Identification;
import dev.cardinal.ike.wire.Proposal;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Who takes part in measured handshakes: a gateway, and clients each with an identity and a certificate of its own.
 *
 * @param child the one Child SA that every client asks for; null for childless IKE SAs (RFC 6023)
 */
record Peers(
        PeerPolicy gateway,
        List<PeerPolicy> clients,
        @Nullable ChildPolicy child,
        Credentials credentials) {
    /** strongSwan's default {@code fragment_size}: with RSA-2048, IKE_AUTH takes two fragments in each direction. */
    static final int FRAGMENT_SIZE = 1280;

    /** The largest datagram there is: IKE_AUTH in one piece. */
    static final int UNFRAGMENTED = 65_535;

    private static final String GATEWAY = "gateway.bench.cardinal.invalid";
    private static final String DOMAIN = ".clients.bench.cardinal.invalid";

    /** A key of the gateway's that is not in this process's memory. */
    record GatewayKey(byte[] publicKeyInfo, SigningKey key) {}

    /**
     * @param clients more than 750, or the JDK answers for a certificate from its cache that a gateway sees for the first time
     * @param offer what the clients propose
     * @param gatewayKey null for a key on the host
     * @param placement of the gateway's key exchange; the clients' is on the host
     */
    static Peers of(
            Authentication authentication,
            boolean child,
            int clients,
            List<Proposal> offer,
            int fragmentSize,
            @Nullable GatewayKey gatewayKey,
            KeyExchangePlacement placement)
            throws GeneralSecurityException {
        List<String> names = new ArrayList<>();
        for (int i = 0; i < clients; i++) {
            names.add("client-" + i + DOMAIN);
        }
        boolean psk = authentication.certificates() == null;
        AuthPolicy.Method method = psk ? AuthPolicy.Method.PSK : AuthPolicy.Method.PUBKEY;
        ChildPolicy clientChild = child ? child(SelectorPolicy.DYNAMIC, network()) : null;
        PeerPolicy gateway = policy(
                GATEWAY,
                List.of(Offers.ike(authentication.method())),
                new AuthPolicy(method, IdentityPattern.of(Pki.fqdn(GATEWAY)), List.of()),
                new AuthPolicy(method, IdentityPattern.of(Pki.fqdn("*" + DOMAIN)), List.of()),
                List.of(child(network(), SelectorPolicy.DYNAMIC)),
                fragmentSize,
                placement);
        List<PeerPolicy> policies = new ArrayList<>();
        for (String name : names) {
            policies.add(policy(
                    name,
                    offer,
                    new AuthPolicy(method, IdentityPattern.of(Pki.fqdn(name)), List.of()),
                    new AuthPolicy(method, IdentityPattern.of(Pki.fqdn(GATEWAY)), List.of()),
                    clientChild == null ? List.of() : List.of(clientChild),
                    fragmentSize,
                    KeyExchangePlacement.HOST));
        }
        return new Peers(gateway, policies, clientChild, credentials(authentication, names, gatewayKey));
    }

    private static Credentials credentials(
            Authentication authentication, List<String> names, @Nullable GatewayKey gatewayKey)
            throws GeneralSecurityException {
        KeyKind kind = authentication.certificates();
        if (kind == null) {
            return new PresharedKey("correct horse battery staple".getBytes(StandardCharsets.US_ASCII));
        }
        Pki pki = new Pki(kind);
        Map<String, Credentials.LocalCertificate> certificates = new HashMap<>();
        List<Credentials.LocalCertificate> hosts = pki.hosts(names);
        for (int i = 0; i < names.size(); i++) {
            certificates.put(names.get(i), hosts.get(i));
        }
        certificates.put(
                GATEWAY,
                gatewayKey == null
                        ? pki.hosts(List.of(GATEWAY)).getFirst()
                        : pki.certify(GATEWAY, gatewayKey.publicKeyInfo(), gatewayKey.key()));
        return new Certificates(certificates, pki.trust(), pki.authorityHash());
    }

    private static PeerPolicy policy(
            String name,
            List<Proposal> proposals,
            AuthPolicy own,
            AuthPolicy peer,
            List<ChildPolicy> children,
            int fragmentSize,
            KeyExchangePlacement placement) {
        return new PeerPolicy(
                name,
                2,
                List.of(),
                List.of(),
                500,
                proposals,
                own,
                peer,
                children,
                children.isEmpty() ? PeerPolicy.Childless.FORCE : PeerPolicy.Childless.ALLOW,
                PeerPolicy.Fragmentation.YES,
                fragmentSize,
                0,
                0,
                0,
                0,
                0,
                false,
                PeerPolicy.SendCertificate.ALWAYS,
                true,
                PeerPolicy.Uniqueness.NEVER,
                placement,
                VirtualAddresses.NONE,
                null);
    }

    private static ChildPolicy child(SelectorPolicy local, SelectorPolicy remote) {
        return new ChildPolicy(
                "net",
                List.of(Offers.esp()),
                List.of(local),
                List.of(remote),
                true,
                0,
                0,
                0,
                ChildPolicy.StartAction.NONE);
    }

    private static SelectorPolicy network() {
        return new SelectorPolicy(AddressRange.of(Addresses.of(new byte[] {10, 0, 0, 0}), 8), 0, 0, 0xffff);
    }

    /** One secret for all. */
    private record PresharedKey(byte[] octets) implements Credentials {
        @Override
        public Secret presharedKey(@Nullable Identification local, @Nullable Identification remote) {
            return Secret.copyOf(octets);
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

    /** Certificates by the policy's name; one authority for all. */
    private record Certificates(Map<String, LocalCertificate> byName, TrustPolicy trusted, byte[] authorityHash)
            implements Credentials {
        @Override
        public @Nullable Secret presharedKey(@Nullable Identification local, @Nullable Identification remote) {
            return null;
        }

        @Override
        public @Nullable LocalCertificate certificate(PeerPolicy policy, List<byte[]> authorities) {
            return byName.get(policy.name());
        }

        @Override
        public TrustPolicy trust(PeerPolicy policy) {
            return trusted;
        }

        @Override
        public List<byte[]> authorityHashes(PeerPolicy policy) {
            return List.of(authorityHash);
        }
    }
}
