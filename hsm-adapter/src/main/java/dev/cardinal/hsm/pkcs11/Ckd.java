package dev.cardinal.hsm.pkcs11;

/** Key derivation functions of ECDH, {@code CKD_}. */
public final class Ckd {
    public static final long NULL = 1L;

    private Ckd() {}
}
