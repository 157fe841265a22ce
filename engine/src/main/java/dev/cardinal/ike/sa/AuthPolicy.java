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
        PUBKEY
    }
}
