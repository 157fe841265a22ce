package dev.cardinal.hsm.pkcs11;

/** Flags of slots, tokens, sessions, initialisation and mechanisms, {@code CKF_}. */
public final class Ckf {
    public static final long TOKEN_PRESENT = 0x1L;
    public static final long HW_SLOT = 0x4L;
    public static final long LOGIN_REQUIRED = 0x4L;
    public static final long USER_PIN_INITIALIZED = 0x8L;
    public static final long PROTECTED_AUTHENTICATION_PATH = 0x100L;
    public static final long TOKEN_INITIALIZED = 0x400L;
    public static final long USER_PIN_LOCKED = 0x40000L;
    public static final long RW_SESSION = 0x2L;
    public static final long SERIAL_SESSION = 0x4L;
    public static final long OS_LOCKING_OK = 0x2L;
    public static final long HW = 0x1L;
    public static final long SIGN = 0x800L;
    public static final long DERIVE = 0x80000L;
    public static final long GENERATE_KEY_PAIR = 0x10000L;

    private Ckf() {}
}
