package dev.cardinal.ike.loop;

import dev.cardinal.ike.crypto.EncryptionAlgorithm;
import dev.cardinal.ike.crypto.KeyExchangeMethod;
import dev.cardinal.ike.crypto.PseudorandomFunction;
import dev.cardinal.ike.wire.ExchangeType;
import dev.cardinal.ike.wire.IkeHeader;
import dev.cardinal.ike.wire.MalformedMessage;
import dev.cardinal.ike.wire.MessageCodec;
import dev.cardinal.ike.wire.NotifyType;
import dev.cardinal.ike.wire.Payload;
import dev.cardinal.ike.wire.Proposal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** IKE messages as a stranger sends them. */
final class FirstMessages {
    private FirstMessages() {}

    /** A public value that any token takes: Curve25519's base point. */
    static byte[] saInitWithBasePoint(long spi) {
        byte[] basePoint = new byte[32];
        basePoint[0] = 9;
        return saInit(spi, null, basePoint);
    }

    /** @param cookie null for none */
    static byte[] saInit(long spi, byte @Nullable [] cookie) {
        return saInit(spi, cookie, new byte[32]);
    }

    private static byte[] saInit(long spi, byte @Nullable [] cookie, byte[] publicValue) {
        byte[] nonce = new byte[32];
        Arrays.fill(nonce, (byte) spi);
        List<Payload> payloads = new ArrayList<>();
        if (cookie != null) {
            payloads.add(Payload.Notify.of(NotifyType.COOKIE, cookie));
        }
        payloads.add(new Payload.SecurityAssociation(List.of(new Proposal(
                1,
                Proposal.IKE,
                new byte[0],
                List.of(
                        EncryptionAlgorithm.AES_GCM_16.transform(256),
                        PseudorandomFunction.HMAC_SHA2_256.transform(),
                        KeyExchangeMethod.CURVE_25519.transform())))));
        payloads.add(new Payload.KeyExchange(KeyExchangeMethod.CURVE_25519.id(), publicValue));
        payloads.add(new Payload.Nonce(nonce));
        return MessageCodec.encode(header(spi, 0, 2, ExchangeType.IKE_SA_INIT, IkeHeader.FLAG_INITIATOR, 0), payloads);
    }

    static byte[] message(long spiI, long spiR, int version, int exchange, int flags, int id) {
        return MessageCodec.encode(
                header(spiI, spiR, version, exchange, flags, id),
                List.of(Payload.Notify.of(NotifyType.INITIAL_CONTACT)));
    }

    static IkeHeader header(long spiI, long spiR, int version, int exchange, int flags, int id) {
        return new IkeHeader(spiI, spiR, 0, version, 0, exchange, flags, id, 0);
    }

    static IkeHeader header(byte[] datagram) {
        try {
            return MessageCodec.decodeHeader(datagram);
        } catch (MalformedMessage e) {
            throw new AssertionError(e);
        }
    }

    static Payload.Notify onlyNotify(byte[] datagram) {
        try {
            List<Payload> payloads = MessageCodec.decode(datagram).payloads();
            if (payloads.size() == 1 && payloads.getFirst() instanceof Payload.Notify notify) {
                return notify;
            }
            throw new AssertionError("not one notify: " + payloads);
        } catch (MalformedMessage e) {
            throw new AssertionError(e);
        }
    }
}
