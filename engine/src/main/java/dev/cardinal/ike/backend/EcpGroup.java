package dev.cardinal.ike.backend;

import dev.cardinal.ike.crypto.KeyExchangeMethod;
import java.math.BigInteger;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.spec.ECFieldFp;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.ECParameterSpec;
import java.security.spec.ECPoint;
import java.util.EnumMap;
import java.util.Map;

/** An ECP group of RFC 5903. */
record EcpGroup(ECParameterSpec parameters, BigInteger prime, int fieldLength) {
    private static final Map<KeyExchangeMethod, EcpGroup> GROUPS = new EnumMap<>(Map.of(
            KeyExchangeMethod.ECP_256, named("secp256r1"),
            KeyExchangeMethod.ECP_384, named("secp384r1"),
            KeyExchangeMethod.ECP_521, named("secp521r1")));

    /** @throws IllegalArgumentException where the method is no ECP group */
    static EcpGroup of(KeyExchangeMethod method) {
        EcpGroup group = GROUPS.get(method);
        if (group == null) {
            throw new IllegalArgumentException(method + " is no ECP group");
        }
        return group;
    }

    /** Whether the parameters are those of one of our curves. */
    static boolean knows(ECParameterSpec parameters) {
        return GROUPS.values().stream()
                .anyMatch(group -> group.parameters.getCurve().equals(parameters.getCurve())
                        && group.parameters.getGenerator().equals(parameters.getGenerator())
                        && group.parameters.getOrder().equals(parameters.getOrder()));
    }

    private static EcpGroup named(String name) {
        try {
            AlgorithmParameters parameters = AlgorithmParameters.getInstance("EC");
            parameters.init(new ECGenParameterSpec(name));
            ECParameterSpec spec = parameters.getParameterSpec(ECParameterSpec.class);
            if (!(spec.getCurve().getField() instanceof ECFieldFp field)) {
                throw new IllegalStateException(name + " is not over a prime field");
            }
            return new EcpGroup(spec, field.getP(), (field.getFieldSize() + 7) / 8);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("the JDK lacks " + name, e);
        }
    }

    /** RFC 5903 section 7: {@code x | y}, which must lie on the curve; the point at infinity has no such form. */
    ECPoint decode(byte[] value) throws RefusedPublicValue {
        if (value.length != 2 * fieldLength) {
            throw new RefusedPublicValue("public value of " + value.length + " octets, not " + 2 * fieldLength);
        }
        BigInteger x = new BigInteger(1, value, 0, fieldLength);
        BigInteger y = new BigInteger(1, value, fieldLength, fieldLength);
        if (x.compareTo(prime) >= 0 || y.compareTo(prime) >= 0) {
            throw new RefusedPublicValue("coordinate out of range");
        }
        BigInteger a = parameters.getCurve().getA();
        BigInteger b = parameters.getCurve().getB();
        BigInteger right = x.multiply(x).add(a).multiply(x).add(b).mod(prime);
        if (!y.multiply(y).mod(prime).equals(right)) {
            throw new RefusedPublicValue("point not on the curve");
        }
        return new ECPoint(x, y);
    }

    byte[] encode(ECPoint point) {
        byte[] value = new byte[2 * fieldLength];
        System.arraycopy(fixedLength(point.getAffineX(), fieldLength), 0, value, 0, fieldLength);
        System.arraycopy(fixedLength(point.getAffineY(), fieldLength), 0, value, fieldLength, fieldLength);
        return value;
    }

    /** A number that fits, big-endian and left-padded. */
    static byte[] fixedLength(BigInteger number, int length) {
        byte[] signed = number.toByteArray();
        byte[] padded = new byte[length];
        int taken = Math.min(signed.length, length);
        System.arraycopy(signed, signed.length - taken, padded, length - taken, taken);
        return padded;
    }
}
