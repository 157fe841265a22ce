package dev.cardinal.hsm.pool;

import dev.cardinal.hsm.HsmFailure;
import dev.cardinal.hsm.KeyExchangeGroup;
import dev.cardinal.hsm.pkcs11.Attribute;
import dev.cardinal.hsm.pkcs11.Cka;
import dev.cardinal.hsm.pkcs11.Ckm;
import dev.cardinal.hsm.pkcs11.Mechanism;
import java.math.BigInteger;
import java.security.spec.ECPoint;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Elliptic curve Diffie-Hellman on a prime curve. RFC 5903 section 7: the payload carries x and y, each padded to the
 * field's length; the secret is x alone.
 *
 * @param derPoint whether the token wants the peer's point wrapped as a DER octet string
 */
record EcpDriver(KeyExchangeGroup group, EcCurve curve, boolean derPoint) implements GroupDriver {

    private static final byte UNCOMPRESSED = 4;
    private static final int SEARCH_LIMIT = 16_384;

    @Override
    public int publicLength() {
        return 2 * curve.length();
    }

    @Override
    public int secretLength() {
        return curve.length();
    }

    @Override
    public Mechanism generation() {
        return Mechanism.of(Ckm.EC_KEY_PAIR_GEN);
    }

    @Override
    public List<Attribute> parameters() {
        return List.of(Attribute.of(Cka.EC_PARAMS, curve.objectIdentifier()));
    }

    @Override
    public long publicAttribute() {
        return Cka.EC_POINT;
    }

    @Override
    public byte @Nullable [] payloadOf(byte[] tokenPublic) {
        byte[] point = EcPoints.unwrapped(tokenPublic, 1 + publicLength());
        return point == null || point[0] != UNCOMPRESSED ? null : Arrays.copyOfRange(point, 1, point.length);
    }

    @Override
    public Mechanism derivation(byte[] peerPublic) throws HsmFailure {
        if (peerPublic.length != publicLength()) {
            throw GroupDriver.refused(group, "has a wrong length");
        }
        ECPoint point = new ECPoint(
                new BigInteger(1, peerPublic, 0, curve.length()),
                new BigInteger(1, peerPublic, curve.length(), curve.length()));
        // RFC 6989 section 2.3
        if (!curve.contains(point)) {
            throw GroupDriver.refused(group, "is not on the curve");
        }
        byte[] encoded = new byte[1 + peerPublic.length];
        encoded[0] = UNCOMPRESSED;
        System.arraycopy(peerPublic, 0, encoded, 1, peerPublic.length);
        return Mechanism.ecdh1Derive(derPoint ? EcPoints.wrapped(encoded) : encoded);
    }

    @Override
    public SelfTest selfTest(byte[] ownPublic) {
        ECPoint a = new ECPoint(
                new BigInteger(1, ownPublic, 0, curve.length()),
                new BigInteger(1, ownPublic, curve.length(), curve.length()));
        int zeroTop = curve.length() * 8 - 8;
        ECPoint secret = a;
        for (int b = 1; b <= SEARCH_LIMIT; b++) {
            if (b > 1 && secret.getAffineX().bitLength() <= zeroTop) {
                ECPoint y = curve.multiply(curve.parameters().getGenerator(), BigInteger.valueOf(b));
                byte[] peer = new byte[publicLength()];
                System.arraycopy(Octets.of(y.getAffineX(), curve.length()), 0, peer, 0, curve.length());
                System.arraycopy(Octets.of(y.getAffineY(), curve.length()), 0, peer, curve.length(), curve.length());
                return new SelfTest(peer, Octets.of(secret.getAffineX(), curve.length()));
            }
            secret = curve.add(secret, a);
        }
        throw new AssertionError("no secret with a leading zero for " + group);
    }
}
