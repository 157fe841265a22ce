package dev.cardinal.hsm.pkcs11;

import java.util.Map;

/** Mechanisms that matter to key exchange and signatures, {@code CKM_}. */
public final class Ckm {
    public static final long RSA_PKCS_KEY_PAIR_GEN = 0x0L;
    public static final long RSA_PKCS = 0x1L;
    public static final long SHA1_RSA_PKCS = 0x6L;
    public static final long SHA256_RSA_PKCS = 0x40L;
    public static final long SHA384_RSA_PKCS = 0x41L;
    public static final long SHA512_RSA_PKCS = 0x42L;
    public static final long RSA_PKCS_PSS = 0xDL;
    public static final long SHA1_RSA_PKCS_PSS = 0xEL;
    public static final long SHA256_RSA_PKCS_PSS = 0x43L;
    public static final long SHA384_RSA_PKCS_PSS = 0x44L;
    public static final long SHA512_RSA_PKCS_PSS = 0x45L;
    public static final long DH_PKCS_KEY_PAIR_GEN = 0x20L;
    public static final long DH_PKCS_DERIVE = 0x21L;
    public static final long SHA_1 = 0x220L;
    public static final long SHA_1_HMAC = 0x221L;
    public static final long SHA256 = 0x250L;
    public static final long SHA256_HMAC = 0x251L;
    public static final long SHA384 = 0x260L;
    public static final long SHA384_HMAC = 0x261L;
    public static final long SHA512 = 0x270L;
    public static final long SHA512_HMAC = 0x271L;
    public static final long EC_KEY_PAIR_GEN = 0x1040L;
    public static final long ECDSA = 0x1041L;
    public static final long ECDH1_DERIVE = 0x1050L;
    public static final long EC_EDWARDS_KEY_PAIR_GEN = 0x1055L;
    public static final long EC_MONTGOMERY_KEY_PAIR_GEN = 0x1056L;
    public static final long EDDSA = 0x1057L;
    public static final long HKDF_DERIVE = 0x402AL;
    public static final long IKE2_PRF_PLUS_DERIVE = 0x402EL;
    public static final long IKE_PRF_DERIVE = 0x402FL;
    public static final long IKE1_PRF_DERIVE = 0x4030L;
    public static final long IKE1_EXTENDED_DERIVE = 0x4031L;

    private Ckm() {}

    /** The constant's name for messages, or its number where it is none of these. */
    public static String nameOf(long value) {
        String name = NAMES.get(value);
        return name == null ? "CKM_0x" + Long.toHexString(value) : name;
    }

    /** True where the mechanism is one of these. */
    public static boolean isNamed(long value) {
        return NAMES.containsKey(value);
    }

    private static final Map<Long, String> NAMES = Constants.namesOf(Ckm.class);
}
