package dev.cardinal.hsm.pkcs11;

/** Mask generation functions, {@code CKG_}. */
public final class Ckg {
    public static final long MGF1_SHA1 = 0x1L;
    public static final long MGF1_SHA256 = 0x2L;
    public static final long MGF1_SHA384 = 0x3L;
    public static final long MGF1_SHA512 = 0x4L;

    private Ckg() {}
}
