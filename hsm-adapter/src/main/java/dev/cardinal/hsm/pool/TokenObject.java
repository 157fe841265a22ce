package dev.cardinal.hsm.pool;

/**
 * A session object that a handle stands for: where it lives, who uses it, and whether it was released. An object
 * released while a worker uses it is destroyed when that use ends.
 */
final class TokenObject {

    private final TokenSession creator;
    private final long epoch;
    private final long object;
    private int users;
    private boolean released;

    /** @param epoch the login's epoch when the object was made */
    TokenObject(TokenSession creator, long epoch, long object) {
        this.creator = creator;
        this.epoch = epoch;
        this.object = object;
        creator.own();
    }

    TokenSession creator() {
        return creator;
    }

    /** The object's handle in PKCS#11. */
    long object() {
        return object;
    }

    /** True where session and login that the object depends on are still the same. */
    boolean alive(long currentEpoch) {
        return epoch == currentEpoch && !creator.gone();
    }

    /** Begins a use; false where the object was released. */
    synchronized boolean acquire() {
        if (released) {
            return false;
        }
        users++;
        return true;
    }

    /** Ends a use; true where the caller must have the object destroyed. */
    synchronized boolean finish() {
        users--;
        return released && users == 0;
    }

    /** What a release asks of its caller. */
    enum Release {
        /** It was released before. */
        REPEATED,
        /** A worker is using it and will have it destroyed. */
        IN_USE,
        DESTROY
    }

    synchronized Release release() {
        if (released) {
            return Release.REPEATED;
        }
        released = true;
        return users == 0 ? Release.DESTROY : Release.IN_USE;
    }
}
