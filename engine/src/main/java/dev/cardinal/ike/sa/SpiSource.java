package dev.cardinal.ike.sa;

/** SPIs and numbers of one loop; the low bits of the SPIs name the loop, the rest is random. */
public interface SpiSource {

    /** A fresh IKE SPI, never 0 and not in use in this loop. */
    long nextIkeSpi();

    /** A fresh ESP SPI, 256 or above (unsigned) and not in use in this loop. */
    int nextChildSpi();

    /** An ESP SPI is no longer in use. */
    void releaseChildSpi(int spi);

    /** A number for listings, unique in the process. */
    int nextSerial();
}
