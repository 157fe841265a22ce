package dev.cardinal.ike.sa;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cardinal.ike.wire.Identification;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
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
    void distinguishedNamesCompareByMeaning() {
        // O=Test once as a PrintableString, once as a UTF8String in small letters
        byte[] printable = HexFormat.of().parseHex("300f310d300b060355040a130454657374");
        byte[] utf8 = HexFormat.of().parseHex("300f310d300b060355040a0c0474657374");
        byte[] other = HexFormat.of().parseHex("300f310d300b060355040a0c0474657375");
        IdentityPattern pattern = IdentityPattern.of(new Identification(Identification.DER_ASN1_DN, printable));
        assertTrue(pattern.matches(new Identification(Identification.DER_ASN1_DN, utf8)));
        assertFalse(pattern.matches(new Identification(Identification.DER_ASN1_DN, other)));
        assertFalse(pattern.matches(new Identification(Identification.DER_ASN1_DN, new byte[] {0x30, 5, 1})));
    }

    @Test
    void anyMatchesAll() {
        assertTrue(IdentityPattern.ANY.matches(new Identification(Identification.KEY_ID, new byte[] {1})));
    }
}
