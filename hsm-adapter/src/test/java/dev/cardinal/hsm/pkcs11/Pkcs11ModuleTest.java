package dev.cardinal.hsm.pkcs11;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cardinal.hsm.pool.TestTokens;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One owner of a module's initialisation. */
final class Pkcs11ModuleTest {

    @Test
    void isSharedAndFinalisedWithItsLastUser() throws Exception {
        Pkcs11Module one = Pkcs11Module.open(TestTokens.SOFTHSM, null);
        Pkcs11Module other = Pkcs11Module.open(TestTokens.SOFTHSM, null);
        Cryptoki cryptoki = one.cryptoki();
        assertSame(cryptoki, other.cryptoki());
        assertEquals(0x0228, cryptoki.functionListVersion());
        assertEquals("2.40", cryptoki.getInfo().cryptokiVersion());
        one.close();
        one.close();
        assertTrue(cryptoki.getSlotList(false).length > 0, "closed twice by one user");
        other.close();
        Pkcs11Exception e = assertThrows(Pkcs11Exception.class, () -> cryptoki.getSlotList(false));
        assertEquals(Ckr.CRYPTOKI_NOT_INITIALIZED, e.ckr());
        assertEquals("C_GetSlotList: CKR_CRYPTOKI_NOT_INITIALIZED", e.getMessage());
        try (Pkcs11Module again = Pkcs11Module.open(TestTokens.SOFTHSM, null)) {
            assertTrue(again.cryptoki().getSlotList(false).length > 0);
        }
    }

    @Test
    void isNotFinalisedWhereSomebodyElseInitialisedIt() throws Exception {
        JnaCryptoki somebody = JnaCryptoki.load(TestTokens.SOFTHSM.toRealPath());
        somebody.initialize(null);
        try {
            Pkcs11Module.open(TestTokens.SOFTHSM, null).close();
            assertTrue(somebody.getSlotList(false).length > 0);
        } finally {
            somebody.finish();
        }
    }

    @Test
    void isNotSharedUnderOtherArguments() throws Exception {
        try (Pkcs11Module open = Pkcs11Module.open(TestTokens.NSS, TestTokens.NSS_ARGS)) {
            assertFalse(open.cryptoki().getSlotList(true).length == 0);
            assertThrows(IOException.class, () -> Pkcs11Module.open(TestTokens.NSS, "configdir='elsewhere'"));
        }
    }

    @Test
    void saysWhatIsNoModule(@TempDir Path folder) throws Exception {
        assertThrows(NoSuchFileException.class, () -> Pkcs11Module.open(folder.resolve("absent.so"), null));
        Path text = Files.writeString(folder.resolve("text.so"), "no library");
        assertThrows(IOException.class, () -> Pkcs11Module.open(text, null));
    }

    @Test
    void refusesArgumentsThatTheModuleDoesNotTake() {
        Pkcs11Exception e =
                assertThrows(Pkcs11Exception.class, () -> Pkcs11Module.open(TestTokens.SOFTHSM, "configdir=''"));
        assertEquals(Ckr.ARGUMENTS_BAD, e.ckr());
    }

    @Test
    void modulesDoNotReplaceEachOthersFunctions() throws Exception {
        // the spy forwards to SoftHSM; were it loaded for all to see, SoftHSM would call the spy
        try (Pkcs11Module spy = Pkcs11Module.open(TestTokens.SPY, null)) {
            assertTrue(spy.cryptoki().getSlotList(false).length > 0);
            assertEquals("SoftHSM", spy.cryptoki().getInfo().manufacturer());
            try (Pkcs11Module direct = Pkcs11Module.open(TestTokens.SOFTHSM, null)) {
                assertEquals(
                        spy.cryptoki().getSlotList(false).length,
                        direct.cryptoki().getSlotList(false).length);
            }
            // it was the spy that had initialised SoftHSM
            assertTrue(spy.cryptoki().getSlotList(false).length > 0);
        }
    }
}
