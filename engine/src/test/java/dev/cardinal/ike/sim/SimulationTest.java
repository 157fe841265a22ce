package dev.cardinal.ike.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cardinal.ike.crypto.Secret;
import dev.cardinal.ike.crypto.SymmetricCrypto;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/**
 * Two ends over a network, tokens and SADs that misbehave, thousands of times, each time in another way. A failure names its
 * seed, and {@code -Dcardinal.simulation.seed=N} runs that one alone and tells its story.
 */
class SimulationTest {
    private static final int RUNS = Integer.getInteger("cardinal.simulation.runs", 40_000);
    private static final long FIRST_SEED = Long.getLong("cardinal.simulation.first", 1);

    /** Runs between two looks at how many secrets are open, which is one count for the whole process. */
    private static final int BATCH = 500;

    @Test
    void endsAgreeWhateverGoesWrong() throws Exception {
        Long only = Long.getLong("cardinal.simulation.seed");
        if (only != null) {
            runAlone(only);
            return;
        }
        Simulation.Tally tally = Simulation.Tally.NONE;
        int threads = Math.max(1, Runtime.getRuntime().availableProcessors());
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        try {
            for (long batch = FIRST_SEED; batch < FIRST_SEED + RUNS; batch += BATCH) {
                tally = tally.plus(runBatch(pool, threads, batch, Math.min(batch + BATCH, FIRST_SEED + RUNS)));
            }
        } finally {
            pool.shutdownNow();
        }
        System.out.println("simulation: " + tally);
        assertEquals(RUNS, tally.runs());
        assertWorthwhile(tally);
    }

    /** What the runs are for did come about, often. */
    private static void assertWorthwhile(Simulation.Tally tally) {
        int runs = tally.runs();
        assertTrue(tally.established() > runs, () -> "too few IKE SAs: " + tally);
        assertTrue(tally.ikeRekeys() > runs / 4, () -> "too few rekeys of IKE SAs: " + tally);
        assertTrue(tally.childRekeys() > runs / 4, () -> "too few rekeys of Child SAs: " + tally);
        assertTrue(tally.collisions() > runs / 50, () -> "too few collisions: " + tally);
        assertTrue(tally.peersDead() > runs / 50, () -> "too few dead peers: " + tally);
    }

    private static Simulation.Tally runBatch(ExecutorService pool, int threads, long from, long to) throws Exception {
        long openBefore = Secret.open();
        List<Future<Simulation.Tally>> parts = new ArrayList<>();
        for (int part = 0; part < threads; part++) {
            long first = from + part;
            parts.add(pool.submit(() -> {
                SymmetricCrypto symmetric = new SymmetricCrypto();
                Simulation.Tally tally = Simulation.Tally.NONE;
                for (long seed = first; seed < to; seed += threads) {
                    tally = tally.plus(run(seed, symmetric));
                }
                return tally;
            }));
        }
        Simulation.Tally tally = Simulation.Tally.NONE;
        AssertionError failure = null;
        for (Future<Simulation.Tally> part : parts) {
            try {
                tally = tally.plus(part.get());
            } catch (ExecutionException e) {
                failure = e.getCause() instanceof AssertionError broken ? broken : new AssertionError(e.getCause());
            }
        }
        if (failure != null) {
            throw failure;
        }
        if (Secret.open() != openBefore) {
            for (long seed = from; seed < to; seed++) {
                runAlone(seed);
            }
        }
        return tally;
    }

    private static Simulation.Tally run(long seed, SymmetricCrypto symmetric) {
        try {
            return new Simulation(seed, symmetric, false).run();
        } catch (AssertionError e) {
            String story = Simulation.story(seed);
            throw new AssertionError(story == null ? "seed " + seed + " fails only now and then" : story, e);
        }
    }

    /** One run with its story, after which no secret is open. */
    static void runAlone(long seed) {
        long openBefore = Secret.open();
        String story = Simulation.story(seed);
        if (story != null) {
            throw new AssertionError(story);
        }
        assertEquals(openBefore, Secret.open(), () -> "seed " + seed + ": secrets are still open");
    }
}
