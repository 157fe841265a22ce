package dev.cardinal.ike.observe;

import dev.cardinal.ike.sa.Addresses;
import dev.cardinal.ike.sa.Path;
import dev.cardinal.ike.wire.Identification;
import dev.cardinal.ike.wire.TrafficSelector;
import io.netty.util.NetUtil;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import javax.security.auth.x500.X500Principal;
import org.jspecify.annotations.Nullable;

/** Values of the protocol as strongSwan's operators know them. What a peer chose cannot break a line or colour a terminal. */
public final class OperatorText {
    /** Characters of a peer's text that are shown. */
    static final int TEXT_LIMIT = 256;

    private OperatorText() {}

    /** An identity: {@code moon.example.org}, {@code C=CH, CN=moon}, {@code 192.0.2.1}; {@code %any} for none. */
    public static String of(@Nullable Identification id) {
        if (id == null) {
            return "%any";
        }
        byte[] data = id.data();
        return switch (id.type()) {
            case Identification.IPV4_ADDR, Identification.IPV6_ADDR ->
                data.length == 4 || data.length == 16 ? host(Addresses.of(data)) : hex(data);
            case Identification.FQDN, Identification.RFC822_ADDR -> clean(new String(data, StandardCharsets.UTF_8));
            case Identification.DER_ASN1_DN -> distinguishedName(data);
            default -> isPrintable(data) ? clean(new String(data, StandardCharsets.US_ASCII)) : hex(data);
        };
    }

    /** {@code 192.0.2.1[500]}, as strongSwan writes it. */
    public static String of(InetSocketAddress address) {
        return host(address.getAddress()) + "[" + address.getPort() + "]";
    }

    /** {@code 192.0.2.1[500]...198.51.100.7[500]}. */
    public static String of(Path path) {
        return of(path.local()) + "..." + of(path.remote());
    }

    /** {@code 10.1.0.0/16}, {@code 10.1.0.1/32[tcp/http]} with numbers for names, or {@code 10.1.0.1..10.1.0.9}. */
    public static String of(TrafficSelector selector) {
        StringBuilder text = new StringBuilder(range(selector.start(), selector.end()));
        boolean anyPort = selector.startPort() == 0 && selector.endPort() == 0xffff;
        if (selector.protocol() != 0 || !anyPort) {
            text.append('[')
                    .append(
                            switch (selector.protocol()) {
                                case 0 -> "any";
                                case 1 -> "icmp";
                                case 6 -> "tcp";
                                case 17 -> "udp";
                                default -> Integer.toString(selector.protocol());
                            });
            if (!anyPort) {
                text.append('/').append(selector.startPort());
                if (selector.endPort() != selector.startPort()) {
                    text.append('-').append(selector.endPort());
                }
            }
            text.append(']');
        }
        return text.toString();
    }

    /** Without control characters, and not too long. */
    static String clean(String text) {
        StringBuilder shown = new StringBuilder(Math.min(text.length(), TEXT_LIMIT));
        for (int i = 0; i < text.length(); i++) {
            if (shown.length() >= TEXT_LIMIT) {
                return shown.append("...").toString();
            }
            char character = text.charAt(i);
            boolean hidden = Character.isISOControl(character)
                    || Character.getType(character) == Character.FORMAT
                    || Character.getType(character) == Character.LINE_SEPARATOR
                    || Character.getType(character) == Character.PARAGRAPH_SEPARATOR;
            shown.append(hidden ? '?' : character);
        }
        return shown.toString();
    }

    private static String distinguishedName(byte[] der) {
        try {
            return clean(new X500Principal(der).toString());
        } catch (IllegalArgumentException e) {
            return hex(der); // the peer's octets are no name
        }
    }

    private static String range(InetAddress first, InetAddress last) {
        byte[] low = first.getAddress();
        byte[] high = last.getAddress();
        int prefix = 0;
        while (prefix < low.length * 8 && bit(low, prefix) == bit(high, prefix)) {
            prefix++;
        }
        for (int rest = prefix; rest < low.length * 8; rest++) {
            if (bit(low, rest) != 0 || bit(high, rest) != 1) {
                return host(first) + ".." + host(last);
            }
        }
        return host(first) + "/" + prefix;
    }

    /** As RFC 5952 writes it, and without a scope. */
    private static String host(InetAddress address) {
        String text = NetUtil.toAddressString(address);
        int scope = address instanceof Inet6Address ? text.indexOf('%') : -1;
        return scope < 0 ? text : text.substring(0, scope);
    }

    private static int bit(byte[] octets, int index) {
        return octets[index / 8] >> (7 - index % 8) & 1;
    }

    private static boolean isPrintable(byte[] data) {
        for (byte octet : data) {
            if (octet < 0x20 || octet == 0x7f) {
                return false;
            }
        }
        return data.length > 0;
    }

    private static String hex(byte[] data) {
        return HexFormat.of().formatHex(Arrays.copyOf(data, Math.min(data.length, TEXT_LIMIT / 2)));
    }
}
