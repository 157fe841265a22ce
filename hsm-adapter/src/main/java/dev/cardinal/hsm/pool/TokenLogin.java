package dev.cardinal.hsm.pool;

import dev.cardinal.hsm.HsmFailure;
import dev.cardinal.hsm.HsmFailure.Kind;
import dev.cardinal.hsm.pkcs11.Ckr;
import dev.cardinal.hsm.pkcs11.Cku;
import dev.cardinal.hsm.pkcs11.Cryptoki;
import dev.cardinal.hsm.pkcs11.Pkcs11Exception;
import dev.cardinal.hsm.pkcs11.Session;
import java.io.IOException;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The login of this process to one token, and the anchor session that keeps it alive while workers replace theirs. Each
 * login begins an epoch: private objects and handles of an earlier one are dead.
 *
 * <p>A PIN is tried once an epoch; a refused PIN is never tried again, since real tokens lock.
 */
final class TokenLogin implements AutoCloseable {

    /** The least time between two attempts that failed for other reasons than the PIN. */
    private static final long BACKOFF_NANOS = 1_000_000_000L;

    private final Cryptoki cryptoki;
    private final TokenSlot slot;
    private final @Nullable PinSource pin;
    private final LongSupplier nanoClock;
    private final boolean required;
    private final AtomicLong epoch = new AtomicLong();
    private volatile @Nullable HsmFailure refused;
    private @Nullable HsmFailure lastFailure;
    private long notBeforeNanos;
    private @Nullable Session anchor;

    TokenLogin(Cryptoki cryptoki, TokenSlot slot, @Nullable PinSource pin, LongSupplier nanoClock) {
        this.cryptoki = cryptoki;
        this.slot = slot;
        this.pin = pin;
        this.nanoClock = nanoClock;
        this.required = slot.token().loginRequired();
    }

    /** Opens the anchor session and logs in. */
    synchronized void begin() throws HsmFailure {
        login();
    }

    boolean required() {
        return required;
    }

    /** The current epoch, from 1. */
    long epoch() {
        return epoch.get();
    }

    /** Fails where the PIN was refused. */
    void check() throws HsmFailure {
        HsmFailure failure = refused;
        if (failure != null) {
            throw failure;
        }
    }

    /**
     * Logs in again, unless another thread has done so since the given epoch was read.
     *
     * @param observed the epoch in which the login was found lost
     */
    synchronized void renew(long observed) throws HsmFailure {
        check();
        if (epoch.get() != observed) {
            return;
        }
        HsmFailure last = lastFailure;
        if (last != null && nanoClock.getAsLong() - notBeforeNanos < 0) {
            throw last;
        }
        try {
            login();
            lastFailure = null;
        } catch (HsmFailure e) {
            lastFailure = e;
            notBeforeNanos = nanoClock.getAsLong() + BACKOFF_NANOS;
            throw e;
        }
    }

    /**
     * Logs in for the operation that a session has just begun, as a key with {@code CKA_ALWAYS_AUTHENTICATE} wants.
     *
     * @throws HsmFailure where there is no PIN, or it is refused: then it is never tried again
     */
    void authenticate(Session session) throws Pkcs11Exception, HsmFailure {
        check();
        String name = slot.token().label();
        try {
            login(session, Cku.CONTEXT_SPECIFIC, name);
        } catch (Pkcs11Exception e) {
            HsmFailure failure = Failures.of(name, e);
            if (failure.kind() == Kind.PIN) {
                refused = failure;
                throw failure;
            }
            throw e;
        }
    }

    private void login() throws HsmFailure {
        String name = slot.token().label();
        try {
            Session session = anchored();
            if (session == null) {
                session = Session.open(cryptoki, slot.slot(), false);
                anchor = session;
            }
            if (required) {
                login(session, Cku.USER, name);
            }
            epoch.incrementAndGet();
        } catch (Pkcs11Exception e) {
            HsmFailure failure = Failures.of(name, e);
            if (failure.kind() == Kind.PIN) {
                refused = failure;
            }
            throw failure;
        }
    }

    /** The anchor session where it lives. */
    private @Nullable Session anchored() {
        Session open = anchor;
        if (open != null) {
            try {
                cryptoki.getSessionInfo(open.handle());
            } catch (Pkcs11Exception e) {
                return null;
            }
        }
        return open;
    }

    private void login(Session session, long user, String name) throws HsmFailure, Pkcs11Exception {
        byte[] octets = null;
        try {
            if (!slot.token().protectedAuthenticationPath()) {
                if (pin == null) {
                    throw new HsmFailure(Kind.PIN, 0, name + ": the token wants a PIN and none is configured");
                }
                octets = pin.pin();
            }
            cryptoki.login(session.handle(), user, octets);
        } catch (Pkcs11Exception e) {
            if (e.ckr() != Ckr.USER_ALREADY_LOGGED_IN) {
                throw e;
            }
        } catch (IOException e) {
            throw new HsmFailure(Kind.PIN, 0, name + ": the PIN cannot be read: " + e.getMessage());
        } finally {
            if (octets != null) {
                Arrays.fill(octets, (byte) 0);
            }
        }
    }

    /** Closes the anchor. The login itself ends with the last session of the process on this token. */
    @Override
    public synchronized void close() {
        Session open = anchor;
        if (open != null) {
            open.close();
            anchor = null;
        }
    }
}
