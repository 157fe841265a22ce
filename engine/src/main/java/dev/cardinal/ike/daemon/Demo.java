package dev.cardinal.ike.daemon;

import dev.cardinal.hsm.HsmStatistics;
import dev.cardinal.ike.backend.CryptoRouter;
import dev.cardinal.ike.backend.JcaCryptoPort;
import dev.cardinal.ike.backend.SystemRandom;
import dev.cardinal.ike.crypto.CryptoPort;
import dev.cardinal.ike.crypto.EncryptionAlgorithm;
import dev.cardinal.ike.crypto.KeyExchangeMethod;
import dev.cardinal.ike.crypto.KeyExchangePlacement;
import dev.cardinal.ike.crypto.PseudorandomFunction;
import dev.cardinal.ike.crypto.Secret;
import dev.cardinal.ike.crypto.TrustPolicy;
import dev.cardinal.ike.loop.CookieSettings;
import dev.cardinal.ike.loop.LoopGroup;
import dev.cardinal.ike.loop.LoopPorts;
import dev.cardinal.ike.loop.LoopSettings;
import dev.cardinal.ike.loop.LoopStatistics;
import dev.cardinal.ike.loop.SaFactory;
import dev.cardinal.ike.net.ListenSettings;
import dev.cardinal.ike.observe.NoticeCounters;
import dev.cardinal.ike.observe.SaListing;
import dev.cardinal.ike.sa.AddressPools;
import dev.cardinal.ike.sa.AddressRange;
import dev.cardinal.ike.sa.AuthPolicy;
import dev.cardinal.ike.sa.ChildPolicy;
import dev.cardinal.ike.sa.Credentials;
import dev.cardinal.ike.sa.IdentityPattern;
import dev.cardinal.ike.sa.PeerPolicy;
import dev.cardinal.ike.sa.SaSnapshot;
import dev.cardinal.ike.sa.SelectorPolicy;
import dev.cardinal.ike.sa.VirtualAddresses;
import dev.cardinal.ike.sad.RecordingSad;
import dev.cardinal.ike.wire.Identification;
import dev.cardinal.ike.wire.Proposal;
import dev.cardinal.ike.wire.Transform;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A gateway whose private key and key exchanges are on a throw-away token, and initiators that establish SAs with it over real
 * sockets on loopback, all in this process. The initiators compute on the host.
 */
public final class Demo implements AutoCloseable {
    /** Handshakes under way at a time: what keeps a token's workers and the loops busy without queueing for seconds. */
    static final int IN_FLIGHT = 64;

    /** Clients with a certificate of their own; handshakes take them in turn. */
    private static final int CLIENTS = 64;

    private static final String GATEWAY = "gateway.demo.cardinal.invalid";
    private static final int QUEUE_LIMIT = 4096;

    private final DemoToken token;
    private final JcaCryptoPort gatewayHost;
    private final JcaCryptoPort clientHost;
    private final LoopGroup gateway;
    private final LoopGroup initiators;
    private final List<PeerPolicy> clients = new ArrayList<>();
    private final ChildPolicy child;

    private Demo(
            DemoToken token,
            JcaCryptoPort gatewayHost,
            JcaCryptoPort clientHost,
            LoopGroup gateway,
            LoopGroup initiators) {
        this.token = token;
        this.gatewayHost = gatewayHost;
        this.clientHost = clientHost;
        this.gateway = gateway;
        this.initiators = initiators;
        this.child = child(SelectorPolicy.DYNAMIC, network());
        int port = gateway.localEndpoints().getFirst().port();
        for (int i = 0; i < CLIENTS; i++) {
            clients.add(policy(
                    clientName(i),
                    List.of(AddressRange.of(InetAddress.getLoopbackAddress())),
                    port,
                    DemoPki.fqdn(clientName(i)),
                    IdentityPattern.of(DemoPki.fqdn(GATEWAY)),
                    List.of(child),
                    KeyExchangePlacement.HOST));
        }
    }

    /** Tokens that a demonstration can make. */
    public enum TokenKind {
        /** The crypto card, in a folder of its own. */
        CARD,
        /** SoftHSM; SOFTHSM2_CONF must name a configuration of its own. */
        SOFTHSM
    }

    /**
     * Makes the token, the certificates and both sides, and begins to listen.
     *
     * @param module the kind's module or one that stands before it; null for the usual places
     */
    public static Demo start(TokenKind kind, @Nullable Path module) throws DemoFailure {
        DemoToken token = DemoToken.create(kind, module);
        try {
            return start(token);
        } catch (DemoFailure | RuntimeException e) {
            token.close();
            throw e;
        }
    }

    private static Demo start(DemoToken token) throws DemoFailure {
        DemoPki pki = new DemoPki();
        Map<String, Credentials.LocalCertificate> certificates = new HashMap<>();
        for (int i = 0; i < CLIENTS; i++) {
            certificates.put(clientName(i), pki.client(clientName(i)));
        }
        certificates.put(GATEWAY, pki.certify(GATEWAY, token.publicKeyInfo(), token.signingKey()));
        DemoCredentials credentials = new DemoCredentials(certificates, pki.trust(), pki.authorityHash());

        int threads = Math.max(1, Runtime.getRuntime().availableProcessors() / 2);
        JcaCryptoPort gatewayHost = host(threads);
        JcaCryptoPort clientHost = host(threads);
        PeerPolicy responder = policy(
                GATEWAY,
                List.of(),
                ListenSettings.IKE_PORT,
                DemoPki.fqdn(GATEWAY),
                IdentityPattern.of(DemoPki.fqdn("*.clients.demo.cardinal.invalid")),
                List.of(child(network(), SelectorPolicy.DYNAMIC)),
                KeyExchangePlacement.TOKEN_ONLY);
        CryptoRouter router =
                new CryptoRouter(gatewayHost, List.of(new CryptoRouter.Token(token.port(), true)), Clock.systemUTC());
        LoopGroup gateway = group(router, List.of(responder), credentials);
        LoopGroup initiators = group(clientHost, List.of(), credentials);
        try {
            gateway.start();
            initiators.start();
            return new Demo(token, gatewayHost, clientHost, gateway, initiators);
        } catch (IOException e) {
            initiators.close();
            gateway.close();
            clientHost.close();
            gatewayHost.close();
            throw new DemoFailure(String.valueOf(e.getMessage()));
        }
    }

    /** Where the gateway listens. */
    public String gatewayAddress() {
        return gateway.localEndpoints().getFirst().toString();
    }

    /**
     * Establishes so many SAs and keeps them all.
     *
     * @param progress told how many have ended, from time to time, on a loop's thread
     */
    public DemoReport run(int handshakes, IntConsumer progress) throws InterruptedException {
        HsmStatistics before = token.statistics();
        long[] latencies = new long[handshakes];
        AtomicInteger ended = new AtomicInteger();
        AtomicInteger succeeded = new AtomicInteger();
        AtomicReference<@Nullable String> firstFailure = new AtomicReference<>();
        Semaphore room = new Semaphore(IN_FLIGHT);
        long begun = System.nanoTime();
        for (int i = 0; i < handshakes; i++) {
            room.acquire();
            long initiated = System.nanoTime();
            var unused = initiators.initiate(clients.get(i % CLIENTS), child).whenComplete((done, failure) -> {
                if (failure == null) {
                    latencies[succeeded.getAndIncrement()] = System.nanoTime() - initiated;
                } else {
                    firstFailure.compareAndSet(null, String.valueOf(failure.getMessage()));
                }
                progress.accept(ended.incrementAndGet());
                room.release();
            });
        }
        room.acquire(IN_FLIGHT);
        long elapsed = System.nanoTime() - begun;
        int alive = Math.min(succeeded.get(), Math.min(established(gateway), established(initiators)));
        return report(handshakes, alive, elapsed, latencies, succeeded.get(), before, firstFailure.get());
    }

    private DemoReport report(
            int handshakes,
            int alive,
            long elapsed,
            long[] latencies,
            int measured,
            HsmStatistics before,
            @Nullable String failure) {
        Arrays.sort(latencies, 0, measured);
        HsmStatistics after = token.statistics();
        Map<String, Long> operations = new HashMap<>();
        after.operations().forEach((kind, count) -> {
            long during = count - before.operations().getOrDefault(kind, 0L);
            if (during != 0) {
                operations.put(kind, during);
            }
        });
        long batches = after.batches() - before.batches();
        List<SaSnapshot> sas = gateway.sas().join();
        String why = failure != null ? failure : alive < handshakes ? "an SA did not stay alive" : "";
        return new DemoReport(
                handshakes,
                alive,
                elapsed,
                measured == 0 ? 0 : latencies[(measured - 1) / 2],
                measured == 0 ? 0 : latencies[(int) ((measured - 1) * 0.99)],
                operations,
                batches == 0 ? 0 : (double) (after.batched() - before.batched()) / batches,
                after.queueHighWater(),
                why,
                sas.isEmpty() ? "" : SaListing.of(sas.getFirst()));
    }

    @Override
    public void close() {
        initiators.close();
        gateway.close();
        clientHost.close();
        gatewayHost.close();
        token.close();
    }

    private static int established(LoopGroup group) {
        return group.statistics().stream().mapToInt(LoopStatistics::established).sum();
    }

    private static String clientName(int number) {
        return "client-" + number + ".clients.demo.cardinal.invalid";
    }

    private static JcaCryptoPort host(int threads) {
        return new JcaCryptoPort(threads, QUEUE_LIMIT, new SystemRandom(), Clock.systemUTC(), System::nanoTime);
    }

    private static LoopGroup group(CryptoPort crypto, List<PeerPolicy> policies, Credentials credentials) {
        int loops = Math.clamp(Runtime.getRuntime().availableProcessors() / 4, 1, 8);
        ListenSettings listen = new ListenSettings(List.of(InetAddress.getLoopbackAddress()), 0, 0);
        LoopPorts ports = new LoopPorts(
                SystemRandom::new,
                crypto,
                new RecordingSad(),
                path -> policies,
                credentials,
                AddressPools.NONE,
                new NoticeCounters(),
                SaFactory.ikev2(),
                null);
        // every initiator has one source address: the flood guards would stop them
        return new LoopGroup(LoopSettings.of(loops, listen).with(CookieSettings.OFF), ports);
    }

    private static SelectorPolicy network() {
        try {
            return new SelectorPolicy(
                    AddressRange.of(InetAddress.getByAddress(new byte[] {10, 0, 0, 0}), 8), 0, 0, 0xffff);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static ChildPolicy child(SelectorPolicy local, SelectorPolicy remote) {
        Proposal esp = new Proposal(
                1,
                Proposal.ESP,
                new byte[0],
                List.of(
                        EncryptionAlgorithm.AES_GCM_16.transform(256),
                        new Transform(Transform.SEQUENCE_NUMBERS, 0, 0)));
        return new ChildPolicy(
                "net", List.of(esp), List.of(local), List.of(remote), true, 0, 0, 0, ChildPolicy.StartAction.NONE);
    }

    private static PeerPolicy policy(
            String name,
            List<AddressRange> remote,
            int remotePort,
            Identification own,
            IdentityPattern peer,
            List<ChildPolicy> children,
            KeyExchangePlacement placement) {
        Proposal ike = new Proposal(
                1,
                Proposal.IKE,
                new byte[0],
                List.of(
                        EncryptionAlgorithm.AES_GCM_16.transform(256),
                        PseudorandomFunction.HMAC_SHA2_256.transform(),
                        KeyExchangeMethod.CURVE_25519.transform()));
        return new PeerPolicy(
                name,
                2,
                List.of(),
                remote,
                remotePort,
                List.of(ike),
                new AuthPolicy(AuthPolicy.Method.PUBKEY, IdentityPattern.of(own), List.of()),
                new AuthPolicy(AuthPolicy.Method.PUBKEY, peer, List.of()),
                children,
                PeerPolicy.Childless.ALLOW,
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
                placement,
                VirtualAddresses.NONE,
                null);
    }

    /** Certificates by the policy's name; one authority for all. */
    private record DemoCredentials(
            Map<String, LocalCertificate> certificates, TrustPolicy trusted, byte[] authorityHash)
            implements Credentials {

        @Override
        public @Nullable Secret presharedKey(@Nullable Identification local, @Nullable Identification remote) {
            return null;
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
