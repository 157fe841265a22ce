package dev.cardinal.ike.backend;

/** Why a peer is not whom it claims to be, for our log. Without a stack trace: anybody can cause it. */
final class PeerRefused extends Exception {
    private static final long serialVersionUID = 1L;

    PeerRefused(String message) {
        super(message, null, false, false);
    }
}
