package dev.cardinal.hsm.pool;

import java.util.List;

/** How a worker has its requests carried out: one after the other in its session, or many in one call. */
sealed interface TokenDriver permits SessionDriver, BatchDriver {

    /** Carries out requests, in an order of its own, and completes each. */
    void perform(List<Work.Requested> requests);
}
