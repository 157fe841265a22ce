package dev.cardinal.hsm.pool;

import static dev.cardinal.hsm.pool.HsmContract.assertFails;
import static dev.cardinal.hsm.pool.HsmContract.get;
import static dev.cardinal.hsm.pool.HsmContract.soon;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.cardinal.hsm.HsmFailure.Kind;
import dev.cardinal.hsm.HsmRequest;
import dev.cardinal.hsm.HsmResult;
import dev.cardinal.hsm.HsmStatistics;
import dev.cardinal.hsm.SignatureMechanism;
import dev.cardinal.hsm.Urgency;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PublicKey;
import java.security.Signature;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.ECParameterSpec;
import java.security.spec.ECPoint;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PSSParameterSpec;
import java.security.spec.RSAPublicKeySpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Other people's signatures, made by the JDK and verified by the crypto card. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class VerifyTest {

    private static final byte[] MESSAGE = "what was signed".getBytes(StandardCharsets.US_ASCII);

    private TokenPool pool;
    private final Map<String, KeyPair> pairs = new LinkedHashMap<>();

    @BeforeAll
    void open() throws Exception {
        pool = TokenPool.open(
                TestTokens.card("verify").withGroups(Set.of()).withWorkers(1).withBatchLimit(64));
        for (int bits : List.of(2048, 3072, 4096)) {
            pairs.put("RSA" + bits, pair("RSA", bits));
        }
        for (int bits : List.of(256, 384, 521)) {
            pairs.put("EC" + bits, pair("EC", bits));
        }
        pairs.put("Ed25519", KeyPairGenerator.getInstance("Ed25519").generateKeyPair());
    }

    @AfterAll
    void close() {
        pool.close();
    }

    private static KeyPair pair(String algorithm, int bits) throws Exception {
        KeyPairGenerator generator = KeyPairGenerator.getInstance(algorithm);
        generator.initialize(bits);
        return generator.generateKeyPair();
    }

    private KeyPair pair(String name) {
        return Objects.requireNonNull(pairs.get(name));
    }

    private static List<SignatureMechanism> mechanisms(PublicKey key) {
        List<SignatureMechanism> fitting = new ArrayList<>();
        for (SignatureMechanism mechanism : SignatureMechanism.values()) {
            String family = key instanceof RSAPublicKey ? "RSA" : key instanceof ECPublicKey ? "ECDSA" : "ED25519";
            if (mechanism.name().startsWith(family)) {
                fitting.add(mechanism);
            }
        }
        return fitting;
    }

    private static byte[] sign(KeyPair pair, SignatureMechanism mechanism) throws Exception {
        String hash = mechanism.name().replaceAll(".*_", "").replace("UNHASHED", "NONE");
        boolean pss = mechanism.name().startsWith("RSA_PSS");
        Signature signature = Signature.getInstance(
                pss
                        ? "RSASSA-PSS"
                        : switch (mechanism) {
                            case ED25519 -> "Ed25519";
                            case ECDSA_UNHASHED, ECDSA_SHA256, ECDSA_SHA384, ECDSA_SHA512 ->
                                hash + "withECDSAinP1363Format";
                            default -> hash + "withRSA";
                        });
        if (pss) {
            String name = "SHA-" + hash.substring(3);
            int salt = Integer.parseInt(hash.substring(3)) / 8;
            signature.setParameter(new PSSParameterSpec(name, "MGF1", new MGF1ParameterSpec(name), salt, 1));
        }
        signature.initSign(pair.getPrivate());
        signature.update(MESSAGE);
        return signature.sign();
    }

    private static HsmRequest verify(PublicKey key, SignatureMechanism mechanism, byte[] message, byte[] signature) {
        return new HsmRequest.Verify(key, mechanism, message, signature, Urgency.BEGUN, soon());
    }

    @Test
    void eachMechanismRightAndWrong() throws Exception {
        assertEquals(Set.of(SignatureMechanism.values()), pool.profile().verifications());
        Random random = new Random(7);
        HsmStatistics before = pool.statistics();
        List<Boolean> expected = new ArrayList<>();
        List<CompletableFuture<HsmResult>> futures = new ArrayList<>();
        for (KeyPair pair : pairs.values()) {
            for (SignatureMechanism mechanism : mechanisms(pair.getPublic())) {
                byte[] good = sign(pair, mechanism);
                byte[] changed = good.clone();
                changed[random.nextInt(changed.length)] ^= 0x20;
                byte[] longer = Arrays.copyOf(good, good.length + 1);
                futures.add(pool.submit(verify(pair.getPublic(), mechanism, MESSAGE, good)));
                futures.add(pool.submit(verify(pair.getPublic(), mechanism, new byte[] {1}, good)));
                futures.add(pool.submit(verify(pair.getPublic(), mechanism, MESSAGE, changed)));
                futures.add(pool.submit(verify(pair.getPublic(), mechanism, MESSAGE, longer)));
                futures.add(pool.submit(verify(pair.getPublic(), mechanism, MESSAGE, new byte[0])));
                expected.addAll(List.of(true, false, false, false, false));
            }
        }
        List<Boolean> verdicts = new ArrayList<>();
        for (CompletableFuture<HsmResult> future : futures) {
            verdicts.add(((HsmResult.Verified) get(future)).valid());
        }
        assertEquals(expected, verdicts);
        assertEquals(expected.size(), verifications(pool.statistics()) - verifications(before));
        assertEquals(before.failures(), pool.statistics().failures());
    }

    private static long verifications(HsmStatistics statistics) {
        return Objects.requireNonNull(statistics.operations().get("verify"));
    }

    @Test
    void anotherKeyOfTheSameKind() throws Exception {
        byte[] rsa = sign(pair("RSA2048"), SignatureMechanism.RSA_PSS_SHA256);
        PublicKey other = pair("RSA", 2048).getPublic();
        assertEquals(
                new HsmResult.Verified(false),
                get(pool.submit(verify(other, SignatureMechanism.RSA_PSS_SHA256, MESSAGE, rsa))));
        byte[] ec = sign(pair("EC256"), SignatureMechanism.ECDSA_SHA256);
        assertEquals(
                new HsmResult.Verified(false),
                get(pool.submit(verify(pair("EC", 256).getPublic(), SignatureMechanism.ECDSA_SHA256, MESSAGE, ec))));
    }

    @Test
    void keysThatTheCardCannotUse() throws Exception {
        RSAPublicKey good = (RSAPublicKey) pair("RSA2048").getPublic();
        byte[] signature = sign(pair("RSA2048"), SignatureMechanism.RSA_PKCS1_SHA256);
        SignatureMechanism mechanism = SignatureMechanism.RSA_PKCS1_SHA256;
        KeyFactory factory = KeyFactory.getInstance("RSA");
        PublicKey even = factory.generatePublic(
                new RSAPublicKeySpec(good.getModulus().subtract(BigInteger.ONE), good.getPublicExponent()));
        assertFails(Kind.PEER_DATA, pool.submit(verify(even, mechanism, MESSAGE, signature)));
        for (int bits : List.of(1024, 2047, 2050, 4104)) {
            PublicKey odd = factory.generatePublic(
                    new RSAPublicKeySpec(BigInteger.ONE.shiftLeft(bits - 1).setBit(0), good.getPublicExponent()));
            assertFails(Kind.UNSUPPORTED, pool.submit(verify(odd, mechanism, MESSAGE, signature)));
        }
        ECPublicKey ec = (ECPublicKey) pair("EC256").getPublic();
        PublicKey off = new OffCurve(ec);
        assertFails(Kind.PEER_DATA, pool.submit(verify(off, SignatureMechanism.ECDSA_SHA256, MESSAGE, new byte[64])));
        // our own mistake
        assertFails(Kind.OUR_FAULT, pool.submit(verify(ec, mechanism, MESSAGE, signature)));
        assertEquals(new HsmResult.Verified(true), get(pool.submit(verify(good, mechanism, MESSAGE, signature))));
    }

    /** A key whose point is not on its curve, as no factory of the JDK would make it. */
    private record OffCurve(ECPublicKey key) implements ECPublicKey {
        private static final long serialVersionUID = 1L;

        @Override
        public ECPoint getW() {
            return new ECPoint(key.getW().getAffineX(), key.getW().getAffineY().flipBit(0));
        }

        @Override
        public ECParameterSpec getParams() {
            return key.getParams();
        }

        @Override
        public String getAlgorithm() {
            return "EC";
        }

        @Override
        public String getFormat() {
            return "X.509";
        }

        @Override
        public byte[] getEncoded() {
            return new byte[0];
        }
    }

    @Test
    void tokensWithoutBatchesDoNotVerify() throws Exception {
        byte[] signature = sign(pair("EC256"), SignatureMechanism.ECDSA_SHA256);
        try (TokenPool plain =
                TokenPool.open(TestTokens.softHsm("verify").withGroups(Set.of()).withWorkers(1))) {
            assertEquals(Set.of(), plain.profile().verifications());
            assertFails(
                    Kind.UNSUPPORTED,
                    plain.submit(
                            verify(pair("EC256").getPublic(), SignatureMechanism.ECDSA_SHA256, MESSAGE, signature)));
        }
        // batches of version 1.0
        BatchOverSessions batches = new BatchOverSessions();
        try (TokenPool old = TokenPool.open(
                TestTokens.softHsm("verify10").withGroups(Set.of()).withWorkers(1), batches, System::nanoTime)) {
            assertEquals(Set.of(), old.profile().verifications());
        }
    }
}
