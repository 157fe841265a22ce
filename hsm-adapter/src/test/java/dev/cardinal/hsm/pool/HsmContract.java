package dev.cardinal.hsm.pool;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cardinal.hsm.Derivation;
import dev.cardinal.hsm.HashAlgorithm;
import dev.cardinal.hsm.HsmFailure;
import dev.cardinal.hsm.HsmRequest;
import dev.cardinal.hsm.HsmResult;
import dev.cardinal.hsm.HsmStatistics;
import dev.cardinal.hsm.KeyExchangeGroup;
import dev.cardinal.hsm.KeyRef;
import dev.cardinal.hsm.SharedSecret;
import dev.cardinal.hsm.SignatureMechanism;
import dev.cardinal.hsm.Urgency;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.PublicKey;
import java.security.Signature;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PSSParameterSpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import javax.crypto.Cipher;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** What every token must do, where it has the operation at all; run against each real token. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class HsmContract {

    /** Keys that the token of a subclass holds: DER of the public keys. */
    record TokenKeys(byte[] rsa, List<byte[]> ec, byte[] ed25519) {}

    private static final byte[] MESSAGE = "the octets to be signed".getBytes(StandardCharsets.US_ASCII);
    private static final long SECOND = 1_000_000_000L;

    private TokenSettings settings;
    private TokenKeys keys;
    private TokenPool pool;
    private ObjectCount objects;

    abstract TokenSettings settings() throws Exception;

    abstract TokenKeys keys() throws Exception;

    /** Groups this token is known to have: a self-test that wrongly fails must not pass unnoticed. */
    abstract Set<KeyExchangeGroup> groups();

    @BeforeAll
    void open() throws Exception {
        settings = settings().withWorkers(2);
        keys = keys();
        pool = TokenPool.open(settings);
        objects = new ObjectCount(settings);
    }

    @AfterAll
    void close() throws Exception {
        objects.close();
        pool.close();
    }

    @Test
    void profileNamesWhatTheTokenHas() {
        assertEquals(groups(), pool.profile().groups(), () -> "refused: " + pool.refusedGroups());
        assertEquals(groups(), pool.profile().hiddenSecret());
        assertEquals(keys.ed25519().length > 0, pool.profile().signatures().contains(SignatureMechanism.ED25519));
    }

    @Test
    void rsaSignaturesVerify() throws Exception {
        KeyRef key = pool.findKey(keys.rsa());
        PublicKey publicKey = KeyFactory.getInstance("RSA").generatePublic(new X509EncodedKeySpec(keys.rsa()));
        for (SignatureMechanism mechanism :
                EnumSet.range(SignatureMechanism.RSA_PKCS1_UNHASHED, SignatureMechanism.RSA_PSS_SHA512)) {
            byte[] signature = sign(key, mechanism);
            assertEquals(256, signature.length);
            Signature verifier = switch (mechanism) {
                case RSA_PKCS1_UNHASHED -> Signature.getInstance("NONEwithRSA");
                case RSA_PKCS1_SHA1 -> Signature.getInstance("SHA1withRSA");
                case RSA_PKCS1_SHA256 -> Signature.getInstance("SHA256withRSA");
                case RSA_PKCS1_SHA384 -> Signature.getInstance("SHA384withRSA");
                case RSA_PKCS1_SHA512 -> Signature.getInstance("SHA512withRSA");
                case RSA_PSS_SHA256 -> pss("SHA-256", MGF1ParameterSpec.SHA256, 32);
                case RSA_PSS_SHA384 -> pss("SHA-384", MGF1ParameterSpec.SHA384, 48);
                case RSA_PSS_SHA512 -> pss("SHA-512", MGF1ParameterSpec.SHA512, 64);
                case ECDSA_UNHASHED, ECDSA_SHA256, ECDSA_SHA384, ECDSA_SHA512, ED25519 ->
                    throw new AssertionError(mechanism);
            };
            assertVerifies(verifier, publicKey, signature, mechanism.name());
        }
    }

    @Test
    void ecdsaSignaturesVerifyWithEveryHash() throws Exception {
        for (byte[] info : keys.ec()) {
            KeyRef key = pool.findKey(info);
            PublicKey publicKey = KeyFactory.getInstance("EC").generatePublic(new X509EncodedKeySpec(info));
            for (int bits : List.of(256, 384, 512)) {
                byte[] signature = sign(key, SignatureMechanism.valueOf("ECDSA_SHA" + bits));
                Signature verifier = Signature.getInstance("SHA" + bits + "withECDSAinP1363Format");
                assertVerifies(verifier, publicKey, signature, "SHA-" + bits);
                // the hash made here and given as octets gives a signature over the message
                byte[] hash = MessageDigest.getInstance("SHA-" + bits).digest(MESSAGE);
                byte[] unhashed = ((HsmResult.Signed) get(pool.submit(new HsmRequest.Sign(
                                key, SignatureMechanism.ECDSA_UNHASHED, hash, Urgency.BEGUN, soon()))))
                        .signature();
                assertVerifies(verifier, publicKey, unhashed, "unhashed SHA-" + bits);
            }
        }
    }

    @Test
    void ed25519SignaturesVerify() throws Exception {
        if (keys.ed25519().length == 0) {
            KeyRef rsa = pool.findKey(keys.rsa());
            assertFails(HsmFailure.Kind.UNSUPPORTED, signing(rsa, SignatureMechanism.ED25519));
            return;
        }
        PublicKey publicKey = KeyFactory.getInstance("Ed25519").generatePublic(new X509EncodedKeySpec(keys.ed25519()));
        byte[] signature = sign(pool.findKey(keys.ed25519()), SignatureMechanism.ED25519);
        assertVerifies(Signature.getInstance("Ed25519"), publicKey, signature, "Ed25519");
    }

    @Test
    void mechanismOfAnotherKeyTypeIsOurFault() throws Exception {
        assertFails(HsmFailure.Kind.OUR_FAULT, signing(pool.findKey(keys.rsa()), SignatureMechanism.ECDSA_SHA256));
        assertFails(
                HsmFailure.Kind.OUR_FAULT,
                signing(pool.findKey(keys.ec().getFirst()), SignatureMechanism.RSA_PSS_SHA256));
    }

    @Test
    void decryptsWhatWasEncryptedAndHidesWhyItCannot() throws Exception {
        KeyRef key = pool.findKey(keys.rsa());
        Cipher cipher = Cipher.getInstance("RSA/ECB/PKCS1Padding");
        cipher.init(
                Cipher.ENCRYPT_MODE, KeyFactory.getInstance("RSA").generatePublic(new X509EncodedKeySpec(keys.rsa())));
        byte[] ciphertext = cipher.doFinal(MESSAGE);
        HsmResult.Decrypted decrypted = (HsmResult.Decrypted) get(decrypting(key, ciphertext.clone()));
        assertArrayEquals(MESSAGE, decrypted.plaintext());
        assertFalse(decrypted.toString().contains("the octets"));

        ciphertext[20] ^= 1;
        // a token with implicit rejection answers with octets of its own
        HsmResult.Decrypted garbage = (HsmResult.Decrypted) get(decrypting(key, ciphertext));
        assertFalse(Arrays.equals(MESSAGE, garbage.plaintext()));
        assertArrayEquals(SUBSTITUTED, ((HsmResult.Decrypted) get(decrypting(key, new byte[11]))).plaintext());
        assertFails(
                HsmFailure.Kind.OUR_FAULT,
                pool.submit(new HsmRequest.Decrypt(
                        key, ciphertext, new HsmRequest.Substitute(new byte[255], 1), Urgency.BEGUN, soon())));
        assertFails(HsmFailure.Kind.OUR_FAULT, decrypting(pool.findKey(keys.ec().getFirst()), ciphertext));
    }

    /** The two ciphertexts of an IKEv1 message, one of which is none in each of the ways that there are. */
    @Test
    void ofTwoCiphertextsTheBadOneIsAnsweredLikeTheGoodOne() throws Exception {
        KeyRef key = pool.findDecryptionKey(keys.rsa(), null);
        RSAPublicKey publicKey =
                (RSAPublicKey) KeyFactory.getInstance("RSA").generatePublic(new X509EncodedKeySpec(keys.rsa()));
        HsmStatistics before = pool.statistics();
        int done = 0;
        for (int[] change : new int[][] {{0, 1}, {1, 1}, {1, 0}, {2, 0}, {9, 0}, {-1, 1}, {-1, 0}}) {
            byte[] block = new byte[256];
            Arrays.fill(block, (byte) 7);
            block[0] = 0;
            block[1] = 2;
            block[256 - MESSAGE.length - 1] = 0;
            System.arraycopy(MESSAGE, 0, block, 256 - MESSAGE.length, MESSAGE.length);
            byte[] good = rawEncrypted(publicKey, block);
            if (change[0] >= 0) {
                block[change[0]] = (byte) change[1];
            } else {
                // without a separator; without anything
                Arrays.fill(block, 2, 256, (byte) change[1]);
            }
            byte[] bad = rawEncrypted(publicKey, block);
            CompletableFuture<HsmResult> one = decrypting(key, good);
            CompletableFuture<HsmResult> other = decrypting(key, bad);
            assertArrayEquals(MESSAGE, ((HsmResult.Decrypted) get(one)).plaintext(), Arrays.toString(change));
            byte[] instead = ((HsmResult.Decrypted) get(other)).plaintext();
            assertFalse(Arrays.equals(MESSAGE, instead));
            // ours, or the token's own, which are pseudo-random
            assertTrue(
                    Arrays.equals(SUBSTITUTED, instead)
                            || !Arrays.equals(block, 256 - instead.length, 256, instead, 0, instead.length),
                    Arrays.toString(change));
            done += 2;
        }
        HsmStatistics after = pool.statistics();
        assertEquals(before.failures(), after.failures());
        assertEquals(
                before.operations().getOrDefault("decrypt", 0L) + done,
                after.operations().getOrDefault("decrypt", 0L));
    }

    private static byte[] rawEncrypted(RSAPublicKey key, byte[] block) throws Exception {
        Cipher cipher = Cipher.getInstance("RSA/ECB/NoPadding");
        cipher.init(Cipher.ENCRYPT_MODE, key);
        return cipher.doFinal(block);
    }

    private static final byte[] SUBSTITUTED = "what stands for it".getBytes(StandardCharsets.US_ASCII);

    @Test
    void randomIsOfTheLengthAskedForAndDiffers() throws Exception {
        HsmResult.RandomOctets one = (HsmResult.RandomOctets) get(random(32));
        HsmResult.RandomOctets other = (HsmResult.RandomOctets) get(random(32));
        assertEquals(32, one.octets().length);
        assertFalse(Arrays.equals(one.octets(), other.octets()));
        assertEquals(4096, ((HsmResult.RandomOctets) get(random(4096))).octets().length);
        assertFails(HsmFailure.Kind.OUR_FAULT, random(0));
        assertFails(HsmFailure.Kind.OUR_FAULT, random(4097));
    }

    @Test
    void agreesWithTheHostInEveryGroup() throws Exception {
        settle();
        int before = objects.count();
        for (KeyExchangeGroup group : groups()) {
            HostPeer peer = HostPeer.of(group);
            HsmResult.Generated generated = generate(group);
            assertEquals(HostPeer.publicLength(group), generated.publicValue().length);
            byte[] key = {1, 2, 3};
            byte[] suffix = {9};
            Derivation derivation = new Derivation.Hmac(HashAlgorithm.SHA256, key, suffix);
            HsmResult.Agreed agreed = (HsmResult.Agreed) get(pool.submit(
                    new HsmRequest.Agree(generated.handle(), peer.publicValue(), derivation, Urgency.NEW, soon())));
            assertNull(agreed.publicValue());
            assertNull(agreed.secret());
            assertArrayEquals(
                    HostPeer.hmac(HashAlgorithm.SHA256, key, peer.agree(generated.publicValue()), suffix),
                    agreed.derived(),
                    group.name());
            pool.release(generated.handle());

            HsmResult.Agreed both = (HsmResult.Agreed) get(pool.submit(
                    new HsmRequest.GenerateAndAgree(group, peer.publicValue(), derivation, Urgency.BEGUN, soon())));
            assertNotNull(both.publicValue());
            assertFalse(Arrays.equals(generated.publicValue(), both.publicValue()), "an ephemeral key was used twice");
            assertArrayEquals(
                    HostPeer.hmac(HashAlgorithm.SHA256, key, peer.agree(both.publicValue()), suffix),
                    both.derived(),
                    group.name());
        }
        settle();
        assertEquals(before, objects.count());
    }

    @Test
    void keepsLeadingZerosOfSecretAndPublicValues() throws Exception {
        byte[] key = {7};
        Derivation derivation = new Derivation.Hmac(HashAlgorithm.SHA256, key, new byte[0]);
        for (KeyExchangeGroup group : HostPeer.MODP) {
            if (!groups().contains(group)) {
                continue;
            }
            BigInteger p = HostPeer.prime(group);
            int length = HostPeer.publicLength(group);
            HsmResult.Generated generated = generate(group);
            BigInteger a = new BigInteger(1, generated.publicValue());
            // g^b and a^b for b = 8 * length, 8 * length + 1, ...: wait for a zero on top of either
            BigInteger b = BigInteger.valueOf(8L * length);
            BigInteger y = BigInteger.TWO.modPow(b, p);
            BigInteger secret = a.modPow(b, p);
            boolean secretSeen = false;
            boolean publicSeen = false;
            while (!secretSeen || !publicSeen) {
                boolean zeroSecret = secret.bitLength() <= 8 * length - 8;
                boolean zeroPublic = y.bitLength() <= 8 * length - 8;
                if ((zeroSecret && !secretSeen) || (zeroPublic && !publicSeen)) {
                    HsmResult.Agreed agreed = (HsmResult.Agreed) get(pool.submit(new HsmRequest.Agree(
                            generated.handle(), HostPeer.fixed(y, length), derivation, Urgency.NEW, soon())));
                    assertArrayEquals(
                            HostPeer.hmac(HashAlgorithm.SHA256, key, HostPeer.fixed(secret, length)),
                            agreed.derived(),
                            group + (zeroSecret ? ": secret" : ": public value") + " with a leading zero");
                    secretSeen |= zeroSecret;
                    publicSeen |= zeroPublic;
                }
                y = y.shiftLeft(1).mod(p);
                secret = secret.multiply(a).mod(p);
            }
            pool.release(generated.handle());
        }
    }

    @Test
    void padsItsOwnPublicValue() throws Exception {
        for (KeyExchangeGroup group :
                List.of(KeyExchangeGroup.MODP_2048, KeyExchangeGroup.P256, KeyExchangeGroup.P521)) {
            HostPeer peer = HostPeer.of(group);
            Derivation derivation = new Derivation.Hmac(HashAlgorithm.SHA256, new byte[] {1}, new byte[0]);
            boolean seen = false;
            for (int i = 0; i < 20_000 && !seen; i++) {
                HsmResult.Generated generated = generate(group);
                seen = generated.publicValue()[0] == 0;
                if (seen) {
                    HsmResult.Agreed agreed = (HsmResult.Agreed) get(pool.submit(new HsmRequest.Agree(
                            generated.handle(), peer.publicValue(), derivation, Urgency.NEW, soon())));
                    assertArrayEquals(
                            HostPeer.hmac(HashAlgorithm.SHA256, new byte[] {1}, peer.agree(generated.publicValue())),
                            agreed.derived(),
                            group.name());
                }
                pool.release(generated.handle());
            }
            assertTrue(seen, group + ": no public value with a leading zero");
        }
    }

    @Test
    void derivationsEqualTheJdksMac() throws Exception {
        KeyExchangeGroup group = KeyExchangeGroup.X25519;
        HostPeer peer = HostPeer.of(group);
        HsmResult.Generated generated = generate(group);
        byte[] secret = peer.agree(generated.publicValue());
        HsmResult.Agreed agreed = (HsmResult.Agreed) get(
                pool.submit(new HsmRequest.Agree(generated.handle(), peer.publicValue(), null, Urgency.NEW, soon())));
        SharedSecret shared = agreed.secret();
        assertNotNull(shared);
        assertTrue(shared.onToken());
        for (HashAlgorithm hash : HashAlgorithm.values()) {
            for (int keyLength : List.of(1, hash.length(), hash.blockLength(), hash.blockLength() + 1, 512)) {
                byte[] key = new byte[keyLength];
                Arrays.fill(key, (byte) keyLength);
                byte[] suffix = new byte[keyLength % 40];
                String what = hash + " with a key of " + keyLength;
                assertArrayEquals(
                        HostPeer.hmac(hash, key, secret, suffix),
                        derive(shared, new Derivation.Hmac(hash, key, suffix)),
                        what);
                assertArrayEquals(
                        HostPeer.expand(hash, key, secret, suffix, 3 * hash.length() + 5),
                        derive(shared, new Derivation.Expand(hash, key, suffix, 3 * hash.length() + 5)),
                        what);
            }
        }
        for (HashAlgorithm hash : HashAlgorithm.values()) {
            for (int keyLength : List.of(1, hash.length(), hash.blockLength() + 1)) {
                byte[] key = new byte[keyLength];
                Arrays.fill(key, (byte) keyLength);
                List<List<byte[]>> suffixes = List.of(
                        List.of(new byte[17], new byte[] {1}, new byte[0]), List.of(new byte[] {3}, new byte[70]));
                for (boolean seeded : new boolean[] {false, true}) {
                    Derivation.Chains chains = new Derivation.Chains(hash, key, seeded, suffixes);
                    byte[] expected = HostPeer.chains(chains, secret);
                    assertEquals((seeded ? 6 : 5) * hash.length(), expected.length);
                    assertArrayEquals(expected, derive(shared, chains), chains.toString());
                    HsmResult.Agreed atOnce = (HsmResult.Agreed) get(pool.submit(
                            new HsmRequest.Agree(generated.handle(), peer.publicValue(), chains, Urgency.NEW, soon())));
                    assertArrayEquals(expected, atOnce.derived(), chains.toString());
                }
            }
        }
        for (List<List<byte[]>> wrong : List.of(
                List.<List<byte[]>>of(), List.of(List.<byte[]>of()), List.of(Collections.nCopies(600, new byte[1])))) {
            assertFails(
                    HsmFailure.Kind.OUR_FAULT,
                    deriving(shared, new Derivation.Chains(HashAlgorithm.SHA1, new byte[1], false, wrong)));
        }
        byte[] key = {5};
        int longest = 255 * HashAlgorithm.SHA256.length();
        assertArrayEquals(
                HostPeer.expand(HashAlgorithm.SHA256, key, secret, new byte[0], longest),
                derive(shared, new Derivation.Expand(HashAlgorithm.SHA256, key, new byte[0], longest)));
        for (int length : List.of(0, longest + 1)) {
            assertFails(
                    HsmFailure.Kind.OUR_FAULT,
                    deriving(shared, new Derivation.Expand(HashAlgorithm.SHA256, key, new byte[0], length)));
        }
        pool.release(generated.handle());
        // the secret outlives the key pair it came from
        assertArrayEquals(
                HostPeer.hmac(HashAlgorithm.SHA512, key, secret),
                derive(shared, new Derivation.Hmac(HashAlgorithm.SHA512, key, new byte[0])));
        pool.release(shared);
        assertFails(
                HsmFailure.Kind.LOST, deriving(shared, new Derivation.Hmac(HashAlgorithm.SHA512, key, new byte[0])));
    }

    @Test
    void secretsLeaveTheTokenOnlyWhereThatIsAllowed() throws Exception {
        KeyExchangeGroup group = KeyExchangeGroup.MODP_2048;
        HostPeer peer = HostPeer.of(group);
        settle();
        int before = objects.count();
        HsmResult.Generated generated = generate(group);
        assertFails(
                HsmFailure.Kind.UNSUPPORTED,
                pool.submit(new HsmRequest.Agree(
                        generated.handle(), peer.publicValue(), new Derivation.Extract(), Urgency.NEW, soon())));
        HsmResult.Agreed agreed = (HsmResult.Agreed) get(
                pool.submit(new HsmRequest.Agree(generated.handle(), peer.publicValue(), null, Urgency.NEW, soon())));
        SharedSecret shared = agreed.secret();
        assertNotNull(shared);
        assertFails(HsmFailure.Kind.UNSUPPORTED, deriving(shared, new Derivation.Extract()));
        pool.release(shared);
        pool.release(generated.handle());
        settle();
        assertEquals(before, objects.count());

        TokenSettings open =
                settings.withAllowExtract(true).withGroups(Set.of(group)).withWorkers(1);
        try (TokenPool extracting = TokenPool.open(open)) {
            HsmResult.Agreed both = (HsmResult.Agreed) get(extracting.submit(new HsmRequest.GenerateAndAgree(
                    group, peer.publicValue(), new Derivation.Extract(), Urgency.NEW, soon())));
            assertNotNull(both.publicValue());
            assertArrayEquals(peer.agree(both.publicValue()), both.derived());
            HsmResult.Agreed kept = (HsmResult.Agreed) get(extracting.submit(
                    new HsmRequest.GenerateAndAgree(group, peer.publicValue(), null, Urgency.NEW, soon())));
            assertNotNull(kept.publicValue());
            assertNotNull(kept.secret());
            HsmResult.Derived extracted = (HsmResult.Derived) get(extracting.submit(
                    new HsmRequest.Derive(kept.secret(), new Derivation.Extract(), Urgency.NEW, soon())));
            assertArrayEquals(peer.agree(kept.publicValue()), extracted.octets());
            extracting.release(kept.secret());

            // another token's handles are not ours
            HsmResult.Generated foreign = generate(group);
            assertFails(
                    HsmFailure.Kind.OUR_FAULT,
                    extracting.submit(
                            new HsmRequest.Agree(foreign.handle(), peer.publicValue(), null, Urgency.NEW, soon())));
            extracting.release(foreign.handle());
            assertEquals(0, extracting.statistics().liveHandles());
            pool.release(foreign.handle());
        }
    }

    @Test
    void badPublicValuesAreThePeersFaultAndLeakNothing() throws Exception {
        settle();
        int before = objects.count();
        for (KeyExchangeGroup group : groups()) {
            HsmResult.Generated generated = generate(group);
            for (byte[] bad : PeerValueTest.bad(group)) {
                assertFails(
                        HsmFailure.Kind.PEER_DATA,
                        pool.submit(new HsmRequest.Agree(generated.handle(), bad, null, Urgency.NEW, soon())));
                assertFails(
                        HsmFailure.Kind.PEER_DATA,
                        pool.submit(new HsmRequest.GenerateAndAgree(group, bad, null, Urgency.NEW, soon())));
            }
            pool.release(generated.handle());
        }
        settle();
        assertEquals(before, objects.count());
    }

    @Test
    void thousandsOfBrokenExchangesLeaveNoObject() throws Exception {
        settle();
        int before = objects.count();
        KeyExchangeGroup group = KeyExchangeGroup.X25519;
        byte[] peer = HostPeer.of(group).publicValue();
        byte[] bad = new byte[32];
        for (int round = 0; round < 20; round++) {
            List<HsmResult.Generated> live = new ArrayList<>();
            List<CompletableFuture<HsmResult>> pending = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                pending.add(pool.submit(new HsmRequest.Generate(group, Urgency.NEW, soon())));
            }
            for (CompletableFuture<HsmResult> future : pending) {
                live.add((HsmResult.Generated) get(future));
            }
            assertTrue(objects.count() >= before + 100);
            for (int i = 0; i < live.size(); i++) {
                HsmResult.Generated generated = live.get(i);
                // abandoned, broken by the peer, agreed and abandoned, released while it may be in use
                switch (i % 4) {
                    case 0 -> {}
                    case 1 ->
                        assertFails(
                                HsmFailure.Kind.PEER_DATA,
                                pool.submit(new HsmRequest.Agree(generated.handle(), bad, null, Urgency.NEW, soon())));
                    case 2 -> {
                        HsmResult.Agreed agreed = (HsmResult.Agreed) get(pool.submit(
                                new HsmRequest.Agree(generated.handle(), peer, null, Urgency.BEGUN, soon())));
                        assertNotNull(agreed.secret());
                        pool.release(agreed.secret());
                        pool.release(agreed.secret());
                    }
                    default -> {
                        CompletableFuture<HsmResult> stale = pool.submit(
                                new HsmRequest.Agree(generated.handle(), peer, null, Urgency.BEGUN, soon()));
                        pool.release(generated.handle());
                        stale.handle((result, failure) -> {
                                    if (result != null) {
                                        pool.discard(result);
                                    }
                                    return result;
                                })
                                .get(30, TimeUnit.SECONDS);
                    }
                }
                pool.release(generated.handle());
                pool.release(generated.handle());
            }
            // nobody waits for these results any more: the pool frees them, unless they had arrived before
            for (int i = 0; i < 20; i++) {
                CompletableFuture<HsmResult> given = pool.submit(new HsmRequest.Generate(group, Urgency.NEW, soon()));
                if (!given.cancel(false)) {
                    pool.release(((HsmResult.Generated) get(given)).handle());
                }
            }
        }
        settle();
        assertEquals(before, objects.count());
        assertEquals(0, pool.statistics().liveHandles());
    }

    /** All requests are taken, then two rounds through both workers: what was queued before is done. */
    private void settle() throws Exception {
        for (Urgency urgency : Urgency.values()) {
            get(pool.submit(new HsmRequest.Random(1, urgency, soon())));
        }
        for (int i = 0; i < 2; i++) {
            List<CompletableFuture<Integer>> barrier = new ArrayList<>();
            CyclicBarrier both = new CyclicBarrier(2);
            for (int worker = 0; worker < 2; worker++) {
                barrier.add(pool.errand(session -> {
                    try {
                        return both.await(30, TimeUnit.SECONDS);
                    } catch (Exception e) {
                        throw new IllegalStateException(e);
                    }
                }));
            }
            for (CompletableFuture<Integer> future : barrier) {
                assertNotEquals(-1, future.get(30, TimeUnit.SECONDS));
            }
        }
    }

    private HsmResult.Generated generate(KeyExchangeGroup group) throws Exception {
        return assertInstanceOf(
                HsmResult.Generated.class, get(pool.submit(new HsmRequest.Generate(group, Urgency.NEW, soon()))));
    }

    private byte[] sign(KeyRef key, SignatureMechanism mechanism) throws Exception {
        return ((HsmResult.Signed) get(signing(key, mechanism))).signature();
    }

    private CompletableFuture<HsmResult> signing(KeyRef key, SignatureMechanism mechanism) throws Exception {
        return pool.submit(new HsmRequest.Sign(key, mechanism, MESSAGE, Urgency.BEGUN, soon()));
    }

    private CompletableFuture<HsmResult> decrypting(KeyRef key, byte[] ciphertext) throws Exception {
        return pool.submit(new HsmRequest.Decrypt(
                key,
                ciphertext,
                new HsmRequest.Substitute(Arrays.copyOf(SUBSTITUTED, 256), SUBSTITUTED.length),
                Urgency.BEGUN,
                soon()));
    }

    private CompletableFuture<HsmResult> random(int length) throws Exception {
        return pool.submit(new HsmRequest.Random(length, Urgency.ESTABLISHED, soon()));
    }

    private CompletableFuture<HsmResult> deriving(SharedSecret secret, Derivation derivation) throws Exception {
        return pool.submit(new HsmRequest.Derive(secret, derivation, Urgency.BEGUN, soon()));
    }

    private byte[] derive(SharedSecret secret, Derivation derivation) throws Exception {
        return ((HsmResult.Derived) get(deriving(secret, derivation))).octets();
    }

    static long soon() {
        return System.nanoTime() + 60 * SECOND;
    }

    static HsmResult get(CompletableFuture<HsmResult> future) throws Exception {
        try {
            return future.get(60, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof HsmFailure failure) {
                throw failure;
            }
            throw e;
        }
    }

    static HsmFailure assertFails(HsmFailure.Kind kind, CompletableFuture<HsmResult> future) {
        HsmFailure failure = assertThrows(HsmFailure.class, () -> get(future));
        assertEquals(kind, failure.kind(), failure.getMessage());
        return failure;
    }

    private static Signature pss(String hash, MGF1ParameterSpec mgf, int salt) throws Exception {
        Signature signature = Signature.getInstance("RSASSA-PSS");
        signature.setParameter(new PSSParameterSpec(hash, "MGF1", mgf, salt, 1));
        return signature;
    }

    private static void assertVerifies(Signature verifier, PublicKey key, byte[] signature, String what)
            throws Exception {
        verifier.initVerify(key);
        verifier.update(MESSAGE);
        assertTrue(verifier.verify(signature), what);
    }
}
