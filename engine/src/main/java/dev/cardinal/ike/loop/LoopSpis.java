package dev.cardinal.ike.loop;

import dev.cardinal.ike.crypto.RandomSource;
import dev.cardinal.ike.sa.SpiSource;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongPredicate;

/** SPIs of one loop: its number in the low bits, the rest random. */
final class LoopSpis implements SpiSource {
    /** RFC 4303 section 2.1: SPIs 1 to 255 are reserved, 0 is for local use. */
    private static final int RESERVED_CHILD_SPIS = 256;

    /** Listing numbers, over all groups of the process. */
    private static final AtomicInteger SERIALS = new AtomicInteger();

    private final int loop;
    private final int bits;
    private final RandomSource random;
    private final LongPredicate inUse;
    private final LongTable<Boolean> childSpis = new LongTable<>();
    private final byte[] octets = new byte[Long.BYTES];

    /**
     * @param bits how many low bits name the loop
     * @param inUse whether an IKE SPI is one of this loop's table
     */
    LoopSpis(int loop, int bits, RandomSource random, LongPredicate inUse) {
        this.loop = loop;
        this.bits = bits;
        this.random = random;
        this.inUse = inUse;
    }

    /** How many low bits name one of so many loops. */
    static int bits(int loops) {
        return Integer.SIZE - Integer.numberOfLeadingZeros(loops - 1);
    }

    /** The loop that an SPI of ours names; may be none of those that exist where a peer made it up. */
    static int loop(long spi, int bits) {
        return (int) spi & ((1 << bits) - 1);
    }

    @Override
    public long nextIkeSpi() {
        while (true) {
            long spi = stamp(next());
            if (spi != 0 && !inUse.test(spi)) {
                return spi;
            }
        }
    }

    @Override
    public int nextChildSpi() {
        while (true) {
            int spi = (int) stamp(next());
            if (Integer.compareUnsigned(spi, RESERVED_CHILD_SPIS) >= 0 && childSpis.get(spi) == null) {
                childSpis.put(spi, Boolean.TRUE);
                return spi;
            }
        }
    }

    @Override
    public void releaseChildSpi(int spi) {
        childSpis.remove(spi);
    }

    @Override
    public int nextSerial() {
        return SERIALS.incrementAndGet();
    }

    private long next() {
        random.fill(octets);
        return ByteBuffer.wrap(octets).getLong();
    }

    private long stamp(long spi) {
        return spi >>> bits << bits | loop;
    }
}
