package dev.cardinal.ike.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cardinal.ike.backend.JcaCryptoPort;
import dev.cardinal.ike.backend.SystemRandom;
import dev.cardinal.ike.crypto.EncryptionAlgorithm;
import dev.cardinal.ike.crypto.KeyExchangeMethod;
import dev.cardinal.ike.crypto.KeyExchangePlacement;
import dev.cardinal.ike.crypto.PseudorandomFunction;
import dev.cardinal.ike.crypto.Secret;
import dev.cardinal.ike.crypto.TrustPolicy;
import dev.cardinal.ike.net.ListenSettings;
import dev.cardinal.ike.sa.AddressPools;
import dev.cardinal.ike.sa.AddressRange;
import dev.cardinal.ike.sa.AuthPolicy;
import dev.cardinal.ike.sa.ChildPolicy;
import dev.cardinal.ike.sa.Credentials;
import dev.cardinal.ike.sa.IdentityPattern;
import dev.cardinal.ike.sa.PeerPolicy;
import dev.cardinal.ike.sa.SaCommand;
import dev.cardinal.ike.sa.SaSnapshot;
import dev.cardinal.ike.sa.SelectorPolicy;
import dev.cardinal.ike.sa.VirtualAddresses;
import dev.cardinal.ike.sad.RecordingSad;
import dev.cardinal.ike.wire.Identification;
import dev.cardinal.ike.wire.Proposal;
import dev.cardinal.ike.wire.Transform;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Whole IKEv2 handshakes with pre-shared keys, between two groups of loops over loopback. */
@Timeout(60)
class Ikev2OverLoopsTest {
    private static final String KEY = "correct horse battery staple";

    private final RecordingSad gatewaySad = new RecordingSad();
    private final RecordingSad clientSad = new RecordingSad();
    private JcaCryptoPort crypto = port();
    private long openSecrets;

    @BeforeEach
    void begin() {
        openSecrets = Secret.open();
    }

    @AfterEach
    void leavesNothing() {
        crypto.close();
        assertEquals(openSecrets, Secret.open(), "secrets left open");
    }

    @Test
    void handshakesPassTheCookieGate() throws Exception {
        try (LoopGroup gateway =
                        group(3, new CookieSettings(1, 0, 0), gatewaySad, "gateway", PeerPolicy.Uniqueness.NEVER);
                LoopGroup clients = group(2, CookieSettings.OFF, clientSad, "unused", PeerPolicy.Uniqueness.NEVER)) {
            List<CompletableFuture<Initiated>> all = new ArrayList<>();
            for (int i = 0; i < 50; i++) {
                PeerPolicy policy = client(gateway, "client-" + i);
                all.add(clients.initiate(policy, policy.children().getFirst()));
            }
            for (CompletableFuture<Initiated> one : all) {
                assertNotNull(one.get(30, TimeUnit.SECONDS).child());
            }
            await(() -> sum(gateway, LoopStatistics::established) == 50);
            await(() -> sum(gateway, LoopStatistics::halfOpen) == 0);
            assertTrue(sum(gateway, loop -> loop.count(LoopCount.COOKIES_DEMANDED)) > 0);
            await(() -> gatewaySad.installed().size() == 50);
            assertEquals(50, clientSad.installed().size());

            // the other direction of the same loops: rekeys under load, found by the successors' SPIs
            for (CompletableFuture<Initiated> one : all) {
                clients.command(one.join().ownSpi(), new SaCommand.RekeyIke());
            }
            await(() -> sum(clients, loop -> loop.count(LoopCount.CLOSED)) == 50);
            await(() -> sum(gateway, LoopStatistics::sas) == 50);
            assertEquals(50, sum(gateway, LoopStatistics::established));
            assertEquals(50, sum(clients, LoopStatistics::established));

            assertEquals(0, clients.terminateAll(Duration.ofSeconds(20)));
            await(() -> sum(gateway, LoopStatistics::sas) == 0);
            assertEquals(List.of(), gatewaySad.installed());
            assertEquals(List.of(), clientSad.installed());
            assertEquals(0, sum(gateway, loop -> loop.count(LoopCount.INTERNAL_ERRORS)));
            assertEquals(0, sum(clients, loop -> loop.count(LoopCount.INTERNAL_ERRORS)));
        }
    }

    @Test
    void newSaReplacesTheOldOne() throws Exception {
        try (LoopGroup gateway =
                        group(2, CookieSettings.DEFAULT, gatewaySad, "gateway", PeerPolicy.Uniqueness.REPLACE);
                LoopGroup clients = group(2, CookieSettings.OFF, clientSad, "unused", PeerPolicy.Uniqueness.NEVER)) {
            PeerPolicy policy = client(gateway, "carol");
            for (int i = 0; i < 4; i++) {
                clients.initiate(policy, policy.children().getFirst()).get(30, TimeUnit.SECONDS);
            }
            await(() -> sum(gateway, LoopStatistics::sas) == 1);
            await(() -> sum(clients, LoopStatistics::sas) == 1);
            SaSnapshot left = gateway.sas().get(10, TimeUnit.SECONDS).getFirst();
            assertEquals(1, left.children().size());
            assertEquals(1, gatewaySad.installed().size());
        }
    }

    @Test
    void wrongKeyFailsWithAReason() throws Exception {
        try (LoopGroup gateway = group(1, CookieSettings.DEFAULT, gatewaySad, "gateway", PeerPolicy.Uniqueness.NEVER);
                LoopGroup clients = group(1, CookieSettings.OFF, clientSad, "unused", PeerPolicy.Uniqueness.NEVER)) {
            PeerPolicy policy = client(gateway, "mallory");
            ExecutionException failed = assertThrows(
                    ExecutionException.class,
                    () -> clients.initiate(policy, policy.children().getFirst()).get(30, TimeUnit.SECONDS));
            assertTrue(failed.getCause() instanceof InitiationFailed, String.valueOf(failed.getCause()));
            await(() -> sum(clients, LoopStatistics::sas) == 0);
            // the gateway's may stay for a while, to answer retransmissions
            assertEquals(0, sum(gateway, LoopStatistics::established));
            assertEquals(List.of(), gatewaySad.installed());
            assertEquals(List.of(), clientSad.installed());
        }
    }

    private static JcaCryptoPort port() {
        return new JcaCryptoPort(2, 1024, new SystemRandom(), Clock.systemUTC(), System::nanoTime);
    }

    private LoopGroup group(
            int loops, CookieSettings cookies, RecordingSad sad, String name, PeerPolicy.Uniqueness unique)
            throws Exception {
        PeerPolicy responder =
                policy(name, "gateway", IdentityPattern.ANY, List.of(), 500, unique, KeyExchangePlacement.HOST);
        LoopPorts ports = new LoopPorts(
                SystemRandom::new,
                crypto,
                sad,
                path -> List.of(responder),
                new SharedKey(),
                AddressPools.NONE,
                notice -> {},
                SaFactory.ikev2(),
                null);
        LoopGroup group = new LoopGroup(
                LoopSettings.of(loops, new ListenSettings(List.of(InetAddress.getLoopbackAddress()), 0, 0))
                        .with(cookies),
                ports);
        group.start();
        return group;
    }

    private static PeerPolicy client(LoopGroup gateway, String name) {
        return policy(
                name,
                name,
                IdentityPattern.of(id("gateway")),
                List.of(AddressRange.of(InetAddress.getLoopbackAddress())),
                gateway.localEndpoints().getFirst().port(),
                PeerPolicy.Uniqueness.NEVER,
                KeyExchangePlacement.HOST);
    }

    static PeerPolicy policy(
            String name,
            String own,
            IdentityPattern peer,
            List<AddressRange> remote,
            int port,
            PeerPolicy.Uniqueness unique,
            KeyExchangePlacement placement) {
        Proposal ike = new Proposal(
                1,
                Proposal.IKE,
                new byte[0],
                List.of(
                        EncryptionAlgorithm.AES_GCM_16.transform(256),
                        PseudorandomFunction.HMAC_SHA2_256.transform(),
                        KeyExchangeMethod.CURVE_25519.transform()));
        Proposal esp = new Proposal(
                1,
                Proposal.ESP,
                new byte[0],
                List.of(
                        EncryptionAlgorithm.AES_GCM_16.transform(256),
                        new Transform(Transform.SEQUENCE_NUMBERS, 0, 0)));
        ChildPolicy child = new ChildPolicy(
                "net",
                List.of(esp),
                List.of(SelectorPolicy.DYNAMIC),
                List.of(SelectorPolicy.DYNAMIC),
                true,
                0,
                0,
                0,
                ChildPolicy.StartAction.NONE);
        return new PeerPolicy(
                name,
                2,
                List.of(),
                remote,
                port,
                List.of(ike),
                new AuthPolicy(AuthPolicy.Method.PSK, IdentityPattern.of(id(own)), List.of()),
                new AuthPolicy(AuthPolicy.Method.PSK, peer, List.of()),
                List.of(child),
                PeerPolicy.Childless.ALLOW,
                PeerPolicy.Fragmentation.YES,
                1280,
                0,
                0,
                0,
                0,
                0,
                false,
                PeerPolicy.SendCertificate.NEVER,
                false,
                unique,
                placement,
                VirtualAddresses.NONE,
                null);
    }

    private static Identification id(String name) {
        return new Identification(Identification.FQDN, name.getBytes(StandardCharsets.US_ASCII));
    }

    /** One key for all, but mallory has another than the gateway. */
    private static final class SharedKey implements Credentials {
        @Override
        public Secret presharedKey(@Nullable Identification local, @Nullable Identification remote) {
            boolean mallory = local != null && local.equals(id("mallory"));
            return Secret.owning((mallory ? "guess" : KEY).getBytes(StandardCharsets.US_ASCII));
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

    private static long sum(LoopGroup group, ToLongFunction<LoopStatistics> value) {
        return group.statistics().stream().mapToLong(value).sum();
    }

    private static void await(BooleanSupplier condition) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - deadline > 0) {
                throw new AssertionError("waited in vain");
            }
            Thread.yield();
        }
    }
}
