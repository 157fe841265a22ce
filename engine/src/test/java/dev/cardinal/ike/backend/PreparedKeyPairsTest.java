package dev.cardinal.ike.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cardinal.ike.crypto.CryptoOutcome;
import dev.cardinal.ike.crypto.CryptoOutcome.Failed;
import dev.cardinal.ike.crypto.CryptoPort;
import dev.cardinal.ike.crypto.CryptoRequest;
import dev.cardinal.ike.crypto.KeyExchangeHandle;
import dev.cardinal.ike.crypto.KeyExchangeMethod;
import dev.cardinal.ike.crypto.KeyExchangePlacement;
import dev.cardinal.ike.crypto.PseudorandomFunction;
import dev.cardinal.ike.crypto.SecretDerivation;
import dev.cardinal.ike.crypto.Urgency;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PreparedKeyPairsTest {
    private static final KeyExchangeMethod X25519 = KeyExchangeMethod.CURVE_25519;

    private final Device device = new Device();
    private final PreparedKeyPairs pairs = new PreparedKeyPairs(device, () -> 0, 1000);
    private final List<CryptoOutcome> answers = new ArrayList<>();

    private record Handle(int number, KeyExchangeMethod method) implements KeyExchangeHandle {}

    /** Keeps requests until it is told to answer. */
    private static final class Device implements CryptoPort {
        final Queue<CryptoRequest> requests = new ArrayDeque<>();
        final Queue<Completion> completions = new ArrayDeque<>();
        final Set<KeyExchangeHandle> live = new HashSet<>();
        boolean full;
        private int made;

        @Override
        public boolean submit(CryptoRequest request, Completion completion) {
            if (full) {
                return false;
            }
            requests.add(request);
            completions.add(completion);
            return true;
        }

        void answerAll() {
            for (Completion next = completions.poll(); next != null; next = completions.poll()) {
                CryptoRequest request = requests.remove();
                if (request instanceof CryptoRequest.Generate generate) {
                    Handle handle = new Handle(made++, generate.method());
                    live.add(handle);
                    next.completed(new CryptoOutcome.Generated(handle, new byte[] {1}));
                } else {
                    next.completed(new Failed(Failed.Kind.LOST, "session gone"));
                }
            }
        }

        @Override
        public void release(KeyExchangeHandle handle) {
            assertTrue(live.remove(handle), "released once and no more");
        }
    }

    @Test
    void answersAtOnceOncePairsAreThere() {
        assertTrue(generate());
        assertEquals(0, answers.size(), "the first one waits like anybody");
        device.answerAll();
        assertEquals(1, answers.size());
        Set<KeyExchangeHandle> seen = new HashSet<>();
        for (int i = 0; i < 200; i++) {
            int before = answers.size();
            assertTrue(generate());
            assertEquals(before + 1, answers.size(), "answered without the device");
            CryptoOutcome.Generated pair = assertInstanceOf(CryptoOutcome.Generated.class, answers.getLast());
            assertTrue(seen.add(pair.handle()), "no pair serves twice");
            device.answerAll();
        }
        assertEquals(200 + 1 + PreparedKeyPairs.STORE_LIMIT, device.live.size());
        seen.forEach(pairs::release);
        pairs.release(((CryptoOutcome.Generated) answers.getFirst()).handle());
        pairs.close();
        pairs.close();
        assertEquals(Set.of(), device.live);
    }

    @Test
    void replacementsHaveTheLastUrgencyAndADeadline() {
        generate();
        assertEquals(3, device.requests.size());
        device.requests.remove();
        for (CryptoRequest request : device.requests) {
            assertEquals(Urgency.NEW, request.urgency());
            assertEquals(1000, request.deadlineNanos());
        }
    }

    @Test
    void isBackPressureWhereNothingIsPrepared() {
        device.full = true;
        assertFalse(generate());
        device.full = false;
        generate();
        device.answerAll();
        device.full = true;
        assertTrue(generate());
        assertTrue(generate());
        assertFalse(generate(), "two were prepared");
        device.full = false;
        assertTrue(generate(), "and it recovers");
        device.answerAll();
        assertEquals(4, answers.size());
    }

    @Test
    void forgetsPairsThatWereLostWithTheirSession() {
        generate();
        device.answerAll();
        int prepared = device.live.size() - 1;
        assertEquals(2, prepared);
        KeyExchangeHandle first = ((CryptoOutcome.Generated) answers.getFirst()).handle();
        pairs.submit(
                new CryptoRequest.Agree(
                        first,
                        new byte[32],
                        new SecretDerivation.Skeyseed(PseudorandomFunction.HMAC_SHA2_256, new byte[16], new byte[16]),
                        Urgency.BEGUN,
                        1000),
                answers::add);
        device.answerAll();
        assertEquals(Set.of(first), device.live, "the others are released; the lost one stays its owner's");
        generate();
        assertEquals(2, answers.size(), "nothing is prepared any more");
        device.answerAll();
        assertNotSame(first, ((CryptoOutcome.Generated) answers.getLast()).handle());
    }

    @Test
    void isClosedWhileReplacementsAreUnderWay() {
        generate();
        pairs.close();
        device.answerAll();
        assertEquals(1, device.live.size(), "only what was asked for");
    }

    private boolean generate() {
        return pairs.submit(
                new CryptoRequest.Generate(X25519, KeyExchangePlacement.TOKEN_ONLY, Urgency.NEW, 1000), answers::add);
    }
}
