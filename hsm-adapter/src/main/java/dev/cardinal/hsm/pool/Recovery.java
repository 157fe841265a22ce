package dev.cardinal.hsm.pool;

import dev.cardinal.hsm.HsmFailure;
import dev.cardinal.hsm.HsmFailure.Kind;
import dev.cardinal.hsm.pkcs11.Ckr;
import dev.cardinal.hsm.pkcs11.Pkcs11Exception;
import org.jspecify.annotations.Nullable;

/**
 * One worker's session, and what is done when it, the login or a handle is found lost: a fresh session and a renewed
 * login, each once for a piece of work. Confined to the worker's thread.
 */
final class Recovery {

    private final TokenPool pool;
    private @Nullable TokenSession current;

    Recovery(TokenPool pool) {
        this.pool = pool;
    }

    /** What was tried already for one piece of work. */
    static final class Attempts {
        private boolean sessionReplaced;
        private boolean loginRenewed;
    }

    interface Body<T> {
        T run(TokenSession session, long epoch) throws Pkcs11Exception, HsmFailure;
    }

    /** The live session of this worker, a fresh one where it has none. */
    TokenSession session() throws HsmFailure {
        pool.login().check();
        TokenSession open = current;
        if (open == null || !open.live()) {
            current = null;
            if (open != null) {
                open.leave();
            }
            open = pool.openSession();
            current = open;
        }
        return open;
    }

    /**
     * Runs a body on this worker's session, again where that may help.
     *
     * @throws HsmFailure where it does not
     */
    <T> T run(Footing footing, Body<T> body) throws HsmFailure {
        Attempts attempts = new Attempts();
        while (true) {
            TokenSession session = session();
            long epoch = pool.login().epoch();
            try {
                if (footing instanceof Footing.Handle handle && !handle.object().alive(epoch)) {
                    throw pool.lost();
                }
                return body.run(session, epoch);
            } catch (Pkcs11Exception e) {
                recover(attempts, footing, session, epoch, e);
            }
        }
    }

    /**
     * Prepares another try of work that failed.
     *
     * @param session in which it failed
     * @param epoch that was current before it was begun
     * @throws HsmFailure where another try cannot help, or has been
     */
    void recover(Attempts attempts, Footing footing, TokenSession session, long epoch, Pkcs11Exception e)
            throws HsmFailure {
        HsmFailure failure = Failures.of(pool.label(), e);
        switch (failure.kind()) {
            case SESSION_DEAD -> {
                giveUp(session, e.ckr());
                if (attempts.sessionReplaced) {
                    throw failure;
                }
                attempts.sessionReplaced = true;
            }
            case LOGIN_LOST -> {
                if (attempts.loginRenewed) {
                    throw failure;
                }
                attempts.loginRenewed = true;
                recoverLogin(session, epoch, e.ckr());
                switch (footing) {
                    case Footing.Itself itself -> {}
                    case Footing.Key key -> key.key().forget();
                    case Footing.Handle handle -> throw pool.lost();
                }
            }
            case TOKEN_GONE -> {
                session.die();
                throw failure;
            }
            case BUSY, EXPIRED, LOST, DEVICE_BROKEN, OUR_FAULT, PEER_DATA, PIN, UNSUPPORTED, CLOSED -> throw failure;
        }
    }

    private void recoverLogin(TokenSession session, long epoch, long ckr) throws HsmFailure {
        if (!pool.login().required()) {
            return;
        }
        boolean lost = ckr == Ckr.USER_NOT_LOGGED_IN;
        if (!lost) {
            // a handle is invalid: because the login is gone, or because the object is?
            try {
                lost = !session.session().userLoggedIn();
            } catch (Pkcs11Exception e) {
                session.die();
            }
        }
        if (lost) {
            pool.login().renew(epoch);
        }
    }

    private static void giveUp(TokenSession session, long ckr) {
        if (Failures.sessionStuck(ckr)) {
            session.retire();
        } else {
            session.die();
        }
    }

    /** Destroys an object of the running request; where that fails, its session goes, and the object with it. */
    static void destroy(TokenSession session, long object) {
        try {
            session.session().destroy(object);
        } catch (Pkcs11Exception e) {
            switch (Failures.kindOf(e.ckr())) {
                case LOGIN_LOST -> {}
                case SESSION_DEAD -> giveUp(session, e.ckr());
                case TOKEN_GONE -> session.die();
                case BUSY, EXPIRED, LOST, DEVICE_BROKEN, OUR_FAULT, PEER_DATA, PIN, UNSUPPORTED, CLOSED ->
                    session.retire();
            }
        }
    }

    /** Destroys an object that was released. */
    void destroy(TokenObject object) {
        try {
            if (!object.creator().gone()) {
                run(Footing.ITSELF, (session, epoch) -> {
                    try {
                        session.session().destroy(object.object());
                    } catch (Pkcs11Exception e) {
                        if (Failures.kindOf(e.ckr()) != Kind.LOGIN_LOST) {
                            throw e;
                        }
                        // it died with a login, or its session died unnoticed: nothing is left to destroy
                    }
                    return true;
                });
            }
        } catch (HsmFailure e) {
            object.creator().retire();
        } finally {
            object.creator().disown();
        }
    }
}
