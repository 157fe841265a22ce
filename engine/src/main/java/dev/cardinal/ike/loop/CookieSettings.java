package dev.cardinal.ike.loop;

/**
 * When strangers must prove their address; strongswan.conf's names and defaults. 0 turns a rule off.
 *
 * @param cookieThreshold half-open SAs in all from which every stranger needs a cookie
 * @param cookieThresholdIp half-open SAs of one source address from which it needs a cookie
 * @param blockThreshold half-open SAs of one source address from which its first messages are dropped
 */
public record CookieSettings(int cookieThreshold, int cookieThresholdIp, int blockThreshold) {

    public static final CookieSettings DEFAULT = new CookieSettings(30, 3, 5);

    /** No cookies and no blocking. */
    public static final CookieSettings OFF = new CookieSettings(0, 0, 0);

    public CookieSettings {
        if (cookieThreshold < 0 || cookieThresholdIp < 0 || blockThreshold < 0) {
            throw new IllegalArgumentException("negative threshold");
        }
    }
}
