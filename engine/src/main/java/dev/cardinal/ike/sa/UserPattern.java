package dev.cardinal.ike.sa;

import java.util.Locale;

/**
 * What a user name must look like: exactly one, a pattern with a leading {@code *}, or any. Letters compare without regard
 * to case, as strongSwan compares FQDN and user@FQDN.
 *
 * @param text the name or the pattern; {@code *} for any
 */
public record UserPattern(String text) {
    public static final UserPattern ANY = new UserPattern("*");

    /** {@code %any} and the empty text are any, as in identities. */
    public static UserPattern of(String text) {
        return text.isEmpty() || text.equals("%any") || text.equals("*@*") ? ANY : new UserPattern(text);
    }

    public boolean isAny() {
        return equals(ANY);
    }

    /** Whether this is the name itself rather than a pattern that it fits. */
    public boolean names(String user) {
        return text.equalsIgnoreCase(user);
    }

    public boolean matches(String user) {
        return text.startsWith("*")
                ? lower(user).endsWith(lower(text.substring(1))) && user.length() >= text.length() - 1
                : names(user);
    }

    private static String lower(String text) {
        return text.toLowerCase(Locale.ROOT);
    }
}
