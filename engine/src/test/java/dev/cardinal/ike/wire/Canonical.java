package dev.cardinal.ike.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

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
