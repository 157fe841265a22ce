package dev.cardinal.ike.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cardinal.ike.daemon.DemoReport;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class DemoCommandTest {
    private final StringWriter errors = new StringWriter();

    @Test
    void wrongUsageIsExitTwo() {
        assertEquals(2, run("--handshakes", "0"));
        assertTrue(errors.toString().contains("--handshakes must be 1 to "), errors.toString());
        assertEquals(2, run("--handshakes", "many"));
        assertEquals(2, run("--token", "yubikey"));
        assertTrue(
                errors.toString().contains("--token 'yubikey' is not known; known: card, softhsm"), errors.toString());
        assertEquals(2, run("--fast"));
    }

    @Test
    void jsonIsOneObjectInEveryLocale() {
        DemoReport report = new DemoReport(
                2000,
                1999,
                4_000_000_000L,
                12_345_678,
                98_765_432,
                Map.of("sign", 2000L, "agree", 2001L),
                1.5,
                64,
                "why",
                "");
        Locale before = Locale.getDefault();
        try {
            Locale.setDefault(Locale.GERMANY);
            assertEquals(
                    "{\"token\":\"softhsm\",\"handshakes\":2000,\"established\":1999,\"failed\":1,\"per_s\":499.8,"
                            + "\"p50_ms\":12.35,\"p99_ms\":98.77,\"sign_ops\":2000,\"ke_ops\":2001,"
                            + "\"mean_batch\":1.50}",
                    DemoCommand.json("softhsm", report));
        } finally {
            Locale.setDefault(before);
        }
    }

    private int run(String... arguments) {
        return new CommandLine(new DemoCommand())
                .setErr(new PrintWriter(errors, true))
                .execute(arguments);
    }
}
