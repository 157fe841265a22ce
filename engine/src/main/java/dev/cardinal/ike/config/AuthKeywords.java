package dev.cardinal.ike.config;

import dev.cardinal.ike.crypto.HashMethod;
import dev.cardinal.ike.crypto.SignatureScheme;
import dev.cardinal.ike.sa.AuthPolicy;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * strongSwan's {@code auth}, {@code xauth} apart: {@code psk}, Cardinal's own {@code rsa-encr} and {@code rsa-encr-revised}, or kinds of keys with hashes behind each, such as {@code rsa/pss-sha384-sha256}.
 * With {@code ike:} before them they concern the signature of IKE_AUTH alone; without, strongSwan lets them also limit the
 * trust chain's own signatures, which is not done here.
 *
 * @param schemes in the order of preference; empty where any is allowed
 */
record AuthKeywords(AuthPolicy.Method method, List<SignatureScheme> schemes) {

    /** The kinds of keys that a word may mean. */
    private enum Kind {
        PUBKEY,
        RSA,
        RSA_PSS,
        ECDSA,
        ED25519
    }

    static AuthKeywords parse(String text) throws ConfigFault {
        if (text.equals("psk")) {
            return new AuthKeywords(AuthPolicy.Method.PSK, List.of());
        }
        if (text.equals("rsa-encr")) {
            return new AuthKeywords(AuthPolicy.Method.RSA_ENCRYPTION, List.of());
        }
        if (text.equals("rsa-encr-revised")) {
            return new AuthKeywords(AuthPolicy.Method.REVISED_RSA_ENCRYPTION, List.of());
        }
        if (text.startsWith("eap") || text.equals("any")) {
            throw ConfigFault.notYet("authentication '" + text + "'");
        }
        Set<SignatureScheme> ike = new LinkedHashSet<>();
        Set<SignatureScheme> chain = new LinkedHashSet<>();
        Set<SignatureScheme> target = chain;
        Kind kind = null;
        boolean hashed = true;
        for (String word : text.split("-", -1)) {
            String plain = word;
            if (word.startsWith("ike:")) {
                finish(kind, hashed, target);
                kind = null;
                hashed = true;
                target = ike;
                plain = word.substring(4);
            }
            HashMethod hash = hash(plain);
            if (hash != null) {
                if (kind == null) {
                    throw new ConfigFault("a kind of key was expected before '" + plain + "'");
                }
                if (kind == Kind.ED25519) {
                    throw new ConfigFault("ed25519 has a hash of its own");
                }
                add(kind, hash, target);
                hashed = true;
                continue;
            }
            if (plain.matches("[0-9]+")) {
                throw ConfigFault.notYet("key strength '" + plain + "' in '" + text + "'");
            }
            finish(kind, hashed, target);
            kind = switch (plain) {
                case "pubkey" -> Kind.PUBKEY;
                case "rsa" -> Kind.RSA;
                case "rsa/pss" -> Kind.RSA_PSS;
                case "ecdsa" -> Kind.ECDSA;
                case "ed25519" -> Kind.ED25519;
                case "ed448", "bliss" -> throw ConfigFault.notYet("authentication '" + plain + "'");
                default -> throw new ConfigFault("unknown authentication '" + plain + "' in '" + text + "'");
            };
            hashed = false;
        }
        finish(kind, hashed, target);
        Set<SignatureScheme> schemes = ike.isEmpty() ? chain : ike;
        return new AuthKeywords(AuthPolicy.Method.PUBKEY, new ArrayList<>(schemes));
    }

    /** A kind without hashes allows each; plain {@code pubkey} limits nothing. */
    private static void finish(
            @org.jspecify.annotations.Nullable Kind kind, boolean hashed, Set<SignatureScheme> target) {
        if (kind == null || hashed || kind == Kind.PUBKEY) {
            return;
        }
        if (kind == Kind.ED25519) {
            target.add(SignatureScheme.ED25519);
            return;
        }
        for (HashMethod hash :
                List.of(HashMethod.SHA2_256, HashMethod.SHA2_384, HashMethod.SHA2_512, HashMethod.SHA1)) {
            add(kind, hash, target);
        }
    }

    private static void add(Kind kind, HashMethod hash, Set<SignatureScheme> target) {
        boolean pss = kind == Kind.RSA_PSS;
        for (SignatureScheme scheme : SignatureScheme.values()) {
            boolean isPss = scheme.name().startsWith("RSA_PSS");
            boolean wanted = switch (kind) {
                case PUBKEY -> !isPss;
                case RSA, RSA_PSS -> scheme.key() == SignatureScheme.Key.RSA && isPss == pss;
                case ECDSA -> scheme.key() == SignatureScheme.Key.EC;
                case ED25519 -> false;
            };
            if (wanted && !scheme.isUnhashed() && scheme.hash() == hash) {
                target.add(scheme);
            }
        }
    }

    private static @org.jspecify.annotations.Nullable HashMethod hash(String word) {
        return switch (word) {
            case "sha1" -> HashMethod.SHA1;
            case "sha256", "sha2_256" -> HashMethod.SHA2_256;
            case "sha384", "sha2_384" -> HashMethod.SHA2_384;
            case "sha512", "sha2_512" -> HashMethod.SHA2_512;
            case "identity" -> HashMethod.IDENTITY;
            default -> null;
        };
    }
}
