package dev.cardinal.ike.backend;

import dev.cardinal.ike.crypto.CryptoOutcome;
import dev.cardinal.ike.crypto.CryptoOutcome.Failed;
import dev.cardinal.ike.crypto.CryptoPort;
import dev.cardinal.ike.crypto.CryptoRequest;
import dev.cardinal.ike.crypto.KeyExchangeHandle;
import dev.cardinal.ike.crypto.RandomSource;
import dev.cardinal.ike.crypto.Urgency;
import java.time.Clock;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The host device: threads of its own that compute with the JDK, behind one bounded queue for each {@link Urgency}, served
 * in their order. Work whose deadline has passed is completed as {@link Failed.Kind#EXPIRED} without being started.
 */
public final class JcaCryptoPort implements CryptoPort, AutoCloseable {

    /** Work in a queue; the request owns its secrets. */
    private record Job(CryptoRequest request, Completion completion) {}

    /**
     * Counters since start.
     *
     * @param queued waiting now
     * @param highWater the most that ever waited
     * @param refused not taken because a queue was full
     * @param expired not started because the deadline had passed
     */
    public record Statistics(int queued, int highWater, long refused, long expired) {}

    private final LongSupplier nanoTime;
    private final int queueLimit;
    private final Map<Urgency, Queue<Job>> queues = new EnumMap<>(Urgency.class);
    private final List<Thread> threads = new ArrayList<>();

    // guarded by queues
    private boolean closed;
    private int queued;
    private int highWater;
    private long refused;
    private long expired;

    /**
     * @param threads how many compute, at least 1
     * @param queueLimit requests that may wait in each urgency's queue, at least 1
     * @param clock tells whether a certificate is valid
     * @param nanoTime the clock of the deadlines
     */
    public JcaCryptoPort(int threads, int queueLimit, RandomSource random, Clock clock, LongSupplier nanoTime) {
        this(threads, queueLimit, random, clock, nanoTime, KnownCertificates.kept());
    }

    /** The same, with what is remembered of certificates. */
    public JcaCryptoPort(
            int threads,
            int queueLimit,
            RandomSource random,
            Clock clock,
            LongSupplier nanoTime,
            KnownCertificates known) {
        if (threads < 1 || queueLimit < 1) {
            throw new IllegalArgumentException(threads + " threads, queues of " + queueLimit);
        }
        this.queueLimit = queueLimit;
        this.nanoTime = nanoTime;
        for (Urgency urgency : Urgency.values()) {
            queues.put(urgency, new ArrayDeque<>());
        }
        for (int i = 1; i <= threads; i++) {
            this.threads.add(Thread.ofPlatform()
                    .name("host-crypto-" + i)
                    .daemon()
                    .start(() -> work(new HostCrypto(random, clock, known))));
        }
    }

    @Override
    public boolean submit(CryptoRequest request, Completion completion) {
        synchronized (queues) {
            Queue<Job> queue = queue(request.urgency());
            if (closed || queue.size() >= queueLimit) {
                refused++;
                return false;
            }
            queue.add(new Job(DerivationCopies.owning(request), completion));
            queued++;
            highWater = Math.max(highWater, queued);
            queues.notify();
            return true;
        }
    }

    @Override
    public void release(KeyExchangeHandle handle) {
        if (handle instanceof HostKeyExchange exchange) {
            exchange.close();
        }
    }

    public Statistics statistics() {
        synchronized (queues) {
            return new Statistics(queued, highWater, refused, expired);
        }
    }

    /** Fails what waits and lets running work end; completions may still come while this returns. */
    @Override
    public void close() {
        List<Job> abandoned = new ArrayList<>();
        synchronized (queues) {
            closed = true;
            queues.values().forEach(queue -> {
                abandoned.addAll(queue);
                queue.clear();
            });
            queued = 0;
            queues.notifyAll();
        }
        for (Job job : abandoned) {
            DerivationCopies.wipe(job.request());
            Delivery.deliver(new Failed(Failed.Kind.BACKEND, "host device closed"), job.completion());
        }
    }

    private void work(HostCrypto crypto) {
        for (Job job = next(); job != null; job = next()) {
            CryptoOutcome outcome;
            try {
                if (nanoTime.getAsLong() - job.request().deadlineNanos() >= 0) {
                    outcome = new Failed(Failed.Kind.EXPIRED, "waited too long for the host");
                    countExpired();
                } else {
                    outcome = crypto.perform(job.request());
                }
            } catch (Error e) {
                // the request still gets its one answer, and the device keeps its thread
                Delivery.report(e);
                outcome = new Failed(Failed.Kind.BACKEND, "host: " + e);
            } finally {
                DerivationCopies.wipe(job.request());
            }
            Delivery.deliver(outcome, job.completion());
        }
    }

    private @Nullable Job next() {
        synchronized (queues) {
            while (true) {
                for (Urgency urgency : Urgency.values()) {
                    Job job = queue(urgency).poll();
                    if (job != null) {
                        queued--;
                        return job;
                    }
                }
                if (closed) {
                    return null;
                }
                try {
                    queues.wait();
                } catch (InterruptedException e) {
                    // nobody but the end of the process interrupts these threads
                    return null;
                }
            }
        }
    }

    private void countExpired() {
        synchronized (queues) {
            expired++;
        }
    }

    private Queue<Job> queue(Urgency urgency) {
        Queue<Job> queue = queues.get(urgency);
        if (queue == null) {
            throw new IllegalStateException("no queue for " + urgency);
        }
        return queue;
    }
}
