package dev.cardinal.ike.crypto;

/** Where public-key work is done. Implementations may be called from several loops at once. */
public interface CryptoPort {

    /**
     * Hands work over. Secrets named by the request are read before this returns.
     *
     * @param completion called exactly once if this returned true, on any thread, perhaps before this returns
     * @return false where the queue is full: normal under load, nothing was taken
     */
    boolean submit(CryptoRequest request, Completion completion);

    /** Frees our half of a key exchange. Never refused. */
    void release(KeyExchangeHandle handle);

    /** Receives an outcome; must be short and must not block. */
    @FunctionalInterface
    interface Completion {
        void completed(CryptoOutcome outcome);
    }
}
