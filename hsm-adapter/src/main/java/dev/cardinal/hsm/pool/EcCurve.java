package dev.cardinal.hsm.pool;

import java.math.BigInteger;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.spec.ECFieldFp;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.ECParameterSpec;
import java.security.spec.ECPoint;
import java.util.HexFormat;

/**
 * The prime curves of NIST, with the arithmetic that checks and self-tests need. It handles public values only and is
 * not constant-time.
 */
@SuppressWarnings("ImmutableEnumChecker") // nothing changes them after construction
public enum EcCurve {
    P256("secp256r1", 256, "06082a8648ce3d030107"),
    P384("secp384r1", 384, "06052b81040022"),
    P521("secp521r1", 521, "06052b81040023");

    private final int bits;
    private final byte[] objectIdentifier;
    private final ECParameterSpec parameters;
    private final BigInteger p;

    EcCurve(String jcaName, int bits, String objectIdentifier) {
        this.bits = bits;
        this.objectIdentifier = HexFormat.of().parseHex(objectIdentifier);
        try {
            AlgorithmParameters ec = AlgorithmParameters.getInstance("EC");
            ec.init(new ECGenParameterSpec(jcaName));
            this.parameters = ec.getParameterSpec(ECParameterSpec.class);
        } catch (GeneralSecurityException e) {
            throw new ExceptionInInitializerError(e);
        }
        this.p = ((ECFieldFp) parameters.getCurve().getField()).getP();
    }

    /** Octets of a coordinate. */
    public int length() {
        return (bits + 7) / 8;
    }

    public int bits() {
        return bits;
    }

    public ECParameterSpec parameters() {
        return parameters;
    }

    /** DER of the curve's object identifier, the value of {@code CKA_EC_PARAMS}. */
    byte[] objectIdentifier() {
        return objectIdentifier.clone();
    }

    /** RFC 5903 section 7 leaves it to us: both coordinates below p, and the point on the curve. */
    boolean contains(ECPoint point) {
        BigInteger x = point.getAffineX();
        BigInteger y = point.getAffineY();
        if (x.signum() < 0 || y.signum() < 0 || x.compareTo(p) >= 0 || y.compareTo(p) >= 0) {
            return false;
        }
        BigInteger right = x.multiply(x)
                .add(parameters.getCurve().getA())
                .multiply(x)
                .add(parameters.getCurve().getB());
        return y.multiply(y).subtract(right).mod(p).signum() == 0;
    }

    ECPoint add(ECPoint a, ECPoint b) {
        if (a.equals(ECPoint.POINT_INFINITY)) {
            return b;
        }
        if (b.equals(ECPoint.POINT_INFINITY)) {
            return a;
        }
        BigInteger slope;
        if (a.getAffineX().equals(b.getAffineX())) {
            if (!a.getAffineY().equals(b.getAffineY()) || a.getAffineY().signum() == 0) {
                return ECPoint.POINT_INFINITY;
            }
            slope = a.getAffineX()
                    .pow(2)
                    .multiply(BigInteger.valueOf(3))
                    .add(parameters.getCurve().getA())
                    .multiply(a.getAffineY().shiftLeft(1).modInverse(p));
        } else {
            slope = b.getAffineY()
                    .subtract(a.getAffineY())
                    .multiply(b.getAffineX().subtract(a.getAffineX()).modInverse(p));
        }
        slope = slope.mod(p);
        BigInteger x =
                slope.pow(2).subtract(a.getAffineX()).subtract(b.getAffineX()).mod(p);
        return new ECPoint(
                x,
                slope.multiply(a.getAffineX().subtract(x))
                        .subtract(a.getAffineY())
                        .mod(p));
    }

    ECPoint multiply(ECPoint point, BigInteger factor) {
        ECPoint result = ECPoint.POINT_INFINITY;
        for (int i = factor.bitLength() - 1; i >= 0; i--) {
            result = add(result, result);
            if (factor.testBit(i)) {
                result = add(result, point);
            }
        }
        return result;
    }
}
