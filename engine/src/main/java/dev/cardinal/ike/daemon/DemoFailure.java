package dev.cardinal.ike.daemon;

/** The demonstration cannot be given; the message is one line for the user. */
public final class DemoFailure extends Exception {
    private static final long serialVersionUID = 1L;

    DemoFailure(String message) {
        super(message, null, false, false);
    }
}
