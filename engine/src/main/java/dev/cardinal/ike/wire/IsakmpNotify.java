package dev.cardinal.ike.wire;

/** Notify message types of ISAKMP (RFC 2408 section 3.14.1, RFC 2407 section 4.6.3, RFC 3706). */
public final class IsakmpNotify {
    public static final int INVALID_PAYLOAD_TYPE = 1;
    public static final int DOI_NOT_SUPPORTED = 2;
    public static final int SITUATION_NOT_SUPPORTED = 3;
    public static final int INVALID_COOKIE = 4;
    public static final int INVALID_MAJOR_VERSION = 5;
    public static final int INVALID_EXCHANGE_TYPE = 7;
    public static final int INVALID_MESSAGE_ID = 9;
    public static final int INVALID_SPI = 11;
    public static final int NO_PROPOSAL_CHOSEN = 14;
    public static final int BAD_PROPOSAL_SYNTAX = 15;
    public static final int PAYLOAD_MALFORMED = 16;
    public static final int INVALID_KEY_INFORMATION = 17;
    public static final int INVALID_ID_INFORMATION = 18;
    public static final int INVALID_HASH_INFORMATION = 23;
    public static final int AUTHENTICATION_FAILED = 24;
    public static final int INVALID_SIGNATURE = 25;
    public static final int CONNECTED = 16384;
    public static final int RESPONDER_LIFETIME = 24576;
    public static final int REPLAY_STATUS = 24577;
    public static final int INITIAL_CONTACT = 24578;
    /** DPD: are you there? */
    public static final int R_U_THERE = 36136;
    /** DPD: yes. */
    public static final int R_U_THERE_ACK = 36137;

    /** From here on a notify is no error (RFC 2408 section 3.14.1). */
    private static final int FIRST_STATUS = 16384;

    private IsakmpNotify() {}

    /** Whether a type tells of an error, rather than of a status. @param type 0 to 65535 */
    public static boolean isError(int type) {
        return type < FIRST_STATUS;
    }

    /** An error in words, for our log; other types by their number. */
    public static String words(int type) {
        return switch (type) {
            case INVALID_PAYLOAD_TYPE -> "INVALID-PAYLOAD-TYPE";
            case DOI_NOT_SUPPORTED -> "DOI-NOT-SUPPORTED";
            case SITUATION_NOT_SUPPORTED -> "SITUATION-NOT-SUPPORTED";
            case INVALID_COOKIE -> "INVALID-COOKIE";
            case INVALID_MAJOR_VERSION -> "INVALID-MAJOR-VERSION";
            case INVALID_EXCHANGE_TYPE -> "INVALID-EXCHANGE-TYPE";
            case INVALID_MESSAGE_ID -> "INVALID-MESSAGE-ID";
            case INVALID_SPI -> "INVALID-SPI";
            case NO_PROPOSAL_CHOSEN -> "NO-PROPOSAL-CHOSEN";
            case BAD_PROPOSAL_SYNTAX -> "BAD-PROPOSAL-SYNTAX";
            case PAYLOAD_MALFORMED -> "PAYLOAD-MALFORMED";
            case INVALID_KEY_INFORMATION -> "INVALID-KEY-INFORMATION";
            case INVALID_ID_INFORMATION -> "INVALID-ID-INFORMATION";
            case INVALID_HASH_INFORMATION -> "INVALID-HASH-INFORMATION";
            case AUTHENTICATION_FAILED -> "AUTHENTICATION-FAILED";
            case INVALID_SIGNATURE -> "INVALID-SIGNATURE";
            default -> "notify " + type;
        };
    }
}
