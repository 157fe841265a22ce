package dev.cardinal.ike.wire;

import static dev.cardinal.ike.wire.Identification.FQDN;
import static dev.cardinal.ike.wire.Identification.IPV4_ADDR;
import static dev.cardinal.ike.wire.Identification.IPV6_ADDR;
import static dev.cardinal.ike.wire.Identification.RFC822_ADDR;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The payloads of IKEv1 (RFC 2408 section 3, RFC 2407 section 4.6), a record each that holds its decoding and its encoding;
 * {@link IsakmpPayloadType} is their table. A decoded value is valid: whoever holds one need not check it again. Byte arrays
 * are owned by the record and must not be changed; two payloads are equal where their octets are.
 */
public sealed interface IsakmpPayload {
    /** The IPsec DOI (RFC 2407). */
    int DOI_IPSEC = 1;

    /** The number that the next-payload field before it holds. */
    int payloadType();

    /** Writes what follows the generic payload header. */
    void writeBody(PayloadWriter writer);

    /** Security Association (RFC 2408 section 3.4, RFC 2407 section 4.6.1), with the identity-only situation. */
    record SecurityAssociation(List<IsakmpProposal> proposals) implements IsakmpPayload {
        /** Proposals of one payload; each may hold 255 transforms, and selection compares all of them with ours. */
        static final int PROPOSALS_LIMIT = 32;

        private static final int SIT_IDENTITY_ONLY = 1;

        public SecurityAssociation {
            proposals = List.copyOf(proposals);
        }

        static SecurityAssociation decode(PayloadReader body) throws MalformedMessage {
            int doi = body.u32();
            int situation = body.u32();
            if (doi != DOI_IPSEC || situation != SIT_IDENTITY_ONLY) {
                throw new MalformedMessage("security association of DOI " + Integer.toUnsignedString(doi)
                        + ", situation " + Integer.toUnsignedString(situation));
            }
            List<IsakmpProposal> proposals = new ArrayList<>();
            do {
                if (proposals.size() == PROPOSALS_LIMIT) {
                    throw new MalformedMessage("more than " + PROPOSALS_LIMIT + " proposals");
                }
                proposals.add(IsakmpProposal.decode(body));
            } while (!body.isEmpty());
            return new SecurityAssociation(proposals);
        }

        @Override
        public int payloadType() {
            return IsakmpPayloadType.SECURITY_ASSOCIATION.number();
        }

        @Override
        public void writeBody(PayloadWriter writer) {
            writer.u32(DOI_IPSEC).u32(SIT_IDENTITY_ONLY);
            for (int i = 0; i < proposals.size(); i++) {
                proposals.get(i).write(writer, i == proposals.size() - 1);
            }
        }
    }

    /** Key Exchange (RFC 2408 section 3.7). */
    record KeyExchange(byte[] value) implements IsakmpPayload {
        @Override
        public int payloadType() {
            return IsakmpPayloadType.KEY_EXCHANGE.number();
        }

        @Override
        public void writeBody(PayloadWriter writer) {
            writer.bytes(value);
        }

        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof KeyExchange that && Arrays.equals(value, that.value);
        }

        @Override
        public int hashCode() {
            return Arrays.hashCode(value);
        }
    }

    /**
     * Identification (RFC 2407 section 4.6.2): who the peer is, or in phase 2 which traffic is meant.
     *
     * @param type see {@link dev.cardinal.ike.wire.Identification} and the constants here
     * @param protocol IP protocol, 0 for any
     * @param port 0 for any
     */
    record Identification(int type, int protocol, int port, byte[] data) implements IsakmpPayload {
        public static final int IPV4_ADDR_SUBNET = 4;
        public static final int IPV6_ADDR_SUBNET = 6;
        public static final int IPV4_ADDR_RANGE = 7;
        public static final int IPV6_ADDR_RANGE = 8;

        private static final int IPV4_LENGTH = 4;
        private static final int IPV6_LENGTH = 16;

        static Identification decode(PayloadReader body) throws MalformedMessage {
            int type = body.u8();
            Identification id = new Identification(type, body.u8(), body.u16(), body.rest());
            int wanted = switch (type) {
                case IPV4_ADDR -> IPV4_LENGTH;
                case IPV6_ADDR -> IPV6_LENGTH;
                case IPV4_ADDR_SUBNET, IPV4_ADDR_RANGE -> 2 * IPV4_LENGTH;
                case IPV6_ADDR_SUBNET, IPV6_ADDR_RANGE -> 2 * IPV6_LENGTH;
                default -> id.data.length;
            };
            if (id.data.length != wanted) {
                throw new MalformedMessage("identity of type " + type + " with " + id.data.length + " octets");
            }
            if (type == FQDN || type == RFC822_ADDR) {
                dev.cardinal.ike.wire.Identification.expectNoTerminators(id.data);
            } else if (id.isTraffic()) {
                id.traffic();
            }
            return id;
        }

        /** An identity of phase 1; protocol and port are zero (RFC 2407 section 4.6.2). */
        public static Identification of(dev.cardinal.ike.wire.Identification identity) {
            return new Identification(identity.type(), 0, 0, identity.data());
        }

        /**
         * The shortest form of a traffic selector for phase 2: address, subnet or range.
         *
         * @throws IllegalArgumentException where it has some ports, or port 0 alone, which IKEv1 cannot say: it has any
         *     port or one
         */
        public static Identification of(TrafficSelector selector) {
            return IsakmpTraffic.identification(selector);
        }

        /** Whose identity it is: its type and data. */
        public dev.cardinal.ike.wire.Identification identity() {
            return new dev.cardinal.ike.wire.Identification(type, data);
        }

        /** Whether it is one of the types that name traffic: an address, a subnet or a range. */
        public boolean isTraffic() {
            return switch (type) {
                case IPV4_ADDR, IPV6_ADDR, IPV4_ADDR_SUBNET, IPV6_ADDR_SUBNET, IPV4_ADDR_RANGE, IPV6_ADDR_RANGE -> true;
                default -> false;
            };
        }

        /**
         * The traffic it names.
         *
         * @throws MalformedMessage where it names none: another type, a mask with holes, a range that ends before it starts
         */
        public TrafficSelector traffic() throws MalformedMessage {
            return IsakmpTraffic.selector(this);
        }

        @Override
        public int payloadType() {
            return IsakmpPayloadType.IDENTIFICATION.number();
        }

        @Override
        public void writeBody(PayloadWriter writer) {
            writer.u8(type).u8(protocol).u16(port).bytes(data);
        }

        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Identification that
                    && type == that.type
                    && protocol == that.protocol
                    && port == that.port
                    && Arrays.equals(data, that.data);
        }

        @Override
        public int hashCode() {
            return Arrays.hashCode(data);
        }
    }

    /** Certificate (RFC 2408 section 3.9). */
    record Certificate(int encoding, byte[] data) implements IsakmpPayload {
        /** X.509 certificate for signatures. */
        public static final int X509_SIGNATURE = 4;

        /** X.509 certificate for key exchange: whose key encrypts. */
        public static final int X509_KEY_EXCHANGE = 5;

        static Certificate decode(PayloadReader body) throws MalformedMessage {
            return new Certificate(body.u8(), body.rest());
        }

        @Override
        public int payloadType() {
            return IsakmpPayloadType.CERTIFICATE.number();
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
            return Arrays.hashCode(data);
        }
    }

    /** Certificate Request (RFC 2408 section 3.10). @param authority the DER name of an authority; empty for any */
    record CertificateRequest(int encoding, byte[] authority) implements IsakmpPayload {
        static CertificateRequest decode(PayloadReader body) throws MalformedMessage {
            return new CertificateRequest(body.u8(), body.rest());
        }

        @Override
        public int payloadType() {
            return IsakmpPayloadType.CERTIFICATE_REQUEST.number();
        }

        @Override
        public void writeBody(PayloadWriter writer) {
            writer.u8(encoding).bytes(authority);
        }

        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof CertificateRequest that
                    && encoding == that.encoding
                    && Arrays.equals(authority, that.authority);
        }

        @Override
        public int hashCode() {
            return Arrays.hashCode(authority);
        }
    }

    /** Hash (RFC 2408 section 3.11). */
    record Hash(byte[] value) implements IsakmpPayload {
        @Override
        public int payloadType() {
            return IsakmpPayloadType.HASH.number();
        }

        @Override
        public void writeBody(PayloadWriter writer) {
            writer.bytes(value);
        }

        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Hash that && Arrays.equals(value, that.value);
        }

        @Override
        public int hashCode() {
            return Arrays.hashCode(value);
        }
    }

    /** Signature (RFC 2408 section 3.12). */
    record Signature(byte[] value) implements IsakmpPayload {
        @Override
        public int payloadType() {
            return IsakmpPayloadType.SIGNATURE.number();
        }

        @Override
        public void writeBody(PayloadWriter writer) {
            writer.bytes(value);
        }

        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Signature that && Arrays.equals(value, that.value);
        }

        @Override
        public int hashCode() {
            return Arrays.hashCode(value);
        }
    }

    /** Nonce (RFC 2409 section 5: between 8 and 256 octets). */
    record Nonce(byte[] value) implements IsakmpPayload {
        /** Octets of the shortest nonce. */
        public static final int MIN_LENGTH = 8;

        /** Octets of the longest nonce. */
        public static final int MAX_LENGTH = 256;

        static Nonce decode(PayloadReader body) throws MalformedMessage {
            byte[] value = body.rest();
            if (value.length < MIN_LENGTH || value.length > MAX_LENGTH) {
                throw new MalformedMessage("nonce of " + value.length + " octets");
            }
            return new Nonce(value);
        }

        @Override
        public int payloadType() {
            return IsakmpPayloadType.NONCE.number();
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
     * Notification (RFC 2408 section 3.14).
     *
     * @param protocol {@link Proposal#IKE} (PROTO_ISAKMP), {@link Proposal#AH}, {@link Proposal#ESP}; others are kept
     * @param spi both cookies for ISAKMP, four octets for AH and ESP, or nothing
     * @param type see {@link IsakmpNotify}
     */
    record Notification(int protocol, byte[] spi, int type, byte[] data) implements IsakmpPayload {
        static Notification decode(PayloadReader body) throws MalformedMessage {
            int doi = body.u32();
            if (doi != DOI_IPSEC && doi != 0) {
                throw new MalformedMessage("notification of DOI " + Integer.toUnsignedString(doi));
            }
            int protocol = body.u8();
            int spiLength = body.u8();
            int type = body.u16();
            return new Notification(protocol, body.bytes(spiLength), type, body.rest());
        }

        /** Attributes as data, which RESPONDER-LIFETIME holds. */
        public static byte[] data(List<IsakmpAttribute> attributes) {
            PayloadWriter writer = new PayloadWriter();
            for (IsakmpAttribute attribute : attributes) {
                attribute.write(writer);
            }
            return writer.toByteArray();
        }

        /**
         * The data as attributes.
         *
         * @throws MalformedMessage where they are none
         */
        public List<IsakmpAttribute> attributes() throws MalformedMessage {
            PayloadReader reader = new PayloadReader(data, "notification");
            List<IsakmpAttribute> attributes = new ArrayList<>();
            while (!reader.isEmpty()) {
                if (attributes.size() == IsakmpTransform.ATTRIBUTES_LIMIT) {
                    throw new MalformedMessage("more than " + IsakmpTransform.ATTRIBUTES_LIMIT + " attributes");
                }
                attributes.add(IsakmpAttribute.decode(reader));
            }
            return attributes;
        }

        /** Whether it reports an error. */
        public boolean isError() {
            return IsakmpNotify.isError(type);
        }

        @Override
        public int payloadType() {
            return IsakmpPayloadType.NOTIFICATION.number();
        }

        @Override
        public void writeBody(PayloadWriter writer) {
            writer.u32(DOI_IPSEC)
                    .u8(protocol)
                    .u8(spi.length)
                    .u16(type)
                    .bytes(spi)
                    .bytes(data);
        }

        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Notification that
                    && protocol == that.protocol
                    && type == that.type
                    && Arrays.equals(spi, that.spi)
                    && Arrays.equals(data, that.data);
        }

        @Override
        public int hashCode() {
            return Arrays.hashCode(spi);
        }
    }

    /** Delete (RFC 2408 section 3.15). @param spis both cookies for ISAKMP, four octets each for AH and ESP */
    record Delete(int protocol, List<byte[]> spis) implements IsakmpPayload {
        /** SPIs of one payload: more Child SAs than a peer has here; each costs a look-up. */
        static final int SPIS_LIMIT = 1024;

        private static final int COOKIES_LENGTH = 16;
        private static final int CHILD_SPI_LENGTH = 4;

        /** @throws IllegalArgumentException where an SPI is not of its protocol's length */
        public Delete {
            spis = List.copyOf(spis);
            for (byte[] spi : spis) {
                if (spi.length != spiLength(protocol)) {
                    throw new IllegalArgumentException("SPI of " + spi.length + " octets in a delete");
                }
            }
        }

        static Delete decode(PayloadReader body) throws MalformedMessage {
            int doi = body.u32();
            int protocol = body.u8();
            int spiLength = body.u8();
            int count = body.u16();
            if (doi != DOI_IPSEC && doi != 0) {
                throw new MalformedMessage("delete of DOI " + Integer.toUnsignedString(doi));
            }
            // RFC 2408 section 3.15: two cookies for ISAKMP, else the SPI's four octets
            if (spiLength != spiLength(protocol) || count > SPIS_LIMIT) {
                throw new MalformedMessage(
                        count + " SPIs of " + spiLength + " octets in a delete of protocol " + protocol);
            }
            List<byte[]> spis = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                spis.add(body.bytes(spiLength));
            }
            return new Delete(protocol, spis);
        }

        @Override
        public int payloadType() {
            return IsakmpPayloadType.DELETE.number();
        }

        @Override
        public void writeBody(PayloadWriter writer) {
            writer.u32(DOI_IPSEC).u8(protocol).u8(spiLength(protocol)).u16(spis.size());
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

        private static int spiLength(int protocol) {
            return protocol == Proposal.IKE ? COOKIES_LENGTH : CHILD_SPI_LENGTH;
        }
    }

    /** Vendor ID (RFC 2408 section 3.16). */
    record VendorId(byte[] data) implements IsakmpPayload {
        @Override
        public int payloadType() {
            return IsakmpPayloadType.VENDOR_ID.number();
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

    /**
     * Attributes of a transaction exchange: Mode Config (draft-dukes-ike-mode-cfg-02 section 3.2) and XAUTH
     * (draft-beaulieu-ike-xauth-02).
     *
     * @param type see the constants here
     * @param identifier of the transaction, chosen by whoever begins it
     */
    record Attributes(int type, int identifier, List<IsakmpAttribute> attributes) implements IsakmpPayload {
        public static final int REQUEST = 1;
        public static final int REPLY = 2;
        public static final int SET = 3;
        public static final int ACK = 4;

        /** Attributes of one payload: clients ask for about a dozen, replies with many subnets hold some dozens. */
        static final int ATTRIBUTES_LIMIT = 256;

        public Attributes {
            attributes = List.copyOf(attributes);
        }

        static Attributes decode(PayloadReader body) throws MalformedMessage {
            int type = body.u8();
            body.skip(1);
            int identifier = body.u16();
            List<IsakmpAttribute> attributes = new ArrayList<>();
            while (body.remaining() >= IsakmpAttribute.HEADER_LENGTH) {
                if (attributes.size() == ATTRIBUTES_LIMIT) {
                    throw new MalformedMessage("more than " + ATTRIBUTES_LIMIT + " attributes");
                }
                attributes.add(IsakmpAttribute.decode(body));
            }
            expectPadding(body.rest());
            return new Attributes(type, identifier, attributes);
        }

        /** FreeS/WAN's heirs fill this payload up to four octets (libreswan with ikepad=yes only); no draft tells them to. */
        private static void expectPadding(byte[] octets) throws MalformedMessage {
            for (byte octet : octets) {
                if (octet != 0) {
                    throw new MalformedMessage("attribute of " + octets.length + " octets");
                }
            }
        }

        /** The first attribute of a type, or null. */
        public @Nullable IsakmpAttribute attribute(int wanted) {
            for (IsakmpAttribute attribute : attributes) {
                if (attribute.type() == wanted) {
                    return attribute;
                }
            }
            return null;
        }

        @Override
        public int payloadType() {
            return IsakmpPayloadType.ATTRIBUTES.number();
        }

        @Override
        public void writeBody(PayloadWriter writer) {
            writer.u8(type).zeros(1).u16(identifier);
            for (IsakmpAttribute attribute : attributes) {
                attribute.write(writer);
            }
        }
    }

    /** NAT-D (RFC 3947 section 3.2). @param draft whether it stands under the number of the last drafts */
    record NatDetection(byte[] hash, boolean draft) implements IsakmpPayload {
        @Override
        public int payloadType() {
            return (draft ? IsakmpPayloadType.NAT_DETECTION_DRAFT : IsakmpPayloadType.NAT_DETECTION).number();
        }

        @Override
        public void writeBody(PayloadWriter writer) {
            writer.bytes(hash);
        }

        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof NatDetection that && draft == that.draft && Arrays.equals(hash, that.hash);
        }

        @Override
        public int hashCode() {
            return Arrays.hashCode(hash);
        }
    }

    /** NAT-OA (RFC 3947 section 5.2): the address before a NAT changed it, which transport mode needs. */
    record NatOriginalAddress(InetAddress address, boolean draft) implements IsakmpPayload {
        static NatOriginalAddress decode(PayloadReader body, boolean draft) throws MalformedMessage {
            int type = body.u8();
            body.skip(3);
            byte[] data = body.rest();
            boolean four = type == IPV4_ADDR && data.length == 4;
            boolean six = type == IPV6_ADDR && data.length == 16;
            if (!four && !six) {
                throw new MalformedMessage("original address of type " + type + " with " + data.length + " octets");
            }
            return new NatOriginalAddress(TrafficSelector.address(data), draft);
        }

        @Override
        public int payloadType() {
            return (draft ? IsakmpPayloadType.NAT_ORIGINAL_ADDRESS_DRAFT : IsakmpPayloadType.NAT_ORIGINAL_ADDRESS)
                    .number();
        }

        @Override
        public void writeBody(PayloadWriter writer) {
            byte[] octets = address.getAddress();
            writer.u8(octets.length == 4 ? IPV4_ADDR : IPV6_ADDR).zeros(3).bytes(octets);
        }
    }

    /**
     * A part of a message too long for one datagram, Cisco's way.
     *
     * @param id of the message, the same in all its parts
     * @param number from 1
     * @param last whether it is the last part
     */
    record Fragment(int id, int number, boolean last, byte[] data) implements IsakmpPayload {
        static Fragment decode(PayloadReader body) throws MalformedMessage {
            int id = body.u16();
            int number = body.u8();
            int flags = body.u8();
            byte[] data = body.rest();
            if (number == 0 || data.length == 0) {
                throw new MalformedMessage("fragment " + number + " of " + data.length + " octets");
            }
            return new Fragment(id, number, (flags & 1) != 0, data);
        }

        @Override
        public int payloadType() {
            return IsakmpPayloadType.FRAGMENT.number();
        }

        @Override
        public void writeBody(PayloadWriter writer) {
            writer.u16(id).u8(number).u8(last ? 1 : 0).bytes(data);
        }

        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Fragment that
                    && id == that.id
                    && number == that.number
                    && last == that.last
                    && Arrays.equals(data, that.data);
        }

        @Override
        public int hashCode() {
            return Arrays.hashCode(data);
        }
    }

    /** A payload of a type unknown here, which is passed over. */
    record Unknown(int type, byte[] body) implements IsakmpPayload {
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
            return other instanceof Unknown that && type == that.type && Arrays.equals(body, that.body);
        }

        @Override
        public int hashCode() {
            return 31 * type + Arrays.hashCode(body);
        }
    }
}
