package dev.cardinal.ike.backend;

/** A peer's public value that must not be used. Without a stack trace: anybody can cause it. */
final class RefusedPublicValue extends Exception {
    private static final long serialVersionUID = 1L;

    RefusedPublicValue(String message) {
        super(message, null, false, false);
    }
}
