package dev.cardinal.ike.sa;

import dev.cardinal.ike.wire.Identification;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import javax.security.auth.x500.X500Principal;
import org.jspecify.annotations.Nullable;

/**
 * What an identity must look like: exactly one, a pattern with a leading {@code *} for FQDN and user@FQDN, or any.
 *
 * @param exact the identity or the pattern as an identity; null for any
 */
public record IdentityPattern(@Nullable Identification exact) {

    public static final IdentityPattern ANY = new IdentityPattern(null);

    public static IdentityPattern of(Identification id) {
        return new IdentityPattern(id);
    }

    public boolean isAny() {
        return exact == null;
    }

    /** The identity where it can be one only; null for a pattern, and for any. */
    public @Nullable Identification single() {
        Identification wanted = exact;
        boolean isPattern = wanted != null
                && (wanted.type() == Identification.FQDN || wanted.type() == Identification.RFC822_ADDR)
                && text(wanted).startsWith("*");
        return isPattern ? null : wanted;
    }

    /**
     * FQDN and user@FQDN compare without regard to case, distinguished names without regard to case, spaces and string
     * types (RFC 5280 section 7.1), everything else octet by octet.
     */
    public boolean matches(Identification id) {
        Identification wanted = exact;
        if (wanted == null) {
            return true;
        }
        if (wanted.type() != id.type()) {
            return false;
        }
        if (wanted.type() == Identification.DER_ASN1_DN) {
            return wanted.equals(id) || isSameName(wanted.data(), id.data());
        }
        if (wanted.type() != Identification.FQDN && wanted.type() != Identification.RFC822_ADDR) {
            return wanted.equals(id);
        }
        String pattern = text(wanted);
        String name = text(id);
        return pattern.startsWith("*")
                ? name.length() >= pattern.length() && name.endsWith(pattern.substring(1))
                : name.equals(pattern);
    }

    private static boolean isSameName(byte[] ours, byte[] theirs) {
        try {
            return new X500Principal(ours).equals(new X500Principal(theirs));
        } catch (IllegalArgumentException e) {
            return false; // the peer's octets are no name
        }
    }

    private static String text(Identification id) {
        return new String(id.data(), StandardCharsets.ISO_8859_1).toLowerCase(Locale.ROOT);
    }
}
