package dev.cardinal.hsm.pkcs11;

/** Operations and derivations of a batch, {@code CKB_}, from {@code cardinal/batch.h}. */
public final class Ckb {
    public static final long SIGN = 1L;
    public static final long VERIFY = 2L;
    public static final long DECRYPT = 3L;
    public static final long GENERATE = 4L;
    public static final long AGREE = 5L;
    public static final long GENERATE_AND_AGREE = 6L;
    public static final long DERIVE_PRF = 1L;
    public static final long DERIVE_PRF_PLUS = 2L;

    private Ckb() {}
}
