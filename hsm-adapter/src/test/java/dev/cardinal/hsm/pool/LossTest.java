package dev.cardinal.hsm.pool;

import static dev.cardinal.hsm.pool.HsmContract.assertFails;
import static dev.cardinal.hsm.pool.HsmContract.get;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cardinal.hsm.Derivation;
import dev.cardinal.hsm.HashAlgorithm;
import dev.cardinal.hsm.HsmFailure;
import dev.cardinal.hsm.HsmFailure.Kind;
import dev.cardinal.hsm.HsmRequest;
import dev.cardinal.hsm.HsmResult;
import dev.cardinal.hsm.KeyExchangeGroup;
import dev.cardinal.hsm.KeyRef;
import dev.cardinal.hsm.SignatureMechanism;
import dev.cardinal.hsm.Urgency;
import dev.cardinal.hsm.pkcs11.Ckr;
import dev.cardinal.hsm.pkcs11.Cryptoki;
import dev.cardinal.hsm.pkcs11.Pkcs11Module;
import dev.cardinal.hsm.pkcs11.Session;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Sessions, logins and tokens that are lost under the pool, on a real SoftHSM. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class LossTest {

    private static final long LATER = Long.MAX_VALUE / 2;
    private static final byte[] MESSAGE = {1, 2, 3};
    private static final KeyExchangeGroup GROUP = KeyExchangeGroup.X25519;

    private TokenSettings settings;
    private Pkcs11Module module;
    private byte[] publicKeyInfo;
    private final AtomicLong now = new AtomicLong();
    private FaultyCryptoki faulty;
    private TokenPool pool;
    private KeyRef key;

    @BeforeAll
    void makeToken() throws Exception {
        settings = TestTokens.softHsm("loss").withGroups(Set.of(GROUP)).withWorkers(1);
        // keeps the module initialised throughout, as SunPKCS11 or a second pool would
        module = Pkcs11Module.open(settings.module(), settings.initArgs());
        try (KeyGeneration generation =
                KeyGeneration.open(settings.module(), settings.initArgs(), settings.token(), settings.pin())) {
            publicKeyInfo = generation.generateRsaKeyPair("key", new byte[] {1}, 1024);
        }
    }

    @BeforeEach
    void open() throws Exception {
        open(1);
    }

    private void open(int workers) throws Exception {
        faulty = new FaultyCryptoki();
        pool = TokenPool.open(settings.withWorkers(workers), faulty, now::get);
        key = pool.findKey(publicKeyInfo);
        faulty.forget();
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
    void aDeadSessionIsReplacedAndTheWorkDoneOnceMore() throws Exception {
        closeSessionAt("sign");
        assertSigns();
        assertEquals(1, faulty.calls("openSession"));
        assertEquals(2, faulty.calls("sign"));
        assertEquals(0, faulty.calls("login"));
        assertEquals(0, faulty.calls("closeSession"), "the handle may be another session's by now");
    }

    @Test
    void aSecondDeadSessionFailsTheRequestAndNotTheNext() throws Exception {
        faulty.fail("signInit", Ckr.SESSION_HANDLE_INVALID, 2);
        HsmFailure failure = assertFails(Kind.SESSION_DEAD, sign());
        assertEquals(Ckr.SESSION_HANDLE_INVALID, failure.ckr());
        assertEquals(2, faulty.calls("signInit"));
        assertSigns();
    }

    @Test
    void handlesAreLostWithTheSessionThatMadeThem() throws Exception {
        HsmResult.Generated generated = generate();
        closeSessionAt("deriveKey");
        assertFails(Kind.LOST, agree(generated));
        assertFails(Kind.LOST, agree(generated));
        assertEquals(1, faulty.calls("deriveKey"), "a lost handle must not reach the token again");
        pool.release(generated.handle());
        assertAgrees();
        assertEquals(0, pool.statistics().liveHandles());
    }

    @Test
    void aStuckSessionRetiresOnlyWhenItsHandlesAreReleased() throws Exception {
        HsmResult.Generated generated = generate();
        faulty.fail("signInit", Ckr.OPERATION_ACTIVE, 1);
        assertSigns();
        assertEquals(1, faulty.calls("openSession"));
        assertEquals(0, faulty.calls("closeSession"));
        HsmResult.Agreed agreed = (HsmResult.Agreed) get(agree(generated));
        assertNotNull(agreed.derived());
        pool.release(generated.handle());
        barrier();
        assertEquals(1, faulty.calls("closeSession"));
        assertSigns();
    }

    @Test
    void aLostLoginIsRenewedOnceAndTheKeyLookedUpAgain() throws Exception {
        HsmResult.Generated generated = generate();
        logout();
        assertSigns();
        assertEquals(1, faulty.calls("login"));
        assertTrue(faulty.calls("findObjectsInit") >= 1);
        assertFails(Kind.LOST, agree(generated));
        pool.release(generated.handle());
        assertAgrees();
        assertEquals(1, faulty.calls("login"));
    }

    @Test
    void aLoginLostDuringAnAgreementLosesTheHandleAndIsRenewed() throws Exception {
        HsmResult.Generated generated = generate();
        logout();
        assertFails(Kind.LOST, agree(generated));
        assertEquals(1, faulty.calls("login"));
        assertSigns();
        assertEquals(1, faulty.calls("login"));
    }

    @Test
    void aTokenThatKeepsDenyingTheLoginFailsTheRequest() throws Exception {
        faulty.fail("signInit", Ckr.USER_NOT_LOGGED_IN, 2);
        assertFails(Kind.LOGIN_LOST, sign());
        assertEquals(1, faulty.calls("login"), "USER_ALREADY_LOGGED_IN is success, and one try is enough");
        assertSigns();
    }

    @Test
    void manyWorkersRenewALoginOnce() throws Exception {
        pool.close();
        open(4);
        logout();
        List<CompletableFuture<HsmResult>> signatures = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            signatures.add(sign());
        }
        for (CompletableFuture<HsmResult> signature : signatures) {
            assertVerifies(get(signature));
        }
        assertEquals(1, faulty.calls("login"));
    }

    @Test
    void survivesThatEverySessionIsClosed() throws Exception {
        pool.close();
        open(2);
        Cryptoki real = module.cryptoki();
        HsmResult.Generated generated = generate();
        for (long session : faulty.opened()) {
            real.closeSession(session);
        }
        // the last one took the login with it
        assertSigns();
        assertEquals(1, faulty.calls("login"));
        assertFails(Kind.LOST, agree(generated));
        pool.release(generated.handle());
        assertAgrees();
        assertSigns();
        assertEquals(1, faulty.calls("login"));
    }

    @Test
    void aVanishedKeyIsSaidToBeGone() throws Exception {
        faulty.next("signInit", (real, arguments) -> {
            Session session =
                    Session.open(real, TokenSlot.find(real, settings.token()).slot(), true);
            session.destroy((Long) arguments[2]);
            session.close();
        });
        try {
            HsmFailure failure = assertFails(Kind.TOKEN_GONE, sign());
            assertTrue(failure.getMessage().contains(key.uri()));
        } finally {
            try (KeyGeneration generation =
                    KeyGeneration.open(settings.module(), settings.initArgs(), settings.token(), settings.pin())) {
                publicKeyInfo = generation.generateRsaKeyPair("key", new byte[] {1}, 1024);
            }
        }
    }

    @Test
    void aTokenThatIsGoneAndComesBackServesAgain() throws Exception {
        faulty.fail("signInit", Ckr.DEVICE_REMOVED, 1);
        assertFails(Kind.TOKEN_GONE, sign());
        assertEquals(1, faulty.calls("signInit"));
        faulty.fail("openSession", Ckr.SLOT_ID_INVALID, 1);
        assertSigns();
        assertEquals(1, faulty.calls("getSlotList"), "slots move: the token is looked for again");
    }

    @Test
    void aBrokenDeviceIsNotRetried() throws Exception {
        faulty.fail("sign", Ckr.DEVICE_ERROR, 1);
        assertFails(Kind.DEVICE_BROKEN, sign());
        assertEquals(1, faulty.calls("sign"));
        // the operation was left active in the session
        assertSigns();
        faulty.fail("signInit", 0x80000384L, 1);
        assertEquals(0x80000384L, assertFails(Kind.DEVICE_BROKEN, sign()).ckr());
    }

    @Test
    void aTokenOutOfSessionsIsBusy() throws Exception {
        closeSessionAt("sign");
        faulty.fail("openSession", Ckr.SESSION_COUNT, 1);
        assertFails(Kind.BUSY, sign());
        assertSigns();
    }

    @Test
    void refusedDerivationsAreThePeersFaultUntilTheyGoOn() throws Exception {
        HsmResult.Generated generated = generate();
        faulty.fail("deriveKey", Ckr.GENERAL_ERROR, 3);
        assertFails(Kind.PEER_DATA, agree(generated));
        assertFails(Kind.PEER_DATA, agree(generated));
        assertFails(Kind.DEVICE_BROKEN, agree(generated));
        get(agree(generated));
        faulty.fail("deriveKey", Ckr.HOST_MEMORY, 1);
        assertFails(Kind.PEER_DATA, agree(generated));
        pool.release(generated.handle());
    }

    @Test
    void whatCannotBeDestroyedGoesWithItsSession() throws Exception {
        try (ObjectCount objects = new ObjectCount(settings)) {
            int before = objects.count();
            // the derived secret is the second object destroyed, after the public key
            faulty.next("destroyObject", (real, arguments) -> {});
            faulty.fail("destroyObject", Ckr.DEVICE_ERROR, 1);
            assertAgrees();
            barrier();
            assertEquals(1, faulty.calls("closeSession"));
            assertEquals(before, objects.count());
            assertAgrees();
        }
    }

    @Test
    void aFailedDerivationStepLeavesNothingBehind() throws Exception {
        try (ObjectCount objects = new ObjectCount(settings)) {
            int before = objects.count();
            for (String function : List.of("digestInit", "digestUpdate", "digestKey", "digestFinal")) {
                faulty.fail(function, Ckr.DEVICE_ERROR, 1);
                assertFails(Kind.DEVICE_BROKEN, generateAndAgree());
            }
            faulty.fail("getAttributeValue", Ckr.DEVICE_ERROR, 1);
            assertFails(Kind.DEVICE_BROKEN, generateAndAgree());
            assertAgrees();
            barrier();
            assertEquals(before, objects.count());
        }
    }

    @Test
    void aWrongPinIsTriedOnceAndTheArrayWiped() {
        List<byte[]> given = new CopyOnWriteArrayList<>();
        PinSource wrong = () -> {
            byte[] pin = {'n', 'o', 't', 'i', 't'};
            given.add(pin);
            return pin;
        };
        pool.close();
        FaultyCryptoki counting = new FaultyCryptoki();
        HsmFailure failure = assertThrows(HsmFailure.class, () -> TokenPool.open(withPin(wrong), counting, now::get));
        assertEquals(Kind.PIN, failure.kind());
        assertEquals(Ckr.PIN_INCORRECT, failure.ckr());
        assertEquals(1, counting.calls("login"));
        assertEquals(1, given.size());
        assertArrayEquals(new byte[5], given.getFirst());
    }

    @Test
    void aPinRefusedLaterStopsThePoolForGood() throws Exception {
        pool.close();
        byte[][] current = {TestTokens.PIN};
        List<byte[]> given = new CopyOnWriteArrayList<>();
        faulty = new FaultyCryptoki();
        pool = TokenPool.open(
                withPin(() -> {
                    byte[] pin = current[0].clone();
                    given.add(pin);
                    return pin;
                }),
                faulty,
                now::get);
        assertArrayEquals(new byte[TestTokens.PIN.length], given.getFirst());
        key = pool.findKey(publicKeyInfo);
        faulty.forget();
        current[0] = new byte[] {'9', '9', '9', '9'};
        logout();
        for (int i = 0; i < 5; i++) {
            assertEquals(Ckr.PIN_INCORRECT, assertFails(Kind.PIN, sign()).ckr());
        }
        assertFails(Kind.PIN, pool.submit(new HsmRequest.Generate(GROUP, Urgency.NEW, LATER)));
        assertEquals(1, faulty.calls("login"));
        assertEquals(Long.valueOf(6), pool.statistics().failures().get(Kind.PIN));
    }

    @Test
    void aMissingPinIsSaidWithoutATry() {
        pool.close();
        FaultyCryptoki counting = new FaultyCryptoki();
        HsmFailure failure = assertThrows(HsmFailure.class, () -> TokenPool.open(withPin(null), counting, now::get));
        assertEquals(Kind.PIN, failure.kind());
        assertEquals(0, counting.calls("login"));
    }

    @Test
    void aLoginThatFailsOtherwiseIsNotTriedForEveryRequest() throws Exception {
        logout();
        faulty.fail("login", Ckr.DEVICE_ERROR, 1);
        for (int i = 0; i < 3; i++) {
            assertFails(Kind.DEVICE_BROKEN, sign());
        }
        assertEquals(1, faulty.calls("login"));
        now.addAndGet(1_000_000_000);
        assertSigns();
        assertEquals(2, faulty.calls("login"));
    }

    private TokenSettings withPin(@Nullable PinSource pin) {
        return new TokenSettings(
                settings.module(),
                settings.initArgs(),
                settings.token(),
                pin,
                1,
                settings.queueLimits(),
                settings.batchLimit(),
                false,
                settings.groups());
    }

    /** Somebody else in the process logs out: the login is the process' own. */
    private void logout() throws Exception {
        module.cryptoki().logout(faulty.opened().getFirst());
    }

    /** The session is closed under the worker just when it calls a function. */
    private void closeSessionAt(String function) {
        faulty.next(function, (real, arguments) -> real.closeSession((Long) arguments[0]));
    }

    private HsmResult.Generated generate() throws Exception {
        return (HsmResult.Generated) get(pool.submit(new HsmRequest.Generate(GROUP, Urgency.NEW, LATER)));
    }

    private CompletableFuture<HsmResult> agree(HsmResult.Generated generated) throws Exception {
        return pool.submit(new HsmRequest.Agree(
                generated.handle(), HostPeer.of(GROUP).publicValue(), hmac(), Urgency.BEGUN, LATER));
    }

    private CompletableFuture<HsmResult> generateAndAgree() throws Exception {
        return pool.submit(
                new HsmRequest.GenerateAndAgree(GROUP, HostPeer.of(GROUP).publicValue(), hmac(), Urgency.BEGUN, LATER));
    }

    private void assertAgrees() throws Exception {
        HostPeer peer = HostPeer.of(GROUP);
        HsmResult.Agreed agreed = (HsmResult.Agreed) get(
                pool.submit(new HsmRequest.GenerateAndAgree(GROUP, peer.publicValue(), hmac(), Urgency.BEGUN, LATER)));
        assertNotNull(agreed.publicValue());
        assertArrayEquals(
                HostPeer.hmac(HashAlgorithm.SHA256, new byte[] {1}, peer.agree(agreed.publicValue())),
                agreed.derived());
    }

    private static Derivation hmac() {
        return new Derivation.Hmac(HashAlgorithm.SHA256, new byte[] {1}, new byte[0]);
    }

    private CompletableFuture<HsmResult> sign() throws Exception {
        return pool.submit(
                new HsmRequest.Sign(key, SignatureMechanism.RSA_PKCS1_SHA256, MESSAGE, Urgency.BEGUN, LATER));
    }

    private void assertSigns() throws Exception {
        assertVerifies(get(sign()));
    }

    private void assertVerifies(HsmResult result) throws Exception {
        assertTrue(PublicKeys.verifies(
                PublicKeys.parse(publicKeyInfo),
                SignatureMechanism.RSA_PKCS1_SHA256,
                MESSAGE,
                ((HsmResult.Signed) result).signature()));
    }

    /** What was queued before is done: one worker serves in order. */
    private void barrier() throws Exception {
        for (int i = 0; i < 2; i++) {
            pool.errand(session -> true).get(30, TimeUnit.SECONDS);
        }
    }
}
