package dev.cardinal.bench.gateway;

import com.google.gson.Gson;
import com.sun.management.ThreadMXBean;
import dev.cardinal.hsm.HsmStatistics;
import dev.cardinal.ike.backend.CryptoRouter;
import dev.cardinal.ike.config.ConfigErrors;
import dev.cardinal.ike.config.Configuration;
import dev.cardinal.ike.crypto.CryptoPort;
import dev.cardinal.ike.daemon.Daemon;
import dev.cardinal.ike.daemon.StartFailure;
import dev.cardinal.ike.loop.LoopStatistics;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;

/**
 * The daemon in a process of its own. Writes {@code ready PORT} when it serves; answers each line {@code statistics} or
 * {@code collect} (the same after a full collection) with {@code answer} and {@link GatewayStatistics} as JSON; ends with its input.
 */
final class GatewayProcess {
    static final String READY = "ready ";
    static final String ANSWER = "answer ";
    static final String STATISTICS = "statistics";
    static final String COLLECT = "collect";

    private GatewayProcess() {}

    /** @param arguments the configuration's folder; perhaps the milliseconds of {@link SlowDecryption} */
    public static void main(String[] arguments) throws IOException {
        ConfigErrors errors = new ConfigErrors();
        Configuration configuration = Configuration.read(Path.of(arguments[0]), Configuration.Ports.CLIENT, errors);
        if (!errors.isEmpty()) {
            errors.list().forEach(System.err::println);
            System.exit(1);
        }
        UnaryOperator<CryptoPort> devices = arguments.length < 2
                ? UnaryOperator.identity()
                : port -> new SlowDecryption(
                        port, configuration.keys().getFirst().privateKey(), Integer.parseInt(arguments[1]));
        try (Daemon daemon = Daemon.start(configuration, devices);
                BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
            System.out.println(READY + daemon.endpoints().getFirst().port());
            Gson gson = new Gson();
            for (String line = input.readLine(); line != null; line = input.readLine()) {
                System.out.println(ANSWER + gson.toJson(statistics(daemon, line.equals(COLLECT))));
            }
        } catch (StartFailure e) {
            e.lines().forEach(System.err::println);
            System.exit(1);
        }
        System.exit(0);
    }

    private static List<Long> sum(List<Long> one, List<Long> other) {
        List<Long> sums = new ArrayList<>();
        for (int i = 0; i < one.size(); i++) {
            sums.add(one.get(i) + other.get(i));
        }
        return sums;
    }

    private static GatewayStatistics statistics(Daemon daemon, boolean collect) {
        if (collect) {
            System.gc();
        }
        long heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
        long established = 0;
        long halfOpen = 0;
        Map<String, Long> counts = new TreeMap<>();
        for (LoopStatistics loop : daemon.loops().statistics()) {
            established += loop.established();
            halfOpen += loop.halfOpen();
            loop.counts().forEach((name, count) -> counts.merge(name.name(), count, Long::sum));
            loop.transport().forEach((name, count) -> counts.merge(name.name(), count, Long::sum));
        }
        long batches = 0;
        long batched = 0;
        Map<String, List<Long>> lanes = new TreeMap<>();
        for (HsmStatistics token : daemon.tokenStatistics().values()) {
            batches += token.batches();
            batched += token.batched();
            token.lanes().forEach((kind, calls) -> lanes.merge(kind, calls, GatewayProcess::sum));
        }
        Map<String, Long> operations = new TreeMap<>();
        for (CryptoRouter.Count count : daemon.operations()) {
            operations.put(count.device() + "/" + count.operation(), count.done());
            if (count.failed() > 0) {
                operations.put(count.device() + "/" + count.operation() + "/failed", count.failed());
            }
            if (count.refused() > 0) {
                operations.put(count.device() + "/" + count.operation() + "/refused", count.refused());
            }
        }
        return new GatewayStatistics(
                established,
                halfOpen,
                batches,
                batched,
                lanes,
                operations,
                counts,
                heap,
                collect ? heap : 0,
                ManagementFactory.getGarbageCollectorMXBeans().stream()
                        .mapToLong(GarbageCollectorMXBean::getCollectionTime)
                        .sum(),
                ManagementFactory.getPlatformMXBean(ThreadMXBean.class).getTotalThreadAllocatedBytes());
    }
}
