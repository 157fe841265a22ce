package dev.cardinal.ike.config;

import dev.cardinal.ike.crypto.Secret;
import dev.cardinal.ike.sa.IdentityPattern;
import java.util.List;

/**
 * A pre-shared key: strongSwan's {@code secrets.ike*}.
 *
 * @param secret owned by the configuration
 * @param ids whose it is; empty for everyone's
 */
record SharedKey(Secret secret, List<IdentityPattern> ids) {
    SharedKey {
        ids = List.copyOf(ids);
    }
}
