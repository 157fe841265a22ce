package dev.cardinal.bench.results;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonParser;
import dev.cardinal.bench.load.Machine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PageTest {
    private static final Machine MACHINE = new Machine("Processor | X", 2, "6.1", "25", "abc");

    private static final Map<String, Part.Group> GROUPS =
            Part.all(new Part.Plan(false, true, "p")).stream().collect(Collectors.toMap(Part::name, Part::group));

    @Test
    void handshakesOfSeveralPartsAreOneTable() {
        Page page = page(
                result("handshakes-psk-x25519", "", """
                        {"suite": "psk-x25519", "key": "card", "per_s": 12345.6, "responder_cpu_ms": 0.1234,
                         "latency_ms": {"p50": 5.25, "p99": 17.0}, "completed": 100, "failed": 0}
                        """),
                result(
                        "handshakes-rsa2048-x25519-softhsm",
                        "",
                        "{\"suite\": \"rsa2048-x25519\", \"key\": \"softhsm\", \"per_s\": 99.5, \"responder_cpu_ms\": 2}"));
        String text = page.render(GROUPS);
        assertTrue(
                text.contains("| psk-x25519 | card | 12,346 | 0.123 | - | - | 5.250 | 17 | - | - | - | 100 | 0 |\n"
                        + "| rsa2048-x25519 | softhsm | 99.5 | 2 | - | - |"),
                text);
        assertTrue(text.contains("    ./cardinal bench handshakes-psk-x25519    # 2026-01-02, abc\n"), text);
        assertTrue(text.contains("| Processor \\| X | 2 | 6.1 | 25 | everything |\n"), text);
        assertTrue(text.contains("![Handshakes](results/handshakes.svg)\n"), text);
        assertEquals(Set.of("handshakes.svg"), page.plots().keySet());
        String plot = page.plots().getOrDefault("handshakes.svg", "");
        assertTrue(plot.contains(">rsa2048-x25519, key on softhsm</text>") && plot.contains(">0.123</text>"), plot);
        assertFalse(text.contains("mean nothing"));
    }

    @Test
    void aPartThatFailedIsToldInsteadOfItsFigures() {
        Page page = page(new Result(
                "overhead",
                "./cardinal bench overhead --json",
                "2026-01-02",
                MACHINE,
                false,
                1,
                "*json* is no option",
                null));
        String text = page.render(GROUPS);
        assertTrue(
                text.contains("    ./cardinal bench overhead --json    # 2026-01-02, abc\n\n"
                        + "**overhead** failed, exit code 1: \\*json\\* is no option\n"),
                text);
        assertEquals(1, text.lines().filter(l -> l.startsWith("|---")).count(), "no table but the machine's");
        assertTrue(page.plots().isEmpty());
    }

    @Test
    void figuresOfAnIncompleteRunAreSaidToBeSo() {
        String text = page(new Result(
                        "scale",
                        "./cardinal bench scale",
                        "2026-01-02",
                        MACHINE,
                        true,
                        1,
                        "it told no reason",
                        JsonParser.parseString("{\"sas\": 100000, \"established\": 99999, \"ok\": false}")))
                .render(GROUPS);
        assertTrue(text.contains("**scale** did not complete, its figures are of what did, exit code 1: "), text);
        assertTrue(text.contains("| 100,000 | - | 99,999 | - | - | - | - | - | - | no |"), text);
        assertTrue(text.contains("**Trial runs are among these: their figures mean nothing.**"), text);
        assertTrue(text.contains("# 2026-01-02, abc, a trial\n"), text);
    }

    @Test
    void theOtherGroupsHaveTheirTables() {
        Page page = page(
                result("compare-card", "", """
                        [{"suite": "psk-x25519", "key": "card", "cardinal_cpu_ms": 0.5, "peer_cpu_ms": 1.5, "ratio": 3.0,
                          "ratio_range": [2.5, 3.5], "cardinal_cpu_ms_range": [0.4, 0.6], "peer_cpu_ms_range": [1, 2],
                          "pairs": 7, "cardinal": "Cardinal 1", "peer": "strongSwan 5"}]
                        """),
                result("overhead", "", "{\"suite\": \"s\", \"overhead_us\": 12.5, \"more\": \"word\"}"),
                result(
                        "storm",
                        "",
                        "{\"suite\": \"s\", \"clients\": 9, \"seconds_until\": {\"50\": 1.5}, \"least_goodput_share\": 0.5}"),
                result("primitives", "", """
                        [{"name": "a", "lanes": 1, "ours_ops_s": 1, "openssl_ops_s": 2, "ratio": 0.5, "port_limit_ops_s": 5},
                         {"name": "a", "lanes": 2, "ours_ops_s": 3, "openssl_ops_s": 2, "ratio": 1.5, "port_limit_ops_s": 9},
                         {"name": "a", "lanes": 8, "ours_ops_s": 9, "openssl_ops_s": 2, "ratio": 4.5, "port_limit_ops_s": 10}]
                        """),
                result("jmh", "", """
                        [{"benchmark": "dev.B.one", "params": {"z": "1", "a": "2"},
                          "primaryMetric": {"score": 1234.25, "scoreError": "NaN", "scoreUnit": "us/op"},
                          "secondaryMetrics": {"responderOctets": {"score": 4096.0}}},
                         {"benchmark": "dev.B.two", "primaryMetric": {"score": 0.5, "scoreError": 0.25, "scoreUnit": "us/op"}}]
                        """));
        String text = page.render(GROUPS);
        assertTrue(
                text.contains(
                        "| psk-x25519 | card | 0.500 (0.400 to 0.600) | 1.500 (1 to 2) | 3 (2.500 to 3.500) | 7 | - |"),
                text);
        assertTrue(text.contains("| card | strongSwan 5 | - |"), text);
        assertTrue(
                text.contains("| suite | overhead\\_us | responder\\_cpu\\_us | primitives\\_us | more |")
                        && text.contains("| s | 12.5 | - | - | word |"),
                text);
        assertTrue(text.contains("| s | 9 | - | - | - | 1.500 | - | - | - | - | 50.0 % |"), text);
        assertTrue(text.contains("![All clients at once](results/storm.svg)"), text);
        assertTrue(text.contains("| a | 9 | 2 | 4.500 | 90 % | 2 |"), text);
        assertTrue(text.contains("| B.one | a=2, z=1 | 1,234 | - | us/op |"), text);
        assertTrue(text.contains("| B.one | a=2, z=1 | 4,096 | - |"), text);
        assertEquals(Set.of("compare.svg", "primitives.svg"), page.plots().keySet());
        String order = text.lines().filter(l -> l.startsWith("## ")).collect(Collectors.joining());
        assertTrue(order.indexOf("strongSwan") < order.indexOf("kernels"), order);
    }

    @Test
    void resultsAreKept(@TempDir Path folder) throws Exception {
        Result result = result("storm", "it \"failed\"", null);
        result.store(folder);
        assertEquals(result, Result.load(folder, "storm"));
        assertEquals(null, Result.load(folder, "jmh"));
        Files.writeString(Result.file(folder, "scale"), "{\"part\": \"storm\"}");
        assertThrows(IOException.class, () -> Result.load(folder, "scale"));
        Files.writeString(Result.file(folder, "scale"), "{");
        assertThrows(IOException.class, () -> Result.load(folder, "scale"));
    }

    private static Page page(Result... results) {
        return new Page(Arrays.asList(results), Set.of("storm"));
    }

    private static Result result(String part, String error, @Nullable String figures) {
        return new Result(
                part,
                "./cardinal bench " + part,
                "2026-01-02",
                MACHINE,
                false,
                error.isEmpty() ? 0 : 1,
                error,
                figures == null ? null : JsonParser.parseString(figures));
    }
}
