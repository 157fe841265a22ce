package dev.cardinal.ike.loop;

import dev.cardinal.ike.wire.ExchangeType;
import dev.cardinal.ike.wire.IkeHeader;
import dev.cardinal.ike.wire.MessageCodec;
import dev.cardinal.ike.wire.NotifyType;
import dev.cardinal.ike.wire.Payload.Notify;
import java.util.List;

/** Answers to messages that belong to no SA: a header and one notify, unprotected (RFC 7296 section 1.5). */
final class UnprotectedAnswers {
    /** The version spoken here. */
    private static final int MAJOR_VERSION = 2;

    private UnprotectedAnswers() {}

    /** RFC 7296 section 2.6: the cookie is to be sent back; SPIr stays zero. */
    static byte[] cookie(IkeHeader request, byte[] cookie) {
        IkeHeader header = new IkeHeader(
                request.initiatorSpi(),
                0,
                0,
                MAJOR_VERSION,
                0,
                ExchangeType.IKE_SA_INIT,
                IkeHeader.FLAG_RESPONSE,
                0,
                0);
        return MessageCodec.encode(header, List.of(Notify.of(NotifyType.COOKIE, cookie)));
    }

    /** RFC 7296 section 2.5: the highest version spoken here stands in the header. */
    static byte[] invalidMajorVersion(IkeHeader request) {
        return notify(request, NotifyType.INVALID_MAJOR_VERSION);
    }

    /** RFC 7296 sections 1.5 and 2.21.4: the SPIs, the message ID and the exchange type are the request's. */
    static byte[] invalidIkeSpi(IkeHeader request) {
        return notify(request, NotifyType.INVALID_IKE_SPI);
    }

    private static byte[] notify(IkeHeader request, NotifyType type) {
        int initiator = request.fromInitiator() ? 0 : IkeHeader.FLAG_INITIATOR;
        IkeHeader header = new IkeHeader(
                request.initiatorSpi(),
                request.responderSpi(),
                0,
                MAJOR_VERSION,
                0,
                request.exchangeType(),
                initiator | IkeHeader.FLAG_RESPONSE,
                request.messageId(),
                0);
        return MessageCodec.encode(header, List.of(Notify.of(type)));
    }
}
