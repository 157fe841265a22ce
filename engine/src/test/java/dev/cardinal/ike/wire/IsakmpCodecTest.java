package dev.cardinal.ike.wire;

import static dev.cardinal.ike.wire.KnownMessages.hex;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

/** One test a rule of ISAKMP's wire format, from hand-written octets. */
class IsakmpCodecTest {
    private static final String COOKIES = "0102030405060708 1112131415161718";
    private static final int SA = 1;
    private static final int DELETE = 12;
    private static final int ATTRIBUTES = 14;

    // messages

    /** RFC 2408 section 3.1. */
    @Test
    void everyFieldOfTheHeaderIsKept() throws MalformedMessage {
        byte[] octets = hex("8102030405060708 9112131415161718 0d 13 05 ff fffffffe 00000024 00 00 0008 01020304");
        IkeHeader header = MessageCodec.decodeHeader(octets);
        assertEquals(new IkeHeader(0x8102030405060708L, 0x9112131415161718L, 13, 1, 3, 5, 0xff, -2, 36), header);
        IsakmpMessage message = IsakmpCodec.decode(header, octets);
        assertEquals(List.of(new IsakmpBody(13, new byte[] {1, 2, 3, 4})), message.bodies());
        assertArrayEquals(hex("00 00 0008 01020304"), message.chain());
        assertArrayEquals(new byte[0], message.afterFirst());
        assertArrayEquals(octets, IsakmpCodec.encode(header, message.bodies()));
        // the header's own next payload and length do not matter to encoding
        IkeHeader blank = new IkeHeader(header.initiatorSpi(), header.responderSpi(), 0, 1, 3, 5, 0xff, -2, 0);
        assertArrayEquals(octets, IsakmpCodec.encode(blank, message.bodies()));
    }

    @Test
    void aMessageMayHaveNoPayloads() throws MalformedMessage {
        byte[] octets = hex(COOKIES + "00 10 05 00 00000000 0000001c");
        IsakmpMessage message = message(octets);
        assertEquals(List.of(), message.bodies());
        assertEquals(0, message.afterFirst().length);
        assertArrayEquals(octets, IsakmpCodec.encode(message.header(), List.of()));
        malformed(hex(COOKIES + "00 10 05 00 00000000 0000001d 00"));
        malformed(hex(COOKIES + "00 10 05 00 00000000 00000020 00000000"));
    }

    /** RFC 2409 section 5.5: HASH(1) covers what follows the hash payload, headers included and padding left out. */
    @Test
    void theChainBehindItsFirstPayload() throws MalformedMessage {
        byte[] plaintext = hex("0a 00 0006 aabb 0d 00 000c 0102030405060708 00 00 0005 99 0000000005");
        IsakmpMessage message = IsakmpCodec.split(KnownIsakmp.header(8), plaintext);
        assertEquals(
                List.of(8, 10, 13),
                message.bodies().stream().map(IsakmpBody::type).toList());
        assertArrayEquals(hex("0d 00 000c 0102030405060708 00 00 0005 99"), message.afterFirst());
    }

    /** RFC 2409 appendix B: the padding may have any value, and libreswan's differs from strongSwan's. */
    @Test
    void paddingOfAnyLengthFollowsWhatWasDecrypted() throws MalformedMessage {
        for (String padding : List.of("", "00", "03030303", "ffffffffffffffffffffffffffffffff", "00".repeat(255))) {
            IsakmpMessage message = IsakmpCodec.split(KnownIsakmp.header(8), hex("00 00 0006 aabb" + padding));
            assertEquals(List.of(new IsakmpBody(8, hex("aabb"))), message.bodies());
            assertArrayEquals(hex("00 00 0006 aabb"), message.chain());
        }
    }

    /** RFC 2408 section 3.6: padding up to four octets at the end of the message; what is longer is none. */
    @Test
    void paddingOfAnOpenMessageOnlyAlignsIt() throws MalformedMessage {
        String open = COOKIES + "0d 10 02 00 00000000 0000";
        assertEquals(
                List.of(new IsakmpBody(13, hex("aa"))),
                message(hex(open + "0024 00 00 0005 aa 000000")).bodies());
        assertEquals(
                message(hex(open + "0021 00 00 0005 aa")).bodies(),
                message(hex(open + "0024 00 00 0005 aa 010203")).bodies());
        assertArrayEquals(
                hex("00 00 0005 aa"),
                message(hex(open + "0024 00 00 0005 aa 000000")).chain());
        malformed(hex(open + "0022 00 00 0005 aa 00"));
        malformed(hex(open + "0023 00 00 0005 aa 0000"));
        malformed(hex(open + "0025 00 00 0005 aa 00000000"));
        malformed(hex(open + "0028 00 00 0005 aa 00000000000000"));
        malformed(hex(open + "0024 00 00 0004 00000000"));
    }

    /** RFC 2408 section 5.3: a reserved octet that is not zero discards the message. */
    @Test
    void theReservedOctetOfAPayloadIsZero() {
        for (int reserved = 1; reserved < 256; reserved++) {
            String octet = String.format("%02x", reserved);
            malformed(hex(COOKIES + "0d 10 02 00 00000000 00000024 00 " + octet + " 0008 01020304"));
            assertThrows(
                    MalformedMessage.class,
                    () -> IsakmpCodec.split(KnownIsakmp.header(13), hex("0d 00 0004 00" + octet + "0004")));
        }
    }

    @Test
    void aPayloadShorterThanItsHeaderIsMalformed() {
        for (String length : List.of("0000", "0001", "0002", "0003")) {
            assertThrows(
                    MalformedMessage.class,
                    () -> IsakmpCodec.split(KnownIsakmp.header(13), hex("0d 00" + length + "00000000")));
        }
    }

    @Test
    void aPayloadLongerThanTheMessageIsMalformed() {
        for (String length : List.of("0009", "7fff", "8000", "ffff")) {
            malformed(hex(COOKIES + "0d 10 02 00 00000000 00000024 00 00 " + length + "01020304"));
        }
    }

    @Test
    void morePayloadsThanTheLimitAreMalformed() throws MalformedMessage {
        IsakmpBody empty = new IsakmpBody(13, new byte[0]);
        byte[] most = IsakmpCodec.encodeChain(Collections.nCopies(64, empty));
        assertEquals(
                64, IsakmpCodec.split(KnownIsakmp.header(13), most).bodies().size());
        byte[] more = IsakmpCodec.encodeChain(Collections.nCopies(65, empty));
        assertThrows(MalformedMessage.class, () -> IsakmpCodec.split(KnownIsakmp.header(13), more));
    }

    @Test
    void aBodyThatDoesNotFitItsLengthIsNotSent() {
        IsakmpBody most = new IsakmpBody(13, new byte[65531]);
        assertEquals(65535, IsakmpCodec.encodeChain(List.of(most)).length);
        IsakmpBody more = new IsakmpBody(13, new byte[65532]);
        assertThrows(IllegalArgumentException.class, () -> IsakmpCodec.encodeChain(List.of(more)));
    }

    @Test
    void aTypeUnknownHereIsKeptClosed() throws MalformedMessage {
        for (int type : new int[] {2, 3, 15, 16, 19, 22, 33, 46, 128, 129, 133, 255}) {
            assertEquals(new IsakmpPayload.Unknown(type, new byte[] {7}), decode(type, "07"));
            assertNull(IsakmpPayloadType.of(type));
        }
        for (IsakmpPayloadType type : IsakmpPayloadType.values()) {
            assertEquals(type, IsakmpPayloadType.of(type.number()));
        }
    }

    // security associations

    @Test
    void aSecurityAssociationOfPhase1() throws MalformedMessage {
        IsakmpPayload.SecurityAssociation sa = (IsakmpPayload.SecurityAssociation)
                message(KnownIsakmp.MAIN_1.octets()).bodies().getFirst().decode();
        IsakmpProposal proposal = sa.proposals().getFirst();
        assertEquals(1, sa.proposals().size());
        assertEquals(1, proposal.number());
        assertEquals(Proposal.IKE, proposal.protocol());
        assertEquals(0, proposal.spi().length);
        assertEquals(
                List.of(1, 2, 3),
                proposal.transforms().stream().map(IsakmpTransform::number).toList());
        IsakmpTransform first = proposal.transforms().getFirst();
        assertEquals(1, first.id());
        assertEquals(7, first.number(1, -2));
        assertEquals(256, first.number(14, -2));
        assertEquals(14, first.number(4, -2));
        assertEquals(28800, first.number(12, -2));
        assertEquals(-2, first.number(13, -2));
        assertNull(first.attribute(13));
        IsakmpTransform third = proposal.transforms().getLast();
        assertEquals(86400, third.number(12, -2));
        assertEquals(IsakmpAttribute.of(12, 86400), third.attribute(12));
    }

    /** RFC 2408 section 3.5: proposals of one number are wanted together. */
    @Test
    void proposalsOfPhase2KeepTheirSpis() throws MalformedMessage {
        IsakmpMessage message = KnownIsakmp.QUICK_1.decode(KnownIsakmp.QUICK_1.octets());
        IsakmpPayload.SecurityAssociation sa =
                (IsakmpPayload.SecurityAssociation) message.bodies().get(1).decode();
        assertEquals(
                List.of(Proposal.ESP, Proposal.AH),
                sa.proposals().stream().map(IsakmpProposal::protocol).toList());
        assertArrayEquals(hex("c0ffee01"), sa.proposals().getFirst().spi());
        assertArrayEquals(hex("c0ffee02"), sa.proposals().getLast().spi());
        assertEquals(86400, sa.proposals().getLast().transforms().getFirst().number(2, -2));
    }

    /** RFC 2407 section 4.2: only SIT_IDENTITY_ONLY of the IPsec DOI is spoken here. */
    @Test
    void anotherDoiOrSituationIsMalformed() throws MalformedMessage {
        String proposal = "00 00 0010 01 01 00 01 00 00 0008 01 01 0000";
        decode(SA, "00000001 00000001" + proposal);
        for (String start : List.of(
                "00000000 00000001",
                "00000002 00000001",
                "80000001 00000001",
                "00000001 00000000",
                "00000001 00000002",
                "00000001 00000003")) {
            malformed(SA, start + proposal);
        }
    }

    @Test
    void aSecurityAssociationWithoutAProposalIsMalformed() {
        malformed(SA, "");
        malformed(SA, "00000001 00000001");
        malformed(SA, "00000001 00000001 00 00 0008 01 01 00 00");
    }

    /** RFC 2408 section 3.5: 0 in the last proposal, 2 in the others. */
    @Test
    void positionMarksOfProposalsAgreeWithTheirPlaces() throws MalformedMessage {
        String rest = " 00 0010 01 01 00 01 00 00 0008 01 01 0000";
        decode(SA, sa("02" + rest + "00" + rest));
        for (int mark = 0; mark < 256; mark++) {
            String octet = String.format("%02x", mark);
            if (mark != 2) {
                malformed(SA, sa(octet + rest + "00" + rest));
            }
            if (mark != 0) {
                malformed(SA, sa("02" + rest + octet + rest));
            }
        }
    }

    /** RFC 2408 section 3.6: 0 in the last transform, 3 in the others. */
    @Test
    void positionMarksOfTransformsAgreeWithTheirPlaces() throws MalformedMessage {
        String start = "00 00 0018 01 01 00 02";
        String rest = " 00 0008 01 01 0000";
        decode(SA, sa(start + "03" + rest + "00" + rest));
        for (int mark = 0; mark < 256; mark++) {
            String octet = String.format("%02x", mark);
            if (mark != 3) {
                malformed(SA, sa(start + octet + rest + "00" + rest));
            }
            if (mark != 0) {
                malformed(SA, sa(start + "03" + rest + octet + rest));
            }
        }
    }

    @Test
    void theCountOfTransformsIsRight() {
        String transforms = "03 00 0008 01 01 0000 00 00 0008 02 01 0000";
        malformed(SA, sa("00 00 0018 01 01 00 00" + transforms));
        malformed(SA, sa("00 00 0018 01 01 00 01" + transforms));
        malformed(SA, sa("00 00 0018 01 01 00 03" + transforms));
        malformed(SA, sa("00 00 0018 01 01 00 01 00 00 0008 01 01 0000 00 00 0008 02 01 0000"));
    }

    @Test
    void lengthsOfProposalsAndTransformsAgreeWithTheirContents() {
        for (String length : List.of("0000", "0003", "0004", "0007", "000f", "0011", "ffff")) {
            malformed(SA, sa("00 00 " + length + " 01 01 00 01 00 00 0008 01 01 0000"));
        }
        for (String length : List.of("0000", "0003", "0004", "0007", "0009", "ffff")) {
            malformed(SA, sa("00 00 0010 01 01 00 01 00 00 " + length + " 01 01 0000"));
        }
        malformed(SA, sa("00 00 0014 01 01 00 01 00 00 0008 01 01 0000 00000000"));
    }

    /** RFC 2408 section 3.5: up to 16 octets in phase 1, where they mean nothing; four for AH and ESP. */
    @Test
    void theSpiFitsItsProtocol() throws MalformedMessage {
        for (int length = 0; length < 256; length++) {
            for (int protocol = 1; protocol < 5; protocol++) {
                String body = sa(String.format("00 00 %04x 01 %02x %02x 01", 16 + length, protocol, length)
                        + "5a".repeat(length) + "00 00 0008 01 01 0000");
                boolean child = protocol == Proposal.AH || protocol == Proposal.ESP;
                if (child ? length == 4 : length <= 16) {
                    IsakmpPayload.SecurityAssociation sa = (IsakmpPayload.SecurityAssociation) decode(SA, body);
                    assertEquals(length, sa.proposals().getFirst().spi().length);
                } else {
                    malformed(SA, body);
                }
            }
        }
    }

    /** Those inside of bodies are filled by some peers, and say nothing. */
    @Test
    void reservedOctetsInsideOfBodiesAreIgnored() throws MalformedMessage {
        assertEquals(
                decode(SA, sa("00 00 0010 01 01 00 01 00 00 0008 01 01 0000")),
                decode(SA, sa("00 ff 0010 01 01 00 01 00 ff 0008 01 01 ffff")));
        assertEquals(decode(21, "01 000000 c0a80001"), decode(21, "01 ffffff c0a80001"));
        assertEquals(decode(14, "01 00 0007"), decode(14, "01 ff 0007"));
        assertEquals(decode(132, "0001 02 01 aa"), decode(132, "0001 02 ff aa"));
    }

    @Test
    void boundsOfASecurityAssociation() throws MalformedMessage {
        IsakmpTransform transform = new IsakmpTransform(1, 1, List.of());
        IsakmpAttribute attribute = IsakmpAttribute.of(1, 7);
        for (IsakmpPayload most : List.of(
                association(32, 255, transform),
                association(1, 1, new IsakmpTransform(1, 1, Collections.nCopies(32, attribute))))) {
            assertEquals(most, IsakmpBody.of(most).decode());
        }
        for (IsakmpPayload more : List.of(
                association(33, 1, transform),
                association(1, 1, new IsakmpTransform(1, 1, Collections.nCopies(33, attribute))))) {
            IsakmpBody body = IsakmpBody.of(more);
            assertThrows(MalformedMessage.class, body::decode);
        }
        IsakmpPayload unwritable = association(1, 256, transform);
        assertThrows(IllegalArgumentException.class, () -> IsakmpBody.of(unwritable));
    }

    // attributes

    /** RFC 2408 section 3.3: type and value, or type, length and value. */
    @Test
    void bothFormsOfAttributes() throws MalformedMessage {
        IsakmpPayload.Attributes attributes =
                (IsakmpPayload.Attributes) decode(ATTRIBUTES, "01 00 0001 800b0001 000b0002 0001 7fff0000 ffff ffff");
        assertEquals(
                List.of(
                        new IsakmpAttribute(11, true, hex("0001")),
                        new IsakmpAttribute(11, false, hex("0001")),
                        new IsakmpAttribute(32767, false, new byte[0]),
                        new IsakmpAttribute(32767, true, hex("ffff"))),
                attributes.attributes());
        assertEquals(attributes.attributes().getFirst(), attributes.attribute(11));
        assertNull(attributes.attribute(12));
        // an answer must keep the form
        assertFalse(
                attributes.attributes().get(0).equals(attributes.attributes().get(1)));
    }

    @Test
    void anAttributeThatIsCutOffIsMalformed() {
        for (String octets : List.of("80", "800b", "800b00", "000b", "000b0001", "000b0002 00", "000bffff 00")) {
            malformed(ATTRIBUTES, "01 00 0001" + octets);
            malformed(
                    SA,
                    sa(String.format("00 00 %04x 01 01 00 01", 16 + hex(octets).length)
                            + String.format("00 00 %04x 01 01 0000", 8 + hex(octets).length)
                            + octets));
        }
    }

    @Test
    void numbersOfAttributes() {
        assertEquals(new IsakmpAttribute(1, true, hex("0000")), IsakmpAttribute.of(1, 0));
        assertEquals(new IsakmpAttribute(1, true, hex("ffff")), IsakmpAttribute.of(1, 0xffff));
        assertEquals(new IsakmpAttribute(1, false, hex("00010000")), IsakmpAttribute.of(1, 0x10000));
        assertEquals(new IsakmpAttribute(1, false, hex("ffffffff")), IsakmpAttribute.of(1, 0xffff_ffffL));
        assertThrows(IllegalArgumentException.class, () -> IsakmpAttribute.of(1, -1));
        assertThrows(IllegalArgumentException.class, () -> IsakmpAttribute.of(1, 0x1_0000_0000L));
        for (long number :
                new long[] {0, 1, 0x7fff, 0x8000, 0xffff, 0x10000, 0x7fff_ffff, 0x8000_0000L, 0xffff_ffffL}) {
            assertEquals(number, IsakmpAttribute.of(1, number).number());
        }
        assertEquals(
                0x00ff_ffff_ffff_ffffL,
                IsakmpAttribute.of(1, hex("00ffffffffffffff")).number());
        assertEquals(5, IsakmpAttribute.of(1, hex("00".repeat(40) + "05")).number());
        assertEquals(0, IsakmpAttribute.of(1, hex("00".repeat(40))).number());
        assertEquals(-1, IsakmpAttribute.of(1, hex("0100000000000000")).number());
        assertEquals(-1, IsakmpAttribute.of(1, hex("ff".repeat(40))).number());
        assertEquals(-1, IsakmpAttribute.of(1, new byte[0]).number());
    }

    @Test
    void anAttributeThatCannotBeWrittenIsNone() {
        byte[] two = new byte[2];
        assertThrows(IllegalArgumentException.class, () -> new IsakmpAttribute(-1, true, two));
        assertThrows(IllegalArgumentException.class, () -> new IsakmpAttribute(0x8000, false, two));
        assertThrows(IllegalArgumentException.class, () -> new IsakmpAttribute(1, true, new byte[1]));
        assertThrows(IllegalArgumentException.class, () -> new IsakmpAttribute(1, true, new byte[3]));
    }

    /** XAUTH's password is an attribute. */
    @Test
    void valuesAreNotShown() {
        IsakmpAttribute password = IsakmpAttribute.of(16522, "open sesame".getBytes(StandardCharsets.US_ASCII));
        IsakmpPayload payload = new IsakmpPayload.Attributes(2, 1, List.of(password));
        IsakmpBody body = IsakmpBody.of(payload);
        IsakmpMessage message = new IsakmpMessage(KnownIsakmp.header(14), List.of(body), body.octets());
        for (Object shown : List.of(password, payload, body, message)) {
            assertFalse(shown.toString().contains("sesame"), shown.toString());
            assertFalse(shown.toString().contains("111, 112, 101, 110"), shown.toString());
        }
    }

    /** Openswan pads inside of the payload, and counts the padding in its length. */
    @Test
    void anAttributesPayloadMayBePadded() throws MalformedMessage {
        IsakmpPayload.Attributes reply = (IsakmpPayload.Attributes) decode(ATTRIBUTES, "02 00 0539 40890003 6a6f65");
        assertEquals(reply, decode(ATTRIBUTES, "02 00 0539 40890003 6a6f65 00"));
        assertEquals(reply, decode(ATTRIBUTES, "02 00 0539 40890003 6a6f65 000000"));
        assertArrayEquals(
                "joe".getBytes(StandardCharsets.US_ASCII),
                reply.attributes().getFirst().value());
        malformed(ATTRIBUTES, "02 00 0539 40890003 6a6f65 01");
        malformed(ATTRIBUTES, "02 00 0539 40890003 6a6f65 000001");
        malformed(ATTRIBUTES, "02 00 05");
    }

    @Test
    void boundsOfAnAttributesPayload() throws MalformedMessage {
        IsakmpAttribute attribute = IsakmpAttribute.of(1, 7);
        IsakmpPayload most = new IsakmpPayload.Attributes(1, 2, Collections.nCopies(256, attribute));
        assertEquals(most, IsakmpBody.of(most).decode());
        IsakmpBody more = IsakmpBody.of(new IsakmpPayload.Attributes(1, 2, Collections.nCopies(257, attribute)));
        assertThrows(MalformedMessage.class, more::decode);
    }

    // identities

    @Test
    void identitiesOfPhase1() throws MalformedMessage {
        Identification name = new Identification(Identification.FQDN, "peer.test".getBytes(StandardCharsets.US_ASCII));
        IsakmpPayload.Identification id = (IsakmpPayload.Identification) decode(5, "02 11 01f4 706565722e74657374");
        assertEquals(name, id.identity());
        assertEquals(17, id.protocol());
        assertEquals(500, id.port());
        assertFalse(id.isTraffic());
        assertThrows(MalformedMessage.class, id::traffic);
        assertArrayEquals(
                hex("02 00 0000 706565722e74657374"),
                IsakmpBody.of(IsakmpPayload.Identification.of(name)).octets());
        assertEquals(
                new Identification(Identification.KEY_ID, hex("000a")),
                ((IsakmpPayload.Identification) decode(5, "0b 00 0000 000a")).identity());
        malformed(5, "02 00 00");
        malformed(5, "02 00 0000 70656500");
        malformed(5, "03 00 0000 70650a65");
        malformed(5, "02 00 0000 7f");
    }

    @Test
    void identitiesOfAddressesHaveTheLengthOfTheirType() throws MalformedMessage {
        int[][] lengths = {{1, 4}, {4, 8}, {5, 16}, {6, 32}, {7, 8}, {8, 32}};
        for (int[] type : lengths) {
            for (int length = 0; length < 40; length++) {
                String body = String.format("%02x 00 0000", type[0]) + "00".repeat(length);
                if (length == type[1]) {
                    assertTrue(((IsakmpPayload.Identification) decode(5, body)).isTraffic());
                } else {
                    malformed(5, body);
                }
            }
        }
    }

    /** RFC 2407 sections 4.6.2.2 to 4.6.2.10. */
    @Test
    void identitiesThatNameTraffic() throws MalformedMessage {
        traffic("01 00 0000 0a5b0101", 0, 0, 65535, "10.91.1.1", "10.91.1.1");
        traffic("04 06 01bb 0a5b0100 ffffff00", 6, 443, 443, "10.91.1.0", "10.91.1.255");
        traffic("04 00 0000 0a5b0100 fffffffe", 0, 0, 65535, "10.91.1.0", "10.91.1.1");
        traffic("04 11 ffff 00000000 00000000", 17, 65535, 65535, "0.0.0.0", "255.255.255.255");
        traffic("07 00 0000 0a5b0101 0a5b0103", 0, 0, 65535, "10.91.1.1", "10.91.1.3");
        traffic("07 00 0000 7fffffff 80000000", 0, 0, 65535, "127.255.255.255", "128.0.0.0");
        traffic(
                "05 3a 0000" + "fd91".repeat(8),
                58,
                0,
                65535,
                "fd91:fd91:fd91:fd91:fd91:fd91:fd91:fd91",
                "fd91:fd91:fd91:fd91:fd91:fd91:fd91:fd91");
        traffic(
                "06 00 0000 fd910001000000000000000000000000 ffffffffffffffff0000000000000000",
                0,
                0,
                65535,
                "fd91:1::",
                "fd91:1::ffff:ffff:ffff:ffff");
        traffic(
                "08 00 0000 fd910001000000000000000000000001 fd910001000000000000000000000009",
                0,
                0,
                65535,
                "fd91:1::1",
                "fd91:1::9");
    }

    /** An IPv4-mapped address stays one of IPv6. */
    @Test
    void mappedAddressesKeepTheirFamily() throws MalformedMessage {
        String mapped = "05 00 0000 00000000000000000000ffff0a5b0101";
        IsakmpPayload.Identification id = (IsakmpPayload.Identification) decode(5, mapped);
        assertEquals(16, id.traffic().start().getAddress().length);
        assertArrayEquals(
                hex(mapped),
                IsakmpBody.of(IsakmpPayload.Identification.of(id.traffic())).octets());
        assertTrue(
                ((IsakmpPayload.NatOriginalAddress) decode(21, "05 000000 00000000000000000000ffff0a5b0101")).address()
                        instanceof Inet6Address);
    }

    /** Host bits do not change which traffic is meant; some peers send their own address with the mask. */
    @Test
    void hostBitsOfASubnetAreIgnored() throws MalformedMessage {
        IsakmpPayload.Identification id = (IsakmpPayload.Identification) decode(5, "04 00 0000 0a5b0107 ffffff00");
        assertEquals(
                ((IsakmpPayload.Identification) decode(5, "04 00 0000 0a5b0100 ffffff00")).traffic(), id.traffic());
        assertArrayEquals(hex("04 00 0000 0a5b0107 ffffff00"), IsakmpBody.of(id).octets());
    }

    @Test
    void masksWithHolesAreMalformed() {
        for (String mask :
                List.of("ff00ff00", "00000001", "7fffffff", "fffffffd", "ffffff01", "80000001", "0000ffff")) {
            malformed(5, "04 00 0000 0a5b0100" + mask);
            malformed(5, "04 00 0000 ffffffff" + mask);
            malformed(5, "04 00 0000 00000000" + mask);
        }
        malformed(5, "06 00 0000" + "00".repeat(16) + "ffffffffffffffff00000000000000ff");
    }

    @Test
    void rangesThatEndBeforeTheyStartAreMalformed() {
        malformed(5, "07 00 0000 0a5b0102 0a5b0101");
        malformed(5, "07 00 0000 80000000 7fffffff");
        malformed(5, "08 00 0000" + "ff" + "00".repeat(15) + "7f" + "ff".repeat(15));
    }

    @Test
    void trafficIsSaidInItsShortestForm() throws UnknownHostException {
        said("01 06 0016 0a5b0101", 6, 22, 22, "10.91.1.1", "10.91.1.1");
        said("04 00 0000 0a5b0100 ffffff00", 0, 0, 65535, "10.91.1.0", "10.91.1.255");
        said("04 00 0000 00000000 00000000", 0, 0, 65535, "0.0.0.0", "255.255.255.255");
        said("04 00 0000 0a5b0102 fffffffe", 0, 0, 65535, "10.91.1.2", "10.91.1.3");
        said("07 00 0000 0a5b0101 0a5b0102", 0, 0, 65535, "10.91.1.1", "10.91.1.2");
        said("07 00 0000 0a5b0101 0a5b01ff", 0, 0, 65535, "10.91.1.1", "10.91.1.255");
        said("07 00 0000 0a5b0100 0a5b02ff", 0, 0, 65535, "10.91.1.0", "10.91.2.255");
        said("06 00 0000" + "00".repeat(32), 0, 0, 65535, "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
    }

    /** To widen what was asked for would be worse than to refuse it: OPAQUE, ranges of ports, and port 0 alone. */
    @Test
    void portsThatIkev1CannotSayAreRefused() throws UnknownHostException {
        InetAddress address = InetAddress.getByName("10.91.1.1");
        for (int[] ports : new int[][] {{0, 0}, {0, 1}, {1, 2}, {1, 65535}, {0, 65534}, {65535, 0}}) {
            TrafficSelector selector = new TrafficSelector(6, ports[0], ports[1], address, address);
            assertThrows(IllegalArgumentException.class, () -> IsakmpPayload.Identification.of(selector));
        }
    }

    // the other payloads

    /** RFC 2408 sections 3.7, 3.9 to 3.12 and 3.16. */
    @Test
    void payloadsOfData() throws MalformedMessage {
        byte[] data = hex("010203");
        assertEquals(new IsakmpPayload.KeyExchange(data), decode(4, "010203"));
        assertEquals(
                new IsakmpPayload.Certificate(IsakmpPayload.Certificate.X509_SIGNATURE, data), decode(6, "04 010203"));
        assertEquals(new IsakmpPayload.CertificateRequest(4, data), decode(7, "04 010203"));
        assertEquals(new IsakmpPayload.CertificateRequest(4, new byte[0]), decode(7, "04"));
        assertEquals(new IsakmpPayload.Hash(data), decode(8, "010203"));
        assertEquals(new IsakmpPayload.Signature(data), decode(9, "010203"));
        assertEquals(new IsakmpPayload.VendorId(data), decode(13, "010203"));
        assertEquals(new IsakmpPayload.NatDetection(data, false), decode(20, "010203"));
        assertEquals(new IsakmpPayload.NatDetection(data, true), decode(130, "010203"));
        malformed(6, "");
        malformed(7, "");
    }

    /** RFC 2409 section 5: the length of a nonce MUST be between 8 and 256 octets. */
    @Test
    void lengthsOfNonces() throws MalformedMessage {
        for (int length : new int[] {8, 9, 255, 256}) {
            assertEquals(new IsakmpPayload.Nonce(new byte[length]), decode(10, "00".repeat(length)));
        }
        for (int length : new int[] {0, 1, 7, 257, 1000}) {
            malformed(10, "00".repeat(length));
        }
    }

    /** RFC 2408 section 3.14; before an SA is agreed on some peers send the DOI of ISAKMP itself. */
    @Test
    void notifications() throws MalformedMessage {
        IsakmpPayload.Notification refusal = new IsakmpPayload.Notification(
                Proposal.ESP, hex("c0ffee01"), IsakmpNotify.NO_PROPOSAL_CHOSEN, hex("99"));
        assertEquals(refusal, decode(11, "00000001 03 04 000e c0ffee01 99"));
        assertEquals(refusal, decode(11, "00000000 03 04 000e c0ffee01 99"));
        assertTrue(refusal.isError());
        assertEquals("NO-PROPOSAL-CHOSEN", IsakmpNotify.words(refusal.type()));
        assertEquals("notify 36136", IsakmpNotify.words(IsakmpNotify.R_U_THERE));
        assertTrue(IsakmpNotify.isError(16383));
        assertFalse(IsakmpNotify.isError(IsakmpNotify.CONNECTED));
        assertFalse(((IsakmpPayload.Notification) decode(11, "00000001 01 00 8d28")).isError());
        malformed(11, "00000002 03 00 000e");
        malformed(11, "00000001 03 04 000e c0ffee");
        malformed(11, "00000001 03 00 00");
    }

    /** RFC 2408 section 3.15: the SPIs are of the length that the protocol has. */
    @Test
    void deletes() throws MalformedMessage {
        assertEquals(
                new IsakmpPayload.Delete(Proposal.ESP, List.of(hex("11111111"), hex("22222222"))),
                decode(DELETE, "00000001 03 04 0002 11111111 22222222"));
        assertEquals(
                new IsakmpPayload.Delete(Proposal.IKE, List.of(hex(COOKIES))),
                decode(DELETE, "00000000 01 10 0001" + COOKIES));
        assertEquals(new IsakmpPayload.Delete(Proposal.AH, List.of()), decode(DELETE, "00000001 02 04 0000"));
        malformed(DELETE, "00000002 03 04 0000");
        malformed(DELETE, "00000001 03 00 0001");
        malformed(DELETE, "00000001 03 10 0001" + COOKIES);
        malformed(DELETE, "00000001 01 04 0001 11111111");
        malformed(DELETE, "00000001 01 08 0002" + COOKIES);
        malformed(DELETE, "00000001 03 04 0002 11111111");
        malformed(DELETE, "00000001 03 04 0001 11111111 22222222");
        malformed(DELETE, "00000001 03 04 ffff 11111111");
        assertThrows(
                IllegalArgumentException.class, () -> new IsakmpPayload.Delete(Proposal.IKE, List.of(new byte[4])));
        assertThrows(
                IllegalArgumentException.class, () -> new IsakmpPayload.Delete(Proposal.ESP, List.of(new byte[16])));
    }

    @Test
    void boundsOfADelete() throws MalformedMessage {
        IsakmpPayload most = new IsakmpPayload.Delete(Proposal.ESP, Collections.nCopies(1024, new byte[4]));
        assertEquals(most, IsakmpBody.of(most).decode());
        IsakmpBody more = IsakmpBody.of(new IsakmpPayload.Delete(Proposal.ESP, Collections.nCopies(1025, new byte[4])));
        assertThrows(MalformedMessage.class, more::decode);
    }

    /** RFC 3947 section 5.2: an address of the type's length. */
    @Test
    void originalAddresses() throws MalformedMessage, UnknownHostException {
        InetAddress four = InetAddress.getByName("192.168.0.1");
        assertEquals(new IsakmpPayload.NatOriginalAddress(four, false), decode(21, "01 000000 c0a80001"));
        assertEquals(new IsakmpPayload.NatOriginalAddress(four, true), decode(131, "01 000000 c0a80001"));
        malformed(21, "01 000000 c0a800");
        malformed(21, "05 000000 c0a80001");
        malformed(21, "04 000000 c0a80000 ffffff00");
        malformed(21, "01 0000");
    }

    @Test
    void fragments() throws MalformedMessage {
        assertEquals(new IsakmpPayload.Fragment(0x1234, 1, false, hex("aa")), decode(132, "1234 01 00 aa"));
        assertEquals(new IsakmpPayload.Fragment(0x1234, 255, true, hex("aa")), decode(132, "1234 ff 01 aa"));
        malformed(132, "1234 00 00 aa");
        malformed(132, "1234 01 00");
        malformed(132, "1234 01");
    }

    // hostile messages

    /** What one datagram can make us keep is a small multiple of its own octets. */
    @Test
    void aDatagramOfNothingButHeadersAllocatesInProportion() throws MalformedMessage {
        IsakmpTransform bare = new IsakmpTransform(1, 1, List.of());
        IsakmpTransform full = new IsakmpTransform(1, 1, Collections.nCopies(32, IsakmpAttribute.of(1, 7)));
        for (IsakmpPayload payload : List.of(
                association(31, 255, bare),
                association(32, 14, full),
                new IsakmpPayload.Delete(Proposal.ESP, Collections.nCopies(1024, new byte[4])))) {
            byte[] octets = IsakmpCodec.encode(KnownIsakmp.header(0), List.of(IsakmpBody.of(payload)));
            ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
            message(octets).bodies().getFirst().decode();
            long before = threads.getCurrentThreadAllocatedBytes();
            IsakmpPayload decoded = message(octets).bodies().getFirst().decode();
            long allocated = threads.getCurrentThreadAllocatedBytes() - before;
            assertEquals(payload, decoded);
            assertTrue(allocated < 64L * octets.length, allocated + " octets for " + octets.length);
        }
    }

    private static IsakmpPayload association(int proposals, int transforms, IsakmpTransform transform) {
        IsakmpProposal proposal =
                new IsakmpProposal(1, Proposal.IKE, new byte[0], Collections.nCopies(transforms, transform));
        return new IsakmpPayload.SecurityAssociation(Collections.nCopies(proposals, proposal));
    }

    private static String sa(String proposals) {
        return "00000001 00000001" + proposals;
    }

    private static void traffic(String body, int protocol, int startPort, int endPort, String start, String end) {
        try {
            assertEquals(
                    selector(protocol, startPort, endPort, start, end),
                    ((IsakmpPayload.Identification) decode(5, body)).traffic());
        } catch (MalformedMessage | UnknownHostException e) {
            throw new AssertionError(e);
        }
    }

    private static void said(String body, int protocol, int startPort, int endPort, String start, String end)
            throws UnknownHostException {
        assertArrayEquals(
                hex(body),
                IsakmpBody.of(IsakmpPayload.Identification.of(selector(protocol, startPort, endPort, start, end)))
                        .octets());
    }

    private static TrafficSelector selector(int protocol, int startPort, int endPort, String start, String end)
            throws UnknownHostException {
        return new TrafficSelector(
                protocol, startPort, endPort, InetAddress.getByName(start), InetAddress.getByName(end));
    }

    private static IsakmpMessage message(byte[] octets) throws MalformedMessage {
        return IsakmpCodec.decode(MessageCodec.decodeHeader(octets), octets);
    }

    private static void malformed(byte[] octets) {
        assertThrows(MalformedMessage.class, () -> message(octets));
    }

    private static IsakmpPayload decode(int type, String body) throws MalformedMessage {
        return new IsakmpBody(type, hex(body)).decode();
    }

    private static void malformed(int type, String body) {
        assertThrows(MalformedMessage.class, () -> decode(type, body), body);
    }
}
