package dev.cardinal.ike.sa;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cardinal.ike.wire.Identification;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class IdentityPatternTest {

    private static Identification fqdn(String name) {
        return new Identification(Identification.FQDN, name.getBytes(StandardCharsets.US_ASCII));
    }

    @Test
    void namesCompareWithoutCase() {
        assertTrue(IdentityPattern.of(fqdn("Gate.example")).matches(fqdn("gate.EXAMPLE")));
        assertFalse(IdentityPattern.of(fqdn("gate.example")).matches(fqdn("gate.example.org")));
    }

    @Test
    void aLeadingStarStandsForAnyPrefix() {
        IdentityPattern pattern = IdentityPattern.of(fqdn("*.example.org"));
        assertTrue(pattern.matches(fqdn("a.b.example.org")));
        assertFalse(pattern.matches(fqdn("example.org")));
        assertFalse(pattern.matches(
                new Identification(Identification.RFC822_ADDR, "x@a.example.org".getBytes(StandardCharsets.US_ASCII))));
    }

    @Test
    void anyMatchesAll() {
        assertTrue(IdentityPattern.ANY.matches(new Identification(Identification.KEY_ID, new byte[] {1})));
    }
}
