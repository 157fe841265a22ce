package dev.cardinal.ike.wire;

import org.jspecify.annotations.Nullable;

/** The table of payloads: IANA number, and how the body becomes a value. A payload is a record and a line here. */
public enum PayloadType {
    SECURITY_ASSOCIATION(33, Payload.SecurityAssociation::decode),
    KEY_EXCHANGE(34, Payload.KeyExchange::decode),
    IDENTIFICATION_INITIATOR(35, Payload.IdentificationInitiator::decode),
    IDENTIFICATION_RESPONDER(36, Payload.IdentificationResponder::decode),
    CERTIFICATE(37, Payload.Certificate::decode),
    CERTIFICATE_REQUEST(38, Payload.CertificateRequest::decode),
    AUTHENTICATION(39, Payload.Authentication::decode),
    NONCE(40, Payload.Nonce::decode),
    NOTIFY(41, Payload.Notify::decode),
    DELETE(42, Payload.Delete::decode),
    VENDOR_ID(43, Payload.VendorId::decode),
    TRAFFIC_SELECTOR_INITIATOR(44, Payload.TrafficSelectorInitiator::decode),
    TRAFFIC_SELECTOR_RESPONDER(45, Payload.TrafficSelectorResponder::decode),
    ENCRYPTED(46, Payload.Encrypted::decode),
    CONFIGURATION(47, Payload.Configuration::decode),
    EAP(48, Payload.Eap::decode),
    ENCRYPTED_FRAGMENT(53, Payload.EncryptedFragment::decode);

    /** What stands in a next-payload field where no payload follows. */
    public static final int NONE = 0;

    private static final @Nullable PayloadType[] BY_NUMBER = new PayloadType[256];

    static {
        for (PayloadType type : values()) {
            BY_NUMBER[type.number] = type;
        }
    }

    private final int number;
    private final boolean closesChain;
    private final ClosedDecoder decoder;

    PayloadType(int number, BodyDecoder decoder) {
        this.number = number;
        this.closesChain = false;
        this.decoder = (nextPayload, body) -> decoder.decode(body);
    }

    PayloadType(int number, ClosedDecoder decoder) {
        this.number = number;
        this.closesChain = true;
        this.decoder = decoder;
    }

    /** The IANA number. */
    public int number() {
        return number;
    }

    /** The constant of a number from 0 to 255, or null where it is not spoken here. */
    public static @Nullable PayloadType of(int number) {
        return BY_NUMBER[number];
    }

    /** Whether it is an encrypted payload, whose next-payload field names what is inside (RFC 7296 section 3.14). */
    boolean closesChain() {
        return closesChain;
    }

    Payload decode(int nextPayload, PayloadReader body) throws MalformedMessage {
        Payload payload = decoder.decode(nextPayload, body);
        body.expectEnd();
        return payload;
    }

    private interface BodyDecoder {
        Payload decode(PayloadReader body) throws MalformedMessage;
    }

    private interface ClosedDecoder {
        Payload decode(int nextPayload, PayloadReader body) throws MalformedMessage;
    }
}
