package dev.cardinal.hsm.pkcs11;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A PKCS#11 URI, RFC 7512. Values are held decoded: {@code id} as octets in hexadecimal, everything else as text.
 *
 * @param path the path attributes, in order
 * @param query the query attributes ({@code pin-source}, {@code module-path}, ...), in order
 */
public record Pkcs11Uri(Map<String, String> path, Map<String, String> query) {

    private static final String SCHEME = "pkcs11:";

    /** Longer than any URI that names a key; configuration beyond it is a mistake. */
    private static final int LENGTH_LIMIT = 4096;

    // RFC 7512 section 2.3: unreserved, and pk11-res-avail with '&' in the path
    private static final String PATH_PLAIN = "-._~:[]@!$'()*+,=&";

    // RFC 7512 section 2.3: with '/', '?' and '|' in the query, without '&'
    private static final String QUERY_PLAIN = "-._~:[]@!$'()*+,=/?|";

    private static final Set<String> PATH_NAMES = Set.of(
            "token",
            "manufacturer",
            "serial",
            "model",
            "library-manufacturer",
            "library-version",
            "library-description",
            "object",
            "type",
            "id",
            "slot-manufacturer",
            "slot-description",
            "slot-id");

    public Pkcs11Uri {
        path = Collections.unmodifiableMap(new LinkedHashMap<>(path));
        query = Collections.unmodifiableMap(new LinkedHashMap<>(query));
    }

    /** @throws IllegalArgumentException when the text is no PKCS#11 URI; the message says where */
    public static Pkcs11Uri parse(String text) {
        if (text.length() > LENGTH_LIMIT || !text.regionMatches(true, 0, SCHEME, 0, SCHEME.length())) {
            throw new IllegalArgumentException("not a pkcs11: URI: " + abbreviated(text));
        }
        String rest = text.substring(SCHEME.length());
        int mark = rest.indexOf('?');
        Map<String, String> path = attributes(mark < 0 ? rest : rest.substring(0, mark), ";");
        Map<String, String> query = attributes(mark < 0 ? "" : rest.substring(mark + 1), "&");
        for (String name : path.keySet()) {
            // RFC 7512 section 2.3: vendor attributes are allowed and may be ignored; a mistyped name must not be
            if (!PATH_NAMES.contains(name) && !name.startsWith("x-")) {
                throw new IllegalArgumentException("unknown attribute in pkcs11: URI: " + name);
            }
        }
        return new Pkcs11Uri(path, query);
    }

    /** The URI of an object on a token. */
    public static Pkcs11Uri ofObject(TokenInfo token, String type, @Nullable String label, byte @Nullable [] id) {
        Map<String, String> path = new LinkedHashMap<>(ofToken(token).path());
        if (label != null && !label.isEmpty()) {
            path.put("object", label);
        }
        if (id != null && id.length > 0) {
            path.put("id", HexFormat.of().formatHex(id));
        }
        path.put("type", type);
        return new Pkcs11Uri(path, Map.of());
    }

    /** The URI of a token. */
    public static Pkcs11Uri ofToken(TokenInfo token) {
        Map<String, String> path = new LinkedHashMap<>();
        path.put("model", token.model());
        path.put("manufacturer", token.manufacturer());
        path.put("serial", token.serialNumber());
        path.put("token", token.label());
        path.values().removeIf(String::isEmpty);
        return new Pkcs11Uri(path, Map.of());
    }

    /** RFC 7512 section 2.5: an attribute that the URI does not name matches anything. */
    public boolean matches(TokenInfo token) {
        return agrees("token", token.label())
                && agrees("manufacturer", token.manufacturer())
                && agrees("serial", token.serialNumber())
                && agrees("model", token.model());
    }

    /** The octets of {@code id}, or null. */
    public byte @Nullable [] id() {
        String id = path.get("id");
        return id == null ? null : HexFormat.of().parseHex(id);
    }

    /** The text of {@code object}, or null. */
    public @Nullable String object() {
        return path.get("object");
    }

    private boolean agrees(String name, String value) {
        String wanted = path.get(name);
        return wanted == null || wanted.equals(value);
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder(SCHEME);
        char separator = 0;
        for (Map.Entry<String, String> attribute : path.entrySet()) {
            append(text, separator, attribute, PATH_PLAIN);
            separator = ';';
        }
        separator = '?';
        for (Map.Entry<String, String> attribute : query.entrySet()) {
            append(text, separator, attribute, QUERY_PLAIN);
            separator = '&';
        }
        return text.toString();
    }

    private static void append(StringBuilder text, char separator, Map.Entry<String, String> attribute, String plain) {
        if (separator != 0) {
            text.append(separator);
        }
        text.append(attribute.getKey()).append('=');
        if (attribute.getKey().equals("id")) {
            // RFC 7512 section 2.3: the octets of id should all be percent-encoded
            for (byte octet : HexFormat.of().parseHex(attribute.getValue())) {
                percent(text, octet);
            }
            return;
        }
        for (byte octet : attribute.getValue().getBytes(StandardCharsets.UTF_8)) {
            boolean alphanumeric =
                    (octet >= '0' && octet <= '9') || (octet >= 'A' && octet <= 'Z') || (octet >= 'a' && octet <= 'z');
            if (alphanumeric || (octet > 0 && plain.indexOf(octet) >= 0)) {
                text.append((char) octet);
            } else {
                percent(text, octet);
            }
        }
    }

    private static void percent(StringBuilder text, byte octet) {
        text.append('%').append(HexFormat.of().withUpperCase().toHexDigits(octet));
    }

    private static Map<String, String> attributes(String text, String separator) {
        Map<String, String> attributes = new LinkedHashMap<>();
        if (text.isEmpty()) {
            return attributes;
        }
        for (String attribute : text.split(separator, -1)) {
            int equals = attribute.indexOf('=');
            if (equals <= 0) {
                throw new IllegalArgumentException(
                        "attribute without a name in pkcs11: URI: " + abbreviated(attribute));
            }
            String name = attribute.substring(0, equals);
            byte[] value = decoded(attribute.substring(equals + 1));
            String held =
                    name.equals("id") ? HexFormat.of().formatHex(value) : new String(value, StandardCharsets.UTF_8);
            if (attributes.put(name, held) != null) {
                throw new IllegalArgumentException("attribute given twice in pkcs11: URI: " + name);
            }
        }
        return attributes;
    }

    private static byte[] decoded(String text) {
        ByteArrayOutputStream octets = new ByteArrayOutputStream();
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c != '%') {
                octets.writeBytes(String.valueOf(c).getBytes(StandardCharsets.UTF_8));
            } else if (i + 2 < text.length()
                    && HexFormat.isHexDigit(text.charAt(i + 1))
                    && HexFormat.isHexDigit(text.charAt(i + 2))) {
                octets.write(HexFormat.fromHexDigits(text, i + 1, i + 3));
                i += 2;
            } else {
                throw new IllegalArgumentException("broken percent-encoding in pkcs11: URI");
            }
        }
        return octets.toByteArray();
    }

    private static String abbreviated(String text) {
        return text.length() > 40 ? text.substring(0, 40) + "..." : text;
    }
}
