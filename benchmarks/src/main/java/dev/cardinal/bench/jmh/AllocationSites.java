package dev.cardinal.bench.jmh;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import jdk.jfr.Name;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordedFrame;
import jdk.jfr.consumer.RecordedStackTrace;
import jdk.jfr.consumer.RecordingFile;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.infra.IterationParams;
import org.openjdk.jmh.profile.ExternalProfiler;
import org.openjdk.jmh.profile.InternalProfiler;
import org.openjdk.jmh.results.AggregationPolicy;
import org.openjdk.jmh.results.BenchmarkResult;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.ScalarResult;
import org.openjdk.jmh.results.TextResult;
import org.openjdk.jmh.runner.IterationType;

/**
 * Where responders allocate: {@code HandshakeBenchmark -prof dev.cardinal.bench.jmh.AllocationSites} prints octets per handshake by
 * the line of Cardinal's that they were allocated under. Nothing is sampled: without thread-local buffers the JVM tells Flight
 * Recorder each allocation that its compiler has left. That is slow, so times of such a run mean nothing.
 */
public final class AllocationSites implements InternalProfiler, ExternalProfiler {
    private static final int SITES_SHOWN = 40;
    private static final int CLASSES_SHOWN = 3;
    private static final String ALLOCATION = "jdk.ObjectAllocationOutsideTLAB";
    private static final String OURS = "dev.cardinal.";
    private static final String NOT_OURS = "dev.cardinal.bench.";

    private final Map<String, Site> sites = new HashMap<>();
    private @Nullable Recording recording;
    private int iterations;
    private long handshakes;
    private long truncated;

    /** Allocations under one line of code. */
    private static final class Site {
        private long octets;
        private long objects;
        private final Map<String, Long> byClass = new HashMap<>();

        void add(String type, long size) {
            octets += size;
            objects++;
            byClass.merge(type, size, Long::sum);
        }

        String largest() {
            return byClass.entrySet().stream()
                    .sorted(Map.Entry.<String, Long>comparingByValue().reversed())
                    .limit(CLASSES_SHOWN)
                    .map(Map.Entry::getKey)
                    .collect(Collectors.joining(" "));
        }
    }

    public AllocationSites() {}

    @Override
    public String getDescription() {
        return "octets that a responder allocates in a handshake, by line of code";
    }

    // ------------------------------------------------------------------------------------------------ beside the fork

    @Override
    public Collection<String> addJVMInvokeOptions(BenchmarkParams parameters) {
        return List.of();
    }

    @Override
    public Collection<String> addJVMOptions(BenchmarkParams parameters) {
        return List.of("-XX:-UseTLAB", "-XX:FlightRecorderOptions=stackdepth=256");
    }

    @Override
    public void beforeTrial(BenchmarkParams parameters) {}

    @Override
    public Collection<? extends Result<?>> afterTrial(BenchmarkResult result, long pid, File out, File err) {
        return List.of();
    }

    @Override
    public boolean allowPrintOut() {
        return true;
    }

    @Override
    public boolean allowPrintErr() {
        return true;
    }

    // ------------------------------------------------------------------------------------------------ in the fork

    @Override
    public void beforeIteration(BenchmarkParams parameters, IterationParams iteration) {
        if (iteration.getType() == IterationType.MEASUREMENT) {
            Recording started = new Recording();
            started.enable(ALLOCATION).withStackTrace();
            started.enable(Handshakes.Ended.class).withoutStackTrace();
            started.start();
            recording = started;
        }
    }

    @Override
    public Collection<? extends Result<?>> afterIteration(
            BenchmarkParams parameters, IterationParams iteration, IterationResult result) {
        Recording running = recording;
        if (running == null) {
            return List.of();
        }
        recording = null;
        try (running) {
            running.stop();
            Path file = Files.createTempFile("cardinal-allocations", ".jfr");
            try {
                running.dump(file);
                read(file);
            } finally {
                Files.delete(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        iterations++;
        return iterations < iteration.getCount() || handshakes == 0 ? List.of() : List.of(octets(), table());
    }

    private void read(Path file) throws IOException {
        String ended = Handshakes.Ended.class.getAnnotation(Name.class).value();
        try (RecordingFile events = new RecordingFile(file)) {
            while (events.hasMoreEvents()) {
                RecordedEvent event = events.readEvent();
                if (event.getEventType().getName().equals(ended)) {
                    handshakes++;
                } else if (event.getEventType().getName().equals(ALLOCATION)) {
                    add(event);
                }
            }
        }
    }

    private void add(RecordedEvent event) {
        RecordedStackTrace trace = event.getStackTrace();
        if (trace == null) {
            return;
        }
        truncated += trace.isTruncated() ? 1 : 0;
        String site = null;
        for (RecordedFrame frame : trace.getFrames()) {
            String type = frame.getMethod().getType().getName();
            if (site == null && type.startsWith(OURS) && !type.startsWith(NOT_OURS)) {
                site = type.substring(type.lastIndexOf('.') + 1) + "."
                        + frame.getMethod().getName() + ":" + frame.getLineNumber();
            }
            if (type.equals(Handshakes.class.getName())
                    && frame.getMethod().getName().equals("toResponder")) {
                sites.computeIfAbsent(site == null ? "(the event loop's stand-in)" : site, key -> new Site())
                        .add(event.getClass("objectClass").getName(), event.getLong("allocationSize"));
                return;
            }
        }
    }

    private long total() {
        return sites.values().stream().mapToLong(site -> site.octets).sum();
    }

    private ScalarResult octets() {
        return new ScalarResult(
                "responderOctetsRecorded", (double) total() / handshakes, "B/op", AggregationPolicy.AVG);
    }

    private TextResult table() {
        StringBuilder text = new StringBuilder(String.format(
                Locale.ROOT,
                "%d handshakes, %d octets and %d objects each; %d stacks cut off%n%8s %6s  %s%n",
                handshakes,
                total() / handshakes,
                sites.values().stream().mapToLong(site -> site.objects).sum() / handshakes,
                truncated,
                "octets",
                "objects",
                "where; the classes with the most octets"));
        sites.entrySet().stream()
                .sorted(Comparator.comparingLong((Map.Entry<String, Site> each) -> each.getValue().octets)
                        .reversed())
                .limit(SITES_SHOWN)
                .forEach(each -> text.append(String.format(
                        Locale.ROOT,
                        "%8d %6.1f  %s; %s%n",
                        each.getValue().octets / handshakes,
                        (double) each.getValue().objects / handshakes,
                        each.getKey(),
                        each.getValue().largest())));
        return new TextResult(text.toString(), "allocations");
    }
}
