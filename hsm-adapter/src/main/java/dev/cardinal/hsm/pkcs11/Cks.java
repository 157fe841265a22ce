package dev.cardinal.hsm.pkcs11;

/** Session states, {@code CKS_}. */
public final class Cks {
    public static final long RO_PUBLIC_SESSION = 0x0L;
    public static final long RO_USER_FUNCTIONS = 0x1L;
    public static final long RW_PUBLIC_SESSION = 0x2L;
    public static final long RW_USER_FUNCTIONS = 0x3L;
    public static final long RW_SO_FUNCTIONS = 0x4L;

    private Cks() {}
}
