package dev.cardinal.bench.load;

import dev.cardinal.hsm.HsmFailure;
import dev.cardinal.ike.backend.HsmCryptoPort;
import dev.cardinal.ike.crypto.CryptoPort;
import dev.cardinal.ike.crypto.KeyExchangePlacement;
import dev.cardinal.ike.crypto.Secret;
import dev.cardinal.ike.crypto.TrustPolicy;
import dev.cardinal.ike.sa.AddressRange;
import dev.cardinal.ike.sa.AuthPolicy;
import dev.cardinal.ike.sa.ChildPolicy;
import dev.cardinal.ike.sa.Credentials;
import dev.cardinal.ike.sa.IdentityPattern;
import dev.cardinal.ike.sa.Ikev1Policy;
import dev.cardinal.ike.sa.PeerPolicy;
import dev.cardinal.ike.sa.SelectorPolicy;
import dev.cardinal.ike.sa.VirtualAddresses;
import dev.cardinal.ike.wire.Identification;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.security.KeyPair;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Clients with credentials of their own, all made before the first handshake, below one authority. */
public final class ClientFleet implements AutoCloseable {
    private final Suite suite;
    private final int size;
    private final FleetPki pki;
    private final @Nullable ClientToken token;
    private final ClientCrypto crypto;
    private final Credentials credentials;

    private ClientFleet(
            Suite suite,
            int size,
            FleetPki pki,
            @Nullable ClientToken token,
            ClientCrypto crypto,
            Credentials credentials) {
        this.suite = suite;
        this.size = size;
        this.pki = pki;
        this.token = token;
        this.crypto = crypto;
        this.credentials = credentials;
    }

    /**
     * Makes keys, certificates and the clients' token.
     *
     * @param size distinct clients, at least 1; with a pre-shared key they differ in identity alone
     * @throws IOException where the crypto card is not to be had
     */
    public static ClientFleet create(Suite suite, int size) throws IOException {
        if (size < 1) {
            throw new IllegalArgumentException("no clients: " + size);
        }
        FleetPki pki = new FleetPki(suite);
        boolean certified = suite.authentication().hasCertificates();
        List<KeyPair> keys = certified ? FleetKeys.generate(suite.authentication(), size) : List.of();
        ClientToken token = ClientToken.create(keys);
        HsmCryptoPort port = new HsmCryptoPort("clients", token.pool(), false);
        Map<String, Credentials.LocalCertificate> certificates = new HashMap<>();
        try {
            for (int i = 0; i < keys.size(); i++) {
                byte[] publicKeyInfo = keys.get(i).getPublic().getEncoded();
                certificates.put(
                        clientName(i),
                        new Credentials.LocalCertificate(
                                List.of(pki.certify(clientName(i), publicKeyInfo)),
                                fqdn(clientName(i)),
                                port.signingKey(token.pool().findKey(publicKeyInfo))));
            }
        } catch (HsmFailure e) {
            token.close();
            throw new IOException("the clients' token lacks a key: " + e.getMessage(), e);
        }
        Credentials credentials = new FleetCredentials(
                certificates,
                pki.trust(),
                pki.authorityHash(),
                pki.presharedKey().getBytes(StandardCharsets.US_ASCII));
        return new ClientFleet(suite, size, pki, token, new ClientCrypto(port), credentials);
    }

    public Suite suite() {
        return suite;
    }

    /** Distinct clients. */
    public int size() {
        return size;
    }

    /** For the gateway. */
    public GatewayPki pki() {
        return pki;
    }

    CryptoPort crypto() {
        return crypto;
    }

    Credentials credentials() {
        return credentials;
    }

    /**
     * The policies of all clients towards a gateway.
     *
     * @param sources local addresses, which the clients take in turn
     * @param child the Child SA they ask for, null for childless IKE SAs (RFC 6023)
     */
    List<PeerPolicy> policies(InetSocketAddress gateway, List<InetAddress> sources, @Nullable ChildPolicy child) {
        AuthPolicy.Method method =
                suite.authentication().hasCertificates() ? AuthPolicy.Method.PUBKEY : AuthPolicy.Method.PSK;
        List<PeerPolicy> policies = new ArrayList<>(size);
        AuthPolicy remote = new AuthPolicy(method, IdentityPattern.of(fqdn(GatewayPki.GATEWAY)), List.of());
        Ikev1Policy ikev1 = suite.version() != 1
                ? null
                : new Ikev1Policy(
                        List.of(suite.proposal()), false, false, Ikev1Policy.RsaEncryptionCompatibility.RFC, null);
        List<AddressRange> to = List.of(AddressRange.of(gateway.getAddress()));
        for (int i = 0; i < size; i++) {
            policies.add(new PeerPolicy(
                    clientName(i),
                    suite.version(),
                    List.of(AddressRange.of(sources.get(i % sources.size()))),
                    to,
                    gateway.getPort(),
                    List.of(suite.proposal()),
                    new AuthPolicy(method, IdentityPattern.of(fqdn(clientName(i))), List.of()),
                    remote,
                    child == null ? List.of() : List.of(child),
                    child == null ? PeerPolicy.Childless.FORCE : PeerPolicy.Childless.ALLOW,
                    PeerPolicy.Fragmentation.YES,
                    1280,
                    0,
                    0,
                    0,
                    0,
                    0,
                    false,
                    PeerPolicy.SendCertificate.ALWAYS,
                    true,
                    PeerPolicy.Uniqueness.NEVER,
                    KeyExchangePlacement.TOKEN_ONLY,
                    VirtualAddresses.NONE,
                    ikev1));
        }
        return policies;
    }

    /** A Child SA between the client's own address and the gateway's networks. */
    ChildPolicy child() {
        try {
            SelectorPolicy network = new SelectorPolicy(
                    AddressRange.of(InetAddress.getByAddress(new byte[] {10, 0, 0, 0}), 8), 0, 0, 0xffff);
            return new ChildPolicy(
                    "net",
                    List.of(suite.childProposal()),
                    List.of(SelectorPolicy.DYNAMIC),
                    List.of(network),
                    true,
                    0,
                    0,
                    0,
                    ChildPolicy.StartAction.NONE);
        } catch (UnknownHostException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String clientName(int number) {
        return "client-" + number + GatewayPki.CLIENTS.substring(1);
    }

    private static Identification fqdn(String name) {
        return new Identification(Identification.FQDN, name.getBytes(StandardCharsets.US_ASCII));
    }

    @Override
    public void close() {
        crypto.close();
        if (token != null) {
            token.close();
        }
    }

    /** Certificates by the policy's name; one authority and one pre-shared key for all. */
    private record FleetCredentials(
            Map<String, LocalCertificate> certificates, TrustPolicy trusted, byte[] authorityHash, byte[] shared)
            implements Credentials {

        @Override
        public Secret presharedKey(@Nullable Identification local, @Nullable Identification remote) {
            return Secret.owning(shared.clone());
        }

        @Override
        public @Nullable LocalCertificate certificate(PeerPolicy policy, List<byte[]> authorities) {
            return certificates.get(policy.name());
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
