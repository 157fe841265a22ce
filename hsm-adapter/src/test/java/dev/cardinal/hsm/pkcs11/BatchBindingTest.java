package dev.cardinal.hsm.pkcs11;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cardinal.hsm.pool.TestTokens;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The batch call of the binding on a module that tells what it was handed, or cheats. Needs {@code gcc}. */
final class BatchBindingTest {

    @TempDir
    private Path folder = Path.of("");

    private JnaCryptoki module(int major) throws Exception {
        Path library = folder.resolve("odd-" + major + ".so");
        Path output = folder.resolve("output");
        Process compiler = new ProcessBuilder(
                        "gcc",
                        "-shared",
                        "-fPIC",
                        "-I/usr/include/p11-kit-1",
                        "-I../native/include",
                        "-DINTERFACE_MAJOR=" + major,
                        "-o",
                        library.toString(),
                        "src/test/native/odd_batch.c")
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        assertTrue(compiler.waitFor(60, TimeUnit.SECONDS));
        assertEquals(0, compiler.exitValue(), () -> text(output));
        return JnaCryptoki.load(library);
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            return e.toString();
        }
    }

    @Test
    void theInterfaceIsTakenInItsFirstMajorVersionOnly() throws Exception {
        assertTrue(module(1).offersBatch());
        assertFalse(module(2).offersBatch());
        try (Pkcs11Module nss = Pkcs11Module.open(TestTokens.NSS, TestTokens.NSS_ARGS)) {
            assertFalse(nss.cryptoki().offersBatch());
            Pkcs11Exception refused =
                    assertThrows(Pkcs11Exception.class, () -> nss.cryptoki().executeBatch(1, List.of(sign(0))));
            assertEquals(Ckr.FUNCTION_NOT_SUPPORTED, refused.ckr());
        }
    }

    @Test
    void aLaneIsHandedOverWhole() throws Exception {
        JnaCryptoki module = module(1);
        Lane.Product derived =
                new Lane.Product.Derived(Ckb.DERIVE_PRF_PLUS, Ckm.SHA256_HMAC, octets("a1a2"), octets("b1"), 200);
        Lane.Product kept = new Lane.Product.Kept(List.of(Attribute.of(Cka.DERIVE, true)));
        List<Attribute> domain = List.of(Attribute.of(Cka.EC_PARAMS, octets("0607")));
        List<Lane.Outcome> outcomes = module.executeBatch(
                5,
                List.of(
                        new Lane.Sign(Mechanism.of(Ckm.ECDSA), 9, octets("d1d2d3"), 64),
                        new Lane.Decrypt(Mechanism.of(Ckm.RSA_PKCS), 9, octets("e1"), 64),
                        new Lane.Generate(
                                Mechanism.of(Ckm.EC_KEY_PAIR_GEN),
                                domain,
                                List.of(Attribute.of(Cka.TOKEN, false), Attribute.of(Cka.PRIVATE, true)),
                                65),
                        new Lane.Agree(Mechanism.dhDerive(octets("c1c2")), 9, derived),
                        new Lane.Agree(Mechanism.dhDerive(octets("c1c2")), 9, kept),
                        new Lane.GenerateAndAgree(Mechanism.dhDerive(octets("c3")), domain, 33, derived)));
        assertTrue(outcomes.stream().allMatch(outcome -> outcome.rv() == Ckr.OK));
        assertTold("01 41 d1d2d3", outcomes.get(0).output());
        // of a decryption the whole room, whatever the module says of it
        assertEquals(3, outcomes.get(1).length());
        assertTold("03 01 e1" + "00".repeat(61), outcomes.get(1).output());
        assertTold("04 40 80 0607 01 00 02 01", outcomes.get(2).publicValue());
        assertEquals(77, outcomes.get(2).object());
        assertEquals(0, outcomes.get(2).output().length);
        assertTold("05 21 c1c2 02 c8 a1a2 b1", outcomes.get(3).output());
        assertEquals(0, outcomes.get(3).object());
        assertEquals(77, outcomes.get(4).object());
        assertEquals(0, outcomes.get(4).output().length);
        assertTold("06 21 c3 80 0607 02 c8 a1a2 b1", outcomes.get(5).output());
        byte[] publicValue = new byte[32];
        Arrays.fill(publicValue, (byte) 0x5a);
        assertArrayEquals(publicValue, outcomes.get(5).publicValue());
        assertTrue(module.memoryWiped());
    }

    @Test
    void aKeyGoesByValueAndTheVerdictComesBack() throws Exception {
        JnaCryptoki module = module(1);
        List<Attribute> key = List.of(Attribute.of(Cka.KEY_TYPE, Ckk.RSA), Attribute.of(Cka.MODULUS, octets("a1a2a3")));
        List<Lane.Outcome> outcomes = module.executeBatch(
                5,
                List.of(
                        new Lane.Verify(Mechanism.of(Ckm.RSA_PKCS), key, octets("a1a2a3"), octets("a1a2")),
                        new Lane.Verify(Mechanism.of(Ckm.RSA_PKCS), key, octets("a1a2a3"), octets("a2")),
                        new Lane.Verify(Mechanism.of(Ckm.RSA_PKCS), key, octets("a1a2"), octets("a1"))));
        assertEquals(
                List.of(Ckr.OK, Ckr.SIGNATURE_INVALID, Ckr.ARGUMENTS_BAD),
                outcomes.stream().map(Lane.Outcome::rv).toList());
    }

    @Test
    void whatAModuleClaimsIsNotBelieved() throws Exception {
        JnaCryptoki module = module(1);
        List<Lane.Outcome> outcomes =
                module.executeBatch(5, List.of(sign(1), sign(2), sign(3), sign(4), sign(5), sign(6)));
        assertEquals(
                List.of(
                        Ckr.BUFFER_TOO_SMALL,
                        Ckr.GENERAL_ERROR,
                        Ckr.BUFFER_TOO_SMALL,
                        Ckr.OK,
                        Ckr.BUFFER_TOO_SMALL,
                        Ckr.OK),
                outcomes.stream().map(Lane.Outcome::rv).toList());
        for (int i : List.of(0, 1, 2, 4)) {
            assertEquals(0, outcomes.get(i).output().length);
        }
        assertTold("01 41 d1", outcomes.get(3).output());
        assertTrue(module.memoryWiped());

        Pkcs11Exception dead = assertThrows(Pkcs11Exception.class, () -> module.executeBatch(13, List.of(sign(6))));
        assertEquals(Ckr.SESSION_HANDLE_INVALID, dead.ckr());
        assertTrue(module.memoryWiped());
    }

    @Test
    void aBatchOfTheGreatestSizeFits() throws Exception {
        JnaCryptoki module = module(1);
        for (int round = 0; round < 3; round++) {
            List<Lane.Outcome> outcomes = module.executeBatch(5, Collections.nCopies(Cryptoki.BATCH_LIMIT, sign(6)));
            assertEquals(Cryptoki.BATCH_LIMIT, outcomes.size());
            for (Lane.Outcome outcome : outcomes) {
                assertTold("01 41 d1", outcome.output());
            }
            assertTrue(module.memoryWiped());
        }
    }

    private static Lane sign(long key) {
        return new Lane.Sign(Mechanism.of(Ckm.ECDSA), key, octets("d1"), 64);
    }

    private static void assertTold(String expected, byte[] actual) {
        assertEquals(expected.replace(" ", ""), HexFormat.of().formatHex(actual));
    }

    private static byte[] octets(String hex) {
        return HexFormat.of().parseHex(hex);
    }
}
