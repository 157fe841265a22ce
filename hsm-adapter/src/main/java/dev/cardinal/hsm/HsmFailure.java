package dev.cardinal.hsm;

/** A request that did not succeed. The message names the token, the PKCS#11 function and the CKR code; never data. */
public final class HsmFailure extends Exception {
    private static final long serialVersionUID = 1L;

    /** Who is to blame, and therefore what may be done. */
    public enum Kind {
        /** The token is throttling or out of sessions; another try later may succeed. */
        BUSY,
        /** The deadline passed before the work was started. */
        EXPIRED,
        /** The session that owned the key-exchange handle is gone: restart the exchange. */
        LOST,
        /** The session died and one retry on a fresh session failed too. */
        SESSION_DEAD,
        /** The login was lost and could not be renewed. */
        LOGIN_LOST,
        /** The token or the slot is gone. */
        TOKEN_GONE,
        /** The device or the module answers with errors of its own. */
        DEVICE_BROKEN,
        /** Our request was wrong (attributes, mechanism, key type): never retried. */
        OUR_FAULT,
        /** The peer's data was refused: a public value out of range. Never said of a ciphertext, see {@code HsmRequest.Decrypt}. */
        PEER_DATA,
        /** The PIN was refused, is locked or expired: never tried again. */
        PIN,
        /** The token does not offer the mechanism. */
        UNSUPPORTED,
        /** The adapter was closed. */
        CLOSED
    }

    private final Kind kind;
    private final long ckr;

    /**
     * @param kind the class of the failure
     * @param ckr the PKCS#11 return value, 0 where none was involved
     * @param message names token and function; must hold no secret and no data of the request
     */
    public HsmFailure(Kind kind, long ckr, String message) {
        super(message, null, false, false);
        this.kind = kind;
        this.ckr = ckr;
    }

    /** Names the token, the PKCS#11 function and the CKR code. */
    @Override
    public String getMessage() {
        return String.valueOf(super.getMessage());
    }

    public Kind kind() {
        return kind;
    }

    /** The PKCS#11 return value, 0 where none was involved. */
    public long ckr() {
        return ckr;
    }
}
