package dev.cardinal.ike.config;

import dev.cardinal.ike.sa.AddressRange;
import dev.cardinal.ike.sa.SelectorPolicy;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Traffic selectors as text: a subnet, a range, an address or {@code dynamic}, with {@code [protocol/port]} behind it.
 */
final class SelectorText {
    private static final Map<String, Integer> PROTOCOLS = Map.ofEntries(
            Map.entry("icmp", 1),
            Map.entry("igmp", 2),
            Map.entry("ipencap", 4),
            Map.entry("tcp", 6),
            Map.entry("udp", 17),
            Map.entry("ipv6", 41),
            Map.entry("gre", 47),
            Map.entry("esp", 50),
            Map.entry("ah", 51),
            Map.entry("ipv6-icmp", 58),
            Map.entry("icmpv6", 58),
            Map.entry("ospf", 89),
            Map.entry("ipip", 94),
            Map.entry("pim", 103),
            Map.entry("vrrp", 112),
            Map.entry("l2tp", 115),
            Map.entry("sctp", 132),
            Map.entry("mobility-header", 135),
            Map.entry("udplite", 136));
    private static final Map<String, Integer> SERVICES = Map.ofEntries(
            Map.entry("ssh", 22),
            Map.entry("smtp", 25),
            Map.entry("domain", 53),
            Map.entry("bootps", 67),
            Map.entry("bootpc", 68),
            Map.entry("tftp", 69),
            Map.entry("http", 80),
            Map.entry("ntp", 123),
            Map.entry("snmp", 161),
            Map.entry("bgp", 179),
            Map.entry("ldap", 389),
            Map.entry("https", 443),
            Map.entry("isakmp", 500),
            Map.entry("syslog", 514),
            Map.entry("l2f", 1701),
            Map.entry("radius", 1812),
            Map.entry("sip", 5060));

    private SelectorText() {}

    static SelectorPolicy parse(String text) throws ConfigFault {
        String addresses = text;
        int protocol = 0;
        int startPort = 0;
        int endPort = 65535;
        int open = text.indexOf('[');
        if (open >= 0) {
            if (!text.endsWith("]")) {
                throw new ConfigFault("the closing bracket is missing: '" + text + "'");
            }
            addresses = text.substring(0, open).strip();
            String inner = text.substring(open + 1, text.length() - 1).strip();
            int slash = inner.indexOf('/');
            protocol = protocol(slash < 0 ? inner : inner.substring(0, slash).strip());
            String ports = slash < 0 ? "" : inner.substring(slash + 1).strip();
            if (ports.equals("opaque")) { // RFC 4301 section 4.4.1.1
                startPort = 65535;
                endPort = 0;
            } else if (!ports.isEmpty() && !ports.equals("any") && !ports.equals("%any")) {
                int dash = ports.indexOf('-');
                if (dash > 0 && Character.isDigit(ports.charAt(0))) {
                    startPort = port(ports.substring(0, dash).strip());
                    endPort = port(ports.substring(dash + 1).strip());
                    if (startPort > endPort) {
                        throw new ConfigFault("no range of ports: '" + ports + "'");
                    }
                } else {
                    startPort = port(ports);
                    endPort = startPort;
                }
            }
        }
        return new SelectorPolicy(range(addresses), protocol, startPort, endPort);
    }

    private static @Nullable AddressRange range(String addresses) throws ConfigFault {
        return addresses.isEmpty() || addresses.equals("dynamic") ? null : AddressText.range(addresses);
    }

    private static int protocol(String text) throws ConfigFault {
        if (text.isEmpty() || text.equals("any") || text.equals("%any")) {
            return 0;
        }
        Integer known = PROTOCOLS.get(text);
        return known != null ? known : number(text, 255, "a protocol");
    }

    private static int port(String text) throws ConfigFault {
        Integer known = SERVICES.get(text);
        return known != null ? known : number(text, 65535, "a port");
    }

    private static int number(String text, int max, String what) throws ConfigFault {
        if (text.matches("[0-9]{1,5}") && Integer.parseInt(text) <= max) {
            return Integer.parseInt(text);
        }
        throw new ConfigFault(what + " was expected, not '" + text + "'");
    }
}
