package dev.cardinal.hsm.pkcs11;

/** Users, {@code CKU_}. */
public final class Cku {
    public static final long SO = 0x0L;
    public static final long USER = 0x1L;
    public static final long CONTEXT_SPECIFIC = 0x2L;

    private Cku() {}
}
