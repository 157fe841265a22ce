package dev.cardinal.bench.load;

import dev.cardinal.ike.crypto.EncryptionAlgorithm;
import dev.cardinal.ike.crypto.IntegrityAlgorithm;
import dev.cardinal.ike.crypto.KeyExchangeMethod;
import dev.cardinal.ike.crypto.PseudorandomFunction;
import dev.cardinal.ike.wire.Proposal;
import dev.cardinal.ike.wire.Transform;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What a handshake is made of. The IKE SA's other transforms are AES with 128 bits, as GCM-16 in IKEv2 and as CBC in IKEv1,
 * and HMAC-SHA2-256 in every suite; IKEv1 runs main mode.
 *
 * @param version of IKE, 1 or 2
 * @param authentication how both ends prove who they are
 */
public record Suite(int version, Authentication authentication, KeyExchangeMethod keyExchange) {
    private static final String IKEV1 = "ikev1-";

    /** How both ends prove who they are. */
    public enum Authentication {
        /** One pre-shared key for all clients. */
        PSK,
        RSA2048,
        RSA3072,
        RSA4096,
        /** ECDSA on P-256 with SHA-256. */
        ECDSA256;

        public String keyword() {
            return name().toLowerCase(Locale.ROOT);
        }

        public boolean hasCertificates() {
            return this != PSK;
        }

        public boolean isRsa() {
            return this == RSA2048 || this == RSA3072 || this == RSA4096;
        }

        /** Bits of the RSA modulus or of the curve's field, 0 for a pre-shared key. */
        public int bits() {
            return switch (this) {
                case PSK -> 0;
                case RSA2048 -> 2048;
                case RSA3072 -> 3072;
                case RSA4096 -> 4096;
                case ECDSA256 -> 256;
            };
        }
    }

    /** A name such as {@code rsa2048-x25519} or {@code ikev1-rsa2048-modp2048}. @throws IllegalArgumentException that lists what there is */
    public static Suite of(String text) {
        int version = text.startsWith(IKEV1) ? 1 : 2;
        String name = version == 1 ? text.substring(IKEV1.length()) : text;
        int dash = name.indexOf('-');
        for (Authentication authentication : Authentication.values()) {
            if (dash > 0 && authentication.keyword().equals(name.substring(0, dash))) {
                for (KeyExchangeMethod method : KeyExchangeMethod.values()) {
                    if (method.keyword().equals(keyword(name.substring(dash + 1)))) {
                        return new Suite(version, authentication, method);
                    }
                }
            }
        }
        throw new IllegalArgumentException("no suite '" + text + "': perhaps ikev1-, then one of "
                + Stream.of(Authentication.values())
                        .map(Authentication::keyword)
                        .collect(Collectors.joining(" "))
                + ", a dash, one of "
                + Stream.of(KeyExchangeMethod.values()).map(Suite::shortKeyword).collect(Collectors.joining(" ")));
    }

    private static String keyword(String text) {
        return switch (text) {
            case "x25519" -> KeyExchangeMethod.CURVE_25519.keyword();
            case "x448" -> KeyExchangeMethod.CURVE_448.keyword();
            case "ecp256" -> KeyExchangeMethod.ECP_256.keyword();
            case "ecp384" -> KeyExchangeMethod.ECP_384.keyword();
            case "ecp521" -> KeyExchangeMethod.ECP_521.keyword();
            default -> text;
        };
    }

    private static String shortKeyword(KeyExchangeMethod method) {
        return switch (method) {
            case CURVE_25519 -> "x25519";
            case CURVE_448 -> "x448";
            default -> method.keyword();
        };
    }

    public String name() {
        return (version == 1 ? IKEV1 : "") + authentication.keyword() + "-" + shortKeyword(keyExchange);
    }

    /** The IKE proposal as {@code swanctl.conf} spells it, for strongSwan and for Cardinal. */
    public String ikeProposal() {
        // IKEv1 knows no AEAD for its own messages
        return (version == 1 ? "aes128-sha256-" : "aes128gcm16-prfsha256-") + keyExchange.keyword();
    }

    /** The ESP proposal, without a key exchange of its own. */
    public String espProposal() {
        return "aes128gcm16";
    }

    /** {@link #ikeProposal} as the engine has it. */
    Proposal proposal() {
        List<Transform> transforms = version == 1
                ? List.of(
                        EncryptionAlgorithm.AES_CBC.transform(128),
                        IntegrityAlgorithm.HMAC_SHA2_256_128.transform(),
                        PseudorandomFunction.HMAC_SHA2_256.transform(),
                        keyExchange.transform())
                : List.of(
                        EncryptionAlgorithm.AES_GCM_16.transform(128),
                        PseudorandomFunction.HMAC_SHA2_256.transform(),
                        keyExchange.transform());
        return new Proposal(1, Proposal.IKE, new byte[0], transforms);
    }

    /** {@link #espProposal} as the engine has it. */
    Proposal childProposal() {
        return new Proposal(
                1,
                Proposal.ESP,
                new byte[0],
                List.of(
                        EncryptionAlgorithm.AES_GCM_16.transform(128),
                        new Transform(Transform.SEQUENCE_NUMBERS, 0, 0)));
    }

    @Override
    public String toString() {
        return name();
    }
}
