package dev.cardinal.hsm.pkcs11;

/**
 * {@code CK_SESSION_INFO}.
 *
 * @param state one of {@link Cks}
 */
public record SessionInfo(long slot, long state, long flags) {

    public boolean userLoggedIn() {
        return state == Cks.RO_USER_FUNCTIONS || state == Cks.RW_USER_FUNCTIONS;
    }
}
