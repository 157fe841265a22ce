package dev.cardinal.ike.backend;

import dev.cardinal.ike.crypto.CryptoOutcome;
import dev.cardinal.ike.crypto.CryptoPort;

/** Outcomes to their receivers: a fault of a receiver must neither cost a device its thread nor pass unseen. */
final class Delivery {
    private Delivery() {}

    static void deliver(CryptoOutcome outcome, CryptoPort.Completion completion) {
        try {
            completion.completed(outcome);
        } catch (RuntimeException e) {
            report(e);
        }
    }

    /** To where the process looks for the faults of its threads. */
    static void report(Throwable fault) {
        Thread current = Thread.currentThread();
        current.getUncaughtExceptionHandler().uncaughtException(current, fault);
    }
}
