package dev.cardinal.ike.loop;

import dev.cardinal.ike.net.ListenSettings;
import dev.cardinal.ike.net.SocketKind;
import dev.cardinal.ike.sa.SaSettings;

/**
 * Settings of a group of loops.
 *
 * @param loops 1 to {@link #LOOPS_LIMIT}
 * @param sasPerLoop IKE SAs that one loop holds at most
 */
public record LoopSettings(
        int loops,
        ListenSettings listen,
        SocketKind socketKind,
        CookieSettings cookies,
        SaSettings sa,
        int sasPerLoop) {

    /** Eight bits of an SPI, which leaves 56 random. */
    public static final int LOOPS_LIMIT = 256;

    /** At some kilobytes each, what a large heap holds. */
    public static final int DEFAULT_SAS_PER_LOOP = 1 << 20;

    public LoopSettings {
        if (loops < 1 || loops > LOOPS_LIMIT) {
            throw new IllegalArgumentException("loops: 1 to " + LOOPS_LIMIT + ", not " + loops);
        }
        if (sasPerLoop < 1) {
            throw new IllegalArgumentException("no room for an IKE SA: " + sasPerLoop);
        }
    }

    /** The best sockets, the default limits. */
    public static LoopSettings of(int loops, ListenSettings listen) {
        return new LoopSettings(
                loops, listen, SocketKind.best(), CookieSettings.DEFAULT, SaSettings.DEFAULT, DEFAULT_SAS_PER_LOOP);
    }

    public LoopSettings with(CookieSettings other) {
        return new LoopSettings(loops, listen, socketKind, other, sa, sasPerLoop);
    }

    public LoopSettings with(SaSettings other) {
        return new LoopSettings(loops, listen, socketKind, cookies, other, sasPerLoop);
    }

    public LoopSettings with(SocketKind other) {
        return new LoopSettings(loops, listen, other, cookies, sa, sasPerLoop);
    }
}
