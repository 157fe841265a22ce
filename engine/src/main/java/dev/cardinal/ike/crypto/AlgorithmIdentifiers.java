package dev.cardinal.ike.crypto;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The AlgorithmIdentifiers of RFC 7427 appendix A. There are few of them, DER writes each in one way only, and where
 * parameters may be NULL or absent (RFC 4055 section 2.1) there are two: so they are compared, not parsed.
 */
final class AlgorithmIdentifiers {
    private static final HexFormat HEX = HexFormat.of();

    private static final String RSA_PKCS1_SHA1 = "06092a864886f70d010105";
    private static final String RSA_PKCS1_SHA256 = "06092a864886f70d01010b";
    private static final String RSA_PKCS1_SHA384 = "06092a864886f70d01010c";
    private static final String RSA_PKCS1_SHA512 = "06092a864886f70d01010d";
    private static final String RSA_PSS = "06092a864886f70d01010a";
    private static final String MGF1 = "06092a864886f70d010108";
    private static final String SHA256 = "0609608648016503040201";
    private static final String SHA384 = "0609608648016503040202";
    private static final String SHA512 = "0609608648016503040203";
    private static final String ECDSA_SHA256 = "06082a8648ce3d040302";
    private static final String ECDSA_SHA384 = "06082a8648ce3d040303";
    private static final String ECDSA_SHA512 = "06082a8648ce3d040304";
    private static final String ED25519 = "06032b6570";
    private static final String NULL = "0500";

    /** The encodings of each scheme, the one that we send first. */
    private static final Map<SignatureScheme, List<byte[]>> TABLE = new EnumMap<>(SignatureScheme.class);

    static {
        for (SignatureScheme scheme : SignatureScheme.values()) {
            TABLE.put(scheme, accepted(scheme).stream().map(HEX::parseHex).toList());
        }
    }

    private AlgorithmIdentifiers() {}

    static byte[] encode(SignatureScheme scheme) {
        List<byte[]> row = TABLE.get(scheme);
        if (row == null || row.isEmpty()) {
            throw new IllegalStateException("no encoding of " + scheme);
        }
        return row.getFirst().clone();
    }

    static @Nullable SignatureScheme decode(byte[] der) {
        for (Map.Entry<SignatureScheme, List<byte[]>> row : TABLE.entrySet()) {
            for (byte[] accepted : row.getValue()) {
                if (Arrays.equals(accepted, der)) {
                    return row.getKey();
                }
            }
        }
        return null;
    }

    private static List<String> accepted(SignatureScheme scheme) {
        return switch (scheme) {
            case RSA_PKCS1_UNHASHED, ECDSA_UNHASHED -> List.of();
            case RSA_PKCS1_SHA1 -> nullOrAbsent(RSA_PKCS1_SHA1);
            case RSA_PKCS1_SHA256 -> nullOrAbsent(RSA_PKCS1_SHA256);
            case RSA_PKCS1_SHA384 -> nullOrAbsent(RSA_PKCS1_SHA384);
            case RSA_PKCS1_SHA512 -> nullOrAbsent(RSA_PKCS1_SHA512);
            case RSA_PSS_SHA256 -> pss(SHA256, 32);
            case RSA_PSS_SHA384 -> pss(SHA384, 48);
            case RSA_PSS_SHA512 -> pss(SHA512, 64);
            case ECDSA_SHA256 -> List.of(sequence(ECDSA_SHA256));
            case ECDSA_SHA384 -> List.of(sequence(ECDSA_SHA384));
            case ECDSA_SHA512 -> List.of(sequence(ECDSA_SHA512));
            case ED25519 -> List.of(sequence(ED25519));
        };
    }

    private static List<String> nullOrAbsent(String oid) {
        return List.of(sequence(oid + NULL), sequence(oid));
    }

    /**
     * RFC 4055 section 3.1: hash, mask generation and salt length explicit. DER leaves the trailer out, being the default;
     * RFC 7427 appendix A.4.3 prints it all the same, so it is accepted.
     */
    private static List<String> pss(String hash, int saltLength) {
        String salt = tagged("a2", "0201" + HEX.toHexDigits((byte) saltLength));
        List<String> accepted = new ArrayList<>();
        for (String trailer : List.of("", tagged("a3", "020101"))) {
            for (String digest : nullOrAbsent(hash)) {
                for (String maskDigest : nullOrAbsent(hash)) {
                    String mask = tagged("a1", sequence(MGF1 + maskDigest));
                    accepted.add(sequence(RSA_PSS + sequence(tagged("a0", digest) + mask + salt + trailer)));
                }
            }
        }
        return accepted;
    }

    private static String sequence(String content) {
        return tagged("30", content);
    }

    /** All contents here are shorter than 128 octets. */
    private static String tagged(String tag, String content) {
        return tag + HEX.toHexDigits((byte) (content.length() / 2)) + content;
    }
}
