package dev.cardinal.ike.loop;

import com.sun.management.ThreadMXBean;
import dev.cardinal.ike.backend.HostSigningKey;
import dev.cardinal.ike.backend.JcaCryptoPort;
import dev.cardinal.ike.backend.SystemRandom;
import dev.cardinal.ike.backend.TestCertificate;
import dev.cardinal.ike.crypto.KeyExchangePlacement;
import dev.cardinal.ike.crypto.Secret;
import dev.cardinal.ike.crypto.TrustPolicy;
import dev.cardinal.ike.net.ListenSettings;
import dev.cardinal.ike.sa.AddressPools;
import dev.cardinal.ike.sa.AddressRange;
import dev.cardinal.ike.sa.AuthPolicy;
import dev.cardinal.ike.sa.Credentials;
import dev.cardinal.ike.sa.IdentityPattern;
import dev.cardinal.ike.sa.PeerPolicy;
import dev.cardinal.ike.sa.SaCommand;
import dev.cardinal.ike.sa.SaSnapshot;
import dev.cardinal.ike.sa.VirtualAddresses;
import dev.cardinal.ike.sad.RecordingSad;
import dev.cardinal.ike.wire.Identification;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A gateway and its clients, a group of one loop each, in this process over loopback: to establish many IKE SAs with a Child
 * SA each (X25519, AES-GCM) and to weigh what either side keeps. Every client has an identity of its own; with
 * certificates there are a few, which take turns.
 */
final class ManySas implements AutoCloseable {
    private static final int IN_FLIGHT = 32;
    private static final int CERTIFIED_CLIENTS = 8;

    /** A quarter of what a loop's inbox takes. */
    private static final int COMMANDS_AT_ONCE = 1024;

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String GATEWAY = "gateway.example.org";

    /** How both sides prove who they are. */
    enum Proof {
        PRESHARED_KEY,
        /** RSA-2048, under one authority. */
        CERTIFICATES
    }

    private final AtomicLong later = new AtomicLong();
    private final JcaCryptoPort gatewayCrypto = port();
    private final JcaCryptoPort clientCrypto = port();
    private final LoopGroup gateway;
    private final LoopGroup clients;
    private final long gatewayThread;
    private final List<PeerPolicy> policies;
    private int next;

    /** @param atMost different clients with a pre-shared key */
    ManySas(Proof proof, int atMost) throws IOException {
        Credentials credentials = switch (proof) {
            case PRESHARED_KEY -> new SharedKey();
            case CERTIFICATES -> new Certified();
        };
        int identities = proof == Proof.CERTIFICATES ? CERTIFIED_CLIENTS : atMost;
        gateway = group(gatewayCrypto, credentials, List.of(policy(proof, GATEWAY, IdentityPattern.ANY, List.of(), 0)));
        clients = group(clientCrypto, credentials, List.of());
        Set<Long> before = threads();
        gateway.start();
        gatewayThread = threads().stream()
                .filter(id -> !before.contains(id))
                .findFirst()
                .orElseThrow();
        clients.start();
        int port = gateway.localEndpoints().getFirst().port();
        List<AddressRange> loopback = List.of(AddressRange.of(InetAddress.getLoopbackAddress()));
        policies = IntStream.range(0, identities)
                .mapToObj(i -> policy(proof, client(i), IdentityPattern.of(id(GATEWAY)), loopback, port))
                .toList();
    }

    /** Establishes so many more; both sides have all of them when this returns. */
    void establish(int count) throws InterruptedException {
        int established = established(gateway);
        Semaphore room = new Semaphore(IN_FLIGHT);
        AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
        for (int i = 0; i < count; i++) {
            PeerPolicy policy = policies.get(next++ % policies.size());
            room.acquire();
            var unused = clients.initiate(policy, policy.children().getFirst()).whenComplete((done, why) -> {
                if (why != null) {
                    failure.set(why);
                }
                room.release();
            });
        }
        room.acquire(IN_FLIGHT);
        Throwable why = failure.get();
        if (why != null) {
            throw new AssertionError("an SA was not established", why);
        }
        if (established(gateway) - established != count) {
            throw new AssertionError("the gateway has not established as many");
        }
    }

    /** The clients' SAs are gone, without a word to the gateway. */
    void forgetClients() {
        forgetAll(clients);
    }

    /** The gateway's SAs are gone, without a word to the clients. */
    void forgetGateway() {
        forgetAll(gateway);
    }

    private static void forgetAll(LoopGroup group) {
        int given = 0;
        for (SaSnapshot sa : group.sas().join()) {
            group.command(sa.initiator() ? sa.initiatorSpi() : sa.responderSpi(), new SaCommand.Forget());
            if (++given % COMMANDS_AT_ONCE == 0) {
                group.sas().join();
            }
        }
        if (!group.sas().join().isEmpty()) {
            throw new AssertionError("SAs are left");
        }
    }

    /** Moves the clock on, and waits until the gateway has done what is due then. */
    void pass(Duration time) {
        later.addAndGet(time.toNanos());
        // an answer comes after the timers of at least one turn
        for (int left = established(gateway); left > 0; left -= EventLoop.TIMERS_PER_TURN) {
            gateway.sas().join();
        }
    }

    /** Deletes every SA on both sides. */
    void deleteAll() {
        if (clients.terminateAll(PATIENCE) != 0 || gateway.terminateAll(PATIENCE) != 0) {
            throw new AssertionError("SAs are left");
        }
    }

    /** Octets that the gateway's loop has allocated since it began; what its workers allocate is not counted. */
    long gatewayAllocations() {
        return threadBean().getThreadAllocatedBytes(gatewayThread);
    }

    @Override
    public void close() {
        clients.close();
        gateway.close();
        clientCrypto.close();
        gatewayCrypto.close();
    }

    private static int established(LoopGroup group) {
        return group.statistics().stream().mapToInt(LoopStatistics::established).sum();
    }

    private static ThreadMXBean threadBean() {
        return (ThreadMXBean) ManagementFactory.getThreadMXBean();
    }

    private static Set<Long> threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("ike-"))
                .map(Thread::threadId)
                .collect(Collectors.toSet());
    }

    private long now() {
        return System.nanoTime() + later.get();
    }

    private JcaCryptoPort port() {
        return new JcaCryptoPort(
                1, 1024, new SystemRandom(), Clock.fixed(TestCertificate.NOW, ZoneOffset.UTC), this::now);
    }

    private LoopGroup group(JcaCryptoPort crypto, Credentials credentials, List<PeerPolicy> policies) {
        LoopPorts ports = new LoopPorts(
                SystemRandom::new,
                crypto,
                new RecordingSad(),
                path -> policies,
                credentials,
                AddressPools.NONE,
                notice -> {},
                SaFactory.ikev2(),
                null);
        ListenSettings listen = new ListenSettings(List.of(InetAddress.getLoopbackAddress()), 0, 0);
        // every client has the same address: the flood guards would stop them
        return new LoopGroup(LoopSettings.of(1, listen).with(CookieSettings.OFF), ports, this::now);
    }

    private static String client(int number) {
        return "client-" + number + ".example.org";
    }

    private static Identification id(String name) {
        return new Identification(Identification.FQDN, name.getBytes(StandardCharsets.US_ASCII));
    }

    private static PeerPolicy policy(
            Proof proof, String own, IdentityPattern peer, List<AddressRange> remote, int port) {
        PeerPolicy psk = Ikev2OverLoopsTest.policy(
                own, own, peer, remote, port, PeerPolicy.Uniqueness.NEVER, KeyExchangePlacement.HOST);
        return switch (proof) {
            case PRESHARED_KEY -> psk;
            case CERTIFICATES ->
                new PeerPolicy(
                        psk.name(),
                        psk.version(),
                        psk.local(),
                        psk.remote(),
                        psk.remotePort(),
                        psk.proposals(),
                        new AuthPolicy(AuthPolicy.Method.PUBKEY, psk.localAuth().id(), List.of()),
                        new AuthPolicy(
                                AuthPolicy.Method.PUBKEY, psk.remoteAuth().id(), List.of()),
                        psk.children(),
                        psk.childless(),
                        psk.fragmentation(),
                        psk.fragmentSize(),
                        psk.rekeyNanos(),
                        psk.randNanos(),
                        psk.overNanos(),
                        psk.dpdDelayNanos(),
                        0,
                        psk.encapsulate(),
                        PeerPolicy.SendCertificate.ALWAYS,
                        true,
                        psk.unique(),
                        psk.placement(),
                        VirtualAddresses.NONE,
                        null);
        };
    }

    /** One key for all. */
    private static final class SharedKey implements Credentials {
        @Override
        public Secret presharedKey(@Nullable Identification local, @Nullable Identification remote) {
            return Secret.owning("correct horse battery staple".getBytes(StandardCharsets.US_ASCII));
        }

        @Override
        public @Nullable LocalCertificate certificate(PeerPolicy policy, List<byte[]> authorities) {
            return null;
        }

        @Override
        public TrustPolicy trust(PeerPolicy policy) {
            return NoCredentials.INSTANCE.trust(policy);
        }

        @Override
        public List<byte[]> authorityHashes(PeerPolicy policy) {
            return List.of();
        }
    }

    /** One authority for all. */
    private static final class Certified implements Credentials {
        private final TestCertificate authority = TestCertificate.root("many SAs");
        private final ConcurrentHashMap<String, LocalCertificate> certificates = new ConcurrentHashMap<>();

        @Override
        public @Nullable Secret presharedKey(@Nullable Identification local, @Nullable Identification remote) {
            return null;
        }

        @Override
        public @Nullable LocalCertificate certificate(PeerPolicy policy, List<byte[]> authorities) {
            return certificates.computeIfAbsent(policy.name(), name -> {
                TestCertificate own = TestCertificate.draft(name)
                        .algorithm("RSA-2048")
                        .dns(name)
                        .signedBy(authority);
                return new LocalCertificate(
                        List.of(own.der()),
                        id(name),
                        new HostSigningKey(own.keys().getPrivate(), name));
            });
        }

        @Override
        public TrustPolicy trust(PeerPolicy policy) {
            return new TrustPolicy(
                    List.of(authority.certificate()), List.of(), List.of(), List.of(), TrustPolicy.Revocation.RELAXED);
        }

        @Override
        public List<byte[]> authorityHashes(PeerPolicy policy) {
            return List.of(new byte[20]);
        }
    }
}
