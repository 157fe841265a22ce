package dev.cardinal.ike.wire;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The payloads of IKEv2 (RFC 7296 section 3), a record each that holds its decoding and its encoding; {@link PayloadType}
 * is their table. A decoded value is valid: whoever holds one need not check it again. Byte arrays are owned by the record
 * and must not be changed; two payloads are equal where their octets are.
 */
public sealed interface Payload {

    /** The number that the next-payload field before it holds. */
    int payloadType();

    /** Writes what follows the generic payload header. */
    void writeBody(PayloadWriter writer);

    /** Security Association (RFC 7296 section 3.3). */
    record SecurityAssociation(List<Proposal> proposals) implements Payload {
        /** Proposals of one payload: clients send up to about twenty, and selection compares each of them with ours. */
        static final int PROPOSALS_LIMIT = 64;

        public SecurityAssociation {
            proposals = List.copyOf(proposals);
        }

        static SecurityAssociation decode(PayloadReader body) throws MalformedMessage {
            List<Proposal> proposals = new ArrayList<>();
            do {
                if (proposals.size() == PROPOSALS_LIMIT) {
                    throw new MalformedMessage("more than " + PROPOSALS_LIMIT + " proposals");
                }
                proposals.add(Proposal.decode(body));
            } while (!body.isEmpty());
            expectCounting(proposals);
            return new SecurityAssociation(proposals);
        }

        @Override
        public int payloadType() {
            return PayloadType.SECURITY_ASSOCIATION.number();
        }

        @Override
        public void writeBody(PayloadWriter writer) {
            for (int i = 0; i < proposals.size(); i++) {
                proposals.get(i).write(writer, i == proposals.size() - 1);
            }
        }

        private static void expectCounting(List<Proposal> proposals) throws MalformedMessage {
            // an answer holds one proposal, which keeps the number it was offered with
            for (int i = 0; i < proposals.size() && proposals.size() > 1; i++) {
                // RFC 7296 section 3.3.1: the first MUST be 1, and each one more than the one before
                if (proposals.get(i).number() != i + 1) {
                    throw new MalformedMessage("proposal " + (i + 1) + " has number "
                            + proposals.get(i).number());
                }
            }
        }
    }

    /** Key Exchange (RFC 7296 section 3.4). @param method the key exchange method's transform id */
    record KeyExchange(int method, byte[] value) implements Payload {
        static KeyExchange decode(PayloadReader body) throws MalformedMessage {
            int method = body.u16();
            body.skip(2);
            return new KeyExchange(method, body.rest());
        }

        @Override
        public int payloadType() {
            return PayloadType.KEY_EXCHANGE.number();
        }

        @Override
        public void writeBody(PayloadWriter writer) {
            writer.u16(method).zeros(2).bytes(value);
        }

        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof KeyExchange that && method == that.method && Arrays.equals(value, that.value);
        }

        @Override
        public int hashCode() {
            return 31 * method + Arrays.hashCode(value);
        }
    }

    /** Identification - Initiator (RFC 7296 section 3.5). */
    record IdentificationInitiator(Identification id) implements Payload {
        static IdentificationInitiator decode(PayloadReader body) throws MalformedMessage {
            return new IdentificationInitiator(Identification.decode(body));
        }

        @Override
        public int payloadType() {
            return PayloadType.IDENTIFICATION_INITIATOR.number();
        }

        @Override
        public void writeBody(PayloadWriter writer) {
            id.write(writer);
        }
    }

    /** Identification - Responder (RFC 7296 section 3.5). */
    record IdentificationResponder(Identification id) implements Payload {
        static IdentificationResponder decode(PayloadReader body) throws MalformedMessage {
            return new IdentificationResponder(Identification.decode(body));
        }

        @Override
        public int payloadType() {
            return PayloadType.IDENTIFICATION_RESPONDER.number();
        }

        @Override
        public void writeBody(PayloadWriter writer) {
            id.write(writer);
        }
    }

    /** Certificate (RFC 7296 section 3.6). */
    record Certificate(int encoding, byte[] data) implements Payload {
        public static final int X509_SIGNATURE = 4;
        public static final int CRL = 7;
        public static final int HASH_AND_URL = 12;

        static Certificate decode(PayloadReader body) throws MalformedMessage {
            return new Certificate(body.u8(), body.rest());
        }

        @Override
        public int payloadType() {
            return PayloadType.CERTIFICATE.number();
        }

        @Override
        public void writeBody(PayloadWriter writer) {
            writer.u8(encoding).bytes(data);
        }

        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Certificate that && encoding == that.encoding && Arrays.equals(data, that.data);
        }

        @Override
        public int hashCode() {
            return 31 * encoding + Arrays.hashCode(data);
        }
    }

    /**
     * Certificate Request (RFC 7296 section 3.7).
     *
     * @param authorities for X.509: concatenated SHA-1 hashes of CA keys, perhaps none
     */
    record CertificateRequest(int encoding, byte[] authorities) implements Payload {
        private static final int SHA1_LENGTH = 20;

        static CertificateRequest decode(PayloadReader body) throws MalformedMessage {
            int encoding = body.u8();
            // RFC 7296 section 3.7: a list of SHA-1 hashes, 20 octets each
            if (encoding == Certificate.X509_SIGNATURE && body.remaining() % SHA1_LENGTH != 0) {
                throw new MalformedMessage("authorities of " + body.remaining() + " octets");
            }
            return new CertificateRequest(encoding, body.rest());
        }

        @Override
        public int payloadType() {
            return PayloadType.CERTIFICATE_REQUEST.number();
        }

        @Override
        public void writeBody(PayloadWriter writer) {
            writer.u8(encoding).bytes(authorities);
        }

        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof CertificateRequest that
                    && encoding == that.encoding
                    && Arrays.equals(authorities, that.authorities);
        }

        @Override
        public int hashCode() {
            return 31 * encoding + Arrays.hashCode(authorities);
        }
    }

    /** Authentication (RFC 7296 section 3.8). */
    record Authentication(int method, byte[] data) implements Payload {
        static Authentication decode(PayloadReader body) throws MalformedMessage {
            int method = body.u8();
            body.skip(3);
            return new Authentication(method, body.rest());
        }

        @Override
        public int payloadType() {
            return PayloadType.AUTHENTICATION.number();
        }

        @Override
        public void writeBody(PayloadWriter writer) {
            writer.u8(method).zeros(3).bytes(data);
        }

        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Authentication that && method == that.method && Arrays.equals(data, that.data);
        }

        @Override
        public int hashCode() {
            return 31 * method + Arrays.hashCode(data);
        }
    }

    /** Nonce (RFC 7296 section 3.9): 16 to 256 octets. */
    record Nonce(byte[] value) implements Payload {
        public static final int LENGTH_MIN = 16;
        public static final int LENGTH_MAX = 256;

        static Nonce decode(PayloadReader body) throws MalformedMessage {
            // RFC 7296 section 3.9: the size MUST be between 16 and 256 octets
            if (body.remaining() < LENGTH_MIN || body.remaining() > LENGTH_MAX) {
                throw new MalformedMessage("nonce of " + body.remaining() + " octets");
            }
            return new Nonce(body.rest());
        }

        @Override
        public int payloadType() {
            return PayloadType.NONCE.number();
        }

        @Override
        public void writeBody(PayloadWriter writer) {
            writer.bytes(value);
        }

        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Nonce that && Arrays.equals(value, that.value);
        }

        @Override
        public int hashCode() {
            return Arrays.hashCode(value);
        }
    }

    /**
     * Notify (RFC 7296 section 3.10).
     *
     * @param protocol 0 where {@code spi} is empty, else 1 IKE, 2 AH, 3 ESP
     * @param spi empty where the notify is not about a Child SA
     */
    record Notify(int protocol, byte[] spi, int type, byte[] data) implements Payload {
        private static final byte[] NONE = new byte[0];

        public Notify {
            // RFC 7296 section 3.10: if the SPI is empty, the protocol MUST be sent as zero and ignored on receipt
            protocol = spi.length == 0 ? 0 : protocol;
        }

        /** A notify about the IKE SA or the exchange, without data. */
        public static Notify of(NotifyType type) {
            return new Notify(0, NONE, type.code(), NONE);
        }

        /** A notify about the IKE SA or the exchange. */
        public static Notify of(NotifyType type, byte[] data) {
            return new Notify(0, NONE, type.code(), data);
        }

        public boolean is(NotifyType wanted) {
            return type == wanted.code();
        }

        /** Whether the type is in the range of errors (RFC 7296 section 3.10.1). */
        public boolean isError() {
            return type < 16384;
        }

        static Notify decode(PayloadReader body) throws MalformedMessage {
            int protocol = body.u8();
            int spiLength = body.u8();
            int type = body.u16();
            if (!isSpiLength(protocol, spiLength)) {
                throw new MalformedMessage("SPI of " + spiLength + " octets in a notify of protocol " + protocol);
            }
            return new Notify(protocol, body.bytes(spiLength), type, body.rest());
        }

        @Override
        public int payloadType() {
            return PayloadType.NOTIFY.number();
        }

        @Override
        public void writeBody(PayloadWriter writer) {
            writer.u8(protocol).u8(spi.length).u16(type);
            writer.bytes(spi).bytes(data);
        }

        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Notify that
                    && protocol == that.protocol
                    && type == that.type
                    && Arrays.equals(spi, that.spi)
                    && Arrays.equals(data, that.data);
        }

        @Override
        public int hashCode() {
            return 31 * (31 * (31 * protocol + type) + Arrays.hashCode(spi)) + Arrays.hashCode(data);
        }

        /** RFC 7296 section 3.10: none, or that of the protocol: 8 octets for IKE, 4 for AH and ESP. */
        private static boolean isSpiLength(int protocol, int length) {
            return switch (protocol) {
                case Proposal.IKE -> length == 0 || length == 8;
                case Proposal.AH, Proposal.ESP -> length == 0 || length == 4;
                default -> length == 0 || length == 4 || length == 8;
            };
        }
    }

    /** Delete (RFC 7296 section 3.11). @param spis empty for the IKE SA, else four octets each */
    record Delete(int protocol, List<byte[]> spis) implements Payload {
        /** SPIs of one payload: more Child SAs than an IKE SA has here; each costs a look-up. */
        static final int SPIS_LIMIT = 1024;

        private static final int CHILD_SPI_LENGTH = 4;

        public Delete {
            spis = List.copyOf(spis);
        }

        static Delete decode(PayloadReader body) throws MalformedMessage {
            int protocol = body.u8();
            int spiLength = body.u8();
            int count = body.u16();
            if (protocol != Proposal.IKE && protocol != Proposal.AH && protocol != Proposal.ESP) {
                throw new MalformedMessage("delete of protocol " + protocol);
            }
            // RFC 7296 section 3.11: the SPI size MUST be zero for IKE or four for AH and ESP
            if (spiLength != (protocol == Proposal.IKE ? 0 : CHILD_SPI_LENGTH)
                    || protocol == Proposal.IKE && count != 0) {
                throw new MalformedMessage(
                        count + " SPIs of " + spiLength + " octets in a delete of protocol " + protocol);
            }
            if (count > SPIS_LIMIT) {
                throw new MalformedMessage("more than " + SPIS_LIMIT + " SPIs in a delete");
            }
            List<byte[]> spis = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                spis.add(body.bytes(CHILD_SPI_LENGTH));
            }
            return new Delete(protocol, spis);
        }

        @Override
        public int payloadType() {
            return PayloadType.DELETE.number();
        }

        @Override
        public void writeBody(PayloadWriter writer) {
            writer.u8(protocol)
                    .u8(protocol == Proposal.IKE ? 0 : CHILD_SPI_LENGTH)
                    .u16(spis.size());
            spis.forEach(writer::bytes);
        }

        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Delete that
                    && protocol == that.protocol
                    && Arrays.deepEquals(spis.toArray(), that.spis.toArray());
        }

        @Override
        public int hashCode() {
            return 31 * protocol + Arrays.deepHashCode(spis.toArray());
        }
    }

    /** Vendor ID (RFC 7296 section 3.12). */
    record VendorId(byte[] data) implements Payload {
        static VendorId decode(PayloadReader body) {
            return new VendorId(body.rest());
        }

        @Override
        public int payloadType() {
            return PayloadType.VENDOR_ID.number();
        }

        @Override
        public void writeBody(PayloadWriter writer) {
            writer.bytes(data);
        }

        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof VendorId that && Arrays.equals(data, that.data);
        }

        @Override
        public int hashCode() {
            return Arrays.hashCode(data);
        }
    }

    /** Traffic Selector - Initiator (RFC 7296 section 3.13). @param selectors empty where all sent were of unknown types */
    record TrafficSelectorInitiator(List<TrafficSelector> selectors) implements Payload {
        public TrafficSelectorInitiator {
            selectors = List.copyOf(selectors);
        }

        static TrafficSelectorInitiator decode(PayloadReader body) throws MalformedMessage {
            return new TrafficSelectorInitiator(TrafficSelector.decodeList(body));
        }

        @Override
        public int payloadType() {
            return PayloadType.TRAFFIC_SELECTOR_INITIATOR.number();
        }

        @Override
        public void writeBody(PayloadWriter writer) {
            TrafficSelector.writeList(writer, selectors);
        }
    }

    /** Traffic Selector - Responder (RFC 7296 section 3.13). @param selectors empty where all sent were of unknown types */
    record TrafficSelectorResponder(List<TrafficSelector> selectors) implements Payload {
        public TrafficSelectorResponder {
            selectors = List.copyOf(selectors);
        }

        static TrafficSelectorResponder decode(PayloadReader body) throws MalformedMessage {
            return new TrafficSelectorResponder(TrafficSelector.decodeList(body));
        }

        @Override
        public int payloadType() {
            return PayloadType.TRAFFIC_SELECTOR_RESPONDER.number();
        }

        @Override
        public void writeBody(PayloadWriter writer) {
            TrafficSelector.writeList(writer, selectors);
        }
    }

    /**
     * Encrypted and Authenticated (RFC 7296 section 3.14), still protected.
     *
     * @param firstInner type of the first payload inside
     * @param body IV, ciphertext and integrity check value
     */
    record Encrypted(int firstInner, byte[] body) implements Payload {
        static Encrypted decode(int nextPayload, PayloadReader body) throws MalformedMessage {
            if (body.isEmpty()) {
                throw new MalformedMessage("empty encrypted payload");
            }
            return new Encrypted(nextPayload, body.rest());
        }

        @Override
        public int payloadType() {
            return PayloadType.ENCRYPTED.number();
        }

        @Override
        public void writeBody(PayloadWriter writer) {
            writer.bytes(body);
        }

        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Encrypted that && firstInner == that.firstInner && Arrays.equals(body, that.body);
        }

        @Override
        public int hashCode() {
            return 31 * firstInner + Arrays.hashCode(body);
        }
    }

    /**
     * Encrypted and Authenticated Fragment (RFC 7383 section 2.5), still protected.
     *
     * @param firstInner type of the first payload inside, 0 in all but the first fragment
     * @param number 1 to {@code total}
     * @param total 1 to 65535
     */
    record EncryptedFragment(int firstInner, int number, int total, byte[] body) implements Payload {
        static EncryptedFragment decode(int nextPayload, PayloadReader body) throws MalformedMessage {
            int number = body.u16();
            int total = body.u16();
            // RFC 7383 section 2.5: fragments are numbered from 1, and the number MUST be at most the total
            if (number == 0 || number > total) {
                throw new MalformedMessage("fragment " + number + " of " + total);
            }
            // RFC 7383 section 2.5: the next payload MUST be zero in all but the first fragment
            if (number > 1 && nextPayload != PayloadType.NONE) {
                throw new MalformedMessage("fragment " + number + " names a first payload");
            }
            if (body.isEmpty()) {
                throw new MalformedMessage("empty encrypted fragment");
            }
            return new EncryptedFragment(nextPayload, number, total, body.rest());
        }

        @Override
        public int payloadType() {
            return PayloadType.ENCRYPTED_FRAGMENT.number();
        }

        @Override
        public void writeBody(PayloadWriter writer) {
            writer.u16(number).u16(total).bytes(body);
        }

        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof EncryptedFragment that
                    && firstInner == that.firstInner
                    && number == that.number
                    && total == that.total
                    && Arrays.equals(body, that.body);
        }

        @Override
        public int hashCode() {
            return 31 * (31 * (31 * firstInner + number) + total) + Arrays.hashCode(body);
        }
    }

    /** Configuration (RFC 7296 section 3.15). @param type 1 request, 2 reply, 3 set, 4 ack */
    record Configuration(int type, List<Attribute> attributes) implements Payload {
        public static final int REQUEST = 1;
        public static final int REPLY = 2;
        public static final int SET = 3;
        public static final int ACK = 4;

        /** Attributes of one payload: clients ask for about a dozen, replies with many subnets hold some dozens. */
        static final int ATTRIBUTES_LIMIT = 256;

        public Configuration {
            attributes = List.copyOf(attributes);
        }

        /** A configuration attribute (RFC 7296 section 3.15.1); its value is as long as the peer made it. */
        public record Attribute(int type, byte[] value) {
            @Override
            public boolean equals(@Nullable Object other) {
                return other instanceof Attribute that && type == that.type && Arrays.equals(value, that.value);
            }

            @Override
            public int hashCode() {
                return 31 * type + Arrays.hashCode(value);
            }
        }

        static Configuration decode(PayloadReader body) throws MalformedMessage {
            int type = body.u8();
            body.skip(3);
            List<Attribute> attributes = new ArrayList<>();
            while (!body.isEmpty()) {
                if (attributes.size() == ATTRIBUTES_LIMIT) {
                    throw new MalformedMessage("more than " + ATTRIBUTES_LIMIT + " configuration attributes");
                }
                // RFC 7296 section 3.15.1: the reserved first bit is ignored on receipt
                int attribute = body.u16() & 0x7fff;
                attributes.add(new Attribute(attribute, body.bytes(body.u16())));
            }
            return new Configuration(type, attributes);
        }

        @Override
        public int payloadType() {
            return PayloadType.CONFIGURATION.number();
        }

        @Override
        public void writeBody(PayloadWriter writer) {
            writer.u8(type).zeros(3);
            for (Attribute attribute : attributes) {
                writer.u16(attribute.type() & 0x7fff)
                        .u16(attribute.value().length)
                        .bytes(attribute.value());
            }
        }
    }

    /** Extensible Authentication (RFC 7296 section 3.16). @param message a whole EAP message (RFC 3748 section 4) */
    record Eap(byte[] message) implements Payload {
        private static final int HEADER_LENGTH = 4;

        static Eap decode(PayloadReader body) throws MalformedMessage {
            byte[] message = body.rest();
            // RFC 7296 section 3.16: the length field MUST be four less than the payload's length
            if (message.length < HEADER_LENGTH || ((message[2] & 0xff) << 8 | message[3] & 0xff) != message.length) {
                throw new MalformedMessage("EAP message of another length than its payload");
            }
            return new Eap(message);
        }

        @Override
        public int payloadType() {
            return PayloadType.EAP.number();
        }

        @Override
        public void writeBody(PayloadWriter writer) {
            writer.bytes(message);
        }

        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Eap that && Arrays.equals(message, that.message);
        }

        @Override
        public int hashCode() {
            return Arrays.hashCode(message);
        }
    }

    /** A payload of a type unknown here; with the critical bit it fails the message (RFC 7296 section 2.5). */
    record Unknown(int type, boolean critical, byte[] body) implements Payload {
        @Override
        public int payloadType() {
            return type;
        }

        @Override
        public void writeBody(PayloadWriter writer) {
            writer.bytes(body);
        }

        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Unknown that
                    && type == that.type
                    && critical == that.critical
                    && Arrays.equals(body, that.body);
        }

        @Override
        public int hashCode() {
            return 31 * (31 * type + Boolean.hashCode(critical)) + Arrays.hashCode(body);
        }
    }
}
