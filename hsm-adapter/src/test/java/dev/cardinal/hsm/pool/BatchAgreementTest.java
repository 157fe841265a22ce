package dev.cardinal.hsm.pool;

import static dev.cardinal.hsm.pool.HsmContract.soon;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cardinal.hsm.Derivation;
import dev.cardinal.hsm.HashAlgorithm;
import dev.cardinal.hsm.HsmFailure;
import dev.cardinal.hsm.HsmRequest;
import dev.cardinal.hsm.HsmResult;
import dev.cardinal.hsm.KeyExchangeGroup;
import dev.cardinal.hsm.KeyRef;
import dev.cardinal.hsm.SharedSecret;
import dev.cardinal.hsm.SignatureMechanism;
import dev.cardinal.hsm.Urgency;
import dev.cardinal.hsm.pkcs11.Cryptoki;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.security.KeyFactory;
import java.security.spec.X509EncodedKeySpec;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import javax.crypto.Cipher;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * Random mixes of requests, good and bad, once in batches and once in sessions: what is determined comes out the same,
 * and what is not agrees with the host.
 */
final class BatchAgreementTest {

    private static final int MIXES = 8;
    private static final int REQUESTS = 40;

    private final Map<KeyExchangeGroup, HostPeer> peers = new EnumMap<>(KeyExchangeGroup.class);

    @Test
    void onSoftHsm() throws Exception {
        TokenSettings settings = TestTokens.softHsm("agreement").withAllowExtract(true);
        BatchOverSessions batches = new BatchOverSessions();
        compare(settings, EnumSet.allOf(KeyExchangeGroup.class), batches, UnaryOperator.identity());
        assertTrue(batches.sizes().stream().anyMatch(size -> size > 8), "no batch of any size");
    }

    @Test
    void onTheCard() throws Exception {
        TokenSettings settings = TestTokens.card("agreement").withAllowExtract(true);
        compare(settings, CardTest.GROUPS, UnaryOperator.identity(), BatchAgreementTest::withoutBatch);
    }

    private static Cryptoki withoutBatch(Cryptoki real) {
        return (Cryptoki) Proxy.newProxyInstance(
                Cryptoki.class.getClassLoader(), new Class<?>[] {Cryptoki.class}, (proxy, method, arguments) -> {
                    if (method.getName().equals("offersBatch")) {
                        return false;
                    }
                    try {
                        return method.invoke(real, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }

    /** A token with its pool by batches and its pool by sessions. */
    private void compare(
            TokenSettings settings,
            Set<KeyExchangeGroup> groups,
            UnaryOperator<Cryptoki> batched,
            UnaryOperator<Cryptoki> plain)
            throws Exception {
        byte[] rsa;
        byte[] ec;
        try (KeyGeneration generation =
                KeyGeneration.open(settings.module(), settings.initArgs(), settings.token(), settings.pin())) {
            rsa = generation.generateRsaKeyPair("rsa", new byte[] {1}, 2048);
            ec = generation.generateEcKeyPair("ec", new byte[] {2}, EcCurve.P256);
        }
        for (KeyExchangeGroup group : groups) {
            peers.put(group, HostPeer.of(group));
        }
        TokenSettings one = settings.withWorkers(1).withGroups(groups).withBatchLimit(64);
        long seed = new Random().nextLong();
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        try (TokenPool batches = TokenPool.open(one, batched, System::nanoTime);
                TokenPool sessions = TokenPool.open(one, plain, System::nanoTime)) {
            assertTrue(batches.batches() && !sessions.batches());
            Party byBatch = new Party(batches, batches.findKey(rsa), batches.findKey(ec), rsa, ec, groups);
            Party bySession = new Party(sessions, sessions.findKey(rsa), sessions.findKey(ec), rsa, ec, groups);
            for (int mix = 0; mix < MIXES; mix++) {
                List<Wish> wishes = new ArrayList<>();
                for (int i = 0; i < REQUESTS; i++) {
                    wishes.add(wish(random, List.copyOf(groups), rsa));
                }
                List<String> ours = byBatch.outcomes(wishes);
                List<String> theirs = bySession.outcomes(wishes);
                for (int i = 0; i < REQUESTS; i++) {
                    String what = "seed " + seed + ", mix " + mix + ", request " + i + ": " + wishes.get(i);
                    assertEquals(theirs.get(i), ours.get(i), what);
                }
            }
            byBatch.release();
            bySession.release();
            assertEquals(0, batches.statistics().liveHandles());
            assertEquals(
                    sessions.statistics().operations(), batches.statistics().operations());
            assertEquals(sessions.statistics().failures(), batches.statistics().failures());
        }
    }

    /** A request of which each party makes its own, with its own handles. */
    private record Wish(
            int kind,
            KeyExchangeGroup group,
            SignatureMechanism mechanism,
            byte[] octets,
            @Nullable Derivation derivation) {}

    private Wish wish(Random random, List<KeyExchangeGroup> groups, byte[] rsa) throws Exception {
        byte[] octets = new byte[random.nextInt(1, 200)];
        random.nextBytes(octets);
        int kind = random.nextInt(8);
        if (kind == 1 && random.nextInt(3) > 0) {
            Cipher cipher = Cipher.getInstance("RSA/ECB/PKCS1Padding");
            cipher.init(Cipher.ENCRYPT_MODE, KeyFactory.getInstance("RSA").generatePublic(new X509EncodedKeySpec(rsa)));
            octets = cipher.doFinal(octets);
        }
        KeyExchangeGroup group = groups.get(random.nextInt(groups.size()));
        if (kind == 5) {
            List<byte[]> bad = PeerValueTest.bad(group);
            octets = bad.get(random.nextInt(bad.size()));
        }
        SignatureMechanism[] mechanisms = SignatureMechanism.values();
        HashAlgorithm hash = HashAlgorithm.values()[random.nextInt(HashAlgorithm.values().length)];
        byte[] key = new byte[random.nextInt(0, 300)];
        random.nextBytes(key);
        byte[] suffix = new byte[random.nextInt(0, 80)];
        random.nextBytes(suffix);
        Derivation derivation = switch (random.nextInt(6)) {
            case 0, 1 -> new Derivation.Hmac(hash, key, suffix);
            case 2 -> new Derivation.Expand(hash, key, suffix, random.nextInt(0, 300));
            case 3 -> new Derivation.Extract();
            case 4 ->
                new Derivation.Chains(hash, key, random.nextBoolean(), List.of(List.of(suffix, key), List.of(suffix)));
            default -> null;
        };
        return new Wish(kind, group, mechanisms[random.nextInt(mechanisms.length)], octets, derivation);
    }

    /** Somebody with handles on a pool. */
    private final class Party {
        private final TokenPool pool;
        private final KeyRef rsaKey;
        private final KeyRef ecKey;
        private final byte[] rsa;
        private final byte[] ec;
        private final Map<KeyExchangeGroup, HsmResult.Generated> handles = new EnumMap<>(KeyExchangeGroup.class);

        Party(TokenPool pool, KeyRef rsaKey, KeyRef ecKey, byte[] rsa, byte[] ec, Set<KeyExchangeGroup> groups)
                throws Exception {
            this.pool = pool;
            this.rsaKey = rsaKey;
            this.ecKey = ecKey;
            this.rsa = rsa;
            this.ec = ec;
            for (KeyExchangeGroup group : groups) {
                handles.put(group, (HsmResult.Generated)
                        HsmContract.get(pool.submit(new HsmRequest.Generate(group, Urgency.NEW, soon()))));
            }
        }

        /** What each came to, with what is random replaced by the verdict on it. */
        List<String> outcomes(List<Wish> wishes) throws Exception {
            List<CompletableFuture<HsmResult>> futures = new ArrayList<>();
            for (Wish wish : wishes) {
                futures.add(pool.submit(request(wish)));
            }
            List<String> outcomes = new ArrayList<>();
            for (int i = 0; i < wishes.size(); i++) {
                outcomes.add(outcome(wishes.get(i), futures.get(i)));
            }
            return outcomes;
        }

        private HsmRequest request(Wish wish) throws Exception {
            HostPeer peer = Objects.requireNonNull(peers.get(wish.group()));
            return switch (wish.kind()) {
                case 0 -> new HsmRequest.Sign(rsaKey, wish.mechanism(), wish.octets(), Urgency.BEGUN, soon());
                case 1 ->
                    new HsmRequest.Decrypt(
                            rsaKey, wish.octets(), new HsmRequest.Substitute(new byte[256], 16), Urgency.BEGUN, soon());
                case 2 -> new HsmRequest.Sign(ecKey, wish.mechanism(), wish.octets(), Urgency.BEGUN, soon());
                case 3 -> new HsmRequest.Generate(wish.group(), Urgency.BEGUN, soon());
                case 4 -> agree(wish, peer.publicValue());
                case 5 -> agree(wish, wish.octets());
                case 6 ->
                    new HsmRequest.GenerateAndAgree(
                            wish.group(), peer.publicValue(), wish.derivation(), Urgency.BEGUN, soon());
                default -> new HsmRequest.Random(wish.octets().length, Urgency.BEGUN, soon());
            };
        }

        private HsmRequest agree(Wish wish, byte[] peerPublic) {
            HsmResult.Generated own = Objects.requireNonNull(handles.get(wish.group()));
            return new HsmRequest.Agree(own.handle(), peerPublic, wish.derivation(), Urgency.BEGUN, soon());
        }

        private String outcome(Wish wish, CompletableFuture<HsmResult> future) throws Exception {
            HsmResult result;
            try {
                result = future.get(60, TimeUnit.SECONDS);
            } catch (ExecutionException e) {
                if (e.getCause() instanceof HsmFailure failure) {
                    return failure.kind().name();
                }
                throw e;
            }
            return switch (result) {
                case HsmResult.Verified verified -> throw new AssertionError("nothing was to be verified");
                case HsmResult.Signed signed -> {
                    byte[] info = wish.kind() == 0 ? rsa : ec;
                    boolean verifies = PublicKeys.verifies(
                            PublicKeys.parse(info), wish.mechanism(), wish.octets(), signed.signature());
                    yield "signature of " + signed.signature().length + ", " + verifies;
                }
                case HsmResult.Decrypted decrypted -> HexFormat.of().formatHex(decrypted.plaintext());
                case HsmResult.RandomOctets octets -> "random of " + octets.octets().length;
                case HsmResult.Generated generated -> {
                    pool.release(generated.handle());
                    yield "public value of " + generated.publicValue().length;
                }
                case HsmResult.Agreed agreed -> {
                    assertAgreed(wish, agreed);
                    yield "agreed, " + (agreed.publicValue() != null) + (agreed.derived() != null);
                }
                case HsmResult.Derived derived -> throw new AssertionError(derived);
            };
        }

        private void assertAgreed(Wish wish, HsmResult.Agreed agreed) throws Exception {
            HostPeer peer = Objects.requireNonNull(peers.get(wish.group()));
            byte[] own = agreed.publicValue();
            if (own == null) {
                own = Objects.requireNonNull(handles.get(wish.group())).publicValue();
            }
            byte[] g = peer.agree(own);
            SharedSecret secret = agreed.secret();
            if (secret == null) {
                assertArrayEquals(derived(g, wish.derivation()), agreed.derived(), wish::toString);
                return;
            }
            Derivation later = new Derivation.Hmac(HashAlgorithm.SHA512, new byte[] {3}, new byte[] {4});
            HsmResult.Derived derived = (HsmResult.Derived)
                    HsmContract.get(pool.submit(new HsmRequest.Derive(secret, later, Urgency.BEGUN, soon())));
            assertArrayEquals(derived(g, later), derived.octets(), wish::toString);
            pool.release(secret);
        }

        void release() {
            handles.values().forEach(generated -> pool.release(generated.handle()));
        }
    }

    private static byte[] derived(byte[] g, @Nullable Derivation derivation) throws Exception {
        assertNotNull(derivation);
        return switch (derivation) {
            case Derivation.Hmac hmac -> HostPeer.hmac(hmac.hash(), hmac.key(), g, hmac.suffix());
            case Derivation.Expand expand ->
                HostPeer.expand(expand.hash(), expand.key(), g, expand.suffix(), expand.length());
            case Derivation.Chains chains -> HostPeer.chains(chains, g);
            case Derivation.Extract extract -> g;
        };
    }
}
