package dev.cardinal.bench.jmh;

import dev.cardinal.ike.crypto.KeyExchangeMethod;
import dev.cardinal.ike.sa.ProposalSelection;
import dev.cardinal.ike.wire.Proposal;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The responder's choice among proposals. The peer offers as much as strongSwan does by default; ours is a list that it matches at
 * once, after some, or not at all.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(2)
public class ProposalBenchmark {
    /** Where in our list the first proposal stands that the peer offers. */
    public enum Match {
        FIRST,
        THIRD,
        NONE
    }

    @Param
    private Match match = Match.FIRST;

    private List<Proposal> offered = List.of();
    private List<Proposal> configured = List.of();

    @Setup
    public void prepare() {
        offered = Offers.strongSwanDefault(KeyExchangeMethod.CURVE_25519);
        Proposal good = Offers.ike(KeyExchangeMethod.CURVE_25519);
        Proposal foreign = Offers.ike(Offers.FOREIGN_METHOD);
        configured = switch (match) {
            case FIRST -> List.of(good, foreign, foreign);
            case THIRD -> List.of(foreign, foreign, good);
            case NONE -> List.of(foreign, foreign, foreign);
        };
        if ((choose() == null) != (match == Match.NONE)) {
            throw new IllegalStateException("the lists are not what they should be");
        }
    }

    @Benchmark
    public @Nullable Proposal choose() {
        return ProposalSelection.choose(offered, configured, true);
    }
}
