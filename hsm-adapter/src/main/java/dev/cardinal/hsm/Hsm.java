package dev.cardinal.hsm;

import java.util.concurrent.CompletableFuture;

/**
 * Tokens behind one asynchronous interface. Work is queued, taken by the token's workers in batches, and completed on a
 * worker's thread: a completion handler must be short and must not block.
 *
 * <p>Nothing here computes in software: what the token cannot do fails with {@link HsmFailure.Kind#UNSUPPORTED}.
 */
public interface Hsm extends AutoCloseable {

    /**
     * Queues a request.
     *
     * @param request the work; its byte arrays are owned by the adapter until the future completes
     * @return completes with the result, or exceptionally with an {@link HsmFailure}
     * @throws HsmBusy when the queue of the request's {@link Urgency} is full; nothing was queued
     */
    CompletableFuture<HsmResult> submit(HsmRequest request) throws HsmBusy;

    /**
     * Frees the objects behind a key-exchange handle. Never refused and never blocks: the destruction is queued outside
     * the bounds of the request queues. Releasing twice, or a handle whose session is gone, does nothing.
     */
    void release(KeyExchangeRef handle);

    /** Frees the object behind a shared secret, under the same terms as {@link #release(KeyExchangeRef)}. */
    void release(SharedSecret secret);

    /** What the token was found to do when it was opened. */
    TokenProfile profile();

    /** Counters since start, read without blocking. */
    HsmStatistics statistics();

    /** Drains nothing: queued work fails with {@link HsmFailure.Kind#CLOSED}, running calls are waited for (2 s). */
    @Override
    void close();
}
