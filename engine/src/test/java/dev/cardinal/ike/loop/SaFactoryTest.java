package dev.cardinal.ike.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.cardinal.ike.loop.SaFactory.Kind;
import dev.cardinal.ike.wire.ExchangeType;
import dev.cardinal.ike.wire.IkeHeader;
import dev.cardinal.ike.wire.NotifyType;
import org.junit.jupiter.api.Test;

class SaFactoryTest {
    private static final int I = IkeHeader.FLAG_INITIATOR;
    private static final int R = IkeHeader.FLAG_RESPONSE;
    private final SaFactory factory = SaFactory.ikev2();

    /** RFC 7296 section 3.1: SPIr zero, message ID zero, a request of the initiator. */
    @Test
    void tellsFirstMessages() {
        assertEquals(Kind.FIRST_MESSAGE, kind(1, 0, 2, ExchangeType.IKE_SA_INIT, I, 0));
        assertEquals(Kind.LATER_MESSAGE, kind(0, 0, 2, ExchangeType.IKE_SA_INIT, I, 0));
        assertEquals(Kind.LATER_MESSAGE, kind(1, 2, 2, ExchangeType.IKE_SA_INIT, I, 0));
        assertEquals(Kind.LATER_MESSAGE, kind(1, 0, 2, ExchangeType.IKE_SA_INIT, R, 0));
        assertEquals(Kind.LATER_MESSAGE, kind(1, 0, 2, ExchangeType.IKE_SA_INIT, I, 1));
        assertEquals(Kind.LATER_MESSAGE, kind(1, 0, 2, ExchangeType.IKE_AUTH, I, 0));
    }

    @Test
    void tellsVersions() {
        assertEquals(Kind.NEWER_VERSION, kind(1, 0, 3, ExchangeType.IKE_SA_INIT, I, 0));
        assertEquals(Kind.NEWER_VERSION, kind(1, 2, 15, ExchangeType.IKE_AUTH, I, 1));
        assertEquals(Kind.OLDER_VERSION, kind(1, 0, 1, 2, 0, 0));
        assertEquals(Kind.OLDER_VERSION, kind(1, 0, 0, 2, 0, 0));
    }

    /** RFC 7296 section 3.1: the I bit says whose SPI is whose, in requests and responses alike. */
    @Test
    void findsOurOwnSpi() {
        assertEquals(22, SaFactory.ownSpi(FirstMessages.header(11, 22, 2, ExchangeType.IKE_AUTH, I, 1)));
        assertEquals(11, SaFactory.ownSpi(FirstMessages.header(11, 22, 2, ExchangeType.IKE_AUTH, R, 1)));
        assertEquals(22, SaFactory.ownSpi(FirstMessages.header(11, 22, 2, ExchangeType.INFORMATIONAL, I | R, 1)));
    }

    @Test
    void answersKeepTheRequestsPlace() {
        IkeHeader request = FirstMessages.header(11, 22, 2, ExchangeType.CREATE_CHILD_SA, I, 7);
        byte[] answer = UnprotectedAnswers.invalidIkeSpi(request);
        IkeHeader header = FirstMessages.header(answer);
        assertEquals(11, header.initiatorSpi());
        assertEquals(22, header.responderSpi());
        assertEquals(7, header.messageId());
        assertEquals(ExchangeType.CREATE_CHILD_SA, header.exchangeType());
        assertEquals(R, header.flags());
        assertEquals(
                NotifyType.INVALID_IKE_SPI.code(),
                FirstMessages.onlyNotify(answer).type());

        byte[] version =
                UnprotectedAnswers.invalidMajorVersion(FirstMessages.header(11, 0, 3, ExchangeType.IKE_SA_INIT, I, 0));
        assertEquals(2, FirstMessages.header(version).majorVersion());
        assertEquals(
                NotifyType.INVALID_MAJOR_VERSION.code(),
                FirstMessages.onlyNotify(version).type());
    }

    private Kind kind(long spiI, long spiR, int version, int exchange, int flags, int id) {
        return factory.classify(FirstMessages.header(spiI, spiR, version, exchange, flags, id));
    }
}
