package dev.cardinal.hsm.pool;

import dev.cardinal.hsm.HsmFailure;
import dev.cardinal.hsm.KeyExchangeGroup;
import dev.cardinal.hsm.pkcs11.Attribute;
import dev.cardinal.hsm.pkcs11.Cka;
import dev.cardinal.hsm.pkcs11.Ckm;
import dev.cardinal.hsm.pkcs11.Mechanism;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.SecureRandom;
import java.security.spec.NamedParameterSpec;
import java.security.spec.XECPrivateKeySpec;
import java.security.spec.XECPublicKeySpec;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import javax.crypto.KeyAgreement;
import org.jspecify.annotations.Nullable;

/** X25519 and X448 (RFC 7748, RFC 8031) in one of the three ways tokens know them. */
record MontgomeryDriver(KeyExchangeGroup group, Curve curve, Encoding encoding) implements GroupDriver {

    private static final int SEARCH_LIMIT = 16_384;

    /** How a token names the curve and makes a key pair on it. */
    enum Encoding {
        /** PKCS#11 3.0: the mechanism for Montgomery curves. */
        MONTGOMERY(Ckm.EC_MONTGOMERY_KEY_PAIR_GEN),
        /** SoftHSM: the mechanism for Edwards curves with a Montgomery curve's identifier. */
        EDWARDS(Ckm.EC_EDWARDS_KEY_PAIR_GEN),
        /** NSS: the mechanism for Weierstrass curves with an identifier of its own. */
        WEIERSTRASS(Ckm.EC_KEY_PAIR_GEN);

        private final long generation;

        Encoding(long generation) {
            this.generation = generation;
        }

        long generation() {
            return generation;
        }
    }

    /** A curve's sizes, identifiers and the u coordinates of its points of small order. */
    @SuppressWarnings("ImmutableEnumChecker") // nothing changes them after construction
    enum Curve {
        X25519(
                32,
                255,
                NamedParameterSpec.X25519,
                9,
                BigInteger.ONE.shiftLeft(255).subtract(BigInteger.valueOf(19)),
                "06032b656e",
                "06092b06010401da470f01",
                // the points of order 8
                "325606250916557431795983626356110631294008115727848805560023387167927233504",
                "39382357235489614581723060781553021112529911719440698176882885853963445705823"),
        X448(
                56,
                448,
                NamedParameterSpec.X448,
                5,
                BigInteger.ONE
                        .shiftLeft(448)
                        .subtract(BigInteger.ONE.shiftLeft(224))
                        .subtract(BigInteger.ONE),
                "06032b656f",
                "");

        private final int length;
        private final int bits;
        private final NamedParameterSpec jca;
        private final BigInteger basePoint;
        private final BigInteger p;
        private final byte[] objectIdentifier;
        private final byte[] weierstrassIdentifier;
        private final Set<BigInteger> smallOrder;

        Curve(
                int length,
                int bits,
                NamedParameterSpec jca,
                int basePoint,
                BigInteger p,
                String objectIdentifier,
                String weierstrassIdentifier,
                String... orderEight) {
            this.length = length;
            this.bits = bits;
            this.jca = jca;
            this.basePoint = BigInteger.valueOf(basePoint);
            this.p = p;
            this.objectIdentifier = HexFormat.of().parseHex(objectIdentifier);
            this.weierstrassIdentifier = HexFormat.of().parseHex(weierstrassIdentifier);
            Set<BigInteger> points = new HashSet<>();
            // orders 2 and 4, on the curve and on its twist
            points.add(BigInteger.ZERO);
            points.add(BigInteger.ONE);
            points.add(p.subtract(BigInteger.ONE));
            for (String point : orderEight) {
                points.add(new BigInteger(point));
            }
            this.smallOrder = Set.copyOf(points);
        }

        private byte[] identifier(Encoding encoding) {
            return switch (encoding) {
                case MONTGOMERY, EDWARDS -> objectIdentifier.clone();
                case WEIERSTRASS -> weierstrassIdentifier.clone();
            };
        }

        /** RFC 7748 section 5: the unused high bit is ignored, values beyond p are reduced. */
        private BigInteger coordinate(byte[] u) {
            return Octets.littleEndian(u).mod(BigInteger.ONE.shiftLeft(bits)).mod(p);
        }
    }

    /** False where this encoding has no identifier for the curve. */
    boolean defined() {
        return curve.identifier(encoding).length > 0;
    }

    @Override
    public int publicLength() {
        return curve.length;
    }

    @Override
    public int secretLength() {
        return curve.length;
    }

    @Override
    public Mechanism generation() {
        return Mechanism.of(encoding.generation());
    }

    @Override
    public List<Attribute> parameters() {
        return List.of(Attribute.of(Cka.EC_PARAMS, curve.identifier(encoding)));
    }

    @Override
    public long publicAttribute() {
        return Cka.EC_POINT;
    }

    @Override
    public byte @Nullable [] payloadOf(byte[] tokenPublic) {
        return EcPoints.unwrapped(tokenPublic, curve.length);
    }

    @Override
    public Mechanism derivation(byte[] peerPublic) throws HsmFailure {
        if (peerPublic.length != curve.length) {
            throw GroupDriver.refused(group, "has a wrong length");
        }
        // RFC 7748 section 6: an all-zero secret must be refused. It follows from these points and no others, and a
        // secret that stays on the token cannot be looked at.
        if (curve.smallOrder.contains(curve.coordinate(peerPublic))) {
            throw GroupDriver.refused(group, "has small order");
        }
        return Mechanism.ecdh1Derive(peerPublic);
    }

    @Override
    public SelfTest selfTest(byte[] ownPublic) {
        try {
            KeyFactory factory = KeyFactory.getInstance("XDH");
            var own = factory.generatePublic(new XECPublicKeySpec(curve.jca, curve.coordinate(ownPublic)));
            SecureRandom random = new SecureRandom();
            KeyAgreement agreement = KeyAgreement.getInstance("XDH");
            for (int i = 0; i < SEARCH_LIMIT; i++) {
                byte[] scalar = new byte[curve.length];
                random.nextBytes(scalar);
                agreement.init(factory.generatePrivate(new XECPrivateKeySpec(curve.jca, scalar)));
                agreement.doPhase(own, true);
                byte[] secret = agreement.generateSecret();
                if (secret[0] == 0) {
                    // the public value is the agreement with the base point: one multiplication, not one each step
                    agreement.doPhase(factory.generatePublic(new XECPublicKeySpec(curve.jca, curve.basePoint)), true);
                    return new SelfTest(agreement.generateSecret(), secret);
                }
            }
        } catch (GeneralSecurityException e) {
            throw new AssertionError("the JDK lacks " + group, e);
        }
        throw new AssertionError("no secret with a leading zero for " + group);
    }
}
