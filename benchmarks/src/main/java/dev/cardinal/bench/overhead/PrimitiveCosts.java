package dev.cardinal.bench.overhead;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What each kind of operation costs on one processor, by how many go together: measured by the crypto card's own bench. */
final class PrimitiveCosts {
    /** Lanes of the card's vector kernels. */
    private static final int LANES = 8;

    private static final double NANOS = 1e9;

    /** Rows of the bench by the kinds of operations as {@code HsmStatistics} names them, where they are alike. */
    private static final Map<String, String> ROWS = Map.ofEntries(
            Map.entry("generate X25519", "x25519-keygen"),
            Map.entry("agree X25519", "x25519-derive"),
            Map.entry("generate P256", "p256-keygen"),
            Map.entry("agree P256", "p256-ecdh"),
            Map.entry("sign ECDSA_SHA256", "ecdsa-p256-sign"),
            Map.entry("verify ECDSA_SHA256", "ecdsa-p256-verify"),
            Map.entry("generate MODP_2048", "modp2048-keygen"),
            Map.entry("agree MODP_2048", "modp2048-derive"),
            Map.entry("generate MODP_3072", "modp3072-keygen"),
            Map.entry("agree MODP_3072", "modp3072-derive"),
            Map.entry("generate MODP_4096", "modp4096-keygen"),
            Map.entry("agree MODP_4096", "modp4096-derive"));

    /** By row: nanoseconds of a call with as many operations as the index says; index 0 stands for none. */
    private final Map<String, double[]> calls = new HashMap<>();

    /**
     * Reads {@code primitives --json}. An operation below the break-even point is taken at the lesser of both prices.
     *
     * @throws IllegalStateException where it is no such text
     */
    static PrimitiveCosts of(String json) {
        PrimitiveCosts costs = new PrimitiveCosts();
        for (JsonElement element : JsonParser.parseString(json).getAsJsonArray()) {
            JsonObject row = element.getAsJsonObject();
            int lanes = row.get("lanes").getAsInt();
            double vector = lanes * NANOS / row.get("ours_ops_s").getAsDouble();
            double scalar = lanes * NANOS / row.get("openssl_ops_s").getAsDouble();
            double[] row8 = costs.calls.computeIfAbsent(row.get("name").getAsString(), name -> new double[LANES + 1]);
            row8[lanes] = Math.min(vector, scalar);
        }
        return costs;
    }

    /** Runs the bench, as long as its windows are by themselves. @param core to which it is pinned, negative for none */
    static PrimitiveCosts measure(int core) throws IOException, InterruptedException {
        Path program = Path.of(System.getProperty("cardinal.lib", "engine/target/lib"))
                .resolve("../../../native/target/bin/primitives")
                .normalize();
        if (!Files.isExecutable(program)) {
            throw new IOException(program + " is missing: ./cardinal builds it, where the card has kernels");
        }
        List<String> command = new ArrayList<>();
        if (core >= 0) {
            command.addAll(List.of("taskset", "-c", Integer.toString(core)));
        }
        command.addAll(List.of(program.toString(), "--json"));
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        process.getOutputStream().close();
        String json = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IOException(program + " failed");
        }
        return of(json);
    }

    /**
     * Nanoseconds of all calls of a kind.
     *
     * @param kind as {@code HsmStatistics#lanes} has it
     * @param bits of the signing keys
     * @param counts at index n, calls with n operations of the kind
     */
    double nanos(String kind, int bits, List<Long> counts) {
        String row = ROWS.get(kind);
        if (row == null && kind.startsWith("sign RSA")) {
            row = "rsa" + bits + "-crt";
        } else if (row == null && kind.startsWith("verify RSA")) {
            row = "rsa" + bits + "-verify";
        }
        double[] cost = row == null ? null : calls.get(row);
        if (cost == null) {
            throw new IllegalStateException("no price of " + kind);
        }
        double sum = 0;
        for (int together = 1; together < counts.size(); together++) {
            sum += counts.get(together) * (together / LANES * cost[LANES] + cost[together % LANES]);
        }
        return sum;
    }
}
