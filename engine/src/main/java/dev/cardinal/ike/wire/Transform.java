package dev.cardinal.ike.wire;

/**
 * A transform (RFC 7296 section 3.3.2).
 *
 * @param type see the constants here
 * @param id the IANA number within the type
 * @param keyLength key length attribute in bits, 0 where absent
 * @param understood false where the peer sent an attribute unknown here: such a transform must not be chosen (RFC 7296
 *     section 3.3.6)
 */
public record Transform(int type, int id, int keyLength, boolean understood) {
    public static final int ENCRYPTION = 1;
    public static final int PRF = 2;
    public static final int INTEGRITY = 3;
    public static final int KEY_EXCHANGE = 4;
    public static final int SEQUENCE_NUMBERS = 5;

    public Transform(int type, int id, int keyLength) {
        this(type, id, keyLength, true);
    }
}
