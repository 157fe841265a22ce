package dev.cardinal.bench.tune;

import com.google.gson.GsonBuilder;
import dev.cardinal.bench.load.Machine;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What was measured and chosen, for people, for programs, and for the configuration's comments.
 *
 * @param token name of the section
 * @param steps operations of a handshake that are this token's, in words
 * @param latencyMillis the bound that {@link Point#choose} was given
 * @param breakEven file of the card's break-even points; null where there is none
 * @param file that was, or would be, written
 */
record TuneReport(
        String token,
        String suite,
        String steps,
        int inFlight,
        double seconds,
        int rounds,
        double latencyMillis,
        Machine machine,
        LocalDate date,
        List<Point> points,
        Point chosen,
        @Nullable Path breakEven,
        Path file,
        boolean written) {

    static final String HEADING = String.format(
            Locale.ROOT,
            "%7s %5s %12s %8s %8s %10s",
            "workers",
            "batch",
            "operations/s",
            "CPU us",
            "p99 ms",
            "mean batch");

    static String row(Point point) {
        return String.format(
                Locale.ROOT,
                "%7d %5d %12.1f %8.1f %8.2f %10.2f",
                point.workers(),
                point.batchLimit(),
                point.perSecond(),
                point.cpuMicros(),
                point.p99Millis(),
                point.meanBatch());
    }

    /** What stands above the settings. */
    List<String> comments() {
        List<String> lines = new ArrayList<>();
        lines.add(String.format(
                Locale.ROOT,
                "%s, %s: %s; %d handshakes under way, best of %d times %.1f s, p99 at most %.0f ms or twice the least",
                date,
                suite,
                steps,
                inFlight,
                rounds,
                seconds,
                latencyMillis));
        lines.add(machine.processor() + ", " + machine.processors() + " processors, Linux " + machine.kernel()
                + ", JDK " + machine.jdk() + ", Cardinal " + machine.commit());
        lines.add(HEADING);
        for (Point point : points) {
            lines.add(row(point) + (point.equals(chosen) ? "  chosen" : ""));
        }
        return lines;
    }

    String json() {
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("token", token);
        object.put("suite", suite);
        object.put("steps", steps);
        object.put("in_flight", inFlight);
        object.put("seconds", seconds);
        object.put("rounds", rounds);
        object.put("latency_bound_ms", latencyMillis);
        object.put("machine", machine);
        object.put("date", date.toString());
        object.put("points", points.stream().map(TuneReport::object).toList());
        object.put("chosen", object(chosen));
        object.put("break_even", breakEven == null ? null : breakEven.toString());
        object.put("file", file.toString());
        object.put("written", written);
        return new GsonBuilder()
                .setPrettyPrinting()
                .disableHtmlEscaping()
                .serializeNulls()
                .create()
                .toJson(object);
    }

    private static Map<String, Object> object(Point point) {
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("workers", point.workers());
        row.put("batch", point.batchLimit());
        row.put("operations_per_s", point.perSecond());
        row.put("cpu_us", point.cpuMicros());
        row.put("p99_ms", point.p99Millis());
        row.put("mean_batch", point.meanBatch());
        return row;
    }
}
