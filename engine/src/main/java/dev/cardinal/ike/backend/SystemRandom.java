package dev.cardinal.ike.backend;

import dev.cardinal.ike.crypto.RandomSource;
import java.security.SecureRandom;

/** The operating system's random octets. Safe for use by many threads. */
public final class SystemRandom implements RandomSource {
    private final SecureRandom random = new SecureRandom();

    public SystemRandom() {}

    @Override
    public void fill(byte[] target) {
        random.nextBytes(target);
    }
}
