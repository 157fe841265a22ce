package dev.cardinal.ike.config;

import dev.cardinal.ike.sa.AddressPool;
import dev.cardinal.ike.sa.AddressRange;
import dev.cardinal.ike.sa.Addresses;
import dev.cardinal.ike.wire.Payload;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads the {@code pools}: strongSwan's keys. */
final class PoolReader {
    /** Pools read. */
    static final int POOL_LIMIT = 10_000;
    /** Attributes of a pool: all of them go into one message. */
    static final int ATTRIBUTE_LIMIT = 64;

    /** Configuration attributes for IPv4 and IPv6 (RFC 7296 section 3.15.1; 0 where there is none). */
    private static final Map<String, int[]> ADDRESSES = Map.of(
            "dns", new int[] {3, 10},
            "nbns", new int[] {4, 0},
            "dhcp", new int[] {6, 12},
            "netmask", new int[] {2, 0},
            "server", new int[] {23456, 23457});

    private static final int SUBNET = 13;
    private static final int SUBNET_6 = 15;
    private static final int SPLIT_INCLUDE = 28676;
    private static final int SPLIT_EXCLUDE = 28678;
    /** A subnet and its mask, then six octets for ports and protocol, which are unused. */
    private static final int SPLIT_LENGTH = 14;

    private PoolReader() {}

    static List<AddressPool> read(@Nullable SectionReader pools) {
        List<AddressPool> read = new ArrayList<>();
        if (pools == null) {
            return read;
        }
        for (SectionReader section : pools.children()) {
            if (read.size() == POOL_LIMIT) {
                section.error("more than " + POOL_LIMIT + " pools");
                break;
            }
            AddressRange range = range(section);
            List<Payload.Configuration.Attribute> attributes = attributes(section);
            section.finish();
            if (range == null) {
                continue;
            }
            for (AddressPool other : read) {
                if (other.range().contains(range.first())
                        || range.contains(other.range().first())) {
                    section.error("addrs", "overlaps with pool '" + other.name() + "'");
                }
            }
            read.add(new AddressPool(section.name(), range, attributes));
        }
        pools.finish();
        return read;
    }

    /** As strongSwan does, without the subnet's own and the broadcast address where the subnet has more than two. */
    private static @Nullable AddressRange range(SectionReader section) {
        String text = section.text("addrs");
        if (text == null) {
            section.error("addrs is missing");
            return null;
        }
        try {
            AddressRange range = AddressText.range(text);
            byte[] first = range.first().getAddress();
            byte[] last = range.last().getAddress();
            boolean subnet = text.contains("/");
            if (range.first().isAnyLocalAddress() || range.first().isMulticastAddress()) {
                section.error("addrs", "no addresses for hosts: '" + text + "'");
                return null;
            }
            if (!subnet || Arrays.equals(first, last) || isNext(first, last)) {
                return range;
            }
            first[first.length - 1] |= 1;
            if (first.length == 4) {
                last[last.length - 1] &= (byte) 0xfe;
            }
            return new AddressRange(Addresses.of(first), Addresses.of(last));
        } catch (ConfigFault e) {
            section.error("addrs", e.what());
            return null;
        }
    }

    private static boolean isNext(byte[] first, byte[] last) {
        byte[] next = first.clone();
        next[next.length - 1] |= 1;
        return Arrays.equals(next, last);
    }

    private static List<Payload.Configuration.Attribute> attributes(SectionReader section) {
        List<Payload.Configuration.Attribute> attributes = new ArrayList<>();
        for (String key : section.section().values().keySet()) {
            if (key.equals("addrs")) {
                continue;
            }
            boolean known = ADDRESSES.containsKey(key)
                    || key.equals("subnet")
                    || key.startsWith("split_")
                    || key.matches("[0-9]{1,5}");
            if (!known) {
                continue; // reported as unknown
            }
            for (String element : section.list(key)) {
                try {
                    attributes.add(attribute(key, element));
                } catch (ConfigFault e) {
                    section.error(key, e.what());
                }
            }
        }
        if (attributes.size() > ATTRIBUTE_LIMIT) {
            section.error("more than " + ATTRIBUTE_LIMIT + " attributes");
        }
        return attributes;
    }

    private static Payload.Configuration.Attribute attribute(String key, String element) throws ConfigFault {
        int[] types = ADDRESSES.get(key);
        InetAddress address = AddressText.literal(element);
        if (types != null) {
            int type = address == null ? 0 : types[address.getAddress().length == 4 ? 0 : 1];
            if (address == null || type == 0) {
                throw new ConfigFault(
                        "an " + (types[1] == 0 ? "IPv4 address" : "address") + " was expected, not '" + element + "'");
            }
            return new Payload.Configuration.Attribute(type, address.getAddress());
        }
        if (!key.matches("[0-9]+")) {
            return subnet(key, element);
        }
        int type = Integer.parseInt(key);
        if (type == 0 || type > 0x7fff) {
            throw new ConfigFault("no number of an attribute: 1 to 32767");
        }
        return new Payload.Configuration.Attribute(
                type, address == null ? element.getBytes(StandardCharsets.UTF_8) : address.getAddress());
    }

    private static Payload.Configuration.Attribute subnet(String key, String element) throws ConfigFault {
        AddressRange range = AddressText.range(element);
        byte[] first = range.first().getAddress();
        byte[] last = range.last().getAddress();
        int prefix = 0;
        while (prefix < first.length * 8 && bit(first, prefix) == bit(last, prefix)) {
            prefix++;
        }
        if (!range.equals(AddressRange.of(range.first(), prefix))) {
            throw new ConfigFault("a subnet was expected, not '" + element + "'");
        }
        if (key.equals("subnet") && first.length == 16) {
            byte[] value = Arrays.copyOf(first, 17);
            value[16] = (byte) prefix;
            return new Payload.Configuration.Attribute(SUBNET_6, value);
        }
        if (first.length != 4) {
            throw new ConfigFault("an IPv4 subnet was expected, not '" + element + "'");
        }
        int mask = prefix == 0 ? 0 : -1 << (32 - prefix);
        byte[] value = Arrays.copyOf(first, key.equals("subnet") ? 8 : SPLIT_LENGTH);
        for (int i = 0; i < 4; i++) {
            value[4 + i] = (byte) (mask >> (24 - 8 * i));
        }
        return new Payload.Configuration.Attribute(
                switch (key) {
                    case "subnet" -> SUBNET;
                    case "split_include" -> SPLIT_INCLUDE;
                    case "split_exclude" -> SPLIT_EXCLUDE;
                    default -> throw new ConfigFault("unknown attribute");
                },
                value);
    }

    private static int bit(byte[] octets, int index) {
        return octets[index / 8] >> (7 - index % 8) & 1;
    }
}
