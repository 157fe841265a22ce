package dev.cardinal.ike.crypto;

import java.util.Arrays;
import javax.crypto.SecretKey;

/**
 * Key octets as the JCA wants them, for the time of one initialisation; they stay their owner's. Unlike
 * {@code SecretKeySpec} it may be empty, as a PRF's key may be, and it holds no copy; the JDK's own ciphers wipe the copies
 * that {@link #getEncoded()} gives them, or keep them until they are initialised again.
 */
final class LentKey implements SecretKey, AutoCloseable {
    private static final long serialVersionUID = 1L;
    private static final byte[] GONE = new byte[0];

    private final String algorithm;
    private transient byte[] source;
    private final int offset;
    private final int length;

    LentKey(String algorithm, byte[] source, int offset, int length) {
        this.algorithm = algorithm;
        this.source = source;
        this.offset = offset;
        this.length = length;
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
        return Arrays.copyOfRange(source, offset, offset + length);
    }

    @Override
    public void close() {
        source = GONE;
    }

    @Override
    public String toString() {
        return "LentKey[redacted]";
    }
}
