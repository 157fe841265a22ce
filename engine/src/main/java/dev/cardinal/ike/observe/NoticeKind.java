package dev.cardinal.ike.observe;

import dev.cardinal.ike.sa.SaNotice;
import org.slf4j.event.Level;

/** Kinds of notices: how loud they are, and whether strangers can cause them at will. */
public enum NoticeKind {
    HANDSHAKE_BEGUN(Level.DEBUG, true),
    IKE_ESTABLISHED(Level.INFO, false),
    IKE_REKEYED(Level.INFO, false),
    /** Of an SA that had been established, or that we initiated. */
    IKE_CLOSED(Level.INFO, false),
    /** Of a handshake that a peer began and did not end. */
    HANDSHAKE_FAILED(Level.INFO, true),
    CHILD_ESTABLISHED(Level.INFO, false),
    CHILD_REMOVED(Level.INFO, false),
    CHILD_FAILED(Level.WARN, true),
    AUTHENTICATION_FAILED(Level.WARN, true),
    MESSAGE_REJECTED(Level.INFO, true),
    BACKEND_FAILED(Level.ERROR, true),
    RETRANSMITTED(Level.DEBUG, true),
    ADDRESSES_ASSIGNED(Level.INFO, true),
    PATH_CHANGED(Level.INFO, true),
    COLLISION(Level.DEBUG, true),
    INTERNAL_ERROR(Level.ERROR, true);

    private final Level level;
    private final boolean atWill;

    NoticeKind(Level level, boolean atWill) {
        this.level = level;
        this.atWill = atWill;
    }

    static NoticeKind of(SaNotice notice) {
        return switch (notice) {
            case SaNotice.HandshakeBegun begun -> HANDSHAKE_BEGUN;
            case SaNotice.IkeEstablished established -> IKE_ESTABLISHED;
            case SaNotice.IkeRekeyed rekeyed -> IKE_REKEYED;
            case SaNotice.IkeClosed closed ->
                switch (closed.reason()) {
                    case HALF_OPEN_TIMEOUT, FAILED, BACKEND -> HANDSHAKE_FAILED;
                    case DELETED, PEER_DELETED, REKEYED, PEER_DEAD, REPLACED, INTERNAL -> IKE_CLOSED;
                };
            case SaNotice.ChildEstablished established -> CHILD_ESTABLISHED;
            case SaNotice.ChildRemoved removed -> CHILD_REMOVED;
            case SaNotice.ChildFailed failed -> CHILD_FAILED;
            case SaNotice.AuthenticationFailed failed -> AUTHENTICATION_FAILED;
            case SaNotice.MessageRejected rejected -> MESSAGE_REJECTED;
            case SaNotice.BackendFailed failed -> BACKEND_FAILED;
            case SaNotice.Retransmitted retransmitted -> RETRANSMITTED;
            case SaNotice.AddressesAssigned assigned -> ADDRESSES_ASSIGNED;
            case SaNotice.PathChanged changed -> PATH_CHANGED;
            case SaNotice.Collision collision -> COLLISION;
            case SaNotice.InternalError error -> INTERNAL_ERROR;
        };
    }

    Level level() {
        return level;
    }

    /** Whether the log must bound its rate because a peer sets it. */
    boolean isAtWill() {
        return atWill;
    }
}
