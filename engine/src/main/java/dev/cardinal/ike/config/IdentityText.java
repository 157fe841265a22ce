package dev.cardinal.ike.config;

import dev.cardinal.ike.sa.Addresses;
import dev.cardinal.ike.sa.IdentityPattern;
import dev.cardinal.ike.wire.Identification;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1Encoding;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DERIA5String;
import org.bouncycastle.asn1.DERPrintableString;
import org.bouncycastle.asn1.DERUTF8String;
import org.bouncycastle.asn1.x500.RDN;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.style.BCStrictStyle;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.jspecify.annotations.Nullable;

/**
 * Identities as strongSwan reads and prints them: the type follows from the form of the text, or is named before a colon.
 */
final class IdentityText {
    /** The ID payload's length field is 16 bits; longer identities than this are a slip. */
    private static final int LENGTH_LIMIT = 4096;

    private static final int RDN_LIMIT = 64;

    private static final Map<String, Integer> PREFIXES = Map.of(
            "ipv4", Identification.IPV4_ADDR,
            "ipv6", Identification.IPV6_ADDR,
            "rfc822", Identification.RFC822_ADDR,
            "email", Identification.RFC822_ADDR,
            "userfqdn", Identification.RFC822_ADDR,
            "fqdn", Identification.FQDN,
            "dns", Identification.FQDN,
            "asn1dn", Identification.DER_ASN1_DN,
            "asn1gn", Identification.DER_ASN1_GN,
            "keyid", Identification.KEY_ID);

    private static final Map<String, ASN1ObjectIdentifier> ATTRIBUTES = Map.ofEntries(
            Map.entry("C", BCStyle.C),
            Map.entry("ST", BCStyle.ST),
            Map.entry("L", BCStyle.L),
            Map.entry("STREET", BCStyle.STREET),
            Map.entry("O", BCStyle.O),
            Map.entry("OU", BCStyle.OU),
            Map.entry("CN", BCStyle.CN),
            Map.entry("T", BCStyle.T),
            Map.entry("D", BCStyle.DESCRIPTION),
            Map.entry("N", BCStyle.NAME),
            Map.entry("G", BCStyle.GIVENNAME),
            Map.entry("I", BCStyle.INITIALS),
            Map.entry("S", BCStyle.SURNAME),
            Map.entry("SN", BCStyle.SERIALNUMBER),
            Map.entry("SERIALNUMBER", BCStyle.SERIALNUMBER),
            Map.entry("DNQ", BCStyle.DN_QUALIFIER),
            Map.entry("DNQUALIFIER", BCStyle.DN_QUALIFIER),
            Map.entry("UID", BCStyle.UID),
            Map.entry("USERID", BCStyle.UID),
            Map.entry("ID", BCStyle.UNIQUE_IDENTIFIER),
            Map.entry("DC", BCStyle.DC),
            Map.entry("E", BCStyle.E),
            Map.entry("EMAIL", BCStyle.E),
            Map.entry("EMAILADDRESS", BCStyle.E));

    private IdentityText() {}

    /** What an identity must look like; {@code %any}, {@code *} and the empty text match any. */
    static IdentityPattern pattern(String text) throws ConfigFault {
        return switch (text) {
            case "", "%any", "%any6", "*", "0.0.0.0", "::", "*@*" -> IdentityPattern.ANY;
            default -> IdentityPattern.of(parse(text));
        };
    }

    static Identification parse(String text) throws ConfigFault {
        if (text.length() > LENGTH_LIMIT) {
            throw new ConfigFault("longer than " + LENGTH_LIMIT + " characters");
        }
        int colon = text.indexOf(':');
        if (colon > 0) {
            Integer type = type(text.substring(0, colon));
            if (type != null) {
                String data = text.substring(colon + 1);
                return new Identification(
                        type, data.startsWith("#") ? hex(data.substring(1)) : data.getBytes(StandardCharsets.UTF_8));
            }
        }
        if (text.indexOf('=') >= 0) {
            return new Identification(Identification.DER_ASN1_DN, distinguishedName(text));
        }
        int at = text.indexOf('@');
        if (at == 0) {
            if (text.startsWith("@#")) {
                return new Identification(Identification.KEY_ID, hex(text.substring(2)));
            }
            return text.startsWith("@@")
                    ? octets(Identification.RFC822_ADDR, text.substring(2))
                    : octets(Identification.FQDN, text.substring(1));
        }
        if (at > 0) {
            return octets(Identification.RFC822_ADDR, text);
        }
        InetAddress address = AddressText.literal(text);
        if (address != null) {
            byte[] octets = address.getAddress();
            return new Identification(octets.length == 4 ? Identification.IPV4_ADDR : Identification.IPV6_ADDR, octets);
        }
        if (text.matches("[0-9a-fA-F.:]+[/-][0-9a-fA-F.:]+") && text.matches(".*[.:].*[/-].*")) {
            throw ConfigFault.notYet("identity '" + text + "' (a subnet or range)");
        }
        return octets(colon >= 0 ? Identification.KEY_ID : Identification.FQDN, text);
    }

    private static Identification octets(int type, String text) {
        return new Identification(type, text.getBytes(StandardCharsets.UTF_8));
    }

    private static @Nullable Integer type(String prefix) {
        if (prefix.matches("\\{[0-9]{1,3}}")) {
            int number = Integer.parseInt(prefix.substring(1, prefix.length() - 1));
            return number <= 255 ? number : null;
        }
        return PREFIXES.get(prefix);
    }

    private static byte[] hex(String digits) throws ConfigFault {
        String plain = digits.replace(":", "");
        if (plain.isEmpty() || plain.length() % 2 != 0 || !plain.matches("[0-9a-fA-F]+")) {
            throw new ConfigFault("pairs of hexadecimal digits were expected after '#'");
        }
        return HexFormat.of().parseHex(plain);
    }

    /** DER of a name such as {@code C=CH, O=Example, CN=gw} or {@code /C=CH/O=Example/CN=gw}. */
    private static byte[] distinguishedName(String text) throws ConfigFault {
        char separator = text.startsWith("/") ? '/' : ',';
        List<RDN> names = new ArrayList<>();
        for (String part : split(text, separator)) {
            if (part.isBlank()) {
                continue;
            }
            int equals = part.indexOf('=');
            String attribute = equals < 0 ? part : part.substring(0, equals).strip();
            ASN1ObjectIdentifier oid = ATTRIBUTES.get(attribute.toUpperCase(Locale.ROOT));
            if (oid == null && attribute.matches("[0-2](\\.[0-9]{1,9}){1,20}")) {
                oid = ASN1ObjectIdentifier.tryFromID(attribute);
            }
            if (equals < 0 || oid == null) {
                throw new ConfigFault("no attribute of a distinguished name: '" + part.strip() + "'");
            }
            String value = unescape(part.substring(equals + 1).strip());
            if (value.equals("*")) {
                throw ConfigFault.notYet("wildcard in a distinguished name");
            }
            names.add(new RDN(oid, string(oid, value)));
            if (names.size() > RDN_LIMIT) {
                throw new ConfigFault("a distinguished name of more than " + RDN_LIMIT + " parts");
            }
        }
        try {
            return new X500Name(names.toArray(RDN[]::new)).getEncoded(ASN1Encoding.DER);
        } catch (IOException e) {
            throw new ConfigFault("no distinguished name: '" + text + "'");
        }
    }

    /** strongSwan's choice: PrintableString where the characters allow it. */
    private static ASN1Encodable string(ASN1ObjectIdentifier oid, String value) {
        if (oid.equals(BCStyle.E) || oid.equals(BCStyle.DC)) {
            return new DERIA5String(value);
        }
        return DERPrintableString.isPrintableString(value) ? new DERPrintableString(value) : new DERUTF8String(value);
    }

    private static List<String> split(String text, char separator) {
        List<String> parts = new ArrayList<>();
        StringBuilder part = new StringBuilder();
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '\\' && i + 1 < text.length()) {
                part.append(c).append(text.charAt(++i));
            } else if (c == separator) {
                parts.add(part.toString());
                part.setLength(0);
            } else {
                part.append(c);
            }
        }
        parts.add(part.toString());
        return parts;
    }

    private static String unescape(String value) {
        return value.replaceAll("\\\\(.)", "$1");
    }

    /** As strongSwan prints it in listings; never longer than a line, without control characters. */
    static String format(@Nullable Identification id) {
        if (id == null) {
            return "%any";
        }
        byte[] data = id.data();
        return switch (id.type()) {
            case Identification.IPV4_ADDR, Identification.IPV6_ADDR ->
                data.length == 4 || data.length == 16 ? Addresses.of(data).getHostAddress() : keyId(data);
            case Identification.FQDN, Identification.RFC822_ADDR -> printable(data);
            case Identification.DER_ASN1_DN -> distinguishedName(data);
            default -> keyId(data);
        };
    }

    private static String distinguishedName(byte[] der) {
        try {
            List<String> parts = new ArrayList<>();
            for (RDN rdn : X500Name.getInstance(BCStrictStyle.INSTANCE, der).getRDNs()) {
                for (var pair : rdn.getTypesAndValues()) {
                    String symbol = ATTRIBUTES.entrySet().stream()
                            .filter(e -> e.getValue().equals(pair.getType()))
                            .map(Map.Entry::getKey)
                            .min((a, b) -> Integer.compare(a.length(), b.length()))
                            .orElse(pair.getType().getId());
                    String value = pair.getValue() instanceof org.bouncycastle.asn1.ASN1String s
                            ? s.getString()
                            : pair.getValue().toString();
                    parts.add(symbol + "=" + value);
                }
            }
            return printable(String.join(", ", parts).getBytes(StandardCharsets.UTF_8));
        } catch (RuntimeException e) { // the peer's octets: anything may be wrong with them
            return keyId(der);
        }
    }

    private static String printable(byte[] octets) {
        StringBuilder out = new StringBuilder();
        new String(octets, StandardCharsets.UTF_8)
                .codePoints()
                .limit(256)
                .forEach(c -> out.appendCodePoint(Character.isISOControl(c) || c == 0xfffd ? '?' : c));
        return out.toString();
    }

    private static String keyId(byte[] octets) {
        boolean text = octets.length > 0;
        for (byte octet : octets) {
            text &= octet >= 0x20 && octet < 0x7f;
        }
        if (text) {
            return printable(octets);
        }
        return HexFormat.ofDelimiter(":").formatHex(octets, 0, Math.min(octets.length, 128));
    }
}
