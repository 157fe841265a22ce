package dev.cardinal.ike.config;

import dev.cardinal.ike.sa.AddressRange;
import dev.cardinal.ike.sa.Addresses;
import java.net.InetAddress;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Addresses, subnets and ranges as text; no name is ever looked up. */
final class AddressText {
    private static final Pattern V4 = Pattern.compile("(\\d{1,3})\\.(\\d{1,3})\\.(\\d{1,3})\\.(\\d{1,3})");
    private static final Pattern V6 = Pattern.compile("[0-9a-fA-F:]{2,39}(\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}\\.\\d{1,3})?");
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_.])?");

    private AddressText() {}

    /** An address literal, or null where the text is none. */
    static @Nullable InetAddress literal(String text) {
        var four = V4.matcher(text);
        if (four.matches()) {
            byte[] octets = new byte[4];
            for (int i = 0; i < 4; i++) {
                int octet = Integer.parseInt(four.group(i + 1));
                if (octet > 255) {
                    return null;
                }
                octets[i] = (byte) octet;
            }
            return Addresses.of(octets);
        }
        if (text.indexOf(':') >= 0 && V6.matcher(text).matches()) {
            try {
                return InetAddress.ofLiteral(text);
            } catch (IllegalArgumentException e) {
                return null;
            }
        }
        return null;
    }

    /** An address, {@code address/prefix} or {@code address-address}. */
    static AddressRange range(String text) throws ConfigFault {
        int slash = text.indexOf('/');
        int dash = text.indexOf('-');
        InetAddress whole = literal(text);
        if (whole != null) {
            return AddressRange.of(whole);
        }
        try {
            if (slash > 0 && text.substring(slash + 1).matches("\\d{1,3}")) {
                InetAddress base = literal(text.substring(0, slash));
                if (base != null) {
                    return AddressRange.of(base, Integer.parseInt(text.substring(slash + 1)));
                }
            } else if (dash > 0) {
                InetAddress first = literal(text.substring(0, dash).strip());
                InetAddress last = literal(text.substring(dash + 1).strip());
                if (first != null && last != null) {
                    return new AddressRange(first, last);
                }
            }
        } catch (IllegalArgumentException e) {
            throw new ConfigFault("no range of addresses: '" + text + "'");
        }
        boolean nearlyAddress = text.matches("[0-9.]+(/.*)?");
        if (!nearlyAddress && NAME.matcher(text).matches()) {
            throw new ConfigFault("host name '" + text + "': strongSwan's, not supported yet; name an address");
        }
        throw new ConfigFault("an address, a subnet or a range was expected, not '" + text + "'");
    }

    /** Whether strongSwan takes the text for any address. */
    static boolean isAny(String text) {
        return switch (text) {
            case "%any", "%any4", "%any6", "0.0.0.0", "::", "0.0.0.0/0", "::/0" -> true;
            default -> false;
        };
    }
}
