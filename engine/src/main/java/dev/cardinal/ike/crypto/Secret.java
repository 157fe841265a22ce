package dev.cardinal.ike.crypto;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Octets that must not be seen: keys, shared secrets. Whoever holds one closes it, which wipes it. The octets are lent
 * through a callback, to {@code crypto}, {@code backend} and {@code sad} only; the JVM may still have copied them (a moving
 * collector), which the README says.
 */
public final class Secret implements AutoCloseable {
    private static final VarHandle OPEN;

    @SuppressWarnings("UnusedVariable") // reached through OPEN
    private static volatile long openCount;

    static {
        try {
            OPEN = MethodHandles.lookup().findStaticVarHandle(Secret.class, "openCount", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private byte @Nullable [] octets;

    private Secret(byte[] octets) {
        this.octets = octets;
        OPEN.getAndAdd(1L);
    }

    /** Takes the array over; the caller must not use it again. */
    public static Secret owning(byte[] octets) {
        return new Secret(octets);
    }

    /** Copies; the argument stays the caller's to wipe. */
    public static Secret copyOf(byte[] octets) {
        return new Secret(octets.clone());
    }

    /** How many secrets of this process are open: zero after every exchange has ended, as tests assert. */
    public static long open() {
        return (long) OPEN.getVolatile();
    }

    public int length() {
        return bytes().length;
    }

    /** A copy of a part, owned by the caller. */
    public Secret slice(int offset, int length) {
        return new Secret(Arrays.copyOfRange(bytes(), offset, offset + length));
    }

    /** A copy, owned by the caller. */
    public Secret copy() {
        return new Secret(bytes().clone());
    }

    /**
     * Lends the octets for the time of the call; they must be neither kept nor changed.
     *
     * @throws IllegalStateException where the secret was closed
     */
    public <T extends @Nullable Object> T lend(Function<byte[], T> borrower) {
        return borrower.apply(bytes());
    }

    /** Compares in constant time; the lengths are not secret. */
    public boolean matches(Secret other) {
        return MessageDigest.isEqual(bytes(), other.bytes());
    }

    public boolean isClosed() {
        return octets == null;
    }

    private byte[] bytes() {
        byte[] current = octets;
        if (current == null) {
            throw new IllegalStateException("secret used after it was closed");
        }
        return current;
    }

    /** Wipes. Closing twice is harmless. */
    @Override
    public void close() {
        byte[] current = octets;
        if (current != null) {
            octets = null;
            Arrays.fill(current, (byte) 0);
            OPEN.getAndAdd(-1L);
        }
    }

    @Override
    public String toString() {
        return "Secret[redacted]";
    }
}
