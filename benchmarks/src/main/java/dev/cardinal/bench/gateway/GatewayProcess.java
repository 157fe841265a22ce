package dev.cardinal.bench.gateway;

import com.google.gson.Gson;
import dev.cardinal.hsm.HsmStatistics;
import dev.cardinal.ike.backend.CryptoRouter;
import dev.cardinal.ike.config.ConfigErrors;
import dev.cardinal.ike.config.Configuration;
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
import java.util.Map;
import java.util.TreeMap;

/**
 * The daemon in a process of its own. Writes {@code ready PORT} when it serves; answers each line {@code statistics} or
 * {@code collect} (the same after a full collection) with {@link GatewayStatistics} as JSON; ends with its input.
 */
final class GatewayProcess {
    static final String READY = "ready ";
    static final String STATISTICS = "statistics";
    static final String COLLECT = "collect";

    private GatewayProcess() {}

    /** @param arguments the configuration's folder */
    public static void main(String[] arguments) throws IOException {
        ConfigErrors errors = new ConfigErrors();
        Configuration configuration = Configuration.read(Path.of(arguments[0]), Configuration.Ports.CLIENT, errors);
        if (!errors.isEmpty()) {
            errors.list().forEach(System.err::println);
            System.exit(1);
        }
        try (Daemon daemon = Daemon.start(configuration);
                BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
            System.out.println(READY + daemon.endpoints().getFirst().port());
            Gson gson = new Gson();
            for (String line = input.readLine(); line != null; line = input.readLine()) {
                System.out.println(gson.toJson(statistics(daemon, line.equals(COLLECT))));
            }
        } catch (StartFailure e) {
            e.lines().forEach(System.err::println);
            System.exit(1);
        }
        System.exit(0);
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
        for (HsmStatistics token : daemon.tokenStatistics().values()) {
            batches += token.batches();
            batched += token.batched();
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
                operations,
                counts,
                heap,
                collect ? heap : 0,
                ManagementFactory.getGarbageCollectorMXBeans().stream()
                        .mapToLong(GarbageCollectorMXBean::getCollectionTime)
                        .sum());
    }
}
