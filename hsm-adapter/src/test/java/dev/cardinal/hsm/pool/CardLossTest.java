package dev.cardinal.hsm.pool;

import static dev.cardinal.hsm.pool.HsmContract.assertFails;
import static dev.cardinal.hsm.pool.HsmContract.get;
import static dev.cardinal.hsm.pool.HsmContract.soon;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cardinal.hsm.Derivation;
import dev.cardinal.hsm.HashAlgorithm;
import dev.cardinal.hsm.HsmFailure.Kind;
import dev.cardinal.hsm.HsmRequest;
import dev.cardinal.hsm.HsmResult;
import dev.cardinal.hsm.KeyExchangeGroup;
import dev.cardinal.hsm.KeyRef;
import dev.cardinal.hsm.SignatureMechanism;
import dev.cardinal.hsm.Urgency;
import dev.cardinal.hsm.pkcs11.Pkcs11Module;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Sessions and logins that the crypto card really loses, under batches of several workers. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class CardLossTest {

    private static final byte[] MESSAGE = {1, 2, 3};
    private static final KeyExchangeGroup GROUP = KeyExchangeGroup.X25519;
    private static final Derivation HMAC = new Derivation.Hmac(HashAlgorithm.SHA256, new byte[] {1}, new byte[0]);

    private TokenSettings settings;
    private Pkcs11Module module;
    private byte[] publicKeyInfo;
    private HostPeer peer;
    private FaultyCryptoki faulty;
    private TokenPool pool;
    private KeyRef key;

    @BeforeAll
    void makeToken() throws Exception {
        settings = TestTokens.card("card-loss").withGroups(Set.of(GROUP)).withWorkers(3);
        // keeps the module initialised throughout, as a second pool would
        module = Pkcs11Module.open(settings.module(), settings.initArgs());
        try (KeyGeneration generation =
                KeyGeneration.open(settings.module(), settings.initArgs(), settings.token(), settings.pin())) {
            publicKeyInfo = generation.generateRsaKeyPair("key", new byte[] {1}, 2048);
        }
        peer = HostPeer.of(GROUP);
    }

    @BeforeEach
    void open() throws Exception {
        faulty = new FaultyCryptoki();
        pool = TokenPool.open(settings, faulty, System::nanoTime);
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
    void aLostLoginIsRenewedOnce() throws Exception {
        HsmResult.Generated generated = (HsmResult.Generated) get(generate());
        module.cryptoki().logout(faulty.opened().getFirst());
        assertAllServed(40);
        assertEquals(1, faulty.calls("login"));
        assertFails(Kind.LOST, agree(generated));
        pool.release(generated.handle());
        assertEquals(0, pool.statistics().liveHandles());
    }

    @Test
    void sessionsClosedUnderTheirBatchesAreReplaced() throws Exception {
        for (int i = 1; i <= 3; i++) {
            // one at a time: a batch that loses a second session fails
            faulty.next("executeBatch", (real, arguments) -> real.closeSession((Long) arguments[0]));
            assertAllServed(40);
            assertEquals(i, faulty.calls("openSession"));
        }
        assertEquals(0, faulty.calls("login"));
    }

    @Test
    void survivesThatEverySessionIsClosed() throws Exception {
        HsmResult.Generated generated = (HsmResult.Generated) get(generate());
        for (long session : faulty.opened()) {
            module.cryptoki().closeSession(session);
        }
        assertAllServed(40);
        assertEquals(1, faulty.calls("login"), "the last session took the login with it");
        assertFails(Kind.LOST, agree(generated));
    }

    @Test
    void workersRunTheirBatchesAtTheSameTimeAndLeaveNothing() throws Exception {
        try (ObjectCount objects = new ObjectCount(settings)) {
            int before = objects.count();
            for (int round = 0; round < 20; round++) {
                assertAllServed(100);
            }
            assertTrue(faulty.calls("executeBatch") > 20);
            assertEquals(0, faulty.calls("signInit"));
            assertEquals(before, objects.count());
        }
        assertEquals(0, pool.statistics().liveHandles());
    }

    private void assertAllServed(int requests) throws Exception {
        List<CompletableFuture<HsmResult>> signatures = new ArrayList<>();
        List<CompletableFuture<HsmResult>> agreements = new ArrayList<>();
        for (int i = 0; i < requests; i++) {
            if (i % 2 == 0) {
                signatures.add(pool.submit(
                        new HsmRequest.Sign(key, SignatureMechanism.RSA_PKCS1_SHA256, MESSAGE, Urgency.BEGUN, soon())));
            } else {
                agreements.add(pool.submit(
                        new HsmRequest.GenerateAndAgree(GROUP, peer.publicValue(), HMAC, Urgency.NEW, soon())));
            }
        }
        for (CompletableFuture<HsmResult> future : signatures) {
            assertTrue(PublicKeys.verifies(
                    PublicKeys.parse(publicKeyInfo),
                    SignatureMechanism.RSA_PKCS1_SHA256,
                    MESSAGE,
                    ((HsmResult.Signed) get(future)).signature()));
        }
        for (CompletableFuture<HsmResult> future : agreements) {
            HsmResult.Agreed agreed = (HsmResult.Agreed) get(future);
            assertNotNull(agreed.publicValue());
            assertArrayEquals(
                    HostPeer.hmac(HashAlgorithm.SHA256, new byte[] {1}, peer.agree(agreed.publicValue())),
                    agreed.derived());
        }
    }

    private CompletableFuture<HsmResult> generate() throws Exception {
        return pool.submit(new HsmRequest.Generate(GROUP, Urgency.NEW, soon()));
    }

    private CompletableFuture<HsmResult> agree(HsmResult.Generated generated) throws Exception {
        return pool.submit(new HsmRequest.Agree(generated.handle(), peer.publicValue(), HMAC, Urgency.BEGUN, soon()));
    }
}
