package dev.cardinal.ike.wire;

import java.util.List;

/** Octets to values and back. Stateless. */
public final class MessageCodec {
    private MessageCodec() {}

    /**
     * Decodes the fixed header.
     *
     * @param datagram the whole datagram, without the non-ESP marker
     * @throws MalformedMessage where there are fewer than 28 octets or the length field differs from the datagram's
     */
    public static IkeHeader decodeHeader(byte[] datagram) throws MalformedMessage {
        throw new MalformedMessage("not yet");
    }

    /**
     * Decodes a whole message; encrypted payloads stay closed.
     *
     * @throws MalformedMessage where the octets are no valid IKEv2 message
     */
    public static IkeMessage decode(byte[] datagram) throws MalformedMessage {
        throw new MalformedMessage("not yet");
    }

    /**
     * Decodes a chain of payloads, as found inside an encrypted payload.
     *
     * @param firstPayload type of the first payload
     * @param octets the chain, exactly
     * @throws MalformedMessage where the octets are no valid chain
     */
    public static List<Payload> decodePayloads(int firstPayload, byte[] octets) throws MalformedMessage {
        throw new MalformedMessage("not yet");
    }

    /** Encodes an unprotected message; the header's next payload and length are filled in. */
    public static byte[] encode(IkeHeader header, List<Payload> payloads) {
        throw new IllegalStateException("not yet");
    }

    /** Encodes a chain of payloads without a header. */
    public static byte[] encodePayloads(List<Payload> payloads) {
        throw new IllegalStateException("not yet");
    }

    /** The payload type with which a chain begins: what stands in the next-payload field before it. 0 when empty. */
    public static int firstType(List<Payload> payloads) {
        throw new IllegalStateException("not yet");
    }

    /** The body of an Identification payload: what RFC 7296 section 2.15 calls {@code RestOfInitIDPayload}. */
    public static byte[] encodeIdentificationBody(Identification id) {
        throw new IllegalStateException("not yet");
    }
}
