package dev.cardinal.hsm.pkcs11;

/** Attributes, {@code CKA_}. */
public final class Cka {
    public static final long CLASS = 0x0L;
    public static final long TOKEN = 0x1L;
    public static final long PRIVATE = 0x2L;
    public static final long LABEL = 0x3L;
    public static final long VALUE = 0x11L;
    public static final long CERTIFICATE_TYPE = 0x80L;
    public static final long KEY_TYPE = 0x100L;
    public static final long SUBJECT = 0x101L;
    public static final long ID = 0x102L;
    public static final long SENSITIVE = 0x103L;
    public static final long ENCRYPT = 0x104L;
    public static final long DECRYPT = 0x105L;
    public static final long SIGN = 0x108L;
    public static final long VERIFY = 0x10AL;
    public static final long DERIVE = 0x10CL;
    public static final long MODULUS = 0x120L;
    public static final long MODULUS_BITS = 0x121L;
    public static final long PUBLIC_EXPONENT = 0x122L;
    public static final long PRIVATE_EXPONENT = 0x123L;
    public static final long PRIME_1 = 0x124L;
    public static final long PRIME_2 = 0x125L;
    public static final long EXPONENT_1 = 0x126L;
    public static final long EXPONENT_2 = 0x127L;
    public static final long COEFFICIENT = 0x128L;
    public static final long PUBLIC_KEY_INFO = 0x129L;
    public static final long PRIME = 0x130L;
    public static final long BASE = 0x132L;
    public static final long VALUE_BITS = 0x160L;
    public static final long VALUE_LEN = 0x161L;
    public static final long EXTRACTABLE = 0x162L;
    public static final long EC_PARAMS = 0x180L;
    public static final long EC_POINT = 0x181L;
    public static final long ALWAYS_AUTHENTICATE = 0x202L;

    private Cka() {}
}
