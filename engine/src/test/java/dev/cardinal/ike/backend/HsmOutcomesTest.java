package dev.cardinal.ike.backend;

import static dev.cardinal.ike.backend.JcaCryptoPortTest.outcome;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cardinal.hsm.Derivation;
import dev.cardinal.hsm.HashAlgorithm;
import dev.cardinal.hsm.Hsm;
import dev.cardinal.hsm.HsmBusy;
import dev.cardinal.hsm.HsmFailure;
import dev.cardinal.hsm.HsmRequest;
import dev.cardinal.hsm.HsmResult;
import dev.cardinal.hsm.HsmStatistics;
import dev.cardinal.hsm.KeyExchangeGroup;
import dev.cardinal.hsm.KeyExchangeRef;
import dev.cardinal.hsm.SharedSecret;
import dev.cardinal.hsm.TokenProfile;
import dev.cardinal.ike.crypto.CryptoOutcome;
import dev.cardinal.ike.crypto.CryptoOutcome.Failed;
import dev.cardinal.ike.crypto.CryptoRequest;
import dev.cardinal.ike.crypto.KeyExchangeMethod;
import dev.cardinal.ike.crypto.KeyExchangePlacement;
import dev.cardinal.ike.crypto.PseudorandomFunction;
import dev.cardinal.ike.crypto.Secret;
import dev.cardinal.ike.crypto.SecretDerivation;
import dev.cardinal.ike.crypto.Urgency;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a token's answers come to, the wrong ones above all, which no real token gives on demand. */
class HsmOutcomesTest {
    private static final byte[] PEER = new byte[32];

    private long openBefore;

    static {
        PEER[0] = 9;
    }

    @BeforeEach
    void countSecrets() {
        openBefore = Secret.open();
    }

    @AfterEach
    void noSecretStaysOpen() {
        assertEquals(openBefore, Secret.open());
    }

    /** Answers as it is told to and keeps what it was given. */
    private static final class ScriptedHsm implements Hsm {
        final List<HsmRequest> requests = new ArrayList<>();
        final List<CompletableFuture<HsmResult>> answers = new ArrayList<>();
        int releasedSecrets;
        int releasedHandles;
        boolean busy;
        boolean broken;

        @Override
        public CompletableFuture<HsmResult> submit(HsmRequest request) throws HsmBusy {
            if (busy) {
                throw new HsmBusy("full");
            }
            if (broken) {
                throw new IllegalStateException("broken");
            }
            requests.add(request);
            CompletableFuture<HsmResult> answer = new CompletableFuture<>();
            answers.add(answer);
            return answer;
        }

        @Override
        public void release(KeyExchangeRef handle) {
            releasedHandles++;
        }

        @Override
        public void release(SharedSecret secret) {
            releasedSecrets++;
        }

        @Override
        public TokenProfile profile() {
            return new TokenProfile(
                    "scripted",
                    EnumSet.allOf(KeyExchangeGroup.class),
                    Set.of(),
                    Set.of(),
                    EnumSet.allOf(KeyExchangeGroup.class));
        }

        @Override
        public HsmStatistics statistics() {
            return new HsmStatistics(Map.of(), Map.of(), 0, 0, 0, 0, 0, Map.of());
        }

        @Override
        public void close() {}
    }

    private static CryptoRequest agreement(SecretDerivation derivation) {
        return new CryptoRequest.GenerateAndAgree(
                KeyExchangeMethod.CURVE_25519,
                KeyExchangePlacement.TOKEN_ONLY,
                PEER,
                derivation,
                Urgency.ESTABLISHED,
                77);
    }

    private static SecretDerivation rekeyed(Secret skD) {
        return new SecretDerivation.RekeyedSkeyseed(
                PseudorandomFunction.HMAC_SHA2_256, skD, new byte[] {1, 2}, new byte[] {3});
    }

    @Test
    void everyFailureHasItsMeaning() {
        for (HsmFailure.Kind kind : HsmFailure.Kind.values()) {
            ScriptedHsm hsm = new ScriptedHsm();
            HsmCryptoPort port = new HsmCryptoPort("main", hsm, false);
            List<CryptoOutcome> outcomes = new ArrayList<>();
            try (Secret skD = Secret.owning(new byte[] {5, 6, 7})) {
                assertTrue(port.submit(agreement(rekeyed(skD)), outcomes::add));
            }
            byte[] key = ((Derivation.Hmac) sentDerivation(hsm)).key();
            assertArrayEquals(new byte[] {5, 6, 7}, key);
            hsm.answers.getFirst().completeExceptionally(new HsmFailure(kind, 0x30, "C_DeriveKey"));
            Failed failed = assertInstanceOf(Failed.class, outcomes.getFirst());
            Failed.Kind expected = switch (kind) {
                case EXPIRED -> Failed.Kind.EXPIRED;
                case LOST -> Failed.Kind.LOST;
                case PEER_DATA -> Failed.Kind.PEER_DATA;
                case UNSUPPORTED -> Failed.Kind.UNSUPPORTED;
                case BUSY, SESSION_DEAD, LOGIN_LOST, TOKEN_GONE, DEVICE_BROKEN, OUR_FAULT, PIN, CLOSED ->
                    Failed.Kind.BACKEND;
            };
            assertEquals(expected, failed.kind());
            assertEquals("main: " + kind + ": C_DeriveKey", failed.message());
            assertArrayEquals(new byte[3], key, "the copy of SK_d is wiped");
        }
    }

    private static Derivation sentDerivation(ScriptedHsm hsm) {
        Derivation derivation = assertInstanceOf(HsmRequest.GenerateAndAgree.class, hsm.requests.getFirst())
                .derivation();
        if (derivation == null) {
            throw new AssertionError("no derivation");
        }
        return derivation;
    }

    @Test
    void requestsAreTranslated() {
        ScriptedHsm hsm = new ScriptedHsm();
        HsmCryptoPort port = new HsmCryptoPort("main", hsm, false);
        byte[] ni = {1, 2};
        byte[] nr = {3};
        List<CryptoOutcome> outcomes = new ArrayList<>();
        try (Secret skD = Secret.owning(new byte[] {5, 6, 7})) {
            for (SecretDerivation derivation : List.of(
                    new SecretDerivation.Skeyseed(PseudorandomFunction.HMAC_SHA2_384, ni, nr),
                    rekeyed(skD),
                    new SecretDerivation.ChildKeyMaterial(PseudorandomFunction.HMAC_SHA1, skD, ni, nr, 33))) {
                assertTrue(port.submit(agreement(derivation), outcomes::add));
            }
        }
        for (HsmRequest request : hsm.requests) {
            HsmRequest.GenerateAndAgree sent = assertInstanceOf(HsmRequest.GenerateAndAgree.class, request);
            assertEquals(77, sent.deadlineNanos());
            assertEquals(dev.cardinal.hsm.Urgency.ESTABLISHED, sent.urgency());
            assertEquals(KeyExchangeGroup.X25519, sent.group());
            switch (sent.derivation()) {
                case Derivation.Hmac hmac -> {
                    boolean skeyseed = hmac.hash() == HashAlgorithm.SHA384;
                    assertEquals(skeyseed ? HashAlgorithm.SHA384 : HashAlgorithm.SHA256, hmac.hash());
                    assertArrayEquals(skeyseed ? new byte[] {1, 2, 3} : new byte[] {5, 6, 7}, hmac.key());
                    assertArrayEquals(skeyseed ? new byte[0] : new byte[] {1, 2, 3}, hmac.suffix());
                }
                case Derivation.Expand expand -> {
                    assertEquals(HashAlgorithm.SHA1, expand.hash());
                    assertArrayEquals(new byte[] {5, 6, 7}, expand.key());
                    assertArrayEquals(new byte[] {1, 2, 3}, expand.suffix());
                    assertEquals(33, expand.length());
                }
                case Derivation.Chains chains -> throw new AssertionError("nothing is chained");
                case Derivation.Extract extract -> throw new AssertionError("nothing is extracted");
                case null -> throw new AssertionError("no derivation");
            }
        }
        for (CompletableFuture<HsmResult> answer : hsm.answers) {
            answer.complete(new HsmResult.Agreed(new byte[32], new byte[33], null));
        }
        assertEquals(3, outcomes.size());
        for (CryptoOutcome outcome : outcomes) {
            assertInstanceOf(CryptoOutcome.Agreed.class, outcome).derived().close();
        }
    }

    @Test
    void aFullQueueIsNotTakenAndLeavesNothing() {
        ScriptedHsm hsm = new ScriptedHsm();
        hsm.busy = true;
        HsmCryptoPort port = new HsmCryptoPort("main", hsm, true);
        try (Secret skD = Secret.owning(new byte[16])) {
            for (PseudorandomFunction prf : PseudorandomFunction.values()) {
                assertFalse(port.submit(
                        agreement(new SecretDerivation.ChildKeyMaterial(prf, skD, PEER, PEER, 16)), outcome -> {
                            throw new AssertionError("completed what was not taken");
                        }));
            }
        }
    }

    @Test
    void aFaultOfTheAdapterIsAFailure() {
        ScriptedHsm hsm = new ScriptedHsm();
        hsm.broken = true;
        HsmCryptoPort port = new HsmCryptoPort("main", hsm, true);
        try (Secret skD = Secret.owning(new byte[16])) {
            assertEquals(
                    Failed.Kind.BACKEND,
                    outcome(port, agreement(rekeyed(skD)), Failed.class).kind());
        }
    }

    @Test
    void answersToOtherQuestionsLeaveNothingBehind() {
        byte[] derived = {1, 2, 3};
        byte[] decrypted = {4, 5};
        SharedSecret secret = () -> true;
        KeyExchangeRef ref = () -> KeyExchangeGroup.X25519;
        List<HsmResult> wrong = List.of(
                new HsmResult.Derived(derived),
                new HsmResult.Decrypted(decrypted),
                new HsmResult.Agreed(PEER, null, secret),
                new HsmResult.RandomOctets(new byte[1]));
        ScriptedHsm hsm = new ScriptedHsm();
        HsmCryptoPort port = new HsmCryptoPort("main", hsm, false);
        for (HsmResult result : wrong) {
            List<CryptoOutcome> outcomes = new ArrayList<>();
            try (Secret skD = Secret.owning(new byte[16])) {
                assertTrue(port.submit(agreement(rekeyed(skD)), outcomes::add));
            }
            hsm.answers.getLast().complete(result);
            assertEquals(
                    Failed.Kind.BACKEND,
                    assertInstanceOf(Failed.class, outcomes.getFirst()).kind());
        }
        assertArrayEquals(new byte[3], derived);
        assertArrayEquals(new byte[2], decrypted);
        assertEquals(1, hsm.releasedSecrets);
        List<CryptoOutcome> outcomes = new ArrayList<>();
        assertTrue(port.submit(
                new CryptoRequest.Generate(
                        KeyExchangeMethod.CURVE_25519, KeyExchangePlacement.TOKEN_ONLY, Urgency.NEW, 1),
                outcomes::add));
        hsm.answers.getLast().complete(new HsmResult.Generated(ref, PEER));
        port.release(assertInstanceOf(CryptoOutcome.Generated.class, outcomes.getFirst())
                .handle());
        assertEquals(1, hsm.releasedHandles);
    }

    @Test
    void tokensTakeTurnsAndAFullOneIsPassedOver() {
        ScriptedHsm first = new ScriptedHsm();
        ScriptedHsm second = new ScriptedHsm();
        ScriptedHsm third = new ScriptedHsm();
        CryptoRouter router = new CryptoRouter(
                new HsmCryptoPort("none", third, false),
                List.of(
                        new CryptoRouter.Token(new HsmCryptoPort("one", first, false), true),
                        new CryptoRouter.Token(new HsmCryptoPort("two", second, false), true)),
                Clock.systemUTC());
        CryptoRequest request = new CryptoRequest.Generate(
                KeyExchangeMethod.ECP_256, KeyExchangePlacement.PREFER_TOKEN, Urgency.NEW, 1);
        for (int i = 0; i < 10; i++) {
            assertTrue(router.submit(request, outcome -> {}));
        }
        assertEquals(5, first.requests.size());
        assertEquals(5, second.requests.size());
        first.busy = true;
        for (int i = 0; i < 10; i++) {
            assertTrue(router.submit(request, outcome -> {}));
        }
        assertEquals(15, second.requests.size());
        second.busy = true;
        assertFalse(router.submit(request, outcome -> {}));
        // a full token is back-pressure, no reason to leave it
        assertEquals(0, third.requests.size());
        assertEquals(0, router.fallbacks());
        long refused =
                router.counts().stream().mapToLong(CryptoRouter.Count::refused).sum();
        assertTrue(refused >= 2, router.counts().toString());
        assertTrue(Arrays.asList("one", "two")
                .containsAll(
                        router.counts().stream().map(CryptoRouter.Count::device).toList()));
    }
}
