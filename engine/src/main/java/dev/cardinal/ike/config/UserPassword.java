package dev.cardinal.ike.config;

import dev.cardinal.ike.crypto.Secret;
import dev.cardinal.ike.sa.UserPattern;
import java.util.List;

/**
 * The password of XAUTH users: strongSwan's {@code secrets.xauth*} and {@code secrets.eap*}.
 *
 * @param secret owned by the configuration
 * @param users whose it is; empty for everyone's
 */
record UserPassword(Secret secret, List<UserPattern> users) {
    UserPassword {
        users = List.copyOf(users);
    }

    /** How well it fits: 3 where it names the user, 2 by a pattern, 1 where it is everyone's, 0 for not at all. */
    int score(String user) {
        int score = users.isEmpty() ? 1 : 0;
        for (UserPattern pattern : users) {
            if (pattern.names(user)) {
                return 3;
            }
            if (pattern.matches(user)) {
                score = Math.max(score, pattern.isAny() ? 1 : 2);
            }
        }
        return score;
    }

    @Override
    public String toString() {
        return "UserPassword" + users;
    }
}
