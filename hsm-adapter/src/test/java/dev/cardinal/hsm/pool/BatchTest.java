package dev.cardinal.hsm.pool;

import static dev.cardinal.hsm.pool.HsmContract.assertFails;
import static dev.cardinal.hsm.pool.HsmContract.get;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cardinal.hsm.Derivation;
import dev.cardinal.hsm.HashAlgorithm;
import dev.cardinal.hsm.HsmFailure.Kind;
import dev.cardinal.hsm.HsmRequest;
import dev.cardinal.hsm.HsmResult;
import dev.cardinal.hsm.KeyExchangeGroup;
import dev.cardinal.hsm.KeyRef;
import dev.cardinal.hsm.SharedSecret;
import dev.cardinal.hsm.SignatureMechanism;
import dev.cardinal.hsm.Urgency;
import dev.cardinal.hsm.pkcs11.Ckr;
import dev.cardinal.hsm.pkcs11.Lane;
import dev.cardinal.hsm.pkcs11.Pkcs11Exception;
import dev.cardinal.hsm.pkcs11.Pkcs11Module;
import java.security.KeyFactory;
import java.security.spec.X509EncodedKeySpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import javax.crypto.Cipher;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** One call for many requests, and what becomes of each when lanes, sessions and logins fail; on a real SoftHSM. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class BatchTest {

    private static final long LATER = Long.MAX_VALUE / 2;
    private static final byte[] MESSAGE = {1, 2, 3};
    private static final KeyExchangeGroup GROUP = KeyExchangeGroup.X25519;

    private TokenSettings settings;
    private Pkcs11Module module;
    private byte[] publicKeyInfo;
    private final AtomicLong now = new AtomicLong();
    private BatchOverSessions batches;
    private FaultyCryptoki faulty;
    private TokenPool pool;
    private KeyRef key;
    private HostPeer peer;

    @BeforeAll
    void makeToken() throws Exception {
        settings = TestTokens.softHsm("batch")
                .withGroups(Set.of(GROUP))
                .withWorkers(1)
                .withBatchLimit(64);
        module = Pkcs11Module.open(settings.module(), settings.initArgs());
        try (KeyGeneration generation =
                KeyGeneration.open(settings.module(), settings.initArgs(), settings.token(), settings.pin())) {
            publicKeyInfo = generation.generateRsaKeyPair("key", new byte[] {1}, 1024);
        }
        peer = HostPeer.of(GROUP);
    }

    @BeforeEach
    void open() throws Exception {
        batches = new BatchOverSessions();
        faulty = new FaultyCryptoki();
        pool = TokenPool.open(settings, real -> faulty.apply(batches.apply(real)), now::get);
        key = pool.findKey(publicKeyInfo);
        forget();
    }

    @AfterEach
    void close() {
        pool.close();
    }

    @AfterAll
    void closeModule() throws Exception {
        module.close();
    }

    @Test
    void whatWasTakenTogetherIsOneCall() throws Exception {
        HsmResult.Generated generated = generate();
        forget();
        Derivation expand = new Derivation.Expand(HashAlgorithm.SHA384, new byte[] {4}, new byte[] {5, 6}, 150);
        byte[] ciphertext = encrypted(MESSAGE);
        List<CompletableFuture<HsmResult>> taken = together(
                sign(),
                decrypt(ciphertext),
                new HsmRequest.Generate(GROUP, Urgency.BEGUN, LATER),
                agree(generated, hmac()),
                agree(generated, null),
                agree(generated, expand),
                generateAndAgree(hmac()),
                generateAndAgree(null),
                generateAndAgree(expand),
                new HsmRequest.Random(5, Urgency.BEGUN, LATER));
        assertVerifies(get(taken.get(0)));
        assertArrayEquals(MESSAGE, ((HsmResult.Decrypted) get(taken.get(1))).plaintext());
        HsmResult.Generated other = (HsmResult.Generated) get(taken.get(2));
        assertArrayEquals(hmacOf(generated.publicValue()), ((HsmResult.Agreed) get(taken.get(3))).derived());
        HsmResult.Agreed kept = (HsmResult.Agreed) get(taken.get(4));
        SharedSecret secret = kept.secret();
        assertNotNull(secret);
        byte[] expanded = HostPeer.expand(
                HashAlgorithm.SHA384, new byte[] {4}, peer.agree(generated.publicValue()), new byte[] {5, 6}, 150);
        assertArrayEquals(expanded, ((HsmResult.Agreed) get(taken.get(5))).derived());
        HsmResult.Agreed both = (HsmResult.Agreed) get(taken.get(6));
        assertNotNull(both.publicValue());
        assertArrayEquals(hmacOf(both.publicValue()), both.derived());
        HsmResult.Agreed bothKept = (HsmResult.Agreed) get(taken.get(7));
        assertNotNull(bothKept.secret());
        HsmResult.Agreed bothExpanded = (HsmResult.Agreed) get(taken.get(8));
        assertNotNull(bothExpanded.publicValue());
        assertArrayEquals(
                HostPeer.expand(
                        HashAlgorithm.SHA384,
                        new byte[] {4},
                        peer.agree(bothExpanded.publicValue()),
                        new byte[] {5, 6},
                        150),
                bothExpanded.derived());
        assertEquals(5, ((HsmResult.RandomOctets) get(taken.get(9))).octets().length);
        assertEquals(List.of(9), batches.sizes());
        assertEquals(1, faulty.calls("executeBatch"));
        for (String plain : List.of("signInit", "decryptInit", "generateKeyPair", "deriveKey", "digestInit")) {
            assertEquals(0, faulty.calls(plain), plain);
        }

        // a secret that was handed out has no lane
        HsmResult.Derived derived =
                (HsmResult.Derived) get(pool.submit(new HsmRequest.Derive(secret, expand, Urgency.BEGUN, LATER)));
        assertArrayEquals(expanded, derived.octets());
        assertArrayEquals(
                hmacOf(other.publicValue()), ((HsmResult.Agreed) get(submit(agree(other, hmac())))).derived());
        pool.release(secret);
        pool.release(bothKept.secret());
        pool.release(generated.handle());
        pool.release(other.handle());
        assertEquals(0, pool.statistics().liveHandles());
        assertEquals(
                Map.of(
                        "sign",
                        1L,
                        "verify",
                        0L,
                        "decrypt",
                        1L,
                        "random",
                        1L,
                        "generate",
                        5L,
                        "agree",
                        7L,
                        "derive",
                        6L),
                pool.statistics().operations());
    }

    @Test
    void eachLaneFailsForItself() throws Exception {
        Map<Long, Kind> kinds = Map.of(
                Ckr.FUNCTION_FAILED,
                Kind.BUSY,
                Ckr.DEVICE_ERROR,
                Kind.DEVICE_BROKEN,
                Ckr.HOST_MEMORY,
                Kind.DEVICE_BROKEN,
                0x80000384L,
                Kind.DEVICE_BROKEN,
                Ckr.KEY_FUNCTION_NOT_PERMITTED,
                Kind.OUR_FAULT,
                Ckr.BUFFER_TOO_SMALL,
                Kind.OUR_FAULT,
                Ckr.MECHANISM_INVALID,
                Kind.UNSUPPORTED);
        List<Long> codes = List.copyOf(kinds.keySet());
        batches.next((batch, lanes) -> {
            List<Lane.Outcome> outcomes = new ArrayList<>();
            for (int i = 0; i < lanes.size(); i++) {
                boolean well = i % 2 == 0 || i / 2 >= codes.size();
                outcomes.add(well ? batch.outcome(lanes.get(i)) : BatchOverSessions.failure(codes.get(i / 2)));
            }
            return outcomes;
        });
        // whole grains, which are taken together
        HsmRequest[] requests = new HsmRequest[(2 * codes.size() + 7) / 8 * 8];
        Arrays.fill(requests, sign());
        List<CompletableFuture<HsmResult>> taken = together(requests);
        for (int i = 0; i < requests.length; i++) {
            if (i % 2 == 0 || i / 2 >= codes.size()) {
                assertVerifies(get(taken.get(i)));
            } else {
                long code = codes.get(i / 2);
                assertEquals(
                        code,
                        assertFails(Objects.requireNonNull(kinds.get(code)), taken.get(i))
                                .ckr());
            }
        }
        assertEquals(List.of(requests.length), batches.sizes(), "none of these is tried again");
        assertEquals(Long.valueOf(3), pool.statistics().failures().get(Kind.DEVICE_BROKEN));
    }

    @Test
    void aTokenThatIsGoneFailsItsLanesAndComesBack() throws Exception {
        batches.next((batch, lanes) -> {
            throw new Pkcs11Exception("ExecuteBatch", Ckr.DEVICE_REMOVED);
        });
        for (CompletableFuture<HsmResult> future : together(sign(), generateAndAgree(hmac()))) {
            assertFails(Kind.TOKEN_GONE, future);
        }
        assertEquals(List.of(2), batches.sizes());
        assertSigns();
        assertEquals(1, faulty.calls("openSession"));
    }

    @Test
    void lanesOfADeadSessionAreDoneOnceMoreTogether() throws Exception {
        HsmResult.Generated generated = generate();
        forget();
        batches.next((batch, lanes) -> {
            List<Lane.Outcome> outcomes = new ArrayList<>();
            for (int i = 0; i < lanes.size(); i++) {
                if (i == 2) {
                    batch.module().closeSession(batch.session());
                }
                outcomes.add(batch.outcome(lanes.get(i)));
            }
            return outcomes;
        });
        List<CompletableFuture<HsmResult>> taken = together(
                sign(),
                new HsmRequest.Generate(GROUP, Urgency.BEGUN, LATER),
                sign(),
                agree(generated, hmac()),
                generateAndAgree(hmac()),
                new HsmRequest.Generate(GROUP, Urgency.BEGUN, LATER));
        assertVerifies(get(taken.get(0)));
        HsmResult.Generated early = (HsmResult.Generated) get(taken.get(1));
        assertVerifies(get(taken.get(2)));
        assertFails(Kind.LOST, taken.get(3));
        assertAgreed(get(taken.get(4)));
        HsmResult.Generated late = (HsmResult.Generated) get(taken.get(5));
        assertEquals(List.of(6, 3), batches.sizes(), "a lost handle must not reach the token again");
        assertEquals(1, faulty.calls("openSession"));
        assertEquals(0, faulty.calls("closeSession"), "the handle may be another session's by now");
        assertFails(Kind.LOST, submit(agree(early, hmac())));
        assertArrayEquals(hmacOf(late.publicValue()), ((HsmResult.Agreed) get(submit(agree(late, hmac())))).derived());
        for (HsmResult.Generated each : List.of(generated, early, late)) {
            pool.release(each.handle());
        }
        assertEquals(0, pool.statistics().liveHandles());
    }

    @Test
    void aBatchWhoseSessionDiesTwiceFailsAndNotTheNext() throws Exception {
        for (int i = 0; i < 2; i++) {
            batches.next((batch, lanes) -> {
                throw new Pkcs11Exception("ExecuteBatch", Ckr.SESSION_HANDLE_INVALID);
            });
        }
        for (CompletableFuture<HsmResult> future : together(sign(), sign(), generateAndAgree(hmac()))) {
            assertEquals(
                    Ckr.SESSION_HANDLE_INVALID,
                    assertFails(Kind.SESSION_DEAD, future).ckr());
        }
        assertEquals(List.of(3, 3), batches.sizes());
        assertSigns();
        assertEquals(2, faulty.calls("openSession"));
    }

    @Test
    void aStuckSessionRetiresOnlyWhenItsHandlesAreReleased() throws Exception {
        HsmResult.Generated generated = generate();
        forget();
        batches.next((batch, lanes) -> {
            throw new Pkcs11Exception("ExecuteBatch", Ckr.OPERATION_ACTIVE);
        });
        List<CompletableFuture<HsmResult>> taken = together(sign(), agree(generated, hmac()));
        assertVerifies(get(taken.get(0)));
        assertAgreed(get(taken.get(1)), generated);
        assertEquals(List.of(2, 2), batches.sizes());
        assertEquals(1, faulty.calls("openSession"));
        assertEquals(0, faulty.calls("closeSession"));
        pool.release(generated.handle());
        barrier();
        assertEquals(1, faulty.calls("closeSession"));
    }

    @Test
    void aLostLoginIsRenewedOnceForAllLanes() throws Exception {
        HsmResult.Generated generated = generate();
        forget();
        module.cryptoki().logout(faulty.opened().getFirst());
        List<CompletableFuture<HsmResult>> taken =
                together(sign(), sign(), agree(generated, hmac()), generateAndAgree(hmac()), sign());
        assertVerifies(get(taken.get(0)));
        assertVerifies(get(taken.get(1)));
        assertFails(Kind.LOST, taken.get(2));
        assertAgreed(get(taken.get(3)));
        assertVerifies(get(taken.get(4)));
        assertEquals(1, faulty.calls("login"));
        assertEquals(5, batches.sizes().getFirst());
        assertEquals(2, batches.sizes().size());
        pool.release(generated.handle());
        assertEquals(0, pool.statistics().liveHandles());
    }

    @Test
    void aTokenThatKeepsDenyingTheLoginFailsItsLanes() throws Exception {
        for (int i = 0; i < 2; i++) {
            batches.next((batch, lanes) -> lanes.stream()
                    .map(lane -> BatchOverSessions.failure(Ckr.USER_NOT_LOGGED_IN))
                    .toList());
        }
        for (CompletableFuture<HsmResult> future : together(sign(), sign())) {
            assertFails(Kind.LOGIN_LOST, future);
        }
        assertEquals(1, faulty.calls("login"));
        assertEquals(List.of(2, 2), batches.sizes());
        assertSigns();
    }

    @Test
    void aHandleThatIsInvalidIsLookedUpAgainOnce() throws Exception {
        batches.next((batch, lanes) -> lanes.stream()
                .map(lane -> BatchOverSessions.failure(Ckr.KEY_HANDLE_INVALID))
                .toList());
        List<CompletableFuture<HsmResult>> taken = together(sign(), sign(), sign());
        for (CompletableFuture<HsmResult> future : taken) {
            assertVerifies(get(future));
        }
        assertEquals(1, faulty.calls("findObjectsInit"));
        assertEquals(0, faulty.calls("login"));
        assertEquals(List.of(3, 3), batches.sizes());
    }

    @Test
    void losingLoginThenSessionIsSurvivedOnce() throws Exception {
        batches.next((batch, lanes) -> lanes.stream()
                .map(lane -> BatchOverSessions.failure(Ckr.USER_NOT_LOGGED_IN))
                .toList());
        batches.next((batch, lanes) -> {
            throw new Pkcs11Exception("ExecuteBatch", Ckr.SESSION_CLOSED);
        });
        for (CompletableFuture<HsmResult> future : together(sign(), sign())) {
            assertVerifies(get(future));
        }
        assertEquals(List.of(2, 2, 2), batches.sizes());
    }

    @Test
    void whatIsLateCancelledOrReleasedDoesNotBoard() throws Exception {
        HsmResult.Generated generated = generate();
        forget();
        now.set(1000);
        CountDownLatch go = hold();
        CompletableFuture<HsmResult> late = pool.submit(
                new HsmRequest.Sign(key, SignatureMechanism.RSA_PKCS1_SHA256, MESSAGE, Urgency.BEGUN, 1000));
        CompletableFuture<HsmResult> cancelled = submit(sign());
        assertTrue(cancelled.cancel(false));
        CompletableFuture<HsmResult> released = submit(agree(generated, hmac()));
        pool.release(generated.handle());
        CompletableFuture<HsmResult> good = submit(sign());
        go.countDown();
        assertVerifies(get(good));
        assertFails(Kind.EXPIRED, late);
        assertFails(Kind.LOST, released);
        assertEquals(List.of(1), batches.sizes());
    }

    @Test
    void whatIsCancelledOrReleasedOnTheWayLeavesNothing() throws Exception {
        try (ObjectCount objects = new ObjectCount(settings)) {
            int before = objects.count();
            HsmResult.Generated generated = generate();
            CompletableFuture<CompletableFuture<HsmResult>> given = new CompletableFuture<>();
            batches.next((batch, lanes) -> {
                given.get(60, TimeUnit.SECONDS).cancel(false);
                pool.release(generated.handle());
                return lanes.stream().map(batch::outcome).toList();
            });
            CountDownLatch go = hold();
            CompletableFuture<HsmResult> unwanted = submit(new HsmRequest.Generate(GROUP, Urgency.BEGUN, LATER));
            CompletableFuture<HsmResult> agreed = submit(agree(generated, hmac()));
            go.countDown();
            given.complete(unwanted);
            assertAgreed(get(agreed), generated);
            barrier();
            assertEquals(before, objects.count());
            assertEquals(0, pool.statistics().liveHandles());
        }
    }

    @Test
    void lanesWithTooLittleInThemAreTheDevicesFaultAndLeaveNothing() throws Exception {
        HsmResult.Generated generated = generate();
        forget();
        try (ObjectCount objects = new ObjectCount(settings)) {
            int before = objects.count();
            batches.next((batch, lanes) -> {
                List<Lane.Outcome> outcomes = new ArrayList<>();
                for (Lane lane : lanes) {
                    Lane.Outcome whole = batch.outcome(lane);
                    byte[] output = Arrays.copyOf(whole.output(), Math.max(whole.output().length - 1, 0));
                    // after the first two it is the public value that is too short
                    boolean shortOutput = outcomes.size() < 2;
                    outcomes.add(new Lane.Outcome(
                            Ckr.OK,
                            shortOutput ? output : whole.output(),
                            shortOutput
                                    ? whole.publicValue()
                                    : Arrays.copyOf(whole.publicValue(), whole.publicValue().length - 1),
                            whole.object()));
                }
                return outcomes;
            });
            for (CompletableFuture<HsmResult> future : together(
                    agree(generated, hmac()),
                    generateAndAgree(hmac()),
                    generateAndAgree(hmac()),
                    generateAndAgree(null),
                    new HsmRequest.Generate(GROUP, Urgency.BEGUN, LATER))) {
                assertFails(Kind.DEVICE_BROKEN, future);
            }
            batches.next((batch, lanes) -> lanes.stream()
                    .map(lane -> {
                        Lane.Outcome whole = batch.outcome(lane);
                        destroy(batch, whole.object());
                        return new Lane.Outcome(Ckr.OK, whole.output(), whole.publicValue(), 0);
                    })
                    .toList());
            for (CompletableFuture<HsmResult> future : together(
                    agree(generated, null),
                    generateAndAgree(null),
                    new HsmRequest.Generate(GROUP, Urgency.BEGUN, LATER))) {
                assertFails(Kind.DEVICE_BROKEN, future);
            }
            assertEquals(before, objects.count());
        }
        pool.release(generated.handle());
        assertEquals(0, pool.statistics().liveHandles());
    }

    @Test
    void aRefusedPublicValueIsThePeersFaultUntilItGoesOn() throws Exception {
        batches.next((batch, lanes) -> lanes.stream()
                .map(lane -> BatchOverSessions.failure(Ckr.MECHANISM_PARAM_INVALID))
                .toList());
        for (CompletableFuture<HsmResult> future : together(generateAndAgree(hmac()), generateAndAgree(hmac()))) {
            assertFails(Kind.PEER_DATA, future);
        }
        batches.next((batch, lanes) -> lanes.stream()
                .map(lane -> BatchOverSessions.failure(Ckr.GENERAL_ERROR))
                .toList());
        List<CompletableFuture<HsmResult>> taken = together(generateAndAgree(hmac()), sign());
        assertFails(Kind.DEVICE_BROKEN, taken.get(0));
        assertFails(Kind.DEVICE_BROKEN, taken.get(1));
        assertAgreed(get(submit(generateAndAgree(hmac()))));
        batches.next((batch, lanes) -> lanes.stream()
                .map(lane -> BatchOverSessions.failure(Ckr.GENERAL_ERROR))
                .toList());
        assertFails(Kind.PEER_DATA, submit(generateAndAgree(hmac())));
    }

    private static final HsmRequest.Substitute SUBSTITUTE = new HsmRequest.Substitute(substitute(), 77);

    private static byte[] substitute() {
        byte[] octets = new byte[128];
        Arrays.fill(octets, (byte) 0x5a);
        return octets;
    }

    private HsmRequest decrypt(byte[] ciphertext) {
        return new HsmRequest.Decrypt(key, ciphertext, SUBSTITUTE, Urgency.BEGUN, LATER);
    }

    /** Codes that tokens have for a broken padding, or a vendor's own: each gets the substitute, and counts as done. */
    @Test
    void whyACiphertextWasRefusedDoesNotShow() throws Exception {
        List<Long> codes = List.of(
                Ckr.ENCRYPTED_DATA_INVALID,
                Ckr.GENERAL_ERROR,
                Ckr.FUNCTION_FAILED,
                Ckr.DATA_LEN_RANGE,
                Ckr.DATA_INVALID,
                Ckr.DEVICE_ERROR,
                Ckr.ARGUMENTS_BAD,
                Ckr.BUFFER_TOO_SMALL,
                0x80000384L,
                Ckr.ENCRYPTED_DATA_LEN_RANGE);
        batches.next(
                (batch, lanes) -> codes.stream().map(BatchOverSessions::failure).toList());
        HsmRequest[] requests = new HsmRequest[codes.size()];
        Arrays.fill(requests, decrypt(new byte[128]));
        for (CompletableFuture<HsmResult> future : together(requests)) {
            assertArrayEquals(Arrays.copyOf(substitute(), 77), ((HsmResult.Decrypted) get(future)).plaintext());
        }
        assertEquals(Map.of(), pool.statistics().failures());
        assertEquals(codes.size(), pool.statistics().operations().get("decrypt"));
    }

    /** What says nothing of the ciphertext is a failure, or is tried again, as with any other request. */
    @Test
    void whatIsNotTheCiphertextsDoingFails() throws Exception {
        Map<Long, Kind> kinds = Map.of(
                Ckr.KEY_FUNCTION_NOT_PERMITTED,
                Kind.OUR_FAULT,
                Ckr.MECHANISM_INVALID,
                Kind.UNSUPPORTED,
                Ckr.TOKEN_RESOURCE_EXCEEDED,
                Kind.BUSY);
        for (Map.Entry<Long, Kind> code : kinds.entrySet()) {
            batches.next((batch, lanes) -> List.of(BatchOverSessions.failure(code.getKey())));
            assertFails(code.getValue(), submit(decrypt(new byte[128])));
        }
        batches.next((batch, lanes) -> List.of(BatchOverSessions.failure(Ckr.SESSION_HANDLE_INVALID)));
        assertArrayEquals(MESSAGE, ((HsmResult.Decrypted) get(submit(decrypt(encrypted(MESSAGE))))).plaintext());
    }

    /** A module that claims to have written more than there is room for, or less than nothing, has refused. */
    @Test
    void aLengthThatCannotBeIsARefusal() throws Exception {
        for (long length : new long[] {129, -1, Long.MAX_VALUE, Long.MIN_VALUE, 1L << 32}) {
            batches.next((batch, lanes) -> List.of(new Lane.Outcome(Ckr.OK, new byte[128], length, new byte[0], 0)));
            assertArrayEquals(
                    Arrays.copyOf(substitute(), 77),
                    ((HsmResult.Decrypted) get(submit(decrypt(new byte[128])))).plaintext());
        }
    }

    @Test
    void anInternalErrorFailsTheBatchAndNotTheWorker() throws Exception {
        batches.next((batch, lanes) -> {
            throw new IllegalStateException("secret detail");
        });
        for (CompletableFuture<HsmResult> future : together(sign(), generateAndAgree(hmac()))) {
            assertTrue(!assertFails(Kind.OUR_FAULT, future).getMessage().contains("secret detail"));
        }
        assertSigns();
    }

    @Test
    void aGroupThatTheBatchGetsWrongGoesByThePlainFunctions() throws Exception {
        pool.close();
        batches.next((batch, lanes) -> List.of(batch.outcome(lanes.getFirst())));
        batches.next((batch, lanes) -> List.of(new Lane.Outcome(Ckr.OK, new byte[32], new byte[0], 0)));
        pool = TokenPool.open(settings, real -> faulty.apply(batches.apply(real)), now::get);
        assertEquals(Set.of(GROUP), pool.profile().groups());
        key = pool.findKey(publicKeyInfo);
        forget();
        List<CompletableFuture<HsmResult>> taken = together(sign(), generateAndAgree(hmac()));
        assertVerifies(get(taken.get(0)));
        assertAgreed(get(taken.get(1)));
        assertEquals(List.of(1), batches.sizes());
        assertEquals(1, faulty.calls("deriveKey"));
    }

    @Test
    void aSecretForTheHostGoesByThePlainFunctions() throws Exception {
        pool.close();
        pool = TokenPool.open(settings.withAllowExtract(true), real -> faulty.apply(batches.apply(real)), now::get);
        forget();
        HsmResult.Agreed agreed = (HsmResult.Agreed) get(submit(generateAndAgree(new Derivation.Extract())));
        assertNotNull(agreed.publicValue());
        assertArrayEquals(peer.agree(agreed.publicValue()), agreed.derived());
        assertEquals(List.of(), batches.sizes());
    }

    /** Keeps the worker busy until the latch is counted down: what is submitted meanwhile is taken together. */
    private CountDownLatch hold() throws Exception {
        CountDownLatch held = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        pool.errand(session -> {
            held.countDown();
            try {
                return go.await(60, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
        assertTrue(held.await(60, TimeUnit.SECONDS));
        return go;
    }

    private List<CompletableFuture<HsmResult>> together(HsmRequest... requests) throws Exception {
        CountDownLatch go = hold();
        List<CompletableFuture<HsmResult>> taken = new ArrayList<>();
        for (HsmRequest request : requests) {
            taken.add(submit(request));
        }
        go.countDown();
        return taken;
    }

    private CompletableFuture<HsmResult> submit(HsmRequest request) throws Exception {
        return pool.submit(request);
    }

    private void forget() {
        batches.forget();
        faulty.forget();
    }

    private HsmRequest sign() {
        return new HsmRequest.Sign(key, SignatureMechanism.RSA_PKCS1_SHA256, MESSAGE, Urgency.BEGUN, LATER);
    }

    private HsmResult.Generated generate() throws Exception {
        return assertInstanceOf(
                HsmResult.Generated.class, get(submit(new HsmRequest.Generate(GROUP, Urgency.NEW, LATER))));
    }

    private HsmRequest agree(HsmResult.Generated generated, @Nullable Derivation derivation) {
        return new HsmRequest.Agree(generated.handle(), peer.publicValue(), derivation, Urgency.BEGUN, LATER);
    }

    private HsmRequest generateAndAgree(@Nullable Derivation derivation) {
        return new HsmRequest.GenerateAndAgree(GROUP, peer.publicValue(), derivation, Urgency.BEGUN, LATER);
    }

    private static Derivation hmac() {
        return new Derivation.Hmac(HashAlgorithm.SHA256, new byte[] {1}, new byte[0]);
    }

    private byte[] hmacOf(byte[] publicValue) throws Exception {
        return HostPeer.hmac(HashAlgorithm.SHA256, new byte[] {1}, peer.agree(publicValue));
    }

    private void assertAgreed(HsmResult result) throws Exception {
        HsmResult.Agreed agreed = (HsmResult.Agreed) result;
        assertNotNull(agreed.publicValue());
        assertArrayEquals(hmacOf(agreed.publicValue()), agreed.derived());
    }

    private void assertAgreed(HsmResult result, HsmResult.Generated own) throws Exception {
        assertArrayEquals(hmacOf(own.publicValue()), ((HsmResult.Agreed) result).derived());
    }

    private void assertSigns() throws Exception {
        assertVerifies(get(submit(sign())));
    }

    private void assertVerifies(HsmResult result) throws Exception {
        assertTrue(PublicKeys.verifies(
                PublicKeys.parse(publicKeyInfo),
                SignatureMechanism.RSA_PKCS1_SHA256,
                MESSAGE,
                ((HsmResult.Signed) result).signature()));
    }

    private byte[] encrypted(byte[] plaintext) throws Exception {
        Cipher cipher = Cipher.getInstance("RSA/ECB/PKCS1Padding");
        cipher.init(
                Cipher.ENCRYPT_MODE,
                KeyFactory.getInstance("RSA").generatePublic(new X509EncodedKeySpec(publicKeyInfo)));
        return cipher.doFinal(plaintext);
    }

    private static void destroy(BatchOverSessions.Batch batch, long object) {
        try {
            batch.module().destroyObject(batch.session(), object);
        } catch (Pkcs11Exception e) {
            throw new AssertionError(e);
        }
    }

    /** What was queued before is done: one worker serves in order. */
    private void barrier() throws Exception {
        for (int i = 0; i < 2; i++) {
            pool.errand(session -> true).get(30, TimeUnit.SECONDS);
        }
    }
}
