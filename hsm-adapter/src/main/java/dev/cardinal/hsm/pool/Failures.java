package dev.cardinal.hsm.pool;

import static java.util.Map.entry;

import dev.cardinal.hsm.HsmFailure;
import dev.cardinal.hsm.HsmFailure.Kind;
import dev.cardinal.hsm.pkcs11.Ckr;
import dev.cardinal.hsm.pkcs11.Pkcs11Exception;
import java.util.Map;

/** Return values by who is to blame. */
final class Failures {

    private static final Map<Long, Kind> KINDS = Map.ofEntries(
            entry(Ckr.FUNCTION_FAILED, Kind.BUSY),
            entry(Ckr.SESSION_COUNT, Kind.BUSY),
            entry(Ckr.TOKEN_RESOURCE_EXCEEDED, Kind.BUSY),
            entry(Ckr.DEVICE_MEMORY, Kind.BUSY),
            entry(Ckr.SESSION_HANDLE_INVALID, Kind.SESSION_DEAD),
            entry(Ckr.SESSION_CLOSED, Kind.SESSION_DEAD),
            entry(Ckr.OPERATION_NOT_INITIALIZED, Kind.SESSION_DEAD),
            entry(Ckr.OPERATION_ACTIVE, Kind.SESSION_DEAD),
            entry(Ckr.USER_NOT_LOGGED_IN, Kind.LOGIN_LOST),
            entry(Ckr.OBJECT_HANDLE_INVALID, Kind.LOGIN_LOST),
            entry(Ckr.KEY_HANDLE_INVALID, Kind.LOGIN_LOST),
            entry(Ckr.TOKEN_NOT_PRESENT, Kind.TOKEN_GONE),
            entry(Ckr.DEVICE_REMOVED, Kind.TOKEN_GONE),
            entry(Ckr.SLOT_ID_INVALID, Kind.TOKEN_GONE),
            entry(Ckr.TOKEN_NOT_RECOGNIZED, Kind.TOKEN_GONE),
            entry(Ckr.PIN_INCORRECT, Kind.PIN),
            entry(Ckr.PIN_INVALID, Kind.PIN),
            entry(Ckr.PIN_LEN_RANGE, Kind.PIN),
            entry(Ckr.PIN_EXPIRED, Kind.PIN),
            entry(Ckr.PIN_LOCKED, Kind.PIN),
            entry(Ckr.USER_PIN_NOT_INITIALIZED, Kind.PIN),
            entry(Ckr.ENCRYPTED_DATA_INVALID, Kind.PEER_DATA),
            entry(Ckr.ENCRYPTED_DATA_LEN_RANGE, Kind.PEER_DATA),
            entry(Ckr.PUBLIC_KEY_INVALID, Kind.PEER_DATA),
            entry(Ckr.MECHANISM_INVALID, Kind.UNSUPPORTED),
            entry(Ckr.FUNCTION_NOT_SUPPORTED, Kind.UNSUPPORTED),
            entry(Ckr.CURVE_NOT_SUPPORTED, Kind.UNSUPPORTED),
            entry(Ckr.DEVICE_ERROR, Kind.DEVICE_BROKEN),
            entry(Ckr.GENERAL_ERROR, Kind.DEVICE_BROKEN),
            entry(Ckr.HOST_MEMORY, Kind.DEVICE_BROKEN),
            entry(Ckr.CRYPTOKI_NOT_INITIALIZED, Kind.DEVICE_BROKEN));

    private Failures() {}

    static Kind kindOf(long ckr) {
        Kind kind = KINDS.get(ckr);
        if (kind != null) {
            return kind;
        }
        return Long.compareUnsigned(ckr, Ckr.VENDOR_DEFINED) >= 0 ? Kind.DEVICE_BROKEN : Kind.OUR_FAULT;
    }

    /** True where the session can serve no more, though its objects may live on. */
    static boolean sessionStuck(long ckr) {
        return ckr == Ckr.OPERATION_ACTIVE || ckr == Ckr.OPERATION_NOT_INITIALIZED;
    }

    static HsmFailure of(String token, Pkcs11Exception e) {
        return of(kindOf(e.ckr()), token, e);
    }

    static HsmFailure of(Kind kind, String token, Pkcs11Exception e) {
        return new HsmFailure(kind, e.ckr(), token + ": " + e.getMessage());
    }
}
