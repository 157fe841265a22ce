package dev.cardinal.ike.ikev1;

import dev.cardinal.ike.crypto.PseudorandomFunction;
import dev.cardinal.ike.crypto.SignatureScheme;
import dev.cardinal.ike.crypto.SigningKey;
import dev.cardinal.ike.sa.AuthPolicy;
import dev.cardinal.ike.sa.Credentials.LocalCertificate;
import dev.cardinal.ike.sa.Ikev1Policy;
import dev.cardinal.ike.sa.PeerPolicy;
import dev.cardinal.ike.sa.XauthPolicy;
import org.jspecify.annotations.Nullable;

/** Authentication methods of phase 1 (RFC 2409 appendix A, RFC 4754, draft-beaulieu-ike-xauth-02 section 7). */
final class Phase1Method {
    static final int PRE_SHARED_KEY = 1;
    static final int RSA_SIGNATURES = 3;
    static final int RSA_ENCRYPTION = 4;
    static final int REVISED_RSA_ENCRYPTION = 5;
    static final int ECDSA_256 = 9;
    static final int ECDSA_384 = 10;
    static final int ECDSA_521 = 11;

    private static final int XAUTH_INIT_PRE_SHARED = 65001;
    private static final int XAUTH_RESP_PRE_SHARED = 65002;
    private static final int XAUTH_INIT_RSA = 65005;
    private static final int XAUTH_RESP_RSA = 65006;
    private static final int XAUTH_INIT_RSA_ENCRYPTION = 65007;
    private static final int XAUTH_RESP_RSA_ENCRYPTION = 65008;
    private static final int XAUTH_INIT_RSA_REVISED = 65009;
    private static final int XAUTH_RESP_RSA_REVISED = 65010;

    private Phase1Method() {}

    /**
     * The number a connection is negotiated with.
     *
     * @param own our certificate where the method signs, else null
     * @param initiator whether we begin phase 1
     * @return 0 where the connection's methods differ, or our key has none
     */
    static int of(PeerPolicy policy, @Nullable LocalCertificate own, boolean initiator) {
        AuthPolicy.Method method = policy.localAuth().method();
        if (method != policy.remoteAuth().method()) {
            return 0;
        }
        int plain = switch (method) {
            case PSK -> PRE_SHARED_KEY;
            case RSA_ENCRYPTION -> RSA_ENCRYPTION;
            case REVISED_RSA_ENCRYPTION -> REVISED_RSA_ENCRYPTION;
            case PUBKEY -> own == null ? 0 : signing(own.key());
        };
        Ikev1Policy ikev1 = policy.ikev1();
        XauthPolicy xauth = ikev1 == null ? null : ikev1.xauth();
        if (xauth == null) {
            return plain;
        }
        // whoever is asked for a password is named by the number
        boolean initiatorAsked = initiator == xauth instanceof XauthPolicy.Answering;
        return switch (plain) {
            case PRE_SHARED_KEY -> initiatorAsked ? XAUTH_INIT_PRE_SHARED : XAUTH_RESP_PRE_SHARED;
            case RSA_SIGNATURES -> initiatorAsked ? XAUTH_INIT_RSA : XAUTH_RESP_RSA;
            case RSA_ENCRYPTION -> initiatorAsked ? XAUTH_INIT_RSA_ENCRYPTION : XAUTH_RESP_RSA_ENCRYPTION;
            case REVISED_RSA_ENCRYPTION -> initiatorAsked ? XAUTH_INIT_RSA_REVISED : XAUTH_RESP_RSA_REVISED;
            default -> 0;
        };
    }

    private static int signing(SigningKey key) {
        return switch (key.kind()) {
            case RSA -> RSA_SIGNATURES;
            case EC ->
                switch (key.bits()) {
                    case 256 -> ECDSA_256;
                    case 384 -> ECDSA_384;
                    case 521 -> ECDSA_521;
                    default -> 0;
                };
            case ED25519 -> 0;
        };
    }

    /** The method without XAUTH that phase 1 runs by. */
    static int plain(int method) {
        return switch (method) {
            case XAUTH_INIT_PRE_SHARED, XAUTH_RESP_PRE_SHARED -> PRE_SHARED_KEY;
            case XAUTH_INIT_RSA, XAUTH_RESP_RSA -> RSA_SIGNATURES;
            case XAUTH_INIT_RSA_ENCRYPTION, XAUTH_RESP_RSA_ENCRYPTION -> RSA_ENCRYPTION;
            case XAUTH_INIT_RSA_REVISED, XAUTH_RESP_RSA_REVISED -> REVISED_RSA_ENCRYPTION;
            default -> method;
        };
    }

    /** What signs HASH_I and HASH_R (RFC 2409 section 5.1, RFC 4754 section 6), null where the method does not sign. */
    static @Nullable SignatureScheme scheme(int method) {
        return switch (plain(method)) {
            case RSA_SIGNATURES -> SignatureScheme.RSA_PKCS1_UNHASHED;
            case ECDSA_256, ECDSA_384, ECDSA_521 -> SignatureScheme.ECDSA_UNHASHED;
            default -> null;
        };
    }

    /**
     * What makes HASH_I and HASH_R: with ECDSA the hash of the method's name, whatever hash was negotiated (RFC 4754
     * section 3), else the negotiated one's HMAC.
     */
    static PseudorandomFunction proofPrf(int method, PseudorandomFunction negotiated) {
        return switch (method) {
            case ECDSA_256 -> PseudorandomFunction.HMAC_SHA2_256;
            case ECDSA_384 -> PseudorandomFunction.HMAC_SHA2_384;
            case ECDSA_521 -> PseudorandomFunction.HMAC_SHA2_512;
            default -> negotiated;
        };
    }

    /** In words, for our log. */
    static String words(int method) {
        String plain = switch (plain(method)) {
            case PRE_SHARED_KEY -> "PSK";
            case RSA_SIGNATURES -> "RSA signature";
            case RSA_ENCRYPTION -> "RSA encryption";
            case REVISED_RSA_ENCRYPTION -> "revised RSA encryption";
            case ECDSA_256 -> "ECDSA-256";
            case ECDSA_384 -> "ECDSA-384";
            case ECDSA_521 -> "ECDSA-521";
            default -> "method " + method;
        };
        return plain(method) == method ? plain : plain + " and XAUTH";
    }
}
