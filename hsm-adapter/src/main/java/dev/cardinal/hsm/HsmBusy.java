package dev.cardinal.hsm;

/** The queue of the request's urgency is full. Normal under load, hence without a stack trace. */
public final class HsmBusy extends Exception {
    private static final long serialVersionUID = 1L;

    public HsmBusy(String message) {
        super(message, null, false, false);
    }
}
