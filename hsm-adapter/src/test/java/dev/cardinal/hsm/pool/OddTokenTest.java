package dev.cardinal.hsm.pool;

import static dev.cardinal.hsm.pool.HsmContract.assertFails;
import static dev.cardinal.hsm.pool.HsmContract.get;
import static dev.cardinal.hsm.pool.HsmContract.soon;
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
import dev.cardinal.hsm.pkcs11.Attribute;
import dev.cardinal.hsm.pkcs11.Cka;
import dev.cardinal.hsm.pkcs11.Ckm;
import dev.cardinal.hsm.pkcs11.Ckr;
import dev.cardinal.hsm.pkcs11.Cryptoki;
import dev.cardinal.hsm.pkcs11.Mechanism;
import dev.cardinal.hsm.pkcs11.Pkcs11Exception;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.math.BigInteger;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Real tokens made to behave as other makes do. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class OddTokenTest {

    private static final Derivation HMAC = new Derivation.Hmac(HashAlgorithm.SHA256, new byte[] {1}, new byte[0]);
    private static final KeyExchangeGroup GROUP = KeyExchangeGroup.MODP_2048;

    private TokenSettings softHsm;

    @BeforeAll
    void makeToken() throws Exception {
        softHsm = TestTokens.softHsm("odd").withWorkers(1).withGroups(Set.of());
    }

    /** What a token of another make does with a call. */
    private interface Manner {
        Object call(Cryptoki real, Method method, Object[] arguments) throws Exception;
    }

    private static UnaryOperator<Cryptoki> token(Manner manner) {
        return real -> (Cryptoki) Proxy.newProxyInstance(
                Cryptoki.class.getClassLoader(), new Class<?>[] {Cryptoki.class}, (proxy, method, arguments) -> {
                    try {
                        return manner.call(real, method, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }

    /** Without the length asked for, NSS strips the secret's leading zeros: so do others in spite of it. */
    @SuppressWarnings("unchecked")
    private static Object stripping(Cryptoki real, Method method, Object[] arguments) throws Exception {
        if (method.getName().equals("deriveKey")) {
            arguments[3] = ((List<Attribute>) arguments[3])
                    .stream()
                            .filter(attribute -> attribute.type() != Cka.VALUE_LEN)
                            .toList();
        }
        return method.invoke(real, arguments);
    }

    @Test
    void aTokenThatStripsLeadingZerosIsFoundOut() throws Exception {
        TokenSettings nss = TestTokens.nss().withWorkers(1).withGroups(Set.of(GROUP));
        try (TokenPool pool = TokenPool.open(nss, token(OddTokenTest::stripping), System::nanoTime)) {
            assertEquals(Set.of(), pool.profile().groups());
            String reason = pool.refusedGroups().get(GROUP);
            assertTrue(reason != null && reason.contains("leading zero"), reason);
            assertFails(Kind.UNSUPPORTED, pool.submit(new HsmRequest.Generate(GROUP, Urgency.NEW, soon())));
        }
    }

    @Test
    void theSecretOfAStrippingTokenIsPaddedOnTheHostWhereThatIsAllowed() throws Exception {
        TokenSettings nss =
                TestTokens.nss().withWorkers(1).withGroups(Set.of(GROUP)).withAllowExtract(true);
        try (TokenPool pool = TokenPool.open(nss, token(OddTokenTest::stripping), System::nanoTime)) {
            assertEquals(Set.of(GROUP), pool.profile().groups());
            assertEquals(Set.of(), pool.profile().hiddenSecret());
            HsmResult.Generated generated =
                    (HsmResult.Generated) get(pool.submit(new HsmRequest.Generate(GROUP, Urgency.NEW, soon())));
            BigInteger p = HostPeer.prime(GROUP);
            BigInteger a = new BigInteger(1, generated.publicValue());
            int b = 2048;
            while (a.modPow(BigInteger.valueOf(b), p).bitLength() > 2040) {
                b++;
            }
            byte[] secret = HostPeer.fixed(a.modPow(BigInteger.valueOf(b), p), 256);
            byte[] peer = HostPeer.fixed(BigInteger.TWO.modPow(BigInteger.valueOf(b), p), 256);
            HsmResult.Agreed fused = (HsmResult.Agreed)
                    get(pool.submit(new HsmRequest.Agree(generated.handle(), peer, HMAC, Urgency.NEW, soon())));
            assertArrayEquals(HostPeer.hmac(HashAlgorithm.SHA256, new byte[] {1}, secret), fused.derived());
            HsmResult.Agreed kept = (HsmResult.Agreed)
                    get(pool.submit(new HsmRequest.Agree(generated.handle(), peer, null, Urgency.NEW, soon())));
            assertNotNull(kept.secret());
            assertTrue(!kept.secret().onToken());
            HsmResult.Derived derived = (HsmResult.Derived)
                    get(pool.submit(new HsmRequest.Derive(kept.secret(), HMAC, Urgency.NEW, soon())));
            assertArrayEquals(fused.derived(), derived.octets());
            HsmResult.Derived extracted = (HsmResult.Derived) get(
                    pool.submit(new HsmRequest.Derive(kept.secret(), new Derivation.Extract(), Urgency.NEW, soon())));
            assertArrayEquals(secret, extracted.octets());
            pool.release(kept.secret());
            assertFails(Kind.LOST, pool.submit(new HsmRequest.Derive(kept.secret(), HMAC, Urgency.NEW, soon())));
            pool.release(generated.handle());
            assertEquals(0, pool.statistics().liveHandles());
        }
    }

    @Test
    void withoutCombinedMechanismsTheHostHashes() throws Exception {
        byte[] info;
        try (KeyGeneration generation =
                KeyGeneration.open(softHsm.module(), softHsm.initArgs(), softHsm.token(), softHsm.pin())) {
            info = generation.generateRsaKeyPair("raw", new byte[] {1}, 2048);
        }
        Set<Long> raw = Set.of(Ckm.RSA_PKCS, Ckm.RSA_PKCS_PSS);
        UnaryOperator<Cryptoki> token = token((real, method, arguments) -> {
            if (method.getName().equals("getMechanismList")) {
                return raw.stream().mapToLong(Long::longValue).toArray();
            }
            return method.invoke(real, arguments);
        });
        try (TokenPool pool = TokenPool.open(softHsm, token, System::nanoTime)) {
            Set<SignatureMechanism> rsa =
                    EnumSet.range(SignatureMechanism.RSA_PKCS1_UNHASHED, SignatureMechanism.RSA_PSS_SHA512);
            assertEquals(rsa, pool.profile().signatures());
            KeyRef key = pool.findKey(info);
            for (SignatureMechanism mechanism : rsa) {
                HsmResult.Signed signed = (HsmResult.Signed)
                        get(pool.submit(new HsmRequest.Sign(key, mechanism, new byte[] {1, 2}, Urgency.NEW, soon())));
                assertTrue(
                        PublicKeys.verifies(PublicKeys.parse(info), mechanism, new byte[] {1, 2}, signed.signature()),
                        mechanism.name());
            }
        }
    }

    @Test
    void aTokenThatWantsWrappedPointsGetsThem() throws Exception {
        UnaryOperator<Cryptoki> token = token((real, method, arguments) -> {
            if (method.getName().equals("deriveKey")
                    && ((Mechanism) arguments[1]).parameter() instanceof Mechanism.Parameter.Ecdh1 ecdh1) {
                byte[] point = ecdh1.publicData();
                if (point.length == 65) {
                    throw new Pkcs11Exception("C_DeriveKey", Ckr.MECHANISM_PARAM_INVALID);
                }
                arguments[1] = Mechanism.ecdh1Derive(Arrays.copyOfRange(point, 2, point.length));
            }
            return method.invoke(real, arguments);
        });
        TokenSettings settings = softHsm.withGroups(Set.of(KeyExchangeGroup.P256));
        try (TokenPool pool = TokenPool.open(settings, token, System::nanoTime)) {
            HostPeer peer = HostPeer.of(KeyExchangeGroup.P256);
            HsmResult.Agreed agreed = (HsmResult.Agreed) get(pool.submit(new HsmRequest.GenerateAndAgree(
                    KeyExchangeGroup.P256, peer.publicValue(), HMAC, Urgency.NEW, soon())));
            assertNotNull(agreed.publicValue());
            assertArrayEquals(
                    HostPeer.hmac(HashAlgorithm.SHA256, new byte[] {1}, peer.agree(agreed.publicValue())),
                    agreed.derived());
        }
    }

    @Test
    void aHashTheTokenRefusesIsNotOfferedAndDerivedOnTheHostOnlyWhereAllowed() throws Exception {
        UnaryOperator<Cryptoki> token = token((real, method, arguments) -> {
            if (method.getName().equals("digestInit") && ((Mechanism) arguments[1]).type() == Ckm.SHA_1) {
                throw new Pkcs11Exception("C_DigestInit", Ckr.MECHANISM_INVALID);
            }
            return method.invoke(real, arguments);
        });
        TokenSettings settings = softHsm.withGroups(Set.of(KeyExchangeGroup.X25519));
        HostPeer peer = HostPeer.of(KeyExchangeGroup.X25519);
        Derivation sha1 = new Derivation.Hmac(HashAlgorithm.SHA1, new byte[] {1}, new byte[0]);
        HsmRequest request =
                new HsmRequest.GenerateAndAgree(KeyExchangeGroup.X25519, peer.publicValue(), sha1, Urgency.NEW, soon());
        try (TokenPool pool = TokenPool.open(settings, token, System::nanoTime)) {
            assertEquals(settings.groups(), pool.profile().hiddenSecret());
            assertFails(Kind.UNSUPPORTED, pool.submit(request));
        }
        try (TokenPool pool = TokenPool.open(settings.withAllowExtract(true), token, System::nanoTime)) {
            HsmResult.Agreed agreed = (HsmResult.Agreed) get(pool.submit(request));
            assertNotNull(agreed.publicValue());
            assertArrayEquals(
                    HostPeer.hmac(HashAlgorithm.SHA1, new byte[] {1}, peer.agree(agreed.publicValue())),
                    agreed.derived());
        }
    }

    @Test
    void aTokenLostDuringItsSelfTestsIsNotTakenForOneWithoutGroups() {
        FaultyCryptoki faulty = new FaultyCryptoki();
        faulty.fail("deriveKey", Ckr.DEVICE_REMOVED, 1);
        HsmFailure failure = assertThrows(
                HsmFailure.class,
                () -> TokenPool.open(softHsm.withGroups(Set.of(KeyExchangeGroup.X25519)), faulty, System::nanoTime));
        assertEquals(Kind.TOKEN_GONE, failure.kind());
    }
}
