package dev.cardinal.hsm.pool;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.cardinal.hsm.KeyExchangeGroup;
import java.math.BigInteger;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** RFC 3526: the primes that the formula gives. */
final class ModpGroupTest {

    @ParameterizedTest
    @EnumSource
    void theFormulaGivesTheStandardsPrimes(ModpGroup group) {
        assertEquals(HostPeer.prime(KeyExchangeGroup.valueOf(group.name())), group.prime());
        assertEquals(group.bits(), group.prime().bitLength());
    }

    /** Fermat's test to base 3 for p, and to base 2 for (p - 1) / 2: enough against a mistake, if not an adversary. */
    @ParameterizedTest
    @EnumSource(
            value = ModpGroup.class,
            names = {"MODP_1024", "MODP_1536", "MODP_2048", "MODP_3072", "MODP_4096"})
    void thePrimesAreSafe(ModpGroup group) {
        BigInteger p = group.prime();
        BigInteger q = p.subtract(BigInteger.ONE).shiftRight(1);
        BigInteger three = BigInteger.valueOf(3);
        assertEquals(BigInteger.ONE, three.modPow(p.subtract(BigInteger.ONE), p));
        assertEquals(BigInteger.ONE, BigInteger.TWO.modPow(q.subtract(BigInteger.ONE), q));
        // 2 generates the subgroup of order q: RFC 3526 section 1
        assertEquals(BigInteger.ONE, BigInteger.TWO.modPow(q, p));
    }
}
