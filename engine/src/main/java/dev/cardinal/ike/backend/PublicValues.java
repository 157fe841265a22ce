package dev.cardinal.ike.backend;

import dev.cardinal.ike.crypto.KeyExchangeMethod;
import java.math.BigInteger;
import java.util.Set;

/** What a peer's public value must be, wherever the agreement is computed: some tokens compute with anything. */
final class PublicValues {
    private static final BigInteger P_25519 = BigInteger.TWO.pow(255).subtract(BigInteger.valueOf(19));
    private static final BigInteger P_448 =
            BigInteger.TWO.pow(448).subtract(BigInteger.TWO.pow(224)).subtract(BigInteger.ONE);

    /**
     * The u-coordinates of small order, on the curve or its twist: exactly those with which every private key agrees on
     * zero, which RFC 7748 section 6 has us refuse. Where the secret stays on a token this is the only place to see it.
     */
    private static final Set<BigInteger> SMALL_ORDER_25519 = Set.of(
            BigInteger.ZERO,
            BigInteger.ONE,
            P_25519.subtract(BigInteger.ONE),
            new BigInteger("325606250916557431795983626356110631294008115727848805560023387167927233504"),
            new BigInteger("39382357235489614581723060781553021112529911719440698176882885853963445705823"));

    private static final Set<BigInteger> SMALL_ORDER_448 =
            Set.of(BigInteger.ZERO, BigInteger.ONE, P_448.subtract(BigInteger.ONE));

    private PublicValues() {}

    /** @param value as the Key Exchange payload carries it */
    static void check(KeyExchangeMethod method, byte[] value) throws RefusedPublicValue {
        switch (method) {
            case MODP_1024, MODP_1536, MODP_2048, MODP_3072, MODP_4096, MODP_6144, MODP_8192 ->
                ModpGroup.of(method).decode(value);
            case ECP_256, ECP_384, ECP_521 -> EcpGroup.of(method).decode(value);
            case CURVE_25519 -> checkOrder(method, value, P_25519, SMALL_ORDER_25519);
            case CURVE_448 -> checkOrder(method, value, P_448, SMALL_ORDER_448);
        }
    }

    private static void checkOrder(KeyExchangeMethod method, byte[] value, BigInteger prime, Set<BigInteger> smallOrder)
            throws RefusedPublicValue {
        if (value.length != method.publicLength()) {
            throw new RefusedPublicValue("public value of " + value.length + " octets, not " + method.publicLength());
        }
        byte[] bigEndian = new byte[value.length];
        for (int i = 0; i < value.length; i++) {
            bigEndian[i] = value[value.length - 1 - i];
        }
        if (method == KeyExchangeMethod.CURVE_25519) {
            bigEndian[0] &= 0x7f; // RFC 7748 section 5: the unused bit is ignored
        }
        if (smallOrder.contains(new BigInteger(1, bigEndian).mod(prime))) {
            throw new RefusedPublicValue("public value of small order");
        }
    }
}
