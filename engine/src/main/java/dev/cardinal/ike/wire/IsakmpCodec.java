package dev.cardinal.ike.wire;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Octets of IKEv1 to values and back (RFC 2408 section 3). Stateless. */
public final class IsakmpCodec {
    /** Flag of the header: what follows it is encrypted (RFC 2408 section 3.1). */
    public static final int FLAG_ENCRYPTION = 0x01;

    /** Flag of the header: the receiver of this message waits for a CONNECTED notify (RFC 2408 section 3.1). */
    public static final int FLAG_COMMIT = 0x02;

    static final int GENERIC_HEADER_LENGTH = 4;

    private static final int ALIGNMENT = 4;

    private IsakmpCodec() {}

    /**
     * Decodes a message that is not encrypted.
     *
     * @param header that of the datagram, from {@link MessageCodec#decodeHeader}
     * @param datagram the whole datagram, without the non-ESP marker
     * @throws MalformedMessage where the octets are no valid chain of payloads, or more than its padding follows it
     */
    public static IsakmpMessage decode(IkeHeader header, byte[] datagram) throws MalformedMessage {
        IsakmpMessage message = split(header, Arrays.copyOfRange(datagram, IkeHeader.LENGTH, datagram.length));
        int chain = message.chain().length;
        int rest = datagram.length - IkeHeader.LENGTH;
        // RFC 2408 section 3.6: a message that its payloads leave unaligned is padded to four octets at its end.
        // libreswan does so, as after a certificate request; we do not, since Check Point drops such messages
        if (rest != chain && rest != Math.ceilDiv(chain, ALIGNMENT) * ALIGNMENT) {
            throw new MalformedMessage(rest - chain + " octets behind the last payload");
        }
        return message;
    }

    /**
     * Decodes what was decrypted: a chain, then padding of any value (RFC 2409 appendix B).
     *
     * @param header of the datagram, whose next payload is the chain's first
     * @param plaintext what follows the header
     * @throws MalformedMessage where the octets are no valid chain, as with a wrong key they mostly are
     */
    public static IsakmpMessage split(IkeHeader header, byte[] plaintext) throws MalformedMessage {
        PayloadReader reader = new PayloadReader(plaintext, "message");
        List<IsakmpBody> bodies = new ArrayList<>();
        int type = header.nextPayload();
        while (type != IsakmpPayloadType.NONE) {
            if (bodies.size() == MessageCodec.PAYLOADS_LIMIT) {
                throw new MalformedMessage("more than " + MessageCodec.PAYLOADS_LIMIT + " payloads");
            }
            int next = reader.u8();
            // RFC 2408 section 5.3: the reserved octet must be zero, else the message is discarded. Pluto did so for
            // decades; the peers known to fill reserved octets (Android 4's NAT-OA) do it inside of bodies
            if (reader.u8() != 0) {
                throw new MalformedMessage("reserved octet of a payload is not zero");
            }
            int length = reader.u16();
            if (length < GENERIC_HEADER_LENGTH) {
                throw new MalformedMessage("payload of " + length + " octets");
            }
            bodies.add(new IsakmpBody(type, reader.bytes(length - GENERIC_HEADER_LENGTH)));
            type = next;
        }
        byte[] chain = Arrays.copyOf(plaintext, plaintext.length - reader.remaining());
        return new IsakmpMessage(header, bodies, chain);
    }

    /** Encodes a message, not encrypted; the header's next payload and length are filled in, its other fields kept. */
    public static byte[] encode(IkeHeader header, List<IsakmpBody> bodies) {
        PayloadWriter writer = new PayloadWriter();
        writer.u64(header.initiatorSpi()).u64(header.responderSpi());
        writer.u8(bodies.isEmpty() ? IsakmpPayloadType.NONE : bodies.getFirst().type());
        writer.u8(header.majorVersion() << 4 | header.minorVersion());
        writer.u8(header.exchangeType()).u8(header.flags()).u32(header.messageId());
        int length = writer.length();
        writer.zeros(4);
        writer.bytes(encodeChain(bodies));
        writer.patchU32(length, writer.length());
        return writer.drain();
    }

    /** Encodes a chain of payloads without a header: what HASH(1) covers (RFC 2409 section 5.5). */
    public static byte[] encodeChain(List<IsakmpBody> bodies) {
        PayloadWriter writer = new PayloadWriter();
        for (int i = 0; i < bodies.size(); i++) {
            IsakmpBody body = bodies.get(i);
            writer.u8(i + 1 < bodies.size() ? bodies.get(i + 1).type() : IsakmpPayloadType.NONE)
                    .zeros(1);
            writer.u16(GENERIC_HEADER_LENGTH + body.octets().length).bytes(body.octets());
        }
        return writer.drain();
    }
}
