package dev.cardinal.ike.crypto;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;

class EcdsaSignatureTest {
    @Test
    void roundTripsWithLeadingZerosAndHighBits() {
        Random random = new Random(4754);
        for (int field : new int[] {32, 48, 66}) {
            for (int zerosR = 0; zerosR < field; zerosR++) {
                byte[] rs = new byte[2 * field];
                random.nextBytes(rs);
                Arrays.fill(rs, 0, zerosR, (byte) 0);
                rs[zerosR] |= (byte) (zerosR % 2 == 0 ? 0x80 : 0x01);
                rs[field] |= 1;
                byte[] der = EcdsaSignature.toDer(rs);
                assertArrayEquals(rs, EcdsaSignature.fromDer(der, field));
                for (int cut = 0; cut < der.length; cut++) {
                    assertNull(EcdsaSignature.fromDer(Arrays.copyOf(der, cut), field));
                }
                assertNull(EcdsaSignature.fromDer(Arrays.copyOf(der, der.length + 1), field));
            }
        }
    }

    @Test
    void longFormOfP521() {
        byte[] rs = new byte[132];
        Arrays.fill(rs, (byte) 1);
        byte[] der = EcdsaSignature.toDer(rs);
        assertEquals("308188", HexFormat.of().formatHex(der, 0, 3));
        assertArrayEquals(rs, EcdsaSignature.fromDer(der, 66));
        assertNull(EcdsaSignature.fromDer(der, 65));
    }

    @Test
    void whatIsNotDerIsRefused() {
        String[] refused = {
            "",
            "30",
            "3000",
            "30020201",
            "3003020101",
            "30060201010201",
            "3006020101020100", // truncated, excess
            "3006020100020101",
            "3006020101020100", // zero
            "3006020181020101", // negative
            "300702020001020101", // padded
            "30810602010102010101",
            "308106020101020101", // long form of a short length
            "3080020101020101",
            "3006030101020101",
            "3106020101020101", // indefinite, other tags
            "30060200010201",
            "3006028101020101",
            "300602ff01020101",
        };
        for (String der : refused) {
            assertNull(EcdsaSignature.fromDer(HexFormat.of().parseHex(der), 32), der);
        }
        assertNotNull(EcdsaSignature.fromDer(HexFormat.of().parseHex("3006020101020101"), 32));
    }

    @Test
    void garbageNeverThrows() {
        Random random = new Random(7427);
        byte[] good = EcdsaSignature.toDer(HexFormat.of().parseHex("81".repeat(64)));
        for (int i = 0; i < 50_000; i++) {
            byte[] changed = Arrays.copyOf(good, random.nextInt(good.length + 3));
            for (int n = random.nextInt(4); n >= 0 && changed.length > 0; n--) {
                changed[random.nextInt(Math.min(changed.length, n % 2 == 0 ? 6 : 80))] = (byte) random.nextInt();
            }
            byte[] rs = EcdsaSignature.fromDer(changed, 32);
            if (rs != null) {
                assertArrayEquals(changed, EcdsaSignature.toDer(rs), "accepted what is not canonical");
            }
        }
    }

    @Test
    void oddLengthIsOurFault() {
        assertThrows(IllegalArgumentException.class, () -> EcdsaSignature.toDer(new byte[63]));
        assertThrows(IllegalArgumentException.class, () -> EcdsaSignature.toDer(new byte[0]));
    }
}
