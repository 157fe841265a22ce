package dev.cardinal.ike.crypto;

import java.util.Arrays;
import javax.crypto.SecretKey;

/**
 * Key octets as the JCA wants them, for the time of one initialisation. Unlike {@code SecretKeySpec} it may be empty, as a
 * PRF's key may be, and it can be wiped; the JDK's own ciphers wipe the copies that {@link #getEncoded()} gives them, or
 * keep them until they are initialised again.
 */
final class LentKey implements SecretKey, AutoCloseable {
    private static final long serialVersionUID = 1L;

    private final String algorithm;
    private final transient byte[] octets;

    LentKey(String algorithm, byte[] source, int offset, int length) {
        this.algorithm = algorithm;
        this.octets = Arrays.copyOfRange(source, offset, offset + length);
    }

    @Override
    public String getAlgorithm() {
        return algorithm;
    }

    @Override
    public String getFormat() {
        return "RAW";
    }

    @Override
    public byte[] getEncoded() {
        return octets.clone();
    }

    @Override
    public void close() {
        Arrays.fill(octets, (byte) 0);
    }

    @Override
    public String toString() {
        return "LentKey[redacted]";
    }
}
