package dev.cardinal.ike.wire;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;

/** What the codec promises about any octets that it took. */
final class Canonical {
    private Canonical() {}

    /**
     * Decodes, and where that succeeds and the value is one that may be sent, asserts that encoding and decoding it again
     * gives an equal value.
     *
     * @return whether the octets gave a value
     */
    static boolean checkMessage(byte[] octets) {
        try {
            IkeMessage message = MessageCodec.decode(octets);
            if (isSendable(message.payloads())) {
                byte[] again = MessageCodec.encode(message.header(), message.payloads());
                assertEquals(message.payloads(), MessageCodec.decode(again).payloads());
                assertTrue(octets.length >= again.length, "canonical octets are the fewest");
            }
            return true;
        } catch (MalformedMessage expected) {
            return false;
        }
    }

    /** The same for a chain of payloads without a header. */
    static boolean checkChain(int firstPayload, byte[] octets) {
        try {
            List<Payload> payloads = MessageCodec.decodePayloads(firstPayload, octets);
            if (isSendable(payloads)) {
                assertEquals(firstPayload, MessageCodec.firstType(payloads));
                assertEquals(
                        payloads, MessageCodec.decodePayloads(firstPayload, MessageCodec.encodePayloads(payloads)));
            }
            return true;
        } catch (MalformedMessage expected) {
            return false;
        }
    }

    /**
     * The same for a message of IKEv1, with every body that is a value.
     *
     * @return whether the octets gave a chain, and each of its bodies a value
     */
    static boolean checkIsakmpMessage(byte[] octets) {
        try {
            IkeHeader header = MessageCodec.decodeHeader(octets);
            IsakmpMessage message = IsakmpCodec.decode(header, octets);
            byte[] again = IsakmpCodec.encode(header, message.bodies());
            // only the padding is lost
            byte[] unpadded = Arrays.copyOf(octets, again.length);
            System.arraycopy(again, 24, unpadded, 24, 4);
            assertArrayEquals(unpadded, again);
            assertTrue(octets.length - again.length < 4, "padding");
            return checkIsakmpBodies(message);
        } catch (MalformedMessage expected) {
            return false;
        }
    }

    /** The same for what was decrypted. */
    static boolean checkIsakmpChain(int firstPayload, byte[] plaintext) {
        try {
            IsakmpMessage message = IsakmpCodec.split(KnownIsakmp.header(firstPayload), plaintext);
            assertArrayEquals(Arrays.copyOf(plaintext, message.chain().length), message.chain());
            return checkIsakmpBodies(message);
        } catch (MalformedMessage expected) {
            return false;
        }
    }

    private static boolean checkIsakmpBodies(IsakmpMessage message) {
        assertArrayEquals(message.chain(), IsakmpCodec.encodeChain(message.bodies()));
        assertTrue(message.bodies().size() <= MessageCodec.PAYLOADS_LIMIT, "payloads");
        boolean values = true;
        for (IsakmpBody body : message.bodies()) {
            try {
                IsakmpPayload value = body.decode();
                IsakmpBody again = IsakmpBody.of(value);
                assertEquals(body.type(), again.type());
                assertTrue(again.octets().length <= body.octets().length, "canonical octets are the fewest");
                assertEquals(value, again.decode());
            } catch (MalformedMessage expected) {
                values = false;
            }
        }
        return values;
    }

    /** Whether nothing in it was left out in decoding: transforms with foreign attributes, selectors of unknown types. */
    static boolean isSendable(List<Payload> payloads) {
        return payloads.stream().allMatch(Canonical::isSendable);
    }

    private static boolean isSendable(Payload payload) {
        return switch (payload) {
            case Payload.SecurityAssociation sa ->
                sa.proposals().stream()
                        .flatMap(proposal -> proposal.transforms().stream())
                        .allMatch(Transform::understood);
            case Payload.TrafficSelectorInitiator tsi -> !tsi.selectors().isEmpty();
            case Payload.TrafficSelectorResponder tsr -> !tsr.selectors().isEmpty();
            default -> true;
        };
    }
}
