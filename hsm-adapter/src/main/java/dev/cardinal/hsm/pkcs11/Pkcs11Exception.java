package dev.cardinal.hsm.pkcs11;

/** A function that did not return {@code CKR_OK}. Without a stack trace: function and code say where it came from. */
public final class Pkcs11Exception extends Exception {
    private static final long serialVersionUID = 1L;

    private final String function;
    private final long ckr;

    public Pkcs11Exception(String function, long ckr) {
        super(function + ": " + Ckr.nameOf(ckr), null, false, false);
        this.function = function;
        this.ckr = ckr;
    }

    /** The function's name as in the standard. */
    public String function() {
        return function;
    }

    /** The value it returned, one of {@link Ckr} or a vendor's. */
    public long ckr() {
        return ckr;
    }
}
