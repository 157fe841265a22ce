package dev.cardinal.bench.load;

import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.SecureRandom;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.RSAPrivateCrtKeySpec;
import java.security.spec.RSAPublicKeySpec;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Many distinct key pairs in a short time. The RSA keys share primes: 2 x 32 of them make 1,024 moduli. Anybody could factor
 * them by their common divisors, so they are good for nothing but a load test; to whoever verifies, each is as dear as any
 * other.
 */
final class FleetKeys {
    private static final BigInteger EXPONENT = BigInteger.valueOf(65537);

    private FleetKeys() {}

    static List<KeyPair> generate(Suite.Authentication authentication, int count) {
        try {
            return authentication.isRsa() ? rsa(authentication.bits(), count) : ec(count);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("the fleet's keys cannot be made", e);
        }
    }

    /** A pair as it should be. */
    static KeyPair proper(Suite.Authentication authentication) {
        try {
            if (!authentication.isRsa()) {
                return ec(1).getFirst();
            }
            KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
            generator.initialize(authentication.bits());
            return generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("no key pair", e);
        }
    }

    private static List<KeyPair> ec(int count) throws GeneralSecurityException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(new ECGenParameterSpec("secp256r1"));
        List<KeyPair> pairs = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            pairs.add(generator.generateKeyPair());
        }
        return pairs;
    }

    private static List<KeyPair> rsa(int bits, int count) throws GeneralSecurityException {
        int side = (int) Math.ceil(Math.sqrt(count));
        List<BigInteger> primes = Stream.generate(() -> prime(bits / 2))
                .parallel()
                .distinct()
                .limit(2L * side)
                .toList();
        KeyFactory factory = KeyFactory.getInstance("RSA");
        List<KeyPair> pairs = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            pairs.add(rsa(factory, primes.get(i % side), primes.get(side + i / side)));
        }
        return pairs;
    }

    /** With the two highest bits set, so that the product of two has all its bits; {@link #EXPONENT} is invertible. */
    private static BigInteger prime(int bits) {
        SecureRandom random = new SecureRandom();
        while (true) {
            BigInteger prime = new BigInteger(bits, random)
                    .setBit(bits - 1)
                    .setBit(bits - 2)
                    .nextProbablePrime();
            if (prime.bitLength() == bits && !prime.mod(EXPONENT).equals(BigInteger.ONE)) {
                return prime;
            }
        }
    }

    private static KeyPair rsa(KeyFactory factory, BigInteger first, BigInteger second)
            throws GeneralSecurityException {
        BigInteger p = first.max(second);
        BigInteger q = first.min(second);
        BigInteger modulus = p.multiply(q);
        BigInteger pMinus1 = p.subtract(BigInteger.ONE);
        BigInteger qMinus1 = q.subtract(BigInteger.ONE);
        BigInteger d = EXPONENT.modInverse(pMinus1.multiply(qMinus1));
        return new KeyPair(
                factory.generatePublic(new RSAPublicKeySpec(modulus, EXPONENT)),
                factory.generatePrivate(new RSAPrivateCrtKeySpec(
                        modulus, EXPONENT, d, p, q, d.mod(pMinus1), d.mod(qMinus1), q.modInverse(p))));
    }
}
