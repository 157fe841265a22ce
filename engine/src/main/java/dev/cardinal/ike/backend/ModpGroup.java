package dev.cardinal.ike.backend;

import dev.cardinal.ike.crypto.KeyExchangeMethod;
import java.math.BigInteger;
import java.util.EnumMap;
import java.util.Map;
import javax.crypto.spec.DHParameterSpec;
import org.bouncycastle.crypto.agreement.DHStandardGroups;
import org.bouncycastle.crypto.params.DHParameters;

/**
 * A MODP group of RFC 2409 section 6.2 or RFC 3526.
 *
 * @param exponentBits length of private exponents: at least twice the group's strength (SP 800-57 part 1 table 2: 80 bits for
 *     1024, RFC 3526 section 8: 90 for 1536; 112 for 2048, 128 for 3072, 152 for 4096, 176 for 6144, 200 for 8192)
 */
record ModpGroup(BigInteger prime, BigInteger generator, int length, int exponentBits) {
    private static final Map<KeyExchangeMethod, ModpGroup> GROUPS = new EnumMap<>(Map.of(
            KeyExchangeMethod.MODP_1024, group(DHStandardGroups.rfc2409_1024, 192),
            KeyExchangeMethod.MODP_1536, group(DHStandardGroups.rfc3526_1536, 192),
            KeyExchangeMethod.MODP_2048, group(DHStandardGroups.rfc3526_2048, 256),
            KeyExchangeMethod.MODP_3072, group(DHStandardGroups.rfc3526_3072, 320),
            KeyExchangeMethod.MODP_4096, group(DHStandardGroups.rfc3526_4096, 384),
            KeyExchangeMethod.MODP_6144, group(DHStandardGroups.rfc3526_6144, 448),
            KeyExchangeMethod.MODP_8192, group(DHStandardGroups.rfc3526_8192, 512)));

    /** @throws IllegalArgumentException where the method is no MODP group */
    static ModpGroup of(KeyExchangeMethod method) {
        ModpGroup group = GROUPS.get(method);
        if (group == null) {
            throw new IllegalArgumentException(method + " is no MODP group");
        }
        return group;
    }

    private static ModpGroup group(DHParameters parameters, int exponentBits) {
        BigInteger prime = parameters.getP();
        return new ModpGroup(prime, parameters.getG(), prime.bitLength() / 8, exponentBits);
    }

    DHParameterSpec parameters() {
        return new DHParameterSpec(prime, generator, exponentBits);
    }

    /** RFC 2631 section 2.1.5: {@code 1 < y < p-1}, which leaves no subgroup of two elements in a safe prime's group. */
    BigInteger decode(byte[] value) throws RefusedPublicValue {
        if (value.length != length) {
            throw new RefusedPublicValue("public value of " + value.length + " octets, not " + length);
        }
        BigInteger y = new BigInteger(1, value);
        if (y.compareTo(BigInteger.ONE) <= 0 || y.compareTo(prime.subtract(BigInteger.ONE)) >= 0) {
            throw new RefusedPublicValue("public value out of range");
        }
        return y;
    }

    /** Left-padded to the length of the prime (RFC 7296 section 3.4). */
    byte[] encode(BigInteger y) {
        return EcpGroup.fixedLength(y, length);
    }
}
