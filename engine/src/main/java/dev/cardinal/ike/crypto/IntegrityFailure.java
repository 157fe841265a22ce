package dev.cardinal.ike.crypto;

/** An encrypted payload whose check value is wrong. Without a stack trace: anybody can cause it. */
public final class IntegrityFailure extends Exception {
    private static final long serialVersionUID = 1L;

    public IntegrityFailure(String message) {
        super(message, null, false, false);
    }
}
