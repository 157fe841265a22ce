package dev.cardinal.hsm.pool;

import dev.cardinal.hsm.HsmFailure;
import dev.cardinal.hsm.KeyExchangeGroup;
import dev.cardinal.hsm.pkcs11.Attribute;
import dev.cardinal.hsm.pkcs11.Cka;
import dev.cardinal.hsm.pkcs11.Ckm;
import dev.cardinal.hsm.pkcs11.Mechanism;
import java.math.BigInteger;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Diffie-Hellman in a MODP group (RFC 3526) by PKCS #3's mechanisms. */
record ModpDriver(KeyExchangeGroup group, ModpGroup modp) implements GroupDriver {

    /** About 256 steps are expected; that many fail with probability {@code e^-64}. */
    private static final int SEARCH_LIMIT = 16_384;

    @Override
    public int publicLength() {
        return modp.length();
    }

    @Override
    public int secretLength() {
        return modp.length();
    }

    @Override
    public Mechanism generation() {
        return Mechanism.of(Ckm.DH_PKCS_KEY_PAIR_GEN);
    }

    @Override
    public List<Attribute> parameters() {
        return List.of(
                Attribute.of(Cka.PRIME, Octets.unsigned(modp.prime())),
                Attribute.of(Cka.BASE, Octets.unsigned(ModpGroup.GENERATOR)));
    }

    @Override
    public long publicAttribute() {
        return Cka.VALUE;
    }

    @Override
    public byte @Nullable [] payloadOf(byte[] tokenPublic) {
        // a big integer of PKCS#11 has no leading zeros; the payload of RFC 7296 section 3.4 is padded
        return Octets.leftPadded(tokenPublic, modp.length());
    }

    @Override
    public Mechanism derivation(byte[] peerPublic) throws HsmFailure {
        if (peerPublic.length != modp.length()) {
            throw GroupDriver.refused(group, "has a wrong length");
        }
        BigInteger y = new BigInteger(1, peerPublic);
        // RFC 6989 section 2.1: 1 < y < p - 1; these are safe primes, so that no other small subgroup exists
        if (y.compareTo(BigInteger.ONE) <= 0 || y.compareTo(modp.prime().subtract(BigInteger.ONE)) >= 0) {
            throw GroupDriver.refused(group, "is out of range");
        }
        // without leading zeros, as a big integer of PKCS#11 is: not every token takes them
        return Mechanism.dhDerive(Octets.unsigned(y));
    }

    @Override
    public SelfTest selfTest(byte[] ownPublic) {
        BigInteger p = modp.prime();
        BigInteger a = new BigInteger(1, ownPublic);
        // from the modulus' size on, so that g^b is reduced and looks like any other value
        int b = modp.bits();
        BigInteger secret = a.modPow(BigInteger.valueOf(b), p);
        for (int i = 0; i < SEARCH_LIMIT; i++) {
            if (secret.bitLength() <= modp.bits() - 8) {
                BigInteger y = ModpGroup.GENERATOR.modPow(BigInteger.valueOf(b), p);
                return new SelfTest(Octets.of(y, modp.length()), Octets.of(secret, modp.length()));
            }
            secret = secret.multiply(a).mod(p);
            b++;
        }
        throw new AssertionError("no secret with a leading zero for " + group);
    }
}
