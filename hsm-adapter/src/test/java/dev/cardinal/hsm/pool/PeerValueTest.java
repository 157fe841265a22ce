package dev.cardinal.hsm.pool;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.cardinal.hsm.HsmFailure;
import dev.cardinal.hsm.KeyExchangeGroup;
import java.math.BigInteger;
import java.security.InvalidKeyException;
import java.security.KeyFactory;
import java.security.KeyPairGenerator;
import java.security.spec.NamedParameterSpec;
import java.security.spec.XECPublicKeySpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import javax.crypto.KeyAgreement;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** RFC 6989 and RFC 7748 section 6: what a peer may send, and what must be refused before a token sees it. */
final class PeerValueTest {

    /** Public values that must be refused in a group. */
    static List<byte[]> bad(KeyExchangeGroup group) {
        int length = HostPeer.publicLength(group);
        List<byte[]> bad = new ArrayList<>();
        bad.add(new byte[0]);
        bad.add(new byte[length - 1]);
        bad.add(new byte[length + 1]);
        bad.add(new byte[length]);
        switch (group) {
            case MODP_1024, MODP_1536, MODP_2048, MODP_3072, MODP_4096, MODP_6144, MODP_8192 -> {
                BigInteger p = HostPeer.prime(group);
                for (BigInteger y : List.of(
                        BigInteger.ONE,
                        p.subtract(BigInteger.ONE),
                        p,
                        p.add(BigInteger.ONE),
                        BigInteger.ONE.shiftLeft(8 * length).subtract(BigInteger.ONE))) {
                    bad.add(HostPeer.fixed(y, length));
                }
            }
            case P256, P384, P521 -> {
                EcCurve curve = EcCurve.valueOf(group.name());
                byte[] generator = HostPeer.concatenated(curve.parameters().getGenerator(), length / 2);
                byte[] off = generator.clone();
                off[length - 1] ^= 1;
                bad.add(off);
                byte[] swapped = new byte[length];
                System.arraycopy(generator, 0, swapped, length / 2, length / 2);
                System.arraycopy(generator, length / 2, swapped, 0, length / 2);
                bad.add(swapped);
                byte[] beyond = new byte[length];
                Arrays.fill(beyond, (byte) 0xff);
                bad.add(beyond);
            }
            case X25519, X448 -> {
                for (BigInteger u : smallOrder(group)) {
                    bad.add(HostPeer.reversed(HostPeer.fixed(u, length)));
                }
                if (group == KeyExchangeGroup.X25519) {
                    // the high bit is ignored, and hides nothing
                    for (BigInteger u : smallOrder(group)) {
                        byte[] masked = HostPeer.reversed(HostPeer.fixed(u, length));
                        masked[31] |= (byte) 0x80;
                        bad.add(masked);
                    }
                }
            }
        }
        return bad;
    }

    private static List<BigInteger> smallOrder(KeyExchangeGroup group) {
        boolean x25519 = group == KeyExchangeGroup.X25519;
        BigInteger p = x25519
                ? BigInteger.ONE.shiftLeft(255).subtract(BigInteger.valueOf(19))
                : BigInteger.ONE
                        .shiftLeft(448)
                        .subtract(BigInteger.ONE.shiftLeft(224))
                        .subtract(BigInteger.ONE);
        List<BigInteger> points = new ArrayList<>(
                List.of(BigInteger.ZERO, BigInteger.ONE, p.subtract(BigInteger.ONE), p, p.add(BigInteger.ONE)));
        if (x25519) {
            points.add(new BigInteger("325606250916557431795983626356110631294008115727848805560023387167927233504"));
            points.add(new BigInteger("39382357235489614581723060781553021112529911719440698176882885853963445705823"));
        }
        return points;
    }

    private static GroupDriver driver(KeyExchangeGroup group) {
        return switch (group) {
            case MODP_1024, MODP_1536, MODP_2048, MODP_3072, MODP_4096, MODP_6144, MODP_8192 ->
                new ModpDriver(group, ModpGroup.valueOf(group.name()));
            case P256, P384, P521 -> new EcpDriver(group, EcCurve.valueOf(group.name()), false);
            case X25519, X448 ->
                new MontgomeryDriver(
                        group, MontgomeryDriver.Curve.valueOf(group.name()), MontgomeryDriver.Encoding.MONTGOMERY);
        };
    }

    @ParameterizedTest
    @EnumSource
    void refusesBadValues(KeyExchangeGroup group) {
        for (byte[] bad : bad(group)) {
            HsmFailure failure =
                    assertThrows(HsmFailure.class, () -> driver(group).derivation(bad));
            assertEquals(HsmFailure.Kind.PEER_DATA, failure.kind());
        }
    }

    @ParameterizedTest
    @EnumSource
    void acceptsWhatAnHonestPeerSends(KeyExchangeGroup group) throws Exception {
        driver(group).derivation(HostPeer.of(group).publicValue());
    }

    @ParameterizedTest
    @EnumSource(
            value = KeyExchangeGroup.class,
            names = {"X25519", "X448"})
    void theRefusedPointsAreThoseTheJdkFindsToHaveSmallOrder(KeyExchangeGroup group) throws Exception {
        NamedParameterSpec curve = new NamedParameterSpec(group.name());
        KeyPairGenerator generator = KeyPairGenerator.getInstance("XDH");
        generator.initialize(curve);
        KeyAgreement agreement = KeyAgreement.getInstance("XDH");
        for (BigInteger u : smallOrder(group)) {
            agreement.init(generator.generateKeyPair().getPrivate());
            assertThrows(
                    InvalidKeyException.class,
                    () -> agreement.doPhase(
                            KeyFactory.getInstance("XDH").generatePublic(new XECPublicKeySpec(curve, u)), true),
                    u::toString);
        }
    }

    /** The self-test's own secrets begin with a zero and are what an independent peer computes. */
    @ParameterizedTest
    @EnumSource
    void selfTestsAreTrue(KeyExchangeGroup group) throws Exception {
        HostPeer own = HostPeer.of(group);
        GroupDriver.SelfTest test = driver(group).selfTest(own.publicValue());
        assertEquals(0, test.secret()[0]);
        assertEquals(driver(group).secretLength(), test.secret().length);
        assertArrayEquals(own.agree(test.peerPublic()), test.secret());
    }

    @Test
    void pointsAreUnwrappedInEitherForm() {
        for (int length : List.of(32, 56, 65, 97, 133)) {
            byte[] point = new byte[length];
            Arrays.fill(point, (byte) 4);
            assertArrayEquals(point, EcPoints.unwrapped(point, length));
            assertArrayEquals(point, EcPoints.unwrapped(EcPoints.wrapped(point), length));
            assertNull(EcPoints.unwrapped(new byte[length + 1], length));
        }
    }
}
