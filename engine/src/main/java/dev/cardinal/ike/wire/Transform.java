package dev.cardinal.ike.wire;

/**
 * A transform (RFC 7296 section 3.3.2).
 *
 * @param type see the constants here; 6 to 12 are the additional key exchanges of RFC 9370
 * @param id the IANA number within the type
 * @param keyLength key length attribute in bits, 0 where absent
 * @param understood false where the peer sent an attribute unknown here: such a transform must not be chosen (RFC 7296
 *     section 3.3.6). It is never sent, and what made it so is not kept
 */
public record Transform(int type, int id, int keyLength, boolean understood) {
    public static final int ENCRYPTION = 1;
    public static final int PRF = 2;
    public static final int INTEGRITY = 3;
    public static final int KEY_EXCHANGE = 4;
    public static final int SEQUENCE_NUMBERS = 5;

    /** Attributes of one transform: one is defined, the rest is room for what may come. */
    static final int ATTRIBUTES_LIMIT = 8;

    private static final int HEADER_LENGTH = 8;
    private static final int LAST = 0;
    private static final int MORE = 3;
    private static final int ATTRIBUTE_KEY_LENGTH = 14;
    private static final int ATTRIBUTE_FORMAT_TV = 0x8000;

    public Transform(int type, int id, int keyLength) {
        this(type, id, keyLength, true);
    }

    /** Decodes the next transform; what follows it in the proposal must agree with its first octet. */
    static Transform decode(PayloadReader proposal) throws MalformedMessage {
        int position = proposal.u8();
        proposal.skip(1);
        PayloadReader body = proposal.slice(proposal.u16() - 4, "transform");
        int type = body.u8();
        body.skip(1);
        int id = body.u16();
        // RFC 7296 section 3.3.2: 0 if this was the last transform, else 3
        if (position != (proposal.isEmpty() ? LAST : MORE)) {
            throw new MalformedMessage("transform marked " + position + " at the wrong place");
        }
        return withAttributes(type, id, body);
    }

    void write(PayloadWriter writer, boolean last) {
        writer.u8(last ? LAST : MORE).zeros(1);
        writer.u16(keyLength == 0 ? HEADER_LENGTH : HEADER_LENGTH + 4);
        writer.u8(type).zeros(1).u16(id);
        if (keyLength != 0) {
            writer.u16(ATTRIBUTE_FORMAT_TV | ATTRIBUTE_KEY_LENGTH).u16(keyLength);
        }
    }

    /** Reads the attributes. One that is unknown, repeated or of the wrong format spoils the transform, not the message. */
    private static Transform withAttributes(int type, int id, PayloadReader body) throws MalformedMessage {
        int keyLength = 0;
        boolean understood = true;
        for (int count = 0; !body.isEmpty(); count++) {
            if (count == ATTRIBUTES_LIMIT) {
                throw new MalformedMessage("more than " + ATTRIBUTES_LIMIT + " attributes in a transform");
            }
            int attribute = body.u16();
            int value = body.u16();
            if ((attribute & ATTRIBUTE_FORMAT_TV) == 0) {
                body.skip(value);
            }
            // RFC 7296 section 3.3.5: the key length MUST be of the short format
            if (attribute == (ATTRIBUTE_FORMAT_TV | ATTRIBUTE_KEY_LENGTH) && keyLength == 0 && value != 0) {
                keyLength = value;
            } else {
                understood = false;
            }
        }
        return new Transform(type, id, keyLength, understood);
    }
}
