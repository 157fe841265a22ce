package dev.cardinal.ike.loop;

/** An SA that was to be initiated did not come about. */
public final class InitiationFailed extends Exception {
    private static final long serialVersionUID = 1L;

    InitiationFailed(String message) {
        super(message, null, false, false);
    }
}
