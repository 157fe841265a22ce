package dev.cardinal.hsm.pkcs11;

/**
 * {@code CK_TOKEN_INFO}, with the padding of its texts removed.
 *
 * @param maxSessions sessions one application may open; 0: no limit, -1: not told
 * @param sessions sessions this application has open; -1: not told
 */
public record TokenInfo(
        String label,
        String manufacturer,
        String model,
        String serialNumber,
        long flags,
        long maxSessions,
        long sessions) {

    public boolean initialized() {
        return (flags & Ckf.TOKEN_INITIALIZED) != 0;
    }

    public boolean loginRequired() {
        return (flags & Ckf.LOGIN_REQUIRED) != 0;
    }

    /** True where the PIN is entered at the device, never here. */
    public boolean protectedAuthenticationPath() {
        return (flags & Ckf.PROTECTED_AUTHENTICATION_PATH) != 0;
    }
}
