package dev.cardinal.bench.compare;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

final class CompareCommandTest {

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            --peer=libreswan | known: strongswan
            --suite=rsa1024-x25519 | no suite 'rsa1024-x25519'
            --key=tpm | known: card, softhsm, file
            --pairs=0 | --pairs must be 1 to 1000, not 0
            --seconds=0 | --seconds must be 1 to 600, not 0
            --in-flight=63 | --in-flight must be 64 to 10000, not 63
            --warm-up=-1 | --warm-up must be 1 to 600, not -1
            --clients=0 | --clients must be 1 to 100000, not 0
            --core=-1 | --core must be a processor's number, not -1
            --heap=1 | --heap must be at least 256, not 1
            --pears=7 | Unknown option: '--pears=7'
            """)
    void wrongUsageIsTold(String argument, String told) {
        StringWriter errors = new StringWriter();
        int code = new CommandLine(new CompareCommand())
                .setErr(new PrintWriter(errors, true))
                .execute(argument);
        assertEquals(2, code);
        assertTrue(errors.toString().contains(told), errors.toString());
    }
}
