package dev.cardinal.ike.wire;

import java.util.List;

/**
 * The payloads of IKEv2 (RFC 7296 section 3), a record each. A value is valid: whoever holds one need not check it again.
 * Byte arrays are owned by the record and must not be changed.
 */
public sealed interface Payload {

    /** Security Association (RFC 7296 section 3.3). */
    record SecurityAssociation(List<Proposal> proposals) implements Payload {
        public SecurityAssociation {
            proposals = List.copyOf(proposals);
        }
    }

    /** Key Exchange (RFC 7296 section 3.4). @param method the key exchange method's transform id */
    record KeyExchange(int method, byte[] value) implements Payload {}

    /** Identification - Initiator (RFC 7296 section 3.5). */
    record IdentificationInitiator(Identification id) implements Payload {}

    /** Identification - Responder (RFC 7296 section 3.5). */
    record IdentificationResponder(Identification id) implements Payload {}

    /** Certificate (RFC 7296 section 3.6). */
    record Certificate(int encoding, byte[] data) implements Payload {
        public static final int X509_SIGNATURE = 4;
        public static final int CRL = 7;
        public static final int HASH_AND_URL = 12;
    }

    /** Certificate Request (RFC 7296 section 3.7). @param authorities for X.509: concatenated SHA-1 hashes of CA keys */
    record CertificateRequest(int encoding, byte[] authorities) implements Payload {}

    /** Authentication (RFC 7296 section 3.8). */
    record Authentication(int method, byte[] data) implements Payload {}

    /** Nonce (RFC 7296 section 3.9): 16 to 256 octets. */
    record Nonce(byte[] value) implements Payload {}

    /**
     * Notify (RFC 7296 section 3.10).
     *
     * @param protocol 0 where the notify is not about an existing SA, else 1 IKE, 2 AH, 3 ESP
     * @param spi empty where the notify is not about a Child SA
     */
    record Notify(int protocol, byte[] spi, int type, byte[] data) implements Payload {
        private static final byte[] NONE = new byte[0];

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
    }

    /** Delete (RFC 7296 section 3.11). @param spis empty for the IKE SA, else four octets each */
    record Delete(int protocol, List<byte[]> spis) implements Payload {
        public Delete {
            spis = List.copyOf(spis);
        }
    }

    /** Vendor ID (RFC 7296 section 3.12). */
    record VendorId(byte[] data) implements Payload {}

    /** Traffic Selector - Initiator (RFC 7296 section 3.13). */
    record TrafficSelectorInitiator(List<TrafficSelector> selectors) implements Payload {
        public TrafficSelectorInitiator {
            selectors = List.copyOf(selectors);
        }
    }

    /** Traffic Selector - Responder (RFC 7296 section 3.13). */
    record TrafficSelectorResponder(List<TrafficSelector> selectors) implements Payload {
        public TrafficSelectorResponder {
            selectors = List.copyOf(selectors);
        }
    }

    /**
     * Encrypted and Authenticated (RFC 7296 section 3.14), still protected.
     *
     * @param firstInner type of the first payload inside
     * @param body IV, ciphertext and integrity check value
     */
    record Encrypted(int firstInner, byte[] body) implements Payload {}

    /**
     * Encrypted and Authenticated Fragment (RFC 7383 section 2.5), still protected.
     *
     * @param firstInner type of the first payload inside, 0 in all but the first fragment
     * @param number 1 to {@code total}
     * @param total 1 to 65535
     */
    record EncryptedFragment(int firstInner, int number, int total, byte[] body) implements Payload {}

    /** Configuration (RFC 7296 section 3.15). @param type 1 request, 2 reply, 3 set, 4 ack */
    record Configuration(int type, List<Attribute> attributes) implements Payload {
        public static final int REQUEST = 1;
        public static final int REPLY = 2;
        public static final int SET = 3;
        public static final int ACK = 4;

        public Configuration {
            attributes = List.copyOf(attributes);
        }

        /** A configuration attribute (RFC 7296 section 3.15.1). */
        public record Attribute(int type, byte[] value) {}
    }

    /** Extensible Authentication (RFC 7296 section 3.16). */
    record Eap(byte[] message) implements Payload {}

    /** A payload of a type unknown here; with the critical bit it fails the message (RFC 7296 section 2.5). */
    record Unknown(int type, boolean critical, byte[] body) implements Payload {}
}
