package dev.cardinal.ike.sa;

import dev.cardinal.ike.crypto.SignatureScheme;
import java.util.List;

/**
 * One side's authentication: strongSwan's {@code local} or {@code remote} section.
 *
 * @param id ours to send, or what the peer's must match
 * @param schemes signature schemes allowed, in the order of preference; empty for the usual ones
 */
public record AuthPolicy(Method method, IdentityPattern id, List<SignatureScheme> schemes) {

    public AuthPolicy {
        schemes = List.copyOf(schemes);
    }

    /** How identity is proven. */
    public enum Method {
        PSK,
        PUBKEY,
        /** IKEv1 only: public key encryption (RFC 2409 section 5.2). */
        RSA_ENCRYPTION,
        /** IKEv1 only: the revised mode of public key encryption (RFC 2409 section 5.3). */
        REVISED_RSA_ENCRYPTION;

        /** Whether each side encrypts for the other's RSA key, rather than to sign or to share a secret. */
        public boolean encrypts() {
            return this == RSA_ENCRYPTION || this == REVISED_RSA_ENCRYPTION;
        }
    }
}
