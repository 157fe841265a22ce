package dev.cardinal.hsm.pool;

import dev.cardinal.hsm.pkcs11.Session;

/**
 * A worker's session with the count of the live objects it made: they die with it, so that it is closed only when it
 * owns none, or when it is dead anyway.
 */
final class TokenSession {

    private enum Life {
        LIVE,
        /** Serves no more; closes when its worker has left it and its last object is released. */
        RETIRING,
        GONE
    }

    private final Session session;
    private final long generation;
    private Life life = Life.LIVE;
    private int owned;
    private boolean held = true;

    /** @param generation a number that no other session of the token has had */
    TokenSession(Session session, long generation) {
        this.session = session;
        this.generation = generation;
    }

    Session session() {
        return session;
    }

    long generation() {
        return generation;
    }

    synchronized void own() {
        owned++;
    }

    /** An object that {@link #own} counted is destroyed. */
    synchronized void disown() {
        owned--;
        closeIfDone();
    }

    /** The session is given up but its objects may still be used. Any thread may say so. */
    synchronized void retire() {
        if (life == Life.LIVE) {
            life = Life.RETIRING;
        }
    }

    /** Its worker uses it no more: a session must not be closed under a running call. */
    synchronized void leave() {
        held = false;
        closeIfDone();
    }

    /**
     * The session, and with it every object it made, was found gone. It is not closed: its handle may be another
     * session's by now.
     */
    synchronized void die() {
        life = Life.GONE;
    }

    /** Closes the session whatever it owns; no worker may be using it. */
    synchronized void close() {
        if (life != Life.GONE) {
            life = Life.GONE;
            session.close();
        }
    }

    synchronized boolean live() {
        return life == Life.LIVE;
    }

    synchronized boolean gone() {
        return life == Life.GONE;
    }

    private void closeIfDone() {
        if (life == Life.RETIRING && owned == 0 && !held) {
            life = Life.GONE;
            session.close();
        }
    }
}
