package dev.cardinal.hsm.pool;

import java.math.BigInteger;

/**
 * The MODP groups of RFC 2409 section 6.2 and RFC 3526, computed from the RFCs' formula
 * {@code p = 2^n - 2^(n-64) - 1 + 2^64 * (floor(2^(n-130) * pi) + k)}; the generator is 2.
 */
enum ModpGroup {
    MODP_1024(1024, 129093),
    MODP_1536(1536, 741804),
    MODP_2048(2048, 124476),
    MODP_3072(3072, 1690314),
    MODP_4096(4096, 240904),
    MODP_6144(6144, 929484),
    MODP_8192(8192, 4743158);

    static final BigInteger GENERATOR = BigInteger.TWO;

    private final int bits;
    private final BigInteger prime;

    ModpGroup(int bits, int k) {
        this.bits = bits;
        this.prime = prime(bits, k);
    }

    int length() {
        return bits / 8;
    }

    int bits() {
        return bits;
    }

    BigInteger prime() {
        return prime;
    }

    private static BigInteger prime(int n, int k) {
        return BigInteger.ONE
                .shiftLeft(n)
                .subtract(BigInteger.ONE.shiftLeft(n - 64))
                .subtract(BigInteger.ONE)
                .add(Pi.scaled(n - 130).add(BigInteger.valueOf(k)).shiftLeft(64));
    }

    private static final class Pi {
        /** Bits beyond those asked for: more than the sum's rounding errors can reach. */
        private static final int GUARD = 64;

        /** {@code floor(2^bits * pi)} by Machin's formula, {@code pi = 16 arctan(1/5) - 4 arctan(1/239)}. */
        static BigInteger scaled(int bits) {
            BigInteger one = BigInteger.ONE.shiftLeft(bits + GUARD);
            return arctan(one, 5)
                    .shiftLeft(4)
                    .subtract(arctan(one, 239).shiftLeft(2))
                    .shiftRight(GUARD);
        }

        private static BigInteger arctan(BigInteger one, int x) {
            BigInteger square = BigInteger.valueOf((long) x * x);
            BigInteger power = one.divide(BigInteger.valueOf(x));
            BigInteger sum = power;
            for (int n = 3; power.signum() != 0; n += 2) {
                power = power.divide(square);
                BigInteger term = power.divide(BigInteger.valueOf(n));
                sum = n % 4 == 3 ? sum.subtract(term) : sum.add(term);
            }
            return sum;
        }
    }
}
