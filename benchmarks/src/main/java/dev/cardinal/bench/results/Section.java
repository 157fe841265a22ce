package dev.cardinal.bench.results;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;

/** Title, words and tables of each group of parts. Every figure comes out of a result. */
final class Section {
    private static final int LANES = 8;

    private Section() {}

    static String title(Part.Group group) {
        return switch (group) {
            case HANDSHAKES -> "Handshakes";
            case COMPARE -> "Beside strongSwan";
            case OVERHEAD -> "What the engine adds to the public-key work";
            case STORM -> "All clients at once";
            case SCALE -> "Established SAs";
            case DECRYPTION -> "What answers tell of a ciphertext";
            case PRIMITIVES -> "The crypto card's kernels";
            case JMH -> "JMH";
        };
    }

    /** What a figure means, and what is not in it. */
    static String words(Part.Group group) {
        return switch (group) {
            case HANDSHAKES ->
                "Whole childless IKEv2 handshakes over UDP on loopback, a closed loop, clients and gateway in processes of "
                        + "their own. \"Gateway ms\" is the processor time of the gateway's process for each handshake, the "
                        + "kernel's share for it included; the clients' is not. The rate is that of both sharing this machine, "
                        + "and the latency that of a loop which is always full: neither tells of a network or of an HSM "
                        + "across one. \"RSS\" is the growth of the gateway's resident set during the measurement, garbage "
                        + "included.";
            case COMPARE ->
                "Cardinal and Debian's strongSwan as responders on the same processor in turn, the same clients before them. "
                        + "Milliseconds are processor time of the responder's process for each childless handshake: median of "
                        + "the windows, and their range. The ratio is strongSwan's over Cardinal's, window by window. Not in "
                        + "it: Child SAs, kernel ESP, more than one processor.";
            case OVERHEAD ->
                "Processor time of a responder for each handshake, less that of the public-key operations in it as they are "
                        + "measured alone: what the protocol, the codec, the sockets and the JVM cost. Not in it: the clients.";
            case STORM ->
                "Every client begins at the same moment and repeats itself by its own timers; the gateway asks for cookies "
                        + "by default. Seconds are until so many clients stood; the least goodput is that of the worst whole "
                        + "second after the first, beside the closed loop's rate measured before. Losses on a network are not "
                        + "in it.";
            case SCALE ->
                "SAs with a Child SA each, established and held. Octets are the growth of the gateway's live heap after a "
                        + "collection, and of its resident set, for each SA; microseconds are the gateway's processor time. "
                        + "Idle is its share of one processor while it holds them all. Not in it: the kernel's part of a Child "
                        + "SA, which is not installed.";
            case DECRYPTION ->
                "Third messages of IKEv1's main mode with public key encryption, right ones and such as are wrong in one way, in "
                        + "random order from many ports; the time is from the message to its answer. p is that of a two-sided "
                        + "Mann-Whitney test against the right ones: small where a kind takes another time. All answers must "
                        + "look the same. Of several kinds one comes below 0.05 by chance now and then. Not in it: what a "
                        + "network hides, and what a token gives away that was not measured.";
            case PRIMITIVES ->
                "Each kernel with eight operations at once on one core, beside OpenSSL with its contexts prepared, and beside "
                        + "what the processor's multiplier allows. \"Worth while\" is from how many operations on the vector "
                        + "kernel is the faster. PKCS#11, queues and the JVM are not in it.";
            case JMH ->
                "Parts of the engine by themselves, in a JVM of their own each; scores with the error of the 99.9 % confidence "
                        + "interval. Allocation is what a responder allocates for each handshake, with one copy of each "
                        + "datagram; what the port's own threads allocate is not in it.";
        };
    }

    /** The group's tables, as far as there are figures. */
    static List<Table> tables(Part.Group group, List<Result> results) {
        List<Table> tables = switch (group) {
            case HANDSHAKES -> List.of(handshakes(results));
            case COMPARE -> List.of(compare(results), versions(results));
            case OVERHEAD -> List.of(overhead(results));
            case STORM -> List.of(storm(results));
            case SCALE -> List.of(scale(results), scaleWork(results));
            case DECRYPTION -> List.of(decryption(results));
            case PRIMITIVES -> List.of(primitives(results));
            case JMH -> List.of(jmh(results), allocation(results));
        };
        return tables.stream().filter(t -> !t.isEmpty()).toList();
    }

    private static List<Figures> rows(List<Result> results) {
        return results.stream().flatMap(r -> r.rows().stream()).toList();
    }

    private static Table handshakes(List<Result> results) {
        Table table = new Table(
                "suite",
                "key",
                "handshakes/s",
                "gateway ms",
                "of it kernel",
                "clients ms",
                "p50 ms",
                "p99 ms",
                "mean batch",
                "under way",
                "RSS KB an SA",
                "completed",
                "failed");
        for (Figures row : rows(results)) {
            table.add(
                    row.text("suite"),
                    row.text("key"),
                    row.figure("per_s"),
                    row.figure("responder_cpu_ms"),
                    row.figure("responder_system_ms"),
                    row.figure("clients_cpu_ms"),
                    row.figure("latency_ms/p50"),
                    row.figure("latency_ms/p99"),
                    row.figure("mean_batch"),
                    row.figure("in_flight"),
                    row.figure("rss_kb_per_sa"),
                    row.figure("completed"),
                    row.figure("failed"));
        }
        return table;
    }

    private static Table compare(List<Result> results) {
        Table table =
                new Table("suite", "key", "Cardinal ms", "strongSwan ms", "ratio", "windows", "Cardinal's mean batch");
        for (Figures row : rows(results)) {
            table.add(
                    row.text("suite"),
                    row.text("key"),
                    row.withRange("cardinal_cpu_ms", "cardinal_cpu_ms_range"),
                    row.withRange("peer_cpu_ms", "peer_cpu_ms_range"),
                    row.withRange("ratio", "ratio_range"),
                    row.figure("pairs"),
                    row.figure("cardinal_mean_batch"));
        }
        return table;
    }

    private static Table versions(List<Result> results) {
        Table table = new Table("key", "responder", "configuration");
        Set<List<String>> seen = new LinkedHashSet<>();
        for (Figures row : rows(results)) {
            seen.add(List.of(row.text("key"), row.text("cardinal"), row.text("cardinal_configuration")));
            seen.add(List.of(row.text("key"), row.text("peer"), row.text("peer_configuration")));
        }
        seen.forEach(table::add);
        return table;
    }

    /** Whatever it tells in numbers. */
    private static Table overhead(List<Result> results) {
        List<Figures> rows = rows(results);
        Set<String> names = new LinkedHashSet<>(List.of("suite", "overhead_us", "responder_cpu_us", "primitives_us"));
        rows.forEach(row -> names.addAll(row.scalars()));
        Table table = new Table(List.copyOf(names));
        for (Figures row : rows) {
            table.add(names.stream()
                    .map(name -> Double.isNaN(row.number(name)) ? row.text(name) : row.figure(name))
                    .toList());
        }
        return table;
    }

    private static Table storm(List<Result> results) {
        Table table = new Table(
                "suite",
                "clients",
                "established",
                "failed",
                "closed loop/s",
                "50 % after s",
                "90 %",
                "99 %",
                "100 %",
                "least goodput/s",
                "of the closed loop",
                "cookies",
                "retransmissions",
                "mean batch");
        for (Figures row : rows(results)) {
            table.add(
                    row.text("suite"),
                    row.figure("clients"),
                    row.figure("established"),
                    row.figure("failed"),
                    row.figure("closed_loop_per_s"),
                    row.figure("seconds_until/50"),
                    row.figure("seconds_until/90"),
                    row.figure("seconds_until/99"),
                    row.figure("seconds_until/100"),
                    row.figure("least_goodput_per_s"),
                    row.percent("least_goodput_share"),
                    row.figure("cookies_sent"),
                    row.figure("clients_retransmissions"),
                    row.figure("mean_batch"));
        }
        return table;
    }

    private static Table scale(List<Result> results) {
        Table table = new Table(
                "SAs",
                "suite",
                "established",
                "established/s",
                "heap octets each",
                "RSS octets each",
                "gateway heap MB",
                "gateway RSS MB",
                "idle",
                "everything held");
        for (Figures row : rows(results)) {
            table.add(
                    row.figure("sas"),
                    row.text("suite"),
                    row.figure("established"),
                    row.figure("per_s"),
                    row.figure("heap_octets_per_sa"),
                    row.figure("rss_octets_per_sa"),
                    row.figure("gateway_heap_mb"),
                    row.figure("gateway_rss_mb"),
                    row.percent("idle_cpu_share"),
                    row.text("ok").equals("true") ? "yes" : "no");
        }
        return table;
    }

    private static Table decryption(List<Result> results) {
        Table table = new Table("method", "key", "kind", "samples", "median us", "p99 us", "p", "answers alike");
        for (Figures row : rows(results)) {
            table.add(
                    row.text("method"),
                    row.text("key"),
                    row.text("kind"),
                    row.figure("samples"),
                    row.figure("median_us"),
                    row.figure("p99_us"),
                    row.figure("p"),
                    row.text("answers_alike").equals("true") ? "yes" : "no");
        }
        return table;
    }

    private static Table scaleWork(List<Result> results) {
        Table table = new Table(
                "SAs",
                "sign of life us",
                "answered",
                "rekeying us",
                "rekeyed",
                "growth in octets for each SA replaced",
                "established at the end",
                "failed");
        for (Figures row : rows(results)) {
            table.add(
                    row.figure("sas"),
                    row.figure("liveness_cpu_us"),
                    row.figure("liveness_answered"),
                    row.figure("rekey_cpu_us"),
                    row.figure("rekeyed"),
                    row.figure("growth_octets_per_replaced_sa"),
                    row.figure("established_at_end"),
                    row.figure("failed"));
        }
        return table;
    }

    private static Table primitives(List<Result> results) {
        Table table = new Table(
                "operation",
                "operations/s",
                "OpenSSL's",
                "times OpenSSL's",
                "of the multiplier's limit",
                "worth while from");
        List<Figures> rows = rows(results);
        for (Figures row : rows) {
            if ((int) row.number("lanes") != LANES) {
                continue;
            }
            double limit = row.number("port_limit_ops_s");
            table.add(
                    row.text("name"),
                    row.figure("ours_ops_s"),
                    row.figure("openssl_ops_s"),
                    row.figure("ratio"),
                    Figures.figure(100 * row.number("ours_ops_s") / limit) + " %",
                    worthWhile(rows, row.text("name")));
        }
        return table;
    }

    private static String worthWhile(List<Figures> rows, String name) {
        return rows.stream()
                .filter(r -> r.text("name").equals(name) && r.number("ratio") > 1)
                .mapToInt(r -> (int) r.number("lanes"))
                .boxed()
                .min(Integer::compare)
                .map(lanes -> Integer.toString(lanes))
                .orElse("never");
    }

    private static String benchmark(Figures row) {
        String name = row.text("benchmark");
        int method = name.lastIndexOf('.');
        return name.substring(name.lastIndexOf('.', method - 1) + 1);
    }

    private static Table jmh(List<Result> results) {
        Table table = new Table("benchmark", "parameters", "score", "error", "unit");
        for (Figures row : rows(results)) {
            table.add(
                    benchmark(row),
                    row.parameters("params"),
                    row.figure("primaryMetric/score"),
                    row.figure("primaryMetric/scoreError"),
                    row.text("primaryMetric/scoreUnit"));
        }
        return table;
    }

    private static Table allocation(List<Result> results) {
        Table table = new Table("benchmark", "parameters", "octets a handshake", "of them public-key work");
        for (Figures row : rows(results)) {
            if (!Double.isNaN(row.number("secondaryMetrics/responderOctets/score"))) {
                table.add(
                        benchmark(row),
                        row.parameters("params"),
                        row.figure("secondaryMetrics/responderOctets/score"),
                        row.figure("secondaryMetrics/responderOctetsByPort/score"));
            }
        }
        return table;
    }

    /** Bars of the group, by the file's name without its end; the storm draws its own plot. */
    static TreeMap<String, BarPlot> plots(Part.Group group, List<Result> results) {
        TreeMap<String, BarPlot> plots = new TreeMap<>();
        List<Figures> rows = rows(results);
        switch (group) {
            case HANDSHAKES -> {
                BarPlot plot = new BarPlot("Processor time of the gateway for each handshake, ms", List.of("Cardinal"));
                rows.forEach(row -> plot.add(suiteAndKey(row), row.number("responder_cpu_ms")));
                plots.put("handshakes", plot);
            }
            case COMPARE -> {
                BarPlot plot = new BarPlot(
                        "Processor time of the responder for each handshake, ms", List.of("Cardinal", "strongSwan"));
                rows.forEach(
                        row -> plot.add(suiteAndKey(row), row.number("cardinal_cpu_ms"), row.number("peer_cpu_ms")));
                plots.put("compare", plot);
            }
            case PRIMITIVES -> {
                BarPlot plot = new BarPlot("Eight operations at once: times OpenSSL's rate", List.of("crypto card"));
                List<Figures> eight = new ArrayList<>(rows);
                eight.removeIf(row -> (int) row.number("lanes") != LANES);
                eight.forEach(row -> plot.add(row.text("name"), row.number("ratio")));
                plots.put("primitives", plot);
            }
            case OVERHEAD, STORM, SCALE, DECRYPTION, JMH -> {}
        }
        plots.values().removeIf(BarPlot::isEmpty);
        return plots;
    }

    private static String suiteAndKey(Figures row) {
        return row.text("suite") + (row.text("key").equals("card") ? "" : ", key on " + row.text("key"));
    }
}
