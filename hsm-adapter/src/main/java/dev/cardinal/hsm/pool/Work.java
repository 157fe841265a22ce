package dev.cardinal.hsm.pool;

import dev.cardinal.hsm.HsmFailure;
import dev.cardinal.hsm.HsmRequest;
import dev.cardinal.hsm.HsmResult;
import dev.cardinal.hsm.pkcs11.Pkcs11Exception;
import dev.cardinal.hsm.pkcs11.Session;
import java.util.concurrent.CompletableFuture;

/** What a worker takes from the queue. */
sealed interface Work {

    /** Completes the work exceptionally. */
    void fail(HsmFailure failure);

    /** A caller's request. */
    final class Requested implements Work {
        private final HsmRequest request;
        private final CompletableFuture<HsmResult> future;
        private final int kind;
        private int passedOver;

        Requested(HsmRequest request, CompletableFuture<HsmResult> future) {
            this.request = request;
            this.future = future;
            this.kind = LaneKind.of(request);
        }

        HsmRequest request() {
            return request;
        }

        CompletableFuture<HsmResult> future() {
            return future;
        }

        /** Its {@link LaneKind}. */
        int kind() {
            return kind;
        }

        /** How often a worker left it in the queue, to take whole groups of others; guarded by the queue's lock. */
        int passedOver() {
            return passedOver;
        }

        void passOver() {
            passedOver++;
        }

        @Override
        public void fail(HsmFailure failure) {
            future.completeExceptionally(failure);
        }
    }

    /** The pool's own errand, outside the bounds of the queues. */
    record Errand<T>(Body<T> body, CompletableFuture<T> future) implements Work {

        /** Runs on a worker's session. */
        interface Body<T> {
            T run(Session session) throws Pkcs11Exception, HsmFailure;
        }

        void run(Session session) throws Pkcs11Exception, HsmFailure {
            future.complete(body.run(session));
        }

        @Override
        public void fail(HsmFailure failure) {
            future.completeExceptionally(failure);
        }
    }

    /** An object nobody needs any more, outside the bounds of the queues. */
    record Destruction(TokenObject object) implements Work {
        @Override
        public void fail(HsmFailure failure) {
            // it dies with its session at the latest
        }
    }
}
