package dev.cardinal.ike.wire;

import org.jspecify.annotations.Nullable;

/**
 * The table of ISAKMP's payloads (RFC 2408 section 3.1, RFC 3947): IANA number, and how a body becomes a value. A payload
 * is a record in {@link IsakmpPayload} and a line here.
 */
public enum IsakmpPayloadType {
    SECURITY_ASSOCIATION(1, IsakmpPayload.SecurityAssociation::decode),
    KEY_EXCHANGE(4, body -> new IsakmpPayload.KeyExchange(body.rest())),
    IDENTIFICATION(5, IsakmpPayload.Identification::decode),
    CERTIFICATE(6, IsakmpPayload.Certificate::decode),
    CERTIFICATE_REQUEST(7, IsakmpPayload.CertificateRequest::decode),
    HASH(8, body -> new IsakmpPayload.Hash(body.rest())),
    SIGNATURE(9, body -> new IsakmpPayload.Signature(body.rest())),
    NONCE(10, IsakmpPayload.Nonce::decode),
    NOTIFICATION(11, IsakmpPayload.Notification::decode),
    DELETE(12, IsakmpPayload.Delete::decode),
    VENDOR_ID(13, body -> new IsakmpPayload.VendorId(body.rest())),
    ATTRIBUTES(14, IsakmpPayload.Attributes::decode),
    NAT_DETECTION(20, body -> new IsakmpPayload.NatDetection(body.rest(), false)),
    NAT_ORIGINAL_ADDRESS(21, body -> IsakmpPayload.NatOriginalAddress.decode(body, false)),
    /** The numbers of draft-ietf-ipsec-nat-t-ike-02 and 03, which many old clients still speak. */
    NAT_DETECTION_DRAFT(130, body -> new IsakmpPayload.NatDetection(body.rest(), true)),
    NAT_ORIGINAL_ADDRESS_DRAFT(131, body -> IsakmpPayload.NatOriginalAddress.decode(body, true)),
    /** Cisco's fragmentation, which strongSwan and Windows speak. */
    FRAGMENT(132, IsakmpPayload.Fragment::decode);

    /** What stands in a next-payload field where no payload follows. */
    public static final int NONE = 0;

    private static final @Nullable IsakmpPayloadType[] BY_NUMBER = new IsakmpPayloadType[256];

    static {
        for (IsakmpPayloadType type : values()) {
            BY_NUMBER[type.number] = type;
        }
    }

    private final int number;
    private final Decoder decoder;

    IsakmpPayloadType(int number, Decoder decoder) {
        this.number = number;
        this.decoder = decoder;
    }

    /** The IANA number. */
    public int number() {
        return number;
    }

    /** The constant of a number from 0 to 255, or null where it is not spoken here. */
    public static @Nullable IsakmpPayloadType of(int number) {
        return BY_NUMBER[number];
    }

    IsakmpPayload decode(byte[] octets) throws MalformedMessage {
        PayloadReader body = new PayloadReader(octets, "payload");
        IsakmpPayload payload = decoder.decode(body);
        body.expectEnd();
        return payload;
    }

    private interface Decoder {
        IsakmpPayload decode(PayloadReader body) throws MalformedMessage;
    }
}
