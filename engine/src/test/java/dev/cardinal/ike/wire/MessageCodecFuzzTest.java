package dev.cardinal.ike.wire;

import com.code_intelligence.jazzer.junit.FuzzTest;
import com.code_intelligence.jazzer.mutation.annotation.NotNull;
import java.util.Arrays;

/**
 * Any octets give a value or {@link MalformedMessage}, and a value survives encoding. Each build replays the seeds beside
 * it (in the resources of this package); with {@code JAZZER_FUZZ=1} in the environment and {@code -Djazzer.hooks=true} the
 * fuzzer runs one of them.
 */
class MessageCodecFuzzTest {
    @FuzzTest(maxDuration = "10m")
    void message(byte @NotNull [] octets) {
        Canonical.checkMessage(octets);
    }

    /** The first octet is the type of the first payload, the rest the chain. */
    @FuzzTest(maxDuration = "10m")
    void chain(byte @NotNull [] octets) {
        if (octets.length > 0) {
            Canonical.checkChain(octets[0] & 0xff, Arrays.copyOfRange(octets, 1, octets.length));
        }
    }

    @FuzzTest(maxDuration = "10m")
    void isakmpMessage(byte @NotNull [] octets) {
        Canonical.checkIsakmpMessage(octets);
    }

    /** The first octet is the type of the first payload, the rest what was decrypted. */
    @FuzzTest(maxDuration = "10m")
    void isakmpChain(byte @NotNull [] octets) {
        if (octets.length > 0) {
            Canonical.checkIsakmpChain(octets[0] & 0xff, Arrays.copyOfRange(octets, 1, octets.length));
        }
    }
}
