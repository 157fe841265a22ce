package dev.cardinal.bench.jmh;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.BenchmarkList;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.format.OutputFormatFactory;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/** Each benchmark once, with few clients: that it runs, not how fast. JMH fails where a benchmark throws. */
final class EveryBenchmarkRunsTest {
    @Test
    void eachMethodOnce() throws RunnerException {
        Set<String> ran = new TreeSet<>();
        ran.addAll(run("CodecBenchmark|KeyScheduleBenchmark|MessageBenchmark", Map.of(), 0));
        ran.addAll(run("ProposalBenchmark", Map.of("match", List.of("FIRST", "THIRD", "NONE")), 0));
        ran.addAll(run("PeerVerificationBenchmark", Map.of("clients", List.of("4")), 0));
        ran.addAll(run(
                "HandshakeBenchmark",
                Map.of("clients", List.of("4"), "child", List.of("true"), "offer", List.of("many")),
                0));
        ran.addAll(run(
                "HandshakesOnCardBenchmark",
                Map.of("clients", List.of("4"), "child", List.of("true"), "authentication", List.of("RSA2048_X25519")),
                0));
        ran.addAll(run("DispatchBenchmark", Map.of("token", List.of("CARD"), "depth", List.of("8")), 0));
        ran.addAll(run("PrimitiveBenchmark", Map.of("way", List.of("jdk", "card-8")), 0));
        assertEquals(
                BenchmarkList.defaultList()
                        .getAll(OutputFormatFactory.createFormatInstance(System.out, VerboseMode.SILENT), List.of())
                        .stream()
                        .map(entry -> entry.getUsername())
                        .collect(Collectors.toCollection(TreeSet::new)),
                ran);
    }

    /** Each in a process of its own: SoftHSM reads its configuration once, and SunPKCS11 owns its module. */
    @Test
    void softHsmToo() throws RunnerException {
        run("PrimitiveBenchmark.rsa2048Sign", Map.of("way", List.of("softhsm-8")), 1);
        run("PrimitiveBenchmark.p256GenerateAndAgree", Map.of("way", List.of("sunpkcs11")), 1);
    }

    /** @return the methods that ran */
    private static Set<String> run(String benchmarks, Map<String, List<String>> parameters, int forks)
            throws RunnerException {
        ChainedOptionsBuilder options = new OptionsBuilder()
                .include("(" + benchmarks.replace(".", "\\.") + ")(\\.|$)")
                .mode(Mode.SingleShotTime)
                .warmupIterations(0)
                .measurementIterations(1)
                .forks(forks)
                .timeout(TimeValue.seconds(60))
                .verbosity(VerboseMode.SILENT)
                .shouldFailOnError(true);
        parameters.forEach((name, values) -> options.param(name, values.toArray(String[]::new)));
        Collection<RunResult> results = new Runner(options.build()).run();
        assertTrue(!results.isEmpty(), "no benchmark is named " + benchmarks);
        for (RunResult result : results) {
            assertTrue(
                    result.getPrimaryResult().getScore() > 0, result.getParams().id());
        }
        return results.stream().map(result -> result.getParams().getBenchmark()).collect(Collectors.toSet());
    }
}
