package dev.cardinal.hsm.pkcs11;

import java.util.Map;

/** Key types, {@code CKK_}. */
public final class Ckk {
    public static final long RSA = 0x0L;
    public static final long DH = 0x2L;
    public static final long EC = 0x3L;
    public static final long GENERIC_SECRET = 0x10L;
    public static final long EC_EDWARDS = 0x40L;
    public static final long EC_MONTGOMERY = 0x41L;

    private Ckk() {}

    /** The constant's name for messages, or its number where it is none of these. */
    public static String nameOf(long value) {
        String name = NAMES.get(value);
        return name == null ? "CKK_0x" + Long.toHexString(value) : name;
    }

    private static final Map<Long, String> NAMES = Constants.namesOf(Ckk.class);
}
