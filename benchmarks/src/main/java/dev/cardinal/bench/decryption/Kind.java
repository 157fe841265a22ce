package dev.cardinal.bench.decryption;

import java.util.Locale;

/** What is wrong with a third message of main mode, in what is encrypted to the gateway's key. */
enum Kind {
    GOOD,
    /** PKCS #1 v1.5 (RFC 8017 section 7.2.2): the block's first octet is not zero. */
    FIRST_OCTET,
    /** The block's type is not 2. */
    BLOCK_TYPE,
    /** No zero ends the padding. */
    NO_SEPARATOR,
    /** A zero stands among the padding's first eight octets. */
    EARLY_SEPARATOR,
    /** RFC 2409 section 5: a nonce has 8 octets at least. */
    SHORT_NONCE,
    /** And 256 at most. */
    LONG_NONCE,
    UNKNOWN_IDENTITY,
    /** A name with a zero in it. */
    MALFORMED_IDENTITY;

    String keyword() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
