package dev.cardinal.bench.compare;

import com.google.gson.GsonBuilder;
import dev.cardinal.bench.load.Machine;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What a comparison tells, as text and as JSON.
 *
 * @param key where Cardinal's private key lies, as the command line has it
 */
record Report(String key, int pairs, int seconds, int inFlight, int clients, Machine machine) {
    private static final String ROW = "%-20s %13s %13s %9s   %s";

    /**
     * One suite's lines.
     *
     * @param first whether what holds for all of them comes before
     */
    String text(Comparison.Outcome outcome, boolean first) {
        StringBuilder text = new StringBuilder();
        if (first) {
            text.append(line(
                    "%s, Linux %s, JDK %s, Cardinal %s",
                    machine.processor(), machine.kernel(), machine.jdk(), machine.commit()));
            text.append(line(
                    "%d pairs of windows of %d s, %d handshakes under way, %d clients; processor time of a handshake",
                    pairs, seconds, inFlight, clients));
            text.append(line(ROW, "suite", "cardinal ms", "strongswan ms", "ratio", "ratio's range"));
        }
        Spread ratio = Pair.spread(outcome.pairs(), Pair::ratio);
        Spread cardinal = Pair.spread(outcome.pairs(), Pair::cardinalMillis);
        Spread peer = Pair.spread(outcome.pairs(), Pair::peerMillis);
        text.append(line(
                ROW,
                outcome.suite().name(),
                millis(cardinal.median()),
                millis(peer.median()),
                outcome.child() ? "-" : times(ratio.median()),
                outcome.child()
                        ? "with a Child SA, userland ESP against none: not comparable"
                        : times(ratio.min()) + " to " + times(ratio.max())));
        text.append(line(
                "  %s: %s; %s to %s ms, mean batch %.1f",
                outcome.cardinalVersion(),
                outcome.cardinalConfiguration(),
                millis(cardinal.min()),
                millis(cardinal.max()),
                outcome.meanBatch()));
        text.append(line(
                "  %s: %s; %s to %s ms",
                outcome.peerVersion(), outcome.peerConfiguration(), millis(peer.min()), millis(peer.max())));
        return text.toString();
    }

    private static String line(String format, Object... values) {
        return String.format(Locale.ROOT, format, values) + System.lineSeparator();
    }

    private static String millis(double value) {
        return String.format(Locale.ROOT, "%.3f", value);
    }

    private static String times(double value) {
        return String.format(Locale.ROOT, "%.2f", value);
    }

    /** An array with an object for each; one with a Child SA has no {@code ratio}. */
    String json(List<Comparison.Outcome> outcomes) {
        return new GsonBuilder()
                .setPrettyPrinting()
                .disableHtmlEscaping()
                .create()
                .toJson(outcomes.stream().map(this::row).toList());
    }

    private Map<String, Object> row(Comparison.Outcome outcome) {
        Spread ratio = Pair.spread(outcome.pairs(), Pair::ratio);
        Spread cardinal = Pair.spread(outcome.pairs(), Pair::cardinalMillis);
        Spread peer = Pair.spread(outcome.pairs(), Pair::peerMillis);
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("suite", outcome.suite().name());
        row.put("key", key);
        row.put("cardinal_cpu_ms", cardinal.median());
        row.put("peer_cpu_ms", peer.median());
        if (!outcome.child()) {
            row.put("ratio", ratio.median());
        }
        row.put("pairs", outcome.pairs().size());
        row.put("child", outcome.child());
        if (!outcome.child()) {
            row.put("ratio_range", List.of(ratio.min(), ratio.max()));
        }
        row.put("cardinal_cpu_ms_range", List.of(cardinal.min(), cardinal.max()));
        row.put("peer_cpu_ms_range", List.of(peer.min(), peer.max()));
        row.put("cardinal", outcome.cardinalVersion());
        row.put("cardinal_configuration", outcome.cardinalConfiguration());
        row.put("cardinal_mean_batch", outcome.meanBatch());
        row.put("peer", outcome.peerVersion());
        row.put("peer_configuration", outcome.peerConfiguration());
        row.put("seconds", seconds);
        row.put("in_flight", inFlight);
        row.put("clients", clients);
        row.put("machine", machine);
        return row;
    }
}
