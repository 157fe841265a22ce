package dev.cardinal.ike.wire;

import java.util.ArrayList;
import java.util.List;

/** Octets to values and back. Stateless. */
public final class MessageCodec {
    /**
     * Payloads of one chain. The busiest message, an IKE_AUTH request with a certificate chain, notifies and vendor IDs,
     * has about thirty; without a bound a datagram could hold sixteen thousand empty ones.
     */
    public static final int PAYLOADS_LIMIT = 64;

    private static final int GENERIC_HEADER_LENGTH = 4;
    private static final int CRITICAL = 0x80;
    private static final int LENGTH_OFFSET = 24;

    private MessageCodec() {}

    /**
     * Decodes the fixed header, of any major version.
     *
     * @param datagram the whole datagram, without the non-ESP marker
     * @throws MalformedMessage where there are fewer than 28 octets or the length field differs from the datagram's
     */
    public static IkeHeader decodeHeader(byte[] datagram) throws MalformedMessage {
        return readHeader(new PayloadReader(datagram, "message"), datagram.length);
    }

    /**
     * Decodes a whole message; encrypted payloads stay closed.
     *
     * @throws MalformedMessage where the octets are no valid IKEv2 message
     */
    public static IkeMessage decode(byte[] datagram) throws MalformedMessage {
        PayloadReader reader = new PayloadReader(datagram, "message");
        IkeHeader header = readHeader(reader, datagram.length);
        if (header.majorVersion() != 2) {
            throw new MalformedMessage(
                    NotifyType.INVALID_MAJOR_VERSION, null, "major version " + header.majorVersion());
        }
        return new IkeMessage(header, readChain(header.nextPayload(), reader, Chain.OUTER));
    }

    /**
     * Decodes a chain of payloads, as found inside an encrypted payload; another encrypted payload in it is an error.
     *
     * @param firstPayload type of the first payload
     * @param octets the chain, exactly
     * @throws MalformedMessage where the octets are no valid chain
     */
    public static List<Payload> decodePayloads(int firstPayload, byte[] octets) throws MalformedMessage {
        return List.copyOf(readChain(firstPayload, new PayloadReader(octets, "payload chain"), Chain.INNER));
    }

    /** Encodes an unprotected message; the header's next payload and length are filled in. */
    public static byte[] encode(IkeHeader header, List<Payload> payloads) {
        PayloadWriter writer = new PayloadWriter();
        writer.u64(header.initiatorSpi()).u64(header.responderSpi());
        writer.u8(firstType(payloads));
        // RFC 7296 section 3.1: the minor version is sent as 0
        writer.u8(header.majorVersion() << 4);
        writer.u8(header.exchangeType());
        // RFC 7296 section 3.1: the version bit and the reserved bits MUST be cleared when sending
        writer.u8(header.flags() & (IkeHeader.FLAG_INITIATOR | IkeHeader.FLAG_RESPONSE));
        writer.u32(header.messageId());
        writer.zeros(4);
        writeChain(writer, payloads);
        writer.patchU32(LENGTH_OFFSET, writer.length());
        return writer.toByteArray();
    }

    /** Encodes a chain of payloads without a header. */
    public static byte[] encodePayloads(List<Payload> payloads) {
        int expected = PayloadWriter.INITIAL_CAPACITY;
        for (Payload payload : payloads) {
            // what is long among the payloads
            expected += payload instanceof Payload.Certificate certificate ? certificate.data().length : 0;
        }
        PayloadWriter writer = new PayloadWriter(expected);
        writeChain(writer, payloads);
        return writer.toByteArray();
    }

    /** The payload type with which a chain begins: what stands in the next-payload field before it. 0 when empty. */
    public static int firstType(List<Payload> payloads) {
        return payloads.isEmpty() ? PayloadType.NONE : payloads.getFirst().payloadType();
    }

    /** The body of an Identification payload: what RFC 7296 section 2.15 calls {@code RestOfInitIDPayload}. */
    public static byte[] encodeIdentificationBody(Identification id) {
        PayloadWriter writer = new PayloadWriter(Identification.HEADER_LENGTH + id.data().length);
        id.write(writer);
        return writer.toByteArray();
    }

    private enum Chain {
        OUTER,
        INNER
    }

    private static IkeHeader readHeader(PayloadReader reader, int datagramLength) throws MalformedMessage {
        long initiatorSpi = reader.u64();
        long responderSpi = reader.u64();
        int nextPayload = reader.u8();
        int version = reader.u8();
        int exchangeType = reader.u8();
        int flags = reader.u8();
        int messageId = reader.u32();
        int length = reader.u32();
        // RFC 7296 section 3.1: the length is that of the total message
        if (length != datagramLength) {
            throw new MalformedMessage("length field " + Integer.toUnsignedLong(length) + " in a datagram of "
                    + datagramLength + " octets");
        }
        return new IkeHeader(
                initiatorSpi,
                responderSpi,
                nextPayload,
                version >>> 4,
                version & 0x0f,
                exchangeType,
                flags,
                messageId,
                length);
    }

    private static List<Payload> readChain(int firstPayload, PayloadReader reader, Chain chain)
            throws MalformedMessage {
        if (firstPayload < 0 || firstPayload > 0xff) {
            throw new MalformedMessage("no payload type: " + firstPayload);
        }
        List<Payload> payloads = new ArrayList<>();
        int number = firstPayload;
        while (number != PayloadType.NONE) {
            if (payloads.size() == PAYLOADS_LIMIT) {
                throw new MalformedMessage("more than " + PAYLOADS_LIMIT + " payloads");
            }
            int next = reader.u8();
            boolean critical = (reader.u8() & CRITICAL) != 0;
            PayloadReader body = reader.slice(reader.u16() - GENERIC_HEADER_LENGTH, "payload");
            PayloadType type = PayloadType.of(number);
            if (type == null) {
                payloads.add(unknown(number, critical, body));
                number = next;
            } else if (type.closesChain()) {
                if (chain == Chain.INNER) {
                    throw new MalformedMessage("encrypted payload inside an encrypted payload");
                }
                payloads.add(type.decode(next, body));
                // RFC 7296 section 3.14: the Encrypted payload MUST be the last one; its next payload is what is inside
                number = PayloadType.NONE;
            } else {
                // RFC 7296 section 2.5: the critical bit of a payload that is understood is ignored
                payloads.add(type.decode(next, body));
                number = next;
            }
        }
        reader.expectEnd();
        return payloads;
    }

    private static Payload unknown(int number, boolean critical, PayloadReader body) throws MalformedMessage {
        if (critical) {
            // RFC 7296 section 2.5: the whole message MUST be rejected, and the notify names the payload type
            throw new MalformedMessage(
                    NotifyType.UNSUPPORTED_CRITICAL_PAYLOAD,
                    new byte[] {(byte) number},
                    "critical payload of unknown type " + number);
        }
        return new Payload.Unknown(number, false, body.rest());
    }

    private static void writeChain(PayloadWriter writer, List<Payload> payloads) {
        for (int i = 0; i < payloads.size(); i++) {
            Payload payload = payloads.get(i);
            int following = i + 1 < payloads.size() ? payloads.get(i + 1).payloadType() : PayloadType.NONE;
            int start = writer.length();
            writer.u8(nextPayload(payload, following));
            // RFC 7296 section 3.2: the critical bit is zero for the payloads of that document
            writer.u8(payload instanceof Payload.Unknown unknown && unknown.critical() ? CRITICAL : 0);
            int length = writer.beginLength();
            payload.writeBody(writer);
            writer.endLength(length, start);
        }
    }

    private static int nextPayload(Payload payload, int following) {
        PayloadType type = PayloadType.of(payload.payloadType());
        if (type == null || !type.closesChain()) {
            return following;
        }
        if (following != PayloadType.NONE) {
            throw new IllegalArgumentException("the encrypted payload is the last one");
        }
        return payload instanceof Payload.EncryptedFragment fragment
                ? fragment.firstInner()
                : ((Payload.Encrypted) payload).firstInner();
    }
}
