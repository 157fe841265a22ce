package dev.cardinal.ike.wire;

import static dev.cardinal.ike.wire.KnownMessages.hex;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The rules of traffic selectors on the wire. */
class TrafficSelectorTest {
    private static final String V4_RANGE = "07 00 0010 0000 ffff 0a000000 0a0000ff";

    /** RFC 7296 section 3.13: reserved octets are ignored on receipt. */
    @Test
    void reservedOctetsAreIgnored() throws MalformedMessage {
        assertEquals(
                MessageCodec.decodePayloads(44, ts(1, V4_RANGE)),
                MessageCodec.decodePayloads(44, hex("00 00 0018 01 ffffff" + V4_RANGE)));
    }

    /** RFC 7296 section 2.9: each payload contains one or more traffic selectors. */
    @Test
    void selectorsAreAtLeastOneAndBounded() throws MalformedMessage {
        assertThrows(MalformedMessage.class, () -> MessageCodec.decodePayloads(44, ts(0, "")));
        int limit = TrafficSelector.SELECTORS_LIMIT;
        assertEquals(
                limit,
                selectors(MessageCodec.decodePayloads(44, ts(limit, V4_RANGE.repeat(limit))))
                        .size());
        assertThrows(
                MalformedMessage.class,
                () -> MessageCodec.decodePayloads(44, ts(limit + 1, V4_RANGE.repeat(limit + 1))));
    }

    @Test
    void theSelectorCountAgrees() {
        assertThrows(MalformedMessage.class, () -> MessageCodec.decodePayloads(44, ts(2, V4_RANGE)));
        assertThrows(MalformedMessage.class, () -> MessageCodec.decodePayloads(44, ts(1, V4_RANGE + V4_RANGE)));
    }

    /** RFC 7296 section 2.9: the responder narrows to what it can accept, so an unknown type only matches nothing. */
    @Test
    void selectorsOfUnknownTypesAreLeftOut() throws MalformedMessage {
        String label = "0a 00 0008 01020304";
        assertEquals(
                selectors(MessageCodec.decodePayloads(44, ts(1, V4_RANGE))),
                selectors(MessageCodec.decodePayloads(44, ts(2, label + V4_RANGE))));
        assertEquals(List.of(), selectors(MessageCodec.decodePayloads(44, ts(1, label))));
        assertThrows(MalformedMessage.class, () -> MessageCodec.decodePayloads(44, ts(1, "0a 00 0003 00")));
        assertThrows(MalformedMessage.class, () -> MessageCodec.decodePayloads(44, ts(1, "0a 00 0000")));
    }

    /** RFC 7296 section 3.13.1: sixteen octets for IPv4, forty for IPv6. */
    @Test
    void selectorsHaveTheLengthOfTheirType() {
        assertThrows(
                MalformedMessage.class,
                () -> MessageCodec.decodePayloads(44, ts(1, "07 00 0014 0000 ffff 0a000000 0a0000ff 00000000")));
        assertThrows(
                MalformedMessage.class,
                () -> MessageCodec.decodePayloads(44, ts(1, "08 00 0010 0000 ffff 0a000000 0a0000ff")));
    }

    /** RFC 7296 section 3.13.1: addresses from start to end, compared as unsigned; ports likewise, or OPAQUE. */
    @Test
    void rangesEndAfterTheyStart() throws MalformedMessage {
        for (String range : List.of(
                "07 00 0010 0000 ffff 0a000001 0a000000",
                "07 00 0010 0000 ffff 80000000 7fffffff",
                "07 06 0010 0002 0001 0a000000 0a0000ff",
                "07 06 0010 ffff 0001 0a000000 0a0000ff",
                "08 00 0028 0000 ffff" + "ff".repeat(16) + "00".repeat(16))) {
            assertThrows(MalformedMessage.class, () -> MessageCodec.decodePayloads(44, ts(1, range)), range);
        }
        TrafficSelector opaque = selectors(
                        MessageCodec.decodePayloads(44, ts(1, "07 06 0010 ffff 0000 7fffffff 80000000")))
                .getFirst();
        assertEquals(65535, opaque.startPort());
        assertEquals(0, opaque.endPort());
    }

    @Test
    void noSelectorIsMadeOfWhatIsNoRange() throws UnknownHostException {
        InetAddress low = InetAddress.getByAddress(new byte[] {10, 0, 0, 1});
        InetAddress high = InetAddress.getByAddress(new byte[] {(byte) 200, 0, 0, 1});
        InetAddress six = InetAddress.getByAddress(new byte[16]);
        assertEquals(low, new TrafficSelector(0, 0, 65535, low, high).start());
        assertThrows(IllegalArgumentException.class, () -> new TrafficSelector(0, 0, 65535, high, low));
        assertThrows(IllegalArgumentException.class, () -> new TrafficSelector(0, 0, 65535, low, six));
        assertThrows(IllegalArgumentException.class, () -> new TrafficSelector(0, 0, 65536, low, high));
        assertThrows(IllegalArgumentException.class, () -> new TrafficSelector(256, 0, 65535, low, high));
        assertThrows(IllegalArgumentException.class, () -> new TrafficSelector(6, 5, 4, low, high));
    }

    /** An IPv4-mapped IPv6 address stays what it is: another family would be another selector. */
    @Test
    void mappedAddressesStayIpv6() throws MalformedMessage {
        byte[] octets = ts(1, "08 00 0028 0000 ffff 00000000000000000000ffff0a000000 00000000000000000000ffff0a0000ff");
        List<Payload> payloads = MessageCodec.decodePayloads(44, octets);
        assertInstanceOf(Inet6Address.class, selectors(payloads).getFirst().start());
        assertArrayEquals(octets, MessageCodec.encodePayloads(payloads));
    }

    private static byte[] ts(int count, String selectors) {
        byte[] octets = hex(HexFormat.of().toHexDigits((byte) count) + "000000" + selectors);
        return new PayloadWriter().u16(0).u16(octets.length + 4).bytes(octets).toByteArray();
    }

    private static List<TrafficSelector> selectors(List<Payload> payloads) {
        return ((Payload.TrafficSelectorInitiator) payloads.getFirst()).selectors();
    }
}
