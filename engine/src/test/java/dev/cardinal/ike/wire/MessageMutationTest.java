package dev.cardinal.ike.wire;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cardinal.ike.wire.KnownMessages.Sample;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/** What a hostile peer may make of a good message. */
class MessageMutationTest {
    static final List<Sample> samples = KnownMessages.ALL;

    @ParameterizedTest
    @FieldSource("samples")
    void encodingWhatWasDecodedGivesTheSameOctets(Sample sample) throws MalformedMessage {
        List<Payload> payloads = sample.decode(sample.octets());
        byte[] encoded = sample.firstPayload() == KnownMessages.WHOLE
                ? MessageCodec.encode(MessageCodec.decodeHeader(sample.octets()), payloads)
                : MessageCodec.encodePayloads(payloads);
        assertArrayEquals(sample.octets(), encoded);
        if (sample.firstPayload() != KnownMessages.WHOLE) {
            assertEquals(sample.firstPayload(), MessageCodec.firstType(payloads));
        }
    }

    @ParameterizedTest
    @FieldSource("samples")
    void everyTruncationIsMalformed(Sample sample) {
        for (int length = 0; length < sample.octets().length; length++) {
            byte[] truncated = Arrays.copyOf(sample.octets(), length);
            assertThrows(MalformedMessage.class, () -> sample.decode(truncated), () -> "cut to " + truncated.length);
        }
    }

    @ParameterizedTest
    @FieldSource("samples")
    void everyTruncationWithAFittingLengthFieldIsMalformed(Sample sample) {
        if (sample.firstPayload() != KnownMessages.WHOLE) {
            return;
        }
        for (int length = IkeHeader.LENGTH; length < sample.octets().length; length++) {
            byte[] truncated = Arrays.copyOf(sample.octets(), length);
            truncated[26] = (byte) (length >>> 8);
            truncated[27] = (byte) length;
            assertThrows(MalformedMessage.class, () -> sample.decode(truncated), () -> "cut to " + truncated.length);
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
        assertTrue(errors > 0, "some mutation must be refused");
    }

    @ParameterizedTest
    @FieldSource("samples")
    void anOctetTooManyIsMalformed(Sample sample) {
        byte[] longer = Arrays.copyOf(sample.octets(), sample.octets().length + 1);
        if (sample.firstPayload() == KnownMessages.WHOLE) {
            longer[27]++;
        }
        assertFalse(check(sample, longer));
    }

    @Test
    void severalRandomChangesGiveAValueOrMalformed() {
        long seed = new Random().nextLong();
        System.out.println("MessageMutationTest seed " + seed);
        Random random = new Random(seed);
        int values = 0;
        for (int run = 0; run < 50_000; run++) {
            Sample sample = KnownMessages.ALL.get(random.nextInt(KnownMessages.ALL.size()));
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

    private static boolean check(Sample sample, byte[] changed) {
        return sample.firstPayload() == KnownMessages.WHOLE
                ? Canonical.checkMessage(changed)
                : Canonical.checkChain(sample.firstPayload(), changed);
    }
}
