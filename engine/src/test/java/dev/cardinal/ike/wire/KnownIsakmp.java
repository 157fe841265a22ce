package dev.cardinal.ike.wire;

import static dev.cardinal.ike.wire.KnownMessages.hex;

import java.util.List;

/**
 * Messages of IKEv1 typed from the figures of RFC 2408 section 3 and RFC 2407 section 4.6, with the attributes of RFC 2409
 * appendix A; all canonical. What is encrypted on the wire stands here decrypted, with the padding of a 16-octet block.
 */
final class KnownIsakmp {
    /** @param firstPayload type of the first payload of what was decrypted, or {@link KnownMessages#WHOLE} */
    record Sample(String name, int firstPayload, byte[] octets, int padding) {
        boolean whole() {
            return firstPayload == KnownMessages.WHOLE;
        }

        /** The message that other octets in this one's place make. */
        IsakmpMessage decode(byte[] changed) throws MalformedMessage {
            return whole()
                    ? IsakmpCodec.decode(MessageCodec.decodeHeader(changed), changed)
                    : IsakmpCodec.split(header(firstPayload), changed);
        }

        @Override
        public String toString() {
            return name;
        }
    }

    /** RFC 2409 section 5: HDR, SA, with NAT traversal's vendor ID (the MD5 of "RFC 3947"). */
    static final Sample MAIN_1 = message("main mode 1", """
            0102030405060708 0000000000000000 01 10 02 00 00000000 00000098
            0d 00 0068 00000001 00000001
                00 00 005c 01 01 00 03
                03 00 0024 01 01 0000
                    80010007 800e0100 80020004 80030001 8004000e 800b0001 800c7080
                03 00 0014 02 01 0000 80010005 80020002 80030003
                00 00 001c 03 01 0000 80010005 80020001 800b0001 000c0004 00015180
            00 00 0014 4a131c81070358455c5728f20e95452f
            """, 0);

    /** RFC 2409 section 5.4 and RFC 3947 section 3.2: HDR, KE, Ni, NAT-D, NAT-D; a certificate request makes it uneven. */
    static final Sample MAIN_3 = message("main mode 3, padded", """
            0102030405060708 1112131415161718 04 10 02 00 00000000 00000064
            0a 00 0014 000102030405060708090a0b0c0d0e0f
            07 00 000c a0a1a2a3a4a5a6a7
            14 00 0007 04 3000
            14 00 0010 d0d1d2d3d4d5d6d7d8d9dadb
            00 00 0010 e0e1e2e3e4e5e6e7e8e9eaeb
            00
            """, 1);

    /** RFC 2409 section 5.1: HDR*, IDii, CERT, SIG_I, with INITIAL-CONTACT (RFC 2407 section 4.6.3.3). */
    static final Sample MAIN_5 = chain("main mode 5", 5, """
            06 00 0015 02 11 01f4 63617264696e616c2e74657374
            09 00 0009 04 30020500
            0b 00 0014 f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff
            00 00 001c 00000001 01 10 6002 0102030405060708 1112131415161718
            0002
            """, 2);

    /** RFC 2409 section 5.5: HDR*, HASH(1), SA, Ni, KE, IDci, IDcr, for ESP and AH together. */
    static final Sample QUICK_1 = chain("quick mode 1", 8, """
            01 00 0014 101112131415161718191a1b1c1d1e1f
            0a 00 0064 00000001 00000001
                02 00 0034 01 03 04 02 c0ffee01
                    03 00 0014 01 0c 0000 80040001 80010001 80020e10
                    00 00 0014 02 03 0000 80050002 80010002 80020fff
                00 00 0024 01 02 04 01 c0ffee02
                    00 00 0018 01 03 0000 80050002 80010001 00020004 00015180
            04 00 000c a0a1a2a3a4a5a6a7
            05 00 000c b0b1b2b3b4b5b6b7
            05 00 0010 04 00 0000 0a5b0100 ffffff00
            15 00 0010 07 06 01bb 0a5b0201 0a5b0209
            00 00 000c 01 000000 c0a80001
            00000000
            """, 4);

    /** RFC 3706 section 5.3, RFC 2408 section 3.15: HDR*, HASH(1), N(R-U-THERE), D, D. */
    static final Sample INFORMATIONAL = chain("informational", 8, """
            0b 00 000c 1011121314151617
            0c 00 0020 00000001 01 10 8d28 0102030405060708 1112131415161718 00000007
            0c 00 0014 00000001 03 04 0002 11111111 22222222
            00 00 001c 00000001 01 10 0001 0102030405060708 1112131415161718
            a5a5a503
            """, 4);

    /** draft-dukes-ike-mode-cfg-02 section 3.2, draft-beaulieu-ike-xauth-02 section 6.2: HDR*, HASH, ATTR(REPLY). */
    static final Sample TRANSACTION = chain("transaction", 8, """
            0e 00 0014 101112131415161718191a1b1c1d1e1f
            00 00 0018 02 00 0539 c0880000 40890003 6a6f65 408a0001 78
            00000000
            """, 4);

    /** What Cisco's fragments look like: the second and last of message 1. */
    static final Sample FRAGMENT = message("fragment", """
            0102030405060708 1112131415161718 84 10 02 00 00000000 00000028
            00 00 000c 0001 02 01 cafebabe
            """, 0);

    /** RFC 2408 section 3.14: NO-PROPOSAL-CHOSEN, in the clear. */
    static final Sample REFUSAL = message("refusal", """
            0102030405060708 1112131415161718 0b 10 05 00 01020304 00000028
            00 00 000c 00000001 01 00 000e
            """, 0);

    /** The numbers of NAT traversal's drafts, and one that nobody has given out. */
    static final Sample DRAFTS = message("drafts", """
            0102030405060708 1112131415161718 82 10 04 00 00000000 00000048
            83 00 0010 d0d1d2d3d4d5d6d7d8d9dadb
            c8 00 0018 05 000000 20010db8000000000000000000000001
            00 00 0004
            """, 0);

    static final List<Sample> ALL =
            List.of(MAIN_1, MAIN_3, MAIN_5, QUICK_1, INFORMATIONAL, TRANSACTION, FRAGMENT, REFUSAL, DRAFTS);

    private KnownIsakmp() {}

    /** A header for what was decrypted. */
    static IkeHeader header(int firstPayload) {
        return new IkeHeader(
                0x0102030405060708L,
                0x1112131415161718L,
                firstPayload,
                1,
                0,
                ExchangeType.QUICK_MODE,
                IsakmpCodec.FLAG_ENCRYPTION,
                0xfedcba98,
                0);
    }

    private static Sample message(String name, String text, int padding) {
        return new Sample(name, KnownMessages.WHOLE, hex(text), padding);
    }

    private static Sample chain(String name, int firstPayload, String text, int padding) {
        return new Sample(name, firstPayload, hex(text), padding);
    }
}
