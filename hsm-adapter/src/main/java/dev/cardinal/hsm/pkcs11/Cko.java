package dev.cardinal.hsm.pkcs11;

/** Object classes, {@code CKO_}. */
public final class Cko {
    public static final long DATA = 0x0L;
    public static final long CERTIFICATE = 0x1L;
    public static final long PUBLIC_KEY = 0x2L;
    public static final long PRIVATE_KEY = 0x3L;
    public static final long SECRET_KEY = 0x4L;

    private Cko() {}
}
