package dev.cardinal.ike.wire;

/**
 * The fixed header of every IKE message (RFC 7296 section 3.1).
 *
 * @param initiatorSpi SPI of the IKE SA's original initiator
 * @param responderSpi SPI of the original responder, 0 in the first message
 * @param nextPayload type of the first payload
 * @param majorVersion 2 for IKEv2, 1 for IKEv1
 * @param minorVersion 0 when sent, ignored on receipt
 * @param exchangeType see {@link ExchangeType}
 * @param flags see the constants here; unknown bits are kept on receipt and never sent
 * @param messageId unsigned 32 bits
 * @param length octets of the whole message, header included
 */
public record IkeHeader(
        long initiatorSpi,
        long responderSpi,
        int nextPayload,
        int majorVersion,
        int minorVersion,
        int exchangeType,
        int flags,
        int messageId,
        int length) {

    /** Octets of the header. */
    public static final int LENGTH = 28;

    public static final int FLAG_INITIATOR = 0x08;
    public static final int FLAG_VERSION = 0x10;
    public static final int FLAG_RESPONSE = 0x20;

    /** Whether the sender is the IKE SA's original initiator. */
    public boolean fromInitiator() {
        return (flags & FLAG_INITIATOR) != 0;
    }

    public boolean isResponse() {
        return (flags & FLAG_RESPONSE) != 0;
    }
}
