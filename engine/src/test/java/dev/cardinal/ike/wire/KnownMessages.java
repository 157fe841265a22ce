package dev.cardinal.ike.wire;

import java.util.HexFormat;
import java.util.List;

/** Messages and chains of payloads typed from the figures of RFC 7296 section 3 and RFC 7383 section 2.5; all canonical. */
final class KnownMessages {
    /** @param firstPayload type of the first payload of a bare chain, or {@link #WHOLE} */
    record Sample(String name, int firstPayload, byte[] octets) {
        List<Payload> decode(byte[] changed) throws MalformedMessage {
            return firstPayload == WHOLE
                    ? MessageCodec.decode(changed).payloads()
                    : MessageCodec.decodePayloads(firstPayload, changed);
        }

        @Override
        public String toString() {
            return name;
        }
    }

    static final int WHOLE = -1;

    static final Sample SA_INIT_REQUEST = message("IKE_SA_INIT request", """
            0102030405060708 0000000000000000 21 20 22 08 00000000 000000b8
            22 00 0030
                00 00 002c 01 01 00 04
                03 00 000c 01 00 0014 800e 0080
                03 00 0008 02 00 0005
                03 00 0008 04 00 001f
                00 00 0008 04 00 0013
            28 00 0028 001f 0000 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f
            29 00 0014 a0a1a2a3a4a5a6a7a8a9aaabacadaeaf
            29 00 001c 00 00 4004 c0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3
            2b 00 0008 00 00 402e
            00 00 000c 5043415244494e41
            """);

    static final Sample COOKIE = message("COOKIE answer", """
            0102030405060708 0000000000000000 29 20 22 20 00000000 00000028
            00 00 000c 00 00 4006 deadbeef
            """);

    static final Sample UNKNOWN_PAYLOAD = message("payload of unknown type", """
            0102030405060708 1112131415161718 78 20 22 28 00000000 0000002a
            79 00 0006 abcd
            00 00 0008 01020304
            """);

    static final Sample ENCRYPTED = message("INFORMATIONAL request", """
            0102030405060708 1112131415161718 2e 20 25 08 00000002 00000030
            2a 00 0014 000102030405060708090a0b0c0d0e0f
            """);

    static final Sample FIRST_FRAGMENT = message("first fragment", """
            0102030405060708 1112131415161718 35 20 23 08 00000001 00000034
            23 00 0018 0001 0002 000102030405060708090a0b0c0d0e0f
            """);

    static final Sample SECOND_FRAGMENT = message("second fragment", """
            0102030405060708 1112131415161718 35 20 23 08 00000001 00000034
            00 00 0018 0002 0002 000102030405060708090a0b0c0d0e0f
            """);

    static final Sample IKE_AUTH_REQUEST = chain("inside an IKE_AUTH request", 35, """
            25 00 0014 02 000000 706565722e6578616d706c65
            26 00 0009 04 30020500
            27 00 0019 04 e0e1e2e3e4e5e6e7e8e9eaebecedeeeff0f1f2f3
            2f 00 0010 0e 000000 f0f1f2f3f4f5f6f7
            29 00 0010 01 000000 0001 0000 0003 0000
            21 00 0008 00 00 4000
            2c 00 004c
                02 00 0020 01 03 04 02 c0ffee01
                03 00 000c 01 00 0014 800e 0100
                00 00 0008 05 00 0000
                00 00 0028 02 03 04 03 c0ffee01
                03 00 000c 01 00 000c 800e 0100
                03 00 0008 03 00 000c
                00 00 0008 05 00 0000
            2d 00 0040 02 000000
                07 00 0010 0000 ffff 0a000000 0a0000ff
                08 3a 0028 0000 ffff 20010db8000000000000000000000000 20010db80000000000000000000000ff
            00 00 0018 01 000000
                07 11 0010 01f4 01f4 c0a80001 c0a80001
            """);

    static final Sample EAP_RESPONSE = chain("inside an IKE_AUTH response", 36, """
            30 00 000c 01 000000 c0000201
            00 00 0009 01 07 0005 01
            """);

    static final Sample REKEY = chain("inside a CREATE_CHILD_SA request", 41, """
            21 00 000c 03 04 4009 c0ffee01
            28 00 0028
                00 00 0024 01 01 08 02 2122232425262728
                03 00 000c 01 00 0014 800e 0080
                00 00 0008 04 00 001f
            00 00 0024 a0a1a2a3a4a5a6a7a8a9aaabacadaeafa0a1a2a3a4a5a6a7a8a9aaabacadaeaf
            """);

    static final Sample DELETES = chain("inside an INFORMATIONAL request", 42, """
            2a 00 0010 03 04 0002 11111111 22222222
            00 00 0008 01 00 0000
            """);

    static final List<Sample> ALL = List.of(
            SA_INIT_REQUEST,
            COOKIE,
            UNKNOWN_PAYLOAD,
            ENCRYPTED,
            FIRST_FRAGMENT,
            SECOND_FRAGMENT,
            IKE_AUTH_REQUEST,
            EAP_RESPONSE,
            REKEY,
            DELETES);

    private KnownMessages() {}

    static byte[] hex(String text) {
        return HexFormat.of().parseHex(text.replaceAll("\\s", ""));
    }

    private static Sample message(String name, String text) {
        return new Sample(name, WHOLE, hex(text));
    }

    private static Sample chain(String name, int firstPayload, String text) {
        return new Sample(name, firstPayload, hex(text));
    }
}
