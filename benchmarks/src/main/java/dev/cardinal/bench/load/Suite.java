package dev.cardinal.bench.load;

import dev.cardinal.ike.crypto.EncryptionAlgorithm;
import dev.cardinal.ike.crypto.KeyExchangeMethod;
import dev.cardinal.ike.crypto.PseudorandomFunction;
import dev.cardinal.ike.wire.Proposal;
import dev.cardinal.ike.wire.Transform;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What a handshake is made of: how both ends authenticate, and the key exchange method. The IKE SA's other transforms are
 * AES-GCM-16 with 128 bits and HMAC-SHA2-256 in every suite.
 */
public record Suite(Authentication authentication, KeyExchangeMethod keyExchange) {

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

    /** A name such as {@code rsa2048-x25519}. @throws IllegalArgumentException that lists what there is */
    public static Suite of(String name) {
        int dash = name.indexOf('-');
        for (Authentication authentication : Authentication.values()) {
            if (dash > 0 && authentication.keyword().equals(name.substring(0, dash))) {
                for (KeyExchangeMethod method : KeyExchangeMethod.values()) {
                    if (method.keyword().equals(keyword(name.substring(dash + 1)))) {
                        return new Suite(authentication, method);
                    }
                }
            }
        }
        throw new IllegalArgumentException("no suite '" + name + "': one of "
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
        return authentication.keyword() + "-" + shortKeyword(keyExchange);
    }

    /** The IKE proposal as {@code swanctl.conf} spells it, for strongSwan and for Cardinal. */
    public String ikeProposal() {
        return "aes128gcm16-prfsha256-" + keyExchange.keyword();
    }

    /** The ESP proposal, without a key exchange of its own. */
    public String espProposal() {
        return "aes128gcm16";
    }

    /** {@link #ikeProposal} as the engine has it. */
    Proposal proposal() {
        return new Proposal(
                1,
                Proposal.IKE,
                new byte[0],
                List.of(
                        EncryptionAlgorithm.AES_GCM_16.transform(128),
                        PseudorandomFunction.HMAC_SHA2_256.transform(),
                        keyExchange.transform()));
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
