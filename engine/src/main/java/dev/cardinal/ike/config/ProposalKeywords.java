package dev.cardinal.ike.config;

import dev.cardinal.ike.crypto.EncryptionAlgorithm;
import dev.cardinal.ike.crypto.IntegrityAlgorithm;
import dev.cardinal.ike.crypto.KeyExchangeMethod;
import dev.cardinal.ike.crypto.PseudorandomFunction;
import dev.cardinal.ike.wire.Proposal;
import dev.cardinal.ike.wire.Transform;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * strongSwan's proposals, such as {@code aes256gcm16-prfsha384-ecp384} or {@code default}: keywords between dashes, several
 * of a kind allowed. Where no PRF is named it follows the integrity algorithms; next to an AEAD these are then left out.
 */
final class ProposalKeywords {
    /** Proposals in one list, {@code default} counting for two. RFC 7296 section 3.3.1 numbers them in one octet. */
    static final int PROPOSAL_LIMIT = 64;

    private static final Map<String, Transform> KEYWORDS = new TreeMap<>();
    private static final Pattern FOREIGN = Pattern.compile("des|(blowfish|twofish|serpent|camellia|cast)[0-9]*(cbc)?"
            + "|camellia[0-9]*(ctr|ccm[0-9]+)|aes[0-9]*gmac|chacha20poly1305compat|md5(_128)?|sha1_160|sha256_96|sha2_256_96"
            + "|camelliaxcbc|prfmd5|prfcamelliaxcbc|modpnull|modpnone|none|modp768|modp1024s160|modp2048s(224|256)"
            + "|ecp(192|224)|ecp[0-9]+bp|ntru[0-9]+|newhope128|mlkem[0-9]+|ke[1-7]_.+|x25519kyber768|sntrup761x25519");

    static {
        for (int bits : new int[] {128, 192, 256}) {
            for (EncryptionAlgorithm algorithm : EncryptionAlgorithm.values()) {
                if (algorithm.hasKeyLength()) {
                    String mode = algorithm == EncryptionAlgorithm.AES_CBC
                            ? ""
                            : algorithm == EncryptionAlgorithm.AES_CTR ? "ctr" : algorithm.keyword();
                    put("aes" + bits + mode, algorithm.transform(bits));
                    if (algorithm.isAead()) { // the same, with the ICV in bits
                        put("aes" + bits + mode.substring(0, 3) + algorithm.icvLength() * 8, algorithm.transform(bits));
                    }
                }
            }
            put("aes" + bits + "gcm", EncryptionAlgorithm.AES_GCM_16.transform(bits));
            put("aes" + bits + "ccm", EncryptionAlgorithm.AES_CCM_16.transform(bits));
        }
        put("aes", EncryptionAlgorithm.AES_CBC.transform(128));
        put("3des", EncryptionAlgorithm.TRIPLE_DES_CBC.transform(0));
        put("chacha20poly1305", EncryptionAlgorithm.CHACHA20_POLY1305.transform(0));
        put("null", EncryptionAlgorithm.NULL.transform(0));
        for (IntegrityAlgorithm algorithm : IntegrityAlgorithm.values()) {
            put(algorithm.keyword(), algorithm.transform());
        }
        put("sha", IntegrityAlgorithm.HMAC_SHA1_96.transform());
        put("sha2_256", IntegrityAlgorithm.HMAC_SHA2_256_128.transform());
        put("sha2_384", IntegrityAlgorithm.HMAC_SHA2_384_192.transform());
        put("sha2_512", IntegrityAlgorithm.HMAC_SHA2_512_256.transform());
        for (PseudorandomFunction prf : PseudorandomFunction.values()) {
            put(prf.keyword(), prf.transform());
        }
        for (KeyExchangeMethod method : KeyExchangeMethod.values()) {
            put(method.keyword(), method.transform());
        }
        put("x25519", KeyExchangeMethod.CURVE_25519.transform());
        put("x448", KeyExchangeMethod.CURVE_448.transform());
        put("esn", new Transform(Transform.SEQUENCE_NUMBERS, 1, 0));
        put("noesn", new Transform(Transform.SEQUENCE_NUMBERS, 0, 0));
    }

    private ProposalKeywords() {}

    private static void put(String keyword, Transform transform) {
        KEYWORDS.put(keyword, transform);
    }

    /** Every keyword understood. */
    static Set<String> keywords() {
        return KEYWORDS.keySet();
    }

    /**
     * Parses a list.
     *
     * @param protocol {@link Proposal#IKE} or {@link Proposal#ESP}
     * @param elements the proposals of the list, none for the default
     * @param faults receives what is wrong
     * @return numbered from 1, without SPI; empty where every one is faulty
     */
    static List<Proposal> parse(int protocol, List<String> elements, List<ConfigFault> faults) {
        List<List<Transform>> proposals = new ArrayList<>();
        for (String element : elements.isEmpty() ? List.of("default") : elements) {
            try {
                if (element.equals("default")) {
                    proposals.addAll(protocol == Proposal.IKE ? ikeDefault() : espDefault());
                } else {
                    proposals.add(parse(protocol, element));
                }
                if (proposals.size() > PROPOSAL_LIMIT) {
                    faults.add(new ConfigFault("more than " + PROPOSAL_LIMIT + " proposals"));
                    break;
                }
            } catch (ConfigFault e) {
                faults.add(e);
            }
        }
        List<Proposal> numbered = new ArrayList<>();
        for (List<Transform> transforms : proposals) {
            numbered.add(new Proposal(numbered.size() + 1, protocol, new byte[0], transforms));
        }
        return numbered;
    }

    private static List<Transform> parse(int protocol, String text) throws ConfigFault {
        Set<Transform> transforms = new LinkedHashSet<>();
        for (String keyword : text.split("-", -1)) {
            Transform transform = KEYWORDS.get(keyword);
            if (transform == null) {
                Matcher foreign = FOREIGN.matcher(keyword);
                throw foreign.matches()
                        ? ConfigFault.notYet("algorithm " + keyword + " in " + text)
                        : new ConfigFault("unknown algorithm '" + keyword + "' in " + text);
            }
            transforms.add(transform);
        }
        return checked(protocol, text, transforms);
    }

    private static List<Transform> checked(int protocol, String text, Set<Transform> transforms) throws ConfigFault {
        boolean ike = protocol == Proposal.IKE;
        List<EncryptionAlgorithm> ciphers = new ArrayList<>();
        for (Transform transform : transforms) {
            if (transform.type() == Transform.ENCRYPTION) {
                EncryptionAlgorithm cipher = EncryptionAlgorithm.of(transform.id());
                if (cipher != null) {
                    ciphers.add(cipher);
                }
            }
        }
        if (ciphers.isEmpty()) {
            throw new ConfigFault("no encryption algorithm in " + text);
        }
        boolean aead = ciphers.getFirst().isAead();
        if (ciphers.stream().anyMatch(c -> c.isAead() != aead)) {
            throw new ConfigFault("AEAD and other encryption algorithms in one proposal: " + text);
        }
        if (ike && ciphers.contains(EncryptionAlgorithm.NULL)) {
            throw new ConfigFault("NULL encryption is refused for IKE: " + text);
        }
        if (!aead && !has(transforms, Transform.INTEGRITY)) {
            throw new ConfigFault("no integrity algorithm in " + text);
        }
        if (ike) {
            if (has(transforms, Transform.SEQUENCE_NUMBERS)) {
                throw new ConfigFault("esn and noesn belong to ESP: " + text);
            }
            if (!has(transforms, Transform.PRF)) {
                List<Transform> derived = new ArrayList<>();
                for (Transform transform : transforms) {
                    PseudorandomFunction prf = transform.type() == Transform.INTEGRITY ? follows(transform.id()) : null;
                    if (prf != null) {
                        derived.add(prf.transform());
                    }
                }
                transforms.addAll(derived);
            }
            if (!has(transforms, Transform.PRF)) {
                throw new ConfigFault("no pseudorandom function in " + text);
            }
            if (!has(transforms, Transform.KEY_EXCHANGE)) {
                throw new ConfigFault("no key exchange method in " + text);
            }
        } else {
            if (has(transforms, Transform.PRF)) {
                throw new ConfigFault("pseudorandom functions belong to IKE: " + text);
            }
            if (!has(transforms, Transform.SEQUENCE_NUMBERS)) {
                transforms.add(new Transform(Transform.SEQUENCE_NUMBERS, 0, 0));
            }
        }
        if (aead) {
            transforms.removeIf(t -> t.type() == Transform.INTEGRITY);
        }
        return ordered(transforms);
    }

    private static boolean has(Set<Transform> transforms, int type) {
        return transforms.stream().anyMatch(t -> t.type() == type);
    }

    /** By type; within a type the order of the text is the order of preference. */
    private static List<Transform> ordered(Set<Transform> transforms) {
        return transforms.stream()
                .sorted((a, b) -> Integer.compare(rank(a.type()), rank(b.type())))
                .toList();
    }

    private static int rank(int type) {
        return switch (type) {
            case Transform.ENCRYPTION -> 0;
            case Transform.INTEGRITY -> 1;
            case Transform.PRF -> 2;
            case Transform.KEY_EXCHANGE -> 3;
            default -> 4;
        };
    }

    /** The pseudorandom function made of the same algorithm as an integrity algorithm; null for an unknown one. */
    static @Nullable PseudorandomFunction follows(int integrity) {
        IntegrityAlgorithm algorithm = IntegrityAlgorithm.of(integrity);
        if (algorithm == null) {
            return null;
        }
        return switch (algorithm) {
            case HMAC_SHA1_96 -> PseudorandomFunction.HMAC_SHA1;
            case AES_XCBC_96 -> PseudorandomFunction.AES128_XCBC;
            case AES_CMAC_96 -> PseudorandomFunction.AES128_CMAC;
            case HMAC_SHA2_256_128 -> PseudorandomFunction.HMAC_SHA2_256;
            case HMAC_SHA2_384_192 -> PseudorandomFunction.HMAC_SHA2_384;
            case HMAC_SHA2_512_256 -> PseudorandomFunction.HMAC_SHA2_512;
        };
    }

    /** What RFC 8247 asks for, at 128 bits and above; nothing with SHA-1. */
    private static List<List<Transform>> ikeDefault() throws ConfigFault {
        String common = "-prfsha256-prfsha384-prfsha512-prfaesxcbc-ecp256-ecp384-ecp521-curve25519-curve448"
                + "-modp3072-modp4096-modp6144-modp8192-modp2048";
        return List.of(
                parse(Proposal.IKE, "aes128gcm16-aes192gcm16-aes256gcm16-chacha20poly1305" + common),
                parse(Proposal.IKE, "aes128-aes192-aes256-sha256-sha384-sha512-aesxcbc" + common));
    }

    private static List<List<Transform>> espDefault() throws ConfigFault {
        return List.of(
                parse(Proposal.ESP, "aes128gcm16-aes192gcm16-aes256gcm16-chacha20poly1305-noesn"),
                parse(Proposal.ESP, "aes128-aes192-aes256-sha256-sha384-sha512-aesxcbc-noesn"));
    }
}
