package dev.cardinal.ike.wire;

import static dev.cardinal.ike.wire.KnownMessages.hex;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

/** One test a rule of the wire format. */
class MessageCodecTest {
    private static final byte[] SPI = {1, 2, 3, 4};

    // the header

    /** RFC 7296 section 3.1: the length is that of the total message. */
    @Test
    void aLengthFieldOtherThanTheDatagramsIsMalformed() {
        for (String length : List.of("0000001b", "0000001d", "00000000", "ffffffff", "80000000")) {
            byte[] octets = hex("0102030405060708 0000000000000000 00 20 22 08 00000000" + length);
            assertThrows(MalformedMessage.class, () -> MessageCodec.decodeHeader(octets), length);
            assertThrows(MalformedMessage.class, () -> MessageCodec.decode(octets), length);
        }
    }

    @Test
    void everyFieldOfTheHeaderIsRead() throws MalformedMessage {
        assertEquals(
                new IkeHeader(0x8102030405060708L, 0x9112131415161718L, 0x2e, 2, 7, 37, 0xff, 0xfffffffe, 28),
                MessageCodec.decodeHeader(hex("8102030405060708 9112131415161718 2e 27 25 ff fffffffe 0000001c")));
    }

    @Test
    void theHeaderOfIkev1IsReadAndItsMessageIsNot() throws MalformedMessage {
        byte[] octets = hex("0102030405060708 0000000000000000 01 10 02 00 00000000 00000020 00000004");
        assertEquals(1, MessageCodec.decodeHeader(octets).majorVersion());
        assertEquals(2, MessageCodec.decodeHeader(octets).exchangeType());
        assertEquals(NotifyType.INVALID_MAJOR_VERSION, malformed(octets).notifyType());
    }

    /** RFC 7296 section 2.5: a minor version not known is no reason to refuse. */
    @Test
    void anyMinorVersionIsTaken() throws MalformedMessage {
        byte[] octets = KnownMessages.COOKIE.octets().clone();
        octets[17] = 0x2f;
        assertEquals(15, MessageCodec.decode(octets).header().minorVersion());
        assertEquals(
                MessageCodec.decode(KnownMessages.COOKIE.octets()).payloads(),
                MessageCodec.decode(octets).payloads());
    }

    /** RFC 7296 section 3.1: the version flag, the reserved flags and the minor version are sent as zero. */
    @Test
    void flagsThatMustBeClearAreNeverSent() {
        byte[] octets = MessageCodec.encode(new IkeHeader(1, 2, 99, 2, 9, 37, 0xff, 5, 77), List.of());
        assertArrayEquals(hex("0000000000000001 0000000000000002 00 20 25 28 00000005 0000001c"), octets);
    }

    // the chain

    /** RFC 7296 section 3.2: the length includes the generic header, so less than 4 is none; zero would never end. */
    @Test
    void aPayloadShorterThanItsHeaderIsMalformed() {
        for (String length : List.of("0000", "0001", "0003")) {
            assertThrows(
                    MalformedMessage.class, () -> MessageCodec.decodePayloads(43, hex("2b 00" + length + "00000000")));
        }
    }

    @Test
    void octetsAfterTheLastPayloadAreMalformed() {
        assertThrows(MalformedMessage.class, () -> MessageCodec.decodePayloads(43, hex("00 00 0004 00")));
        assertThrows(MalformedMessage.class, () -> MessageCodec.decodePayloads(0, hex("00")));
    }

    @Test
    void anEmptyChainHasNoPayloads() throws MalformedMessage {
        assertEquals(List.of(), MessageCodec.decodePayloads(0, new byte[0]));
        assertEquals(0, MessageCodec.firstType(List.of()));
        assertEquals(0, MessageCodec.encodePayloads(List.of()).length);
    }

    @Test
    void morePayloadsThanTheLimitAreMalformed() throws MalformedMessage {
        Payload empty = new Payload.VendorId(new byte[0]);
        byte[] most = MessageCodec.encodePayloads(Collections.nCopies(MessageCodec.PAYLOADS_LIMIT, empty));
        assertEquals(
                MessageCodec.PAYLOADS_LIMIT,
                MessageCodec.decodePayloads(43, most).size());
        byte[] more = MessageCodec.encodePayloads(Collections.nCopies(MessageCodec.PAYLOADS_LIMIT + 1, empty));
        assertThrows(MalformedMessage.class, () -> MessageCodec.decodePayloads(43, more));
    }

    /** RFC 7296 section 2.5: an unknown payload with the critical bit rejects the message; the notify names its type. */
    @Test
    void anUnknownCriticalPayloadIsUnsupported() {
        MalformedMessage problem = assertThrows(
                MalformedMessage.class,
                () -> MessageCodec.decodePayloads(40, hex("c8 00 0014" + "00".repeat(16) + "00 80 0004")));
        assertEquals(NotifyType.UNSUPPORTED_CRITICAL_PAYLOAD, problem.notifyType());
        assertArrayEquals(new byte[] {(byte) 200}, problem.notifyData());
    }

    /** RFC 7296 section 2.5: an unknown payload without the critical bit is skipped; reserved bits do not matter. */
    @Test
    void anUnknownPayloadIsKeptClosed() throws MalformedMessage {
        assertEquals(
                List.of(new Payload.Unknown(200, false, new byte[] {7}), new Payload.VendorId(new byte[] {8})),
                MessageCodec.decodePayloads(200, hex("2b 7f 0005 07 00 00 0005 08")));
    }

    /** RFC 7296 section 3.2: the numbers of IKEv1's payloads are unknown ones. */
    @Test
    void payloadTypesOfIkev1AreUnknown() throws MalformedMessage {
        assertInstanceOf(
                Payload.Unknown.class,
                MessageCodec.decodePayloads(1, hex("00 00 0004")).getFirst());
    }

    /** RFC 7296 section 2.5: the critical bit of a payload that is understood is ignored. RFC 7296 section 3.2: sent as 0. */
    @Test
    void theCriticalBitOfAKnownPayloadIsIgnored() throws MalformedMessage {
        List<Payload> payloads = MessageCodec.decodePayloads(43, hex("00 ff 0006 0102"));
        assertEquals(List.of(new Payload.VendorId(new byte[] {1, 2})), payloads);
        assertArrayEquals(hex("00 00 0006 0102"), MessageCodec.encodePayloads(payloads));
    }

    /** RFC 7296 section 3.1: reserved fields are ignored on receipt. */
    @Test
    void reservedOctetsAreIgnored() throws MalformedMessage {
        assertEquals(
                MessageCodec.decodePayloads(34, hex("00 00 000a 001f 0000 0102")),
                MessageCodec.decodePayloads(34, hex("00 00 000a 001f ffff 0102")));
        assertEquals(
                MessageCodec.decodePayloads(39, hex("00 00 000a 02 000000 0102")),
                MessageCodec.decodePayloads(39, hex("00 00 000a 02 ffffff 0102")));
        assertEquals(
                MessageCodec.decodePayloads(35, hex("00 00 000a 0b 000000 0102")),
                MessageCodec.decodePayloads(35, hex("00 00 000a 0b ffffff 0102")));
        assertEquals(
                MessageCodec.decodePayloads(33, sa("00 00 0010 01 01 00 01 00 00 0008 04 00 001f")),
                MessageCodec.decodePayloads(33, sa("00 ff 0010 01 01 00 01 00 ff 0008 04 ff 001f")));
        assertEquals(
                MessageCodec.decodePayloads(47, hex("00 00 000c 01 000000 0001 0000")),
                MessageCodec.decodePayloads(47, hex("00 00 000c 01 ffffff 8001 0000")));
    }

    // encrypted payloads

    /** RFC 7296 section 3.14: the Encrypted payload MUST be the last one. */
    @Test
    void nothingFollowsAnEncryptedPayload() {
        assertThrows(
                MalformedMessage.class,
                () -> MessageCodec.decode(hex("0102030405060708 1112131415161718 2e 20 25 08 00000002 00000026"
                        + "2b 00 0006 0102 00 00 0004")));
        assertThrows(
                IllegalArgumentException.class,
                () -> MessageCodec.encodePayloads(List.of(new Payload.Encrypted(0, SPI), new Payload.VendorId(SPI))));
    }

    @Test
    void anEncryptedPayloadMayFollowOthers() throws MalformedMessage {
        IkeHeader header = new IkeHeader(1, 2, 0, 2, 0, 37, 0, 3, 0);
        List<Payload> payloads = List.of(new Payload.VendorId(SPI), new Payload.Encrypted(41, SPI));
        assertEquals(
                payloads,
                MessageCodec.decode(MessageCodec.encode(header, payloads)).payloads());
    }

    @Test
    void anEncryptedPayloadInsideAnotherIsMalformed() {
        assertThrows(MalformedMessage.class, () -> MessageCodec.decodePayloads(46, hex("00 00 0006 0102")));
        assertThrows(MalformedMessage.class, () -> MessageCodec.decodePayloads(53, hex("00 00 000a 0001 0001 0102")));
    }

    @Test
    void anEmptyEncryptedPayloadIsMalformed() {
        malformed(hex("0102030405060708 1112131415161718 2e 20 25 08 00000002 00000020 00 00 0004"));
        malformed(fragment("00", "0001 0001"));
    }

    /** RFC 7383 section 2.5: the number is from 1 to the total. */
    @Test
    void fragmentNumbersAreFromOneToTheTotal() throws MalformedMessage {
        malformed(fragment("00", "0000 0001 aa"));
        malformed(fragment("00", "0000 0000 aa"));
        malformed(fragment("00", "0003 0002 aa"));
        assertEquals(
                List.of(new Payload.EncryptedFragment(0, 65535, 65535, new byte[] {1})),
                MessageCodec.decode(fragment("00", "ffff ffff 01")).payloads());
    }

    /** RFC 7383 section 2.5: the next payload MUST be zero in all but the first fragment. */
    @Test
    void onlyTheFirstFragmentNamesAPayload() throws MalformedMessage {
        malformed(fragment("23", "0002 0002 aa"));
        assertEquals(
                List.of(new Payload.EncryptedFragment(35, 1, 2, new byte[] {1})),
                MessageCodec.decode(fragment("23", "0001 0002 01")).payloads());
    }

    // proposals and transforms

    /** RFC 7296 section 3.3.1: proposals are marked 2 up to the last, which is marked 0. */
    @Test
    void proposalMarksAgreeWithTheirPlace() {
        for (String proposals : List.of(
                "02 00 0008 01 01 00 00",
                "01 00 0008 01 01 00 00",
                "00 00 0008 01 01 00 00 00 00 0008 02 01 00 00",
                "03 00 0008 01 01 00 00 00 00 0008 02 01 00 00")) {
            assertThrows(MalformedMessage.class, () -> MessageCodec.decodePayloads(33, sa(proposals)), proposals);
        }
    }

    /** RFC 7296 section 3.3.2: transforms are marked 3 up to the last, which is marked 0. */
    @Test
    void transformMarksAgreeWithTheirPlace() {
        for (String transforms : List.of(
                "03 00 0008 02 00 0005",
                "02 00 0008 02 00 0005",
                "00 00 0008 02 00 0005 00 00 0008 04 00 001f",
                "02 00 0008 02 00 0005 00 00 0008 04 00 001f")) {
            assertThrows(MalformedMessage.class, () -> MessageCodec.decodePayloads(33, proposal(1, 0, "", transforms)));
        }
    }

    /** RFC 7296 section 3.3.1: the number of transforms is that of the transforms that follow. */
    @Test
    void theTransformCountAgrees() {
        for (String count : List.of("00", "01", "03", "ff")) {
            String proposal = "00 00 0018 01 01 00" + count + "03 00 0008 02 00 0005 00 00 0008 04 00 001f";
            assertThrows(MalformedMessage.class, () -> MessageCodec.decodePayloads(33, sa(proposal)), count);
        }
    }

    /** RFC 7296 section 3.3.1: the first proposal MUST be 1, each other one more than the one before. */
    @Test
    void offeredProposalsCountFromOne() throws MalformedMessage {
        for (String[] numbers : new String[][] {{"02", "03"}, {"01", "01"}, {"01", "03"}, {"00", "01"}, {"02", "01"}}) {
            String proposals = "02 00 0008" + numbers[0] + "01 00 00 00 00 0008" + numbers[1] + "01 00 00";
            assertThrows(MalformedMessage.class, () -> MessageCodec.decodePayloads(33, sa(proposals)), proposals);
        }
        assertEquals(
                2, proposals("02 00 0008 01 01 00 00 00 00 0008 02 01 00 00").size());
    }

    /** RFC 7296 section 3.3.1: the accepted proposal keeps the number it was offered with. */
    @Test
    void oneProposalMayHaveAnyNumber() throws MalformedMessage {
        assertEquals(7, proposals("00 00 0008 07 01 00 00").getFirst().number());
    }

    /** RFC 7296 section 3.3: there is at least one proposal. */
    @Test
    void aSecurityAssociationWithoutProposalIsMalformed() {
        assertThrows(MalformedMessage.class, () -> MessageCodec.decodePayloads(33, hex("00 00 0004")));
    }

    @Test
    void moreProposalsThanTheLimitAreMalformed() throws MalformedMessage {
        int limit = Payload.SecurityAssociation.PROPOSALS_LIMIT;
        assertEquals(limit, proposals(manyProposals(limit)).size());
        assertThrows(MalformedMessage.class, () -> proposals(manyProposals(limit + 1)));
    }

    /** RFC 7296 section 3.3.1: an SPI is 0 or 8 octets for IKE, 4 for AH and ESP. */
    @Test
    void spiLengthsOfProposalsFitTheirProtocol() throws MalformedMessage {
        int taken = 0;
        for (int protocol = 1; protocol <= 3; protocol++) {
            for (int length = 0; length <= 9; length++) {
                byte[] payload = proposal(protocol, length, "00".repeat(length), "");
                boolean right = protocol == Proposal.IKE ? length == 0 || length == 8 : length == 4;
                if (right) {
                    taken += MessageCodec.decodePayloads(33, payload).size();
                } else {
                    assertThrows(MalformedMessage.class, () -> MessageCodec.decodePayloads(33, payload));
                }
            }
        }
        assertEquals(4, taken);
    }

    /** RFC 7296 section 3.3.5: the key length is attribute 14 in the short format. */
    @Test
    void theKeyLengthIsUnderstood() throws MalformedMessage {
        assertEquals(new Transform(1, 20, 256), transform("00 00 000c 01 00 0014 800e 0100"));
        assertEquals(new Transform(1, 28, 0), transform("00 00 0008 01 00 001c"));
    }

    /** RFC 7296 section 3.3.6: a transform with an attribute that is not understood is unacceptable, not the message. */
    @Test
    void foreignAttributesSpoilTheTransformOnly() throws MalformedMessage {
        for (String attributes : List.of(
                "8011 0001", // unknown, short
                "0011 0002 abcd", // unknown, long
                "0011 0000", // unknown, long and empty
                "000e 0002 0080", // key length in the long format
                "800e 0000", // no key length at all
                "800e 0080 800e 0100", // two
                "800e 0080 8011 0001")) {
            int length = 8 + hex(attributes).length;
            Transform transform =
                    transform("00 00 00" + HexFormat.of().toHexDigits((byte) length) + "01 00 0014" + attributes);
            assertFalse(transform.understood(), attributes);
            assertEquals(20, transform.id());
        }
    }

    @Test
    void attributesAreBounded() throws MalformedMessage {
        String most = "8011 0001".repeat(Transform.ATTRIBUTES_LIMIT);
        assertFalse(transform("00 00 0028 01 00 0014" + most).understood());
        assertThrows(MalformedMessage.class, () -> transform("00 00 002c 01 00 0014" + most + "8011 0001"));
        assertThrows(MalformedMessage.class, () -> transform("00 00 000c 01 00 0014 0011 0001"));
        assertThrows(MalformedMessage.class, () -> transform("00 00 000a 01 00 0014 800e"));
        assertThrows(MalformedMessage.class, () -> transform("00 00 0007 01 00 00"));
    }

    /** RFC 9370 section 2.1: additional key exchanges are transforms like others. */
    @Test
    void additionalKeyExchangesAreTransforms() throws MalformedMessage {
        for (int type = 6; type <= 12; type++) {
            String hex = "00 00 0008" + HexFormat.of().toHexDigits((byte) type) + "00 0024";
            assertEquals(new Transform(type, 36, 0), transform(hex));
        }
    }

    // the other payloads

    /** RFC 7296 section 3.9: a nonce MUST be between 16 and 256 octets. */
    @Test
    void noncesAreSixteenToTwoHundredFiftySixOctets() throws MalformedMessage {
        for (int length : new int[] {0, 15, 257, 300}) {
            assertThrows(MalformedMessage.class, () -> decode(new Payload.Nonce(new byte[length])));
        }
        for (int length : new int[] {16, 256}) {
            assertEquals(new Payload.Nonce(new byte[length]), decode(new Payload.Nonce(new byte[length])));
        }
    }

    /** RFC 7296 section 3.5: an IPv4 identity is four octets, an IPv6 one sixteen. */
    @Test
    void addressesInIdentitiesHaveTheirLength() throws MalformedMessage {
        for (int length = 0; length <= 17; length++) {
            byte[] data = new byte[length];
            for (int type : new int[] {Identification.IPV4_ADDR, Identification.IPV6_ADDR}) {
                Payload payload = new Payload.IdentificationInitiator(new Identification(type, data));
                if (length == (type == Identification.IPV4_ADDR ? 4 : 16)) {
                    assertEquals(payload, decode(payload));
                } else {
                    assertThrows(MalformedMessage.class, () -> decode(payload));
                }
            }
        }
    }

    /** RFC 7296 section 3.5: names MUST not contain terminators. */
    @Test
    void namesHoldNoTerminators() throws MalformedMessage {
        for (int type : new int[] {Identification.FQDN, Identification.RFC822_ADDR}) {
            for (byte octet : new byte[] {0, '\r', '\n', 0x7f}) {
                Payload payload =
                        new Payload.IdentificationResponder(new Identification(type, new byte[] {'a', octet}));
                assertThrows(MalformedMessage.class, () -> decode(payload));
            }
        }
        Payload opaque = new Payload.IdentificationResponder(new Identification(Identification.KEY_ID, new byte[2]));
        assertEquals(opaque, decode(opaque));
    }

    /** RFC 7296 section 2.15: what is authenticated of an identity is its payload without the generic header. */
    @Test
    void theBodyOfAnIdentityIsThePayloadWithoutItsHeader() {
        assertArrayEquals(
                hex("02 000000 6162"),
                MessageCodec.encodeIdentificationBody(new Identification(Identification.FQDN, new byte[] {'a', 'b'})));
    }

    /** RFC 7296 section 3.7: authorities are SHA-1 hashes. */
    @Test
    void authoritiesAreTwentyOctetsEach() throws MalformedMessage {
        for (int length : new int[] {0, 20, 400}) {
            Payload request = new Payload.CertificateRequest(Payload.Certificate.X509_SIGNATURE, new byte[length]);
            assertEquals(request, decode(request));
        }
        for (int length : new int[] {1, 19, 21, 399}) {
            Payload request = new Payload.CertificateRequest(Payload.Certificate.X509_SIGNATURE, new byte[length]);
            assertThrows(MalformedMessage.class, () -> decode(request));
        }
    }

    /** RFC 7296 section 3.10: where the SPI is empty, the protocol MUST be sent as zero and ignored on receipt. */
    @Test
    void theProtocolOfANotifyWithoutSpiIsIgnored() throws MalformedMessage {
        Payload.Notify notify = (Payload.Notify)
                MessageCodec.decodePayloads(41, hex("00 00 0008 01 00 4000")).getFirst();
        assertEquals(Payload.Notify.of(NotifyType.INITIAL_CONTACT), notify);
        assertArrayEquals(hex("00 00 0008 00 00 4000"), MessageCodec.encodePayloads(List.of(notify)));
    }

    /** RFC 7296 section 3.10: the SPI is as long as the protocol's SPIs. */
    @Test
    void spiLengthsOfNotifiesFitTheirProtocol() throws MalformedMessage {
        assertThrows(MalformedMessage.class, () -> decode(new Payload.Notify(3, new byte[8], 16393, new byte[0])));
        assertThrows(MalformedMessage.class, () -> decode(new Payload.Notify(2, new byte[3], 16393, new byte[0])));
        assertThrows(MalformedMessage.class, () -> decode(new Payload.Notify(1, new byte[4], 16393, new byte[0])));
        assertThrows(MalformedMessage.class, () -> decode(new Payload.Notify(0, new byte[5], 16393, new byte[0])));
        Payload rekey = new Payload.Notify(Proposal.ESP, SPI, NotifyType.REKEY_SA.code(), new byte[0]);
        assertEquals(rekey, decode(rekey));
    }

    /** RFC 7296 section 3.11: the SPI size MUST be zero for IKE and four for AH and ESP; the count is that of the SPIs. */
    @Test
    void deletesHoldAsManySpisAsTheySay() throws MalformedMessage {
        for (String body : List.of(
                "01 00 0001", // IKE with a count
                "01 08 0001 0102030405060708",
                "01 04 0000",
                "03 00 0000",
                "03 08 0001 0102030405060708",
                "03 04 0002 01020304",
                "03 04 0001 01020304 05",
                "03 04 0000 01020304",
                "03 04 ffff 01020304",
                "00 00 0000",
                "04 04 0001 01020304")) {
            byte[] payload = payload(body);
            assertThrows(MalformedMessage.class, () -> MessageCodec.decodePayloads(42, payload), body);
        }
        assertEquals(
                List.of(new Payload.Delete(Proposal.ESP, List.of(SPI, SPI))),
                MessageCodec.decodePayloads(42, payload("03 04 0002 01020304 01020304")));
    }

    @Test
    void moreSpisThanTheLimitAreMalformed() throws MalformedMessage {
        Payload most = new Payload.Delete(Proposal.ESP, Collections.nCopies(Payload.Delete.SPIS_LIMIT, SPI));
        assertEquals(most, decode(most));
        Payload more = new Payload.Delete(Proposal.ESP, Collections.nCopies(Payload.Delete.SPIS_LIMIT + 1, SPI));
        assertThrows(MalformedMessage.class, () -> decode(more));
    }

    /** RFC 7296 section 3.15.1: an attribute's length is that of its value. */
    @Test
    void configurationAttributesAreBounded() throws MalformedMessage {
        assertThrows(MalformedMessage.class, () -> MessageCodec.decodePayloads(47, payload("01 000000 0001 0001")));
        assertThrows(MalformedMessage.class, () -> MessageCodec.decodePayloads(47, payload("01 000000 0001")));
        int limit = Payload.Configuration.ATTRIBUTES_LIMIT;
        Payload.Configuration.Attribute attribute = new Payload.Configuration.Attribute(1, new byte[0]);
        Payload most = new Payload.Configuration(1, Collections.nCopies(limit, attribute));
        assertEquals(most, decode(most));
        Payload more = new Payload.Configuration(1, Collections.nCopies(limit + 1, attribute));
        assertThrows(MalformedMessage.class, () -> decode(more));
    }

    /** RFC 7296 section 3.16: the EAP length MUST be four less than the payload's. */
    @Test
    void theEapLengthIsThePayloads() throws MalformedMessage {
        for (String body : List.of("", "01 07 00", "01 07 0004 01", "01 07 0006 01", "03 07 0000")) {
            assertThrows(MalformedMessage.class, () -> MessageCodec.decodePayloads(48, payload(body)), body);
        }
        assertEquals(1, MessageCodec.decodePayloads(48, payload("03 07 0004")).size());
    }

    // what we send

    /** A value that does not fit its field is our own fault, and is never cut silently. */
    @Test
    void valuesThatDoNotFitAreNotWritten() {
        assertThrows(
                IllegalArgumentException.class,
                () -> MessageCodec.encodePayloads(List.of(new Payload.VendorId(new byte[65532]))));
        assertEquals(65535, MessageCodec.encodePayloads(List.of(new Payload.VendorId(new byte[65531]))).length);
        assertThrows(
                IllegalArgumentException.class,
                () -> MessageCodec.encodePayloads(List.of(new Payload.KeyExchange(65536, SPI))));
    }

    @Test
    void aMalformedMessageCarriesNoStackTrace() {
        MalformedMessage problem = malformed(new byte[0]);
        assertEquals(0, problem.getStackTrace().length);
        assertEquals(NotifyType.INVALID_SYNTAX, problem.notifyType());
        assertEquals("message ends early: 2 octets wanted, 0 left", problem.getMessage());
    }

    private static MalformedMessage malformed(byte[] octets) {
        return assertThrows(MalformedMessage.class, () -> MessageCodec.decode(octets));
    }

    private static Payload decode(Payload payload) throws MalformedMessage {
        return MessageCodec.decodePayloads(payload.payloadType(), MessageCodec.encodePayloads(List.of(payload)))
                .getFirst();
    }

    private static byte[] payload(String body) {
        byte[] octets = hex(body);
        return new PayloadWriter().u16(0).u16(octets.length + 4).bytes(octets).toByteArray();
    }

    private static byte[] sa(String proposals) {
        return payload(proposals);
    }

    private static byte[] fragment(String nextPayload, String body) {
        byte[] octets = hex(body);
        return new PayloadWriter()
                .u64(1)
                .u64(2)
                .bytes(hex("35 20 23 08 00000001"))
                .u32(IkeHeader.LENGTH + 4 + octets.length)
                .bytes(hex(nextPayload + "00"))
                .u16(4 + octets.length)
                .bytes(octets)
                .toByteArray();
    }

    private static byte[] proposal(int protocol, int spiLength, String spi, String transforms) {
        byte[] body = hex(transforms);
        return new PayloadWriter()
                .u16(0)
                .u16(12 + spiLength + body.length)
                .u16(0)
                .u16(8 + spiLength + body.length)
                .u8(1)
                .u8(protocol)
                .u8(spiLength)
                .u8(body.length / 8)
                .bytes(hex(spi))
                .bytes(body)
                .toByteArray();
    }

    private static String manyProposals(int count) {
        StringBuilder proposals = new StringBuilder();
        for (int number = 1; number <= count; number++) {
            proposals
                    .append(number == count ? "00" : "02")
                    .append("00 0008")
                    .append(HexFormat.of().toHexDigits((byte) number))
                    .append("01 00 00");
        }
        return proposals.toString();
    }

    private static List<Proposal> proposals(String hex) throws MalformedMessage {
        return ((Payload.SecurityAssociation)
                        MessageCodec.decodePayloads(33, sa(hex)).getFirst())
                .proposals();
    }

    private static Transform transform(String hex) throws MalformedMessage {
        byte[] octets = hex(hex);
        byte[] payload = new PayloadWriter()
                .u16(0)
                .u16(12 + octets.length)
                .u16(0)
                .u16(8 + octets.length)
                .bytes(hex("01 01 00 01"))
                .bytes(octets)
                .toByteArray();
        return ((Payload.SecurityAssociation)
                        MessageCodec.decodePayloads(33, payload).getFirst())
                .proposals()
                .getFirst()
                .transforms()
                .getFirst();
    }
}
