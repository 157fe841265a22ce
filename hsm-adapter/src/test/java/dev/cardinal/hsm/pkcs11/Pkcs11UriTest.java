package dev.cardinal.hsm.pkcs11;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** RFC 7512. */
final class Pkcs11UriTest {

    private static final TokenInfo TOKEN =
            new TokenInfo("The Software PKCS#11 token", "Snake Oil, Inc.", "1.0", "x/1", 0, 0, 0);

    @Test
    void objectsAreNamedWithEverythingPercentEncodedThatMustBe() {
        Pkcs11Uri uri = Pkcs11Uri.ofObject(TOKEN, "private", "my key;/?#%", new byte[] {0, 'A', (byte) 0xff});
        assertEquals(
                "pkcs11:model=1.0;manufacturer=Snake%20Oil,%20Inc.;serial=x%2F1"
                        + ";token=The%20Software%20PKCS%2311%20token;object=my%20key%3B%2F%3F%23%25"
                        + ";id=%00%41%FF;type=private",
                uri.toString());
        assertEquals(uri, Pkcs11Uri.parse(uri.toString()));
        assertArrayEquals(new byte[] {0, 'A', (byte) 0xff}, uri.id());
        assertEquals("my key;/?#%", uri.object());
    }

    @Test
    void readsTheStandardsExamples() {
        Pkcs11Uri all = Pkcs11Uri.parse("pkcs11:");
        assertTrue(all.matches(TOKEN));
        assertNull(all.id());
        assertNull(all.object());

        Pkcs11Uri pin =
                Pkcs11Uri.parse("pkcs11:token=Software%20PKCS%2311%20softtoken;manufacturer=Snake%20Oil,%20Inc.;"
                        + "object=my-certificate;type=cert;id=%69%95%3E%5C%F4%BD%EC%91?pin-source=file:/etc/token_pin");
        assertEquals("Software PKCS#11 softtoken", pin.path().get("token"));
        assertEquals("file:/etc/token_pin", pin.query().get("pin-source"));
        assertArrayEquals(
                new byte[] {0x69, (byte) 0x95, 0x3e, 0x5c, (byte) 0xf4, (byte) 0xbd, (byte) 0xec, (byte) 0x91},
                pin.id());
        assertEquals(pin, Pkcs11Uri.parse(pin.toString()));
        // the id may hold plain characters too
        assertArrayEquals(
                new byte[] {'a', 'b', 1}, Pkcs11Uri.parse("PKCS11:id=ab%01").id());
    }

    @Test
    void matchesWhatItNames() {
        assertTrue(Pkcs11Uri.parse("pkcs11:serial=x%2F1;model=1.0").matches(TOKEN));
        assertTrue(Pkcs11Uri.parse("pkcs11:serial=x/1").matches(TOKEN));
        assertFalse(Pkcs11Uri.parse("pkcs11:serial=x%2F1;model=2.0").matches(TOKEN));
        assertFalse(Pkcs11Uri.parse("pkcs11:token=other").matches(TOKEN));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://example",
                "pkcs11",
                "pkcs11:token",
                "pkcs11:=x",
                "pkcs11:token=a;token=b",
                "pkcs11:token=%",
                "pkcs11:token=%4",
                "pkcs11:token=%zz",
                "pkcs11:tokne=a",
                "pkcs11:token=a;"
            })
    void refusesWhatIsNoUri(String text) {
        assertThrows(IllegalArgumentException.class, () -> Pkcs11Uri.parse(text));
    }
}
