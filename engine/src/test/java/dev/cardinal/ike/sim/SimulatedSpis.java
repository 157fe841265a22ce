package dev.cardinal.ike.sim;

import dev.cardinal.ike.sa.SpiSource;
import java.util.HashSet;
import java.util.Set;
import java.util.random.RandomGenerator;

/** Random SPIs; notices a Child SA's SPI that is given back twice or never. */
final class SimulatedSpis implements SpiSource {
    private final RandomGenerator random;
    private final Set<Integer> childSpis = new HashSet<>();
    private int serial;

    SimulatedSpis(RandomGenerator random) {
        this.random = random;
    }

    /** SPIs of Child SAs that are in use. */
    Set<Integer> childSpisInUse() {
        return childSpis;
    }

    @Override
    public long nextIkeSpi() {
        return random.nextLong(1, Long.MAX_VALUE) << 1;
    }

    @Override
    public int nextChildSpi() {
        int spi;
        do {
            spi = random.nextInt();
        } while ((spi & 0xffffff00) == 0 || !childSpis.add(spi));
        return spi;
    }

    @Override
    public void releaseChildSpi(int spi) {
        if (!childSpis.remove(spi)) {
            throw new AssertionError("the SPI of a Child SA was given back twice: %08x".formatted(spi));
        }
    }

    @Override
    public int nextSerial() {
        return ++serial;
    }
}
