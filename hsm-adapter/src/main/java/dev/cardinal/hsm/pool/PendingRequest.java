package dev.cardinal.hsm.pool;

import dev.cardinal.hsm.HsmFailure;
import dev.cardinal.hsm.HsmFailure.Kind;
import dev.cardinal.hsm.HsmResult;
import org.jspecify.annotations.Nullable;

/** A request that a worker has taken, until it is completed. */
record PendingRequest(TokenPool pool, Work.Requested requested) {

    interface Step {
        void run() throws HsmFailure;
    }

    /** Runs a step; what goes wrong in it is the request's end. */
    void attempt(Step step) {
        try {
            step.run();
        } catch (HsmFailure e) {
            fail(e);
        } catch (RuntimeException | Error e) {
            // one request must not take the worker with it
            fail(pool.internalError(e));
        }
    }

    /**
     * What is to be done for the request now.
     *
     * @return null where nobody waits for it any more
     * @throws HsmFailure where it must not be begun
     */
    @Nullable
    TokenOperation begin() throws HsmFailure {
        if (pool.closed()) {
            throw pool.closedFailure();
        }
        if (requested.future().isDone()) {
            return null;
        }
        if (pool.now() - requested.request().deadlineNanos() >= 0) {
            throw new HsmFailure(Kind.EXPIRED, 0, pool.label() + ": the deadline passed in the queue");
        }
        return new RequestReading(pool).read(requested.request());
    }

    void complete(HsmResult result) {
        if (!requested.future().complete(result)) {
            pool.discard(result);
        }
    }

    void fail(HsmFailure failure) {
        if (failure.kind() != Kind.CLOSED) {
            pool.counters().onFailure(failure.kind());
        }
        requested.fail(failure);
    }
}
