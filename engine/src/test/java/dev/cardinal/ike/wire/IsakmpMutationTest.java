package dev.cardinal.ike.wire;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cardinal.ike.wire.KnownIsakmp.Sample;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/** What a hostile peer may make of a good message of IKEv1. */
class IsakmpMutationTest {
    static final List<Sample> samples = KnownIsakmp.ALL;

    @ParameterizedTest
    @FieldSource("samples")
    void encodingWhatWasDecodedGivesTheSameOctets(Sample sample) throws MalformedMessage {
        IsakmpMessage message = sample.decode(sample.octets());
        assertEquals(
                sample.octets().length - sample.padding(),
                message.chain().length + (sample.whole() ? IkeHeader.LENGTH : 0));
        for (IsakmpBody body : message.bodies()) {
            assertEquals(body, IsakmpBody.of(body.decode()));
        }
        assertTrue(check(sample, sample.octets()));
        if (sample.whole() && sample.padding() == 0) {
            assertArrayEquals(sample.octets(), IsakmpCodec.encode(message.header(), message.bodies()));
        }
    }

    @ParameterizedTest
    @FieldSource("samples")
    void everyTruncationIsMalformed(Sample sample) {
        for (int length = 0; length < sample.octets().length - sample.padding(); length++) {
            byte[] truncated = Arrays.copyOf(sample.octets(), length);
            assertThrows(MalformedMessage.class, () -> sample.decode(truncated), () -> "cut to " + truncated.length);
            if (sample.whole() && length >= IkeHeader.LENGTH) {
                truncated[26] = (byte) (length >>> 8);
                truncated[27] = (byte) length;
                assertThrows(MalformedMessage.class, () -> sample.decode(truncated), () -> "all " + truncated.length);
            }
        }
    }

    @ParameterizedTest
    @FieldSource("samples")
    void everyOtherValueOfEveryOctetGivesAValueOrMalformed(Sample sample) {
        int values = 0;
        int errors = 0;
        for (int at = 0; at < sample.octets().length; at++) {
            for (int flip = 1; flip < 256; flip++) {
                byte[] changed = sample.octets().clone();
                changed[at] ^= (byte) flip;
                if (check(sample, changed)) {
                    values++;
                } else {
                    errors++;
                }
            }
        }
        assertEquals(255 * sample.octets().length, values + errors);
        assertTrue(values > 0, "some mutation hits only data");
        assertTrue(errors > 0, "some mutation must be refused");
    }

    /** RFC 2408 section 3.6: padding fills up to four octets, and no message is longer than that. */
    @ParameterizedTest
    @FieldSource("samples")
    void onlyPaddingMayFollowTheChain(Sample sample) {
        byte[] longer = Arrays.copyOf(sample.octets(), sample.octets().length + 1);
        if (sample.whole()) {
            longer[27]++;
        }
        assertEquals(!sample.whole(), check(sample, longer));
    }

    @Test
    void severalRandomChangesGiveAValueOrMalformed() {
        long seed = new Random().nextLong();
        System.out.println("IsakmpMutationTest seed " + seed);
        Random random = new Random(seed);
        int values = 0;
        for (int run = 0; run < 50_000; run++) {
            Sample sample = samples.get(random.nextInt(samples.size()));
            byte[] changed = sample.octets().clone();
            for (int change = random.nextInt(2, 8); change > 0; change--) {
                changed[random.nextInt(changed.length)] = (byte) random.nextInt();
            }
            if (check(sample, changed)) {
                values++;
            }
        }
        assertTrue(values > 0, "some mutation hits only data");
    }

    /** RFC 2409 section 5: with a wrong key what was decrypted is noise. */
    @Test
    void noiseIsMalformed() {
        long seed = new Random().nextLong();
        System.out.println("IsakmpMutationTest seed " + seed);
        Random random = new Random(seed);
        int chains = 0;
        for (int run = 0; run < 50_000; run++) {
            byte[] noise = new byte[16 * random.nextInt(1, 20)];
            random.nextBytes(noise);
            if (Canonical.checkIsakmpChain(IsakmpPayloadType.HASH.number(), noise)) {
                chains++;
            }
        }
        // a reserved octet of zero, a length that fits, an end: by chance once in a million
        assertTrue(chains < 5, chains + " chains of noise");
        assertFalse(Canonical.checkIsakmpChain(IsakmpPayloadType.HASH.number(), new byte[16]));
    }

    private static boolean check(Sample sample, byte[] changed) {
        return sample.whole()
                ? Canonical.checkIsakmpMessage(changed)
                : Canonical.checkIsakmpChain(sample.firstPayload(), changed);
    }
}
