package dev.cardinal.ike.backend;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cardinal.ike.crypto.CryptoOutcome;
import dev.cardinal.ike.crypto.CryptoOutcome.Failed;
import dev.cardinal.ike.crypto.CryptoPort;
import dev.cardinal.ike.crypto.CryptoRequest;
import dev.cardinal.ike.crypto.KeyExchangeMethod;
import dev.cardinal.ike.crypto.KeyExchangePlacement;
import dev.cardinal.ike.crypto.PseudorandomFunction;
import dev.cardinal.ike.crypto.Secret;
import dev.cardinal.ike.crypto.SecretDerivation;
import dev.cardinal.ike.crypto.SignatureScheme;
import dev.cardinal.ike.crypto.SigningKey;
import dev.cardinal.ike.crypto.Urgency;
import java.security.KeyPair;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class JcaCryptoPortTest {
    private static final long DEADLINE = 1000;
    private final AtomicLong now = new AtomicLong();
    private long openBefore;

    @BeforeEach
    void countSecrets() {
        openBefore = Secret.open();
    }

    @AfterEach
    void noSecretStaysOpen() {
        assertEquals(openBefore, Secret.open());
    }

    private JcaCryptoPort port(int threads, int queueLimit) {
        return new JcaCryptoPort(threads, queueLimit, new SystemRandom(), Clock.systemUTC(), now::get);
    }

    static CryptoRequest.Generate generate(KeyExchangeMethod method, Urgency urgency, long deadline) {
        return new CryptoRequest.Generate(method, KeyExchangePlacement.HOST, urgency, deadline);
    }

    static <T extends CryptoOutcome> T outcome(CryptoPort port, CryptoRequest request, Class<T> type) {
        CompletableFuture<CryptoOutcome> future = new CompletableFuture<>();
        assertTrue(port.submit(request, outcome -> {
            // a second answer would be as wrong as none
            if (!future.complete(outcome)) {
                throw new IllegalStateException("answered twice");
            }
        }));
        return assertInstanceOf(type, future.orTimeout(60, TimeUnit.SECONDS).join());
    }

    @Test
    void everyMethodWithEveryPrfEndsInTheSameSecret() {
        byte[] ni = new byte[32];
        byte[] nr = new byte[32];
        nr[0] = 1;
        try (JcaCryptoPort port = port(2, 100)) {
            for (KeyExchangeMethod method : KeyExchangeMethod.values()) {
                for (PseudorandomFunction prf : PseudorandomFunction.values()) {
                    if (method.publicLength() > 512 && prf != PseudorandomFunction.HMAC_SHA2_256) {
                        continue; // the long groups once each: they cost tens of milliseconds
                    }
                    Secret skD = Secret.owning(new byte[prf.length()]);
                    List<SecretDerivation> derivations = List.of(
                            new SecretDerivation.Skeyseed(prf, ni, nr),
                            new SecretDerivation.RekeyedSkeyseed(prf, skD, ni, nr),
                            new SecretDerivation.ChildKeyMaterial(prf, skD, ni, nr, 100));
                    for (SecretDerivation derivation : derivations) {
                        assertBothEndsAgree(port, method, derivation);
                    }
                    skD.close();
                }
            }
        }
    }

    private static void assertBothEndsAgree(CryptoPort port, KeyExchangeMethod method, SecretDerivation derivation) {
        CryptoOutcome.Generated initiator =
                outcome(port, generate(method, Urgency.NEW, DEADLINE), CryptoOutcome.Generated.class);
        CryptoOutcome.Agreed responder = outcome(
                port,
                new CryptoRequest.GenerateAndAgree(
                        method, KeyExchangePlacement.HOST, initiator.publicValue(), derivation, Urgency.NEW, DEADLINE),
                CryptoOutcome.Agreed.class);
        byte[] publicValue = responder.publicValue();
        assertNotNull(publicValue);
        CryptoOutcome.Agreed ours = outcome(
                port,
                new CryptoRequest.Agree(initiator.handle(), publicValue, derivation, Urgency.BEGUN, DEADLINE),
                CryptoOutcome.Agreed.class);
        assertTrue(ours.derived().matches(responder.derived()), method + " " + derivation);
        ours.derived().close();
        responder.derived().close();
        port.release(initiator.handle());
        Failed lost = outcome(
                port,
                new CryptoRequest.Agree(initiator.handle(), publicValue, derivation, Urgency.BEGUN, DEADLINE),
                Failed.class);
        assertEquals(Failed.Kind.LOST, lost.kind());
    }

    @Test
    void thePeersBadValueIsThePeersFault() {
        try (JcaCryptoPort port = port(1, 10)) {
            SecretDerivation derivation =
                    new SecretDerivation.Skeyseed(PseudorandomFunction.HMAC_SHA2_256, new byte[16], new byte[16]);
            for (KeyExchangeMethod method : KeyExchangeMethod.values()) {
                Failed failed = outcome(
                        port,
                        new CryptoRequest.GenerateAndAgree(
                                method,
                                KeyExchangePlacement.HOST,
                                new byte[method.publicLength()],
                                derivation,
                                Urgency.NEW,
                                DEADLINE),
                        Failed.class);
                assertEquals(Failed.Kind.PEER_DATA, failed.kind(), method.name());
            }
        }
    }

    @Test
    void signaturesOfEveryKindVerify() {
        HostSignatures verifier = new HostSignatures();
        byte[] octets = {1, 2, 3};
        try (JcaCryptoPort port = port(1, 10)) {
            for (String algorithm : new String[] {"RSA-2048", "secp256r1", "secp384r1", "secp521r1", "Ed25519"}) {
                KeyPair pair = TestCertificate.keys(algorithm, "signer");
                HostSigningKey key = new HostSigningKey(pair.getPrivate(), "/etc/key");
                assertFalse(key.schemes().isEmpty());
                for (SignatureScheme scheme : SignatureScheme.values()) {
                    CryptoRequest request = new CryptoRequest.Sign(key, scheme, octets, Urgency.BEGUN, DEADLINE);
                    if (key.schemes().contains(scheme)) {
                        byte[] signature = outcome(port, request, CryptoOutcome.Signed.class)
                                .signature();
                        assertTrue(verifier.verify(pair.getPublic(), scheme, octets, signature), algorithm + scheme);
                        assertFalse(verifier.verify(pair.getPublic(), scheme, new byte[3], signature));
                    } else {
                        assertEquals(
                                Failed.Kind.UNSUPPORTED,
                                outcome(port, request, Failed.class).kind());
                    }
                }
            }
        }
    }

    @Test
    void workGoesByUrgencyAndThenInOrder() throws InterruptedException {
        List<String> order = new ArrayList<>();
        CountDownLatch all = new CountDownLatch(6);
        try (JcaCryptoPort port = port(1, 10);
                Block block = new Block(port)) {
            for (Urgency urgency : new Urgency[] {Urgency.NEW, Urgency.ESTABLISHED, Urgency.BEGUN}) {
                for (int i = 1; i <= 2; i++) {
                    String name = urgency + " " + i;
                    assertTrue(port.submit(generate(KeyExchangeMethod.CURVE_25519, urgency, DEADLINE), outcome -> {
                        order.add(name);
                        port.release(((CryptoOutcome.Generated) outcome).handle());
                        all.countDown();
                    }));
                }
            }
            assertEquals(6, port.statistics().queued());
            block.close();
            assertTrue(all.await(60, TimeUnit.SECONDS));
        }
        assertEquals(List.of("BEGUN 1", "BEGUN 2", "ESTABLISHED 1", "ESTABLISHED 2", "NEW 1", "NEW 2"), order);
    }

    @Test
    void aFullQueueRefusesAndTheOthersDoNot() {
        try (JcaCryptoPort port = port(1, 2);
                Block block = new Block(port)) {
            CountDownLatch done = new CountDownLatch(3);
            CryptoPort.Completion count = outcome -> {
                port.release(((CryptoOutcome.Generated) outcome).handle());
                done.countDown();
            };
            CryptoRequest request = generate(KeyExchangeMethod.CURVE_25519, Urgency.NEW, DEADLINE);
            assertTrue(port.submit(request, count));
            assertTrue(port.submit(request, count));
            assertFalse(port.submit(request, outcome -> {
                throw new AssertionError("a refused request was done");
            }));
            assertTrue(port.submit(generate(KeyExchangeMethod.CURVE_25519, Urgency.BEGUN, DEADLINE), count));
            assertEquals(new JcaCryptoPort.Statistics(3, 3, 1, 0), port.statistics());
            block.close();
            assertTrue(await(done));
        }
    }

    @Test
    void expiredWorkIsNotStarted() {
        try (JcaCryptoPort port = port(1, 10);
                Block block = new Block(port);
                Secret skD = Secret.owning(new byte[32])) {
            CompletableFuture<CryptoOutcome> late = new CompletableFuture<>();
            CompletableFuture<CryptoOutcome> inTime = new CompletableFuture<>();
            // the peer's value is refused, which would show that the work was begun
            assertTrue(port.submit(agreeWithZero(skD, 50), late::complete));
            assertTrue(port.submit(agreeWithZero(skD, 51), inTime::complete));
            now.set(50);
            block.close();
            assertEquals(
                    Failed.Kind.EXPIRED,
                    ((Failed) late.orTimeout(60, TimeUnit.SECONDS).join()).kind());
            assertEquals(
                    Failed.Kind.PEER_DATA,
                    ((Failed) inTime.orTimeout(60, TimeUnit.SECONDS).join()).kind());
            assertEquals(1, port.statistics().expired());
        }
    }

    @Test
    void secretsAreReadBeforeSubmitReturns() {
        byte[] ni = new byte[16];
        byte[] nr = new byte[16];
        PseudorandomFunction prf = PseudorandomFunction.HMAC_SHA2_256;
        try (JcaCryptoPort port = port(1, 10)) {
            CryptoOutcome.Generated ours = outcome(
                    port, generate(KeyExchangeMethod.ECP_256, Urgency.NEW, DEADLINE), CryptoOutcome.Generated.class);
            CryptoOutcome.Generated peer = outcome(
                    port, generate(KeyExchangeMethod.ECP_256, Urgency.NEW, DEADLINE), CryptoOutcome.Generated.class);
            Secret expected;
            try (Secret skD = Secret.owning(new byte[] {1, 2, 3, 4})) {
                expected = outcome(
                                port,
                                new CryptoRequest.Agree(
                                        ours.handle(),
                                        peer.publicValue(),
                                        new SecretDerivation.ChildKeyMaterial(prf, skD, ni, nr, 64),
                                        Urgency.BEGUN,
                                        DEADLINE),
                                CryptoOutcome.Agreed.class)
                        .derived();
            }
            CompletableFuture<CryptoOutcome> future = new CompletableFuture<>();
            try (Block block = new Block(port)) {
                try (Secret skD = Secret.owning(new byte[] {1, 2, 3, 4})) {
                    assertTrue(port.submit(
                            new CryptoRequest.Agree(
                                    ours.handle(),
                                    peer.publicValue(),
                                    new SecretDerivation.ChildKeyMaterial(prf, skD, ni, nr, 64),
                                    Urgency.BEGUN,
                                    DEADLINE),
                            future::complete));
                }
                block.close();
            }
            CryptoOutcome.Agreed agreed = assertInstanceOf(
                    CryptoOutcome.Agreed.class,
                    future.orTimeout(60, TimeUnit.SECONDS).join());
            assertTrue(expected.matches(agreed.derived()));
            expected.close();
            agreed.derived().close();
            port.release(ours.handle());
            port.release(peer.handle());
        }
    }

    @Test
    void closingFailsWhatWaits() {
        CompletableFuture<CryptoOutcome> waiting = new CompletableFuture<>();
        JcaCryptoPort port = port(1, 10);
        try (Block block = new Block(port);
                Secret skD = Secret.owning(new byte[32])) {
            assertTrue(port.submit(agreeWithZero(skD, DEADLINE), waiting::complete));
            port.close();
            assertEquals(Failed.Kind.BACKEND, ((Failed) waiting.join()).kind());
            assertFalse(port.submit(agreeWithZero(skD, DEADLINE), outcome -> {}));
            block.close();
        }
    }

    @Test
    void aThrowingReceiverCostsNoThread() {
        try (JcaCryptoPort port = port(1, 10);
                Secret skD = Secret.owning(new byte[32])) {
            Thread.UncaughtExceptionHandler before = Thread.getDefaultUncaughtExceptionHandler();
            CompletableFuture<Throwable> reported = new CompletableFuture<>();
            Thread.setDefaultUncaughtExceptionHandler((thread, fault) -> reported.complete(fault));
            try {
                assertTrue(port.submit(agreeWithZero(skD, DEADLINE), outcome -> {
                    throw new IllegalStateException("receiver's fault");
                }));
                assertEquals(
                        "receiver's fault",
                        reported.orTimeout(60, TimeUnit.SECONDS).join().getMessage());
            } finally {
                Thread.setDefaultUncaughtExceptionHandler(before);
            }
            outcome(port, agreeWithZero(skD, DEADLINE), Failed.class);
        }
    }

    @Test
    void anotherDevicesKeysAndHandlesAreUnsupported() {
        SigningKey stranger = new SigningKey() {
            @Override
            public SignatureScheme.Key kind() {
                return SignatureScheme.Key.RSA;
            }

            @Override
            public int bits() {
                return 2048;
            }

            @Override
            public Set<SignatureScheme> schemes() {
                return Set.of(SignatureScheme.RSA_PKCS1_SHA256);
            }

            @Override
            public String location() {
                return "elsewhere";
            }
        };
        try (JcaCryptoPort port = port(1, 10)) {
            assertEquals(
                    Failed.Kind.UNSUPPORTED,
                    outcome(
                                    port,
                                    new CryptoRequest.Sign(
                                            stranger,
                                            SignatureScheme.RSA_PKCS1_SHA256,
                                            new byte[1],
                                            Urgency.BEGUN,
                                            DEADLINE),
                                    Failed.class)
                            .kind());
            SecretDerivation derivation =
                    new SecretDerivation.Skeyseed(PseudorandomFunction.HMAC_SHA2_256, new byte[16], new byte[16]);
            assertEquals(
                    Failed.Kind.UNSUPPORTED,
                    outcome(
                                    port,
                                    new CryptoRequest.Agree(
                                            () -> KeyExchangeMethod.CURVE_25519,
                                            new byte[32],
                                            derivation,
                                            Urgency.BEGUN,
                                            DEADLINE),
                                    Failed.class)
                            .kind());
            port.release(() -> KeyExchangeMethod.CURVE_25519);
        }
    }

    private static CryptoRequest agreeWithZero(Secret skD, long deadline) {
        return new CryptoRequest.GenerateAndAgree(
                KeyExchangeMethod.CURVE_25519,
                KeyExchangePlacement.HOST,
                new byte[32],
                new SecretDerivation.RekeyedSkeyseed(
                        PseudorandomFunction.HMAC_SHA2_256, skD, new byte[16], new byte[16]),
                Urgency.BEGUN,
                deadline);
    }

    private static boolean await(CountDownLatch latch) {
        try {
            return latch.await(60, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** Keeps a port's only thread in a completion until it is closed. */
    private static final class Block implements AutoCloseable {
        private final CountDownLatch opened = new CountDownLatch(1);

        Block(JcaCryptoPort port) {
            CountDownLatch entered = new CountDownLatch(1);
            assertTrue(port.submit(generate(KeyExchangeMethod.CURVE_25519, Urgency.BEGUN, DEADLINE), outcome -> {
                port.release(((CryptoOutcome.Generated) outcome).handle());
                entered.countDown();
                await(opened);
            }));
            assertTrue(await(entered));
            // that the queue is empty again is what the tests count from
            assertArrayEquals(new int[] {0}, new int[] {port.statistics().queued()});
        }

        private static boolean await(CountDownLatch latch) {
            return JcaCryptoPortTest.await(latch);
        }

        @Override
        public void close() {
            opened.countDown();
        }
    }
}
