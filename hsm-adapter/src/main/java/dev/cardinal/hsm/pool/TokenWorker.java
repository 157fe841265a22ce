package dev.cardinal.hsm.pool;

import dev.cardinal.hsm.HsmFailure;
import java.util.ArrayList;
import java.util.List;

/**
 * One thread with one session. It takes what has queued while it was busy and has its driver do it: natural batching,
 * nothing waits for a batch to fill.
 */
final class TokenWorker implements Runnable {

    private final TokenPool pool;
    private final WorkQueue queue;
    private final Recovery recovery;
    private final TokenDriver driver;

    TokenWorker(TokenPool pool, WorkQueue queue) {
        this.pool = pool;
        this.queue = queue;
        this.recovery = new Recovery(pool);
        SessionDriver sessions = new SessionDriver(pool, recovery);
        this.driver = pool.batches() ? new BatchDriver(pool, recovery, sessions) : sessions;
    }

    /** Opens the worker's session ahead of its first request. */
    void prepare() throws HsmFailure {
        recovery.session();
    }

    @Override
    public void run() {
        List<Work> batch = new ArrayList<>();
        try {
            for (int taken = queue.take(batch); taken >= 0; taken = queue.take(batch)) {
                if (taken > 0) {
                    pool.counters().onBatch(taken);
                }
                perform(batch);
                batch.clear();
            }
        } catch (InterruptedException e) {
            // the pool is closing
        }
    }

    private void perform(List<Work> batch) {
        List<Work.Requested> requests = new ArrayList<>(batch.size());
        for (Work work : batch) {
            switch (work) {
                case Work.Requested requested -> requests.add(requested);
                case Work.Errand<?> errand ->
                    attempt(
                            errand,
                            () -> recovery.run(Footing.ITSELF, (session, epoch) -> {
                                errand.run(session.session());
                                return true;
                            }));
                case Work.Destruction destruction -> attempt(destruction, () -> recovery.destroy(destruction.object()));
            }
        }
        driver.perform(requests);
    }

    /** Runs the pool's own work; what goes wrong in it is its end, and not the worker's. */
    private void attempt(Work own, PendingRequest.Step step) {
        try {
            if (pool.closed()) {
                throw pool.closedFailure();
            }
            step.run();
        } catch (HsmFailure e) {
            own.fail(e);
        } catch (RuntimeException | Error e) {
            own.fail(pool.internalError(e));
        }
    }
}
