package dev.cardinal.ike.loop;

import dev.cardinal.ike.wire.IkeHeader;
import dev.cardinal.ike.wire.NotifyType;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What the gate must know of an IKE_SA_INIT request before anything is decoded or remembered: where its nonce and its
 * cookie lie. Found by one walk over the payloads' headers, without objects for them.
 */
final class FirstMessage {
    /** Payloads of a first message; a real one has about twelve. */
    private static final int PAYLOAD_LIMIT = 64;

    private static final int SECURITY_ASSOCIATION = 33;
    private static final int KEY_EXCHANGE = 34;
    private static final int NONCE = 40;
    private static final int NOTIFY = 41;
    private static final int GENERIC_HEADER = 4;

    /** RFC 7296 section 2.6: a cookie is 1 to 64 octets. */
    private static final int COOKIE_LIMIT = 64;

    private final byte[] nonce;
    private final byte @Nullable [] cookie;

    private FirstMessage(byte[] nonce, byte @Nullable [] cookie) {
        this.nonce = nonce;
        this.cookie = cookie;
    }

    /** @return null where this cannot be an IKE_SA_INIT request: payloads cut short, or SA, KE or Nonce missing */
    static @Nullable FirstMessage scan(byte[] datagram, IkeHeader header) {
        int type = header.nextPayload();
        int offset = IkeHeader.LENGTH;
        boolean securityAssociation = false;
        boolean keyExchange = false;
        byte[] nonce = null;
        byte[] cookie = null;
        for (int count = 0; type != 0; count++) {
            if (count == PAYLOAD_LIMIT || datagram.length - offset < GENERIC_HEADER) {
                return null;
            }
            int length = u16(datagram, offset + 2);
            if (length < GENERIC_HEADER || length > datagram.length - offset) {
                return null;
            }
            switch (type) {
                case SECURITY_ASSOCIATION -> securityAssociation = true;
                case KEY_EXCHANGE -> keyExchange = true;
                case NONCE -> nonce = Arrays.copyOfRange(datagram, offset + GENERIC_HEADER, offset + length);
                case NOTIFY -> {
                    // RFC 7296 section 2.6: the cookie MUST be the first payload
                    if (count == 0) {
                        cookie = cookie(datagram, offset, length);
                    }
                }
                default -> {
                    // not the gate's to judge
                }
            }
            type = datagram[offset] & 0xff;
            offset += length;
        }
        return securityAssociation && keyExchange && nonce != null ? new FirstMessage(nonce, cookie) : null;
    }

    byte[] nonce() {
        return nonce;
    }

    /** Null where the first payload is none. */
    byte @Nullable [] cookie() {
        return cookie;
    }

    private static byte @Nullable [] cookie(byte[] datagram, int offset, int length) {
        int fixed = GENERIC_HEADER + 4;
        if (length < fixed || u16(datagram, offset + 6) != NotifyType.COOKIE.code()) {
            return null;
        }
        int data = fixed + (datagram[offset + 5] & 0xff); // an SPI has no place here, but is skipped
        return data >= length || length - data > COOKIE_LIMIT
                ? null
                : Arrays.copyOfRange(datagram, offset + data, offset + length);
    }

    private static int u16(byte[] octets, int offset) {
        return (octets[offset] & 0xff) << 8 | octets[offset + 1] & 0xff;
    }
}
