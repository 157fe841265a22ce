package dev.cardinal.ike.loop;

import dev.cardinal.ike.crypto.PseudorandomFunction;
import dev.cardinal.ike.crypto.RandomSource;
import dev.cardinal.ike.crypto.Secret;
import dev.cardinal.ike.crypto.SymmetricCrypto;
import dev.cardinal.ike.sa.Path;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import org.jspecify.annotations.Nullable;

/**
 * Decides, without keeping anything about a stranger, whether its first message may make an SA (RFC 7296 section 2.6). For
 * one loop: a stranger's repeated message comes to the same one.
 *
 * <p>The cookie is {@code version | HMAC-SHA-256(secret, Ni | IPi | port | SPIi)}. The port is part of it because an answer
 * goes to a port.
 */
final class CookieGate implements AutoCloseable {
    /** A cookie is good for one to two of these. */
    static final long SECRET_LIFE_NANOS = 60_000_000_000L;

    /** After the back ends were full, every stranger needs a cookie for so long. */
    static final long BACK_PRESSURE_NANOS = 1_000_000_000L;

    private static final int VERSION_LENGTH = 4;
    private static final int SECRET_LENGTH = 32;

    private final CookieSettings settings;
    private final HalfOpenCounts halfOpen;
    private final RandomSource random;
    private final SymmetricCrypto symmetric;
    private @Nullable Generation current;
    private @Nullable Generation previous;
    private long pressedUntilNanos;
    private boolean pressed;

    private record Generation(int version, Secret secret, long bornNanos) {}

    /** What becomes of a first message. */
    enum Verdict {
        PASS,
        /** Answer with {@link #cookie} and forget it. */
        DEMAND_COOKIE,
        /** Drop it. */
        BLOCK
    }

    CookieGate(CookieSettings settings, HalfOpenCounts halfOpen, RandomSource random, SymmetricCrypto symmetric) {
        this.settings = settings;
        this.halfOpen = halfOpen;
        this.random = random;
        this.symmetric = symmetric;
    }

    Verdict judge(FirstMessage message, long initiatorSpi, Path path, long nowNanos) {
        InetAddress source = path.remoteAddress();
        if (blocks(source)) {
            return Verdict.BLOCK;
        }
        if (!demands(source, nowNanos)) {
            return Verdict.PASS;
        }
        byte[] cookie = message.cookie();
        return cookie != null && matches(cookie, message, initiatorSpi, path, nowNanos)
                ? Verdict.PASS
                : Verdict.DEMAND_COOKIE;
    }

    /**
     * The same for a version that has no cookie to demand.
     *
     * @param costsWork whether a back end works for it before the peer has shown that it receives at its address: where a
     *     cookie would be demanded it is dropped
     */
    boolean letsWithoutCookie(InetAddress source, boolean costsWork, long nowNanos) {
        return !blocks(source) && !(costsWork && demands(source, nowNanos));
    }

    private boolean blocks(InetAddress source) {
        return settings.blockThreshold() != 0 && halfOpen.of(source) >= settings.blockThreshold();
    }

    /** The cookie that lets the same message pass. */
    byte[] cookie(FirstMessage message, long initiatorSpi, Path path, long nowNanos) {
        return compute(current(nowNanos), message, initiatorSpi, path);
    }

    /** A back end had no room for a stranger's work. */
    void onBackPressure(long nowNanos) {
        pressed = true;
        pressedUntilNanos = nowNanos + BACK_PRESSURE_NANOS;
    }

    private boolean demands(InetAddress source, long nowNanos) {
        if (pressed && pressedUntilNanos - nowNanos <= 0) {
            pressed = false;
        }
        if (settings.cookieThreshold() != 0 && (pressed || halfOpen.total() >= settings.cookieThreshold())) {
            return true;
        }
        return settings.cookieThresholdIp() != 0 && halfOpen.of(source) >= settings.cookieThresholdIp();
    }

    private boolean matches(byte[] cookie, FirstMessage message, long initiatorSpi, Path path, long nowNanos) {
        if (cookie.length < VERSION_LENGTH) {
            return false;
        }
        int version = ByteBuffer.wrap(cookie).getInt();
        Generation now = current(nowNanos); // rotates first
        Generation before = previous;
        Generation generation = version == now.version ? now : before;
        return generation != null
                && version == generation.version
                && MessageDigest.isEqual(cookie, compute(generation, message, initiatorSpi, path));
    }

    private byte[] compute(Generation generation, FirstMessage message, long initiatorSpi, Path path) {
        byte[] address = path.remoteAddress().getAddress();
        byte[] rest = ByteBuffer.allocate(address.length + 2 + Long.BYTES)
                .put(address)
                .putShort((short) path.remote().getPort())
                .putLong(initiatorSpi)
                .array();
        byte[] mac = symmetric.prfPublic(PseudorandomFunction.HMAC_SHA2_256, generation.secret, message.nonce(), rest);
        return ByteBuffer.allocate(VERSION_LENGTH + mac.length)
                .putInt(generation.version)
                .put(mac)
                .array();
    }

    /** RFC 7296 section 2.6: the secret is changed from time to time, and its predecessor accepted for a while. */
    private Generation current(long nowNanos) {
        Generation now = current;
        if (now != null && nowNanos - now.bornNanos < SECRET_LIFE_NANOS) {
            return now;
        }
        if (previous != null) {
            previous.secret.close();
        }
        boolean recent = now != null && nowNanos - now.bornNanos < 2 * SECRET_LIFE_NANOS;
        if (now != null && !recent) {
            now.secret.close();
        }
        previous = recent ? now : null;
        // an unpredictable first version hides how long we have been running
        int version =
                now == null ? ByteBuffer.wrap(random.octets(Integer.BYTES)).getInt() : now.version + 1;
        Generation next = new Generation(version, Secret.owning(random.octets(SECRET_LENGTH)), nowNanos);
        current = next;
        return next;
    }

    @Override
    public void close() {
        if (current != null) {
            current.secret.close();
            current = null;
        }
        if (previous != null) {
            previous.secret.close();
            previous = null;
        }
    }
}
