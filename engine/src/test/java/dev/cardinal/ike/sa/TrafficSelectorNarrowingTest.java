package dev.cardinal.ike.sa;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cardinal.ike.wire.TrafficSelector;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** RFC 7296 section 2.9. */
class TrafficSelectorNarrowingTest {

    private static TrafficSelector range(int protocol, int startPort, int endPort, int... octets) {
        byte[] first = {(byte) octets[0], (byte) octets[1], (byte) octets[2], (byte) octets[3]};
        byte[] last = {(byte) octets[4], (byte) octets[5], (byte) octets[6], (byte) octets[7]};
        return new TrafficSelector(protocol, startPort, endPort, Addresses.of(first), Addresses.of(last));
    }

    private static TrafficSelector any(int... octets) {
        return range(0, 0, 65535, octets);
    }

    @Test
    void intersectionOfAddressesPortsAndProtocol() {
        TrafficSelector ours = any(10, 0, 0, 0, 10, 255, 255, 255);
        TrafficSelector theirs = range(6, 80, 443, 10, 1, 0, 0, 11, 0, 0, 0);
        assertEquals(
                List.of(range(6, 80, 443, 10, 1, 0, 0, 10, 255, 255, 255)),
                TrafficSelectorNarrowing.narrow(List.of(ours), List.of(theirs)));
    }

    @Test
    void nothingInCommonIsEmpty() {
        assertTrue(TrafficSelectorNarrowing.narrow(
                        List.of(any(10, 0, 0, 0, 10, 0, 0, 255)), List.of(any(10, 0, 1, 0, 10, 0, 1, 255)))
                .isEmpty());
        assertTrue(TrafficSelectorNarrowing.narrow(
                        List.of(range(6, 0, 65535, 10, 0, 0, 0, 10, 0, 0, 255)),
                        List.of(range(17, 0, 65535, 10, 0, 0, 0, 10, 0, 0, 255)))
                .isEmpty());
        assertTrue(TrafficSelectorNarrowing.narrow(
                        List.of(range(6, 1, 79, 10, 0, 0, 0, 10, 0, 0, 255)),
                        List.of(range(6, 80, 90, 10, 0, 0, 0, 10, 0, 0, 255)))
                .isEmpty());
    }

    @Test
    void aSpecificSelectorWithinAWiderOneIsNotRepeated() {
        // the first selector may name the packet that triggered the negotiation
        TrafficSelector packet = range(6, 22, 22, 10, 0, 0, 5, 10, 0, 0, 5);
        TrafficSelector net = any(10, 0, 0, 0, 10, 0, 0, 255);
        assertEquals(
                List.of(net),
                TrafficSelectorNarrowing.narrow(List.of(any(0, 0, 0, 0, 255, 255, 255, 255)), List.of(packet, net)));
    }

    @Test
    void opaquePortsAreInAnyPortOnly() {
        TrafficSelector opaque = range(6, 65535, 0, 10, 0, 0, 0, 10, 0, 0, 255);
        assertEquals(
                List.of(opaque),
                TrafficSelectorNarrowing.narrow(List.of(any(10, 0, 0, 0, 10, 0, 0, 255)), List.of(opaque)));
        assertTrue(
                TrafficSelectorNarrowing.narrow(List.of(range(6, 80, 80, 10, 0, 0, 0, 10, 0, 0, 255)), List.of(opaque))
                        .isEmpty());
    }

    @Test
    void theAnswerMustLieWithinTheOffer() {
        List<TrafficSelector> offer = List.of(any(10, 0, 0, 0, 10, 0, 0, 255));
        assertTrue(TrafficSelectorNarrowing.isWithin(List.of(any(10, 0, 0, 1, 10, 0, 0, 1)), offer));
        assertFalse(TrafficSelectorNarrowing.isWithin(List.of(any(10, 0, 0, 1, 10, 0, 1, 1)), offer));
        assertFalse(TrafficSelectorNarrowing.isWithin(List.of(), offer));
    }

    @Test
    void theResultIsBounded() {
        List<TrafficSelector> many = new ArrayList<>();
        for (int i = 0; i < 255; i++) {
            many.add(any(10, 0, i, 0, 10, 0, i, 100));
        }
        assertEquals(
                TrafficSelectorNarrowing.MAX_SELECTORS,
                TrafficSelectorNarrowing.narrow(many, many).size());
    }
}
