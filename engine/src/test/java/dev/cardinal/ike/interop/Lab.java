package dev.cardinal.ike.interop;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Hosts in network namespaces. A pair is two hosts on one link; a NAT lab has a masquerading box between them. The names
 * hold this process's id; {@link #close} removes them by name. Every host's protected net lies on its loopback device.
 *
 * <pre>
 * pair:  left 10.91.0.1, fd91::1  ---  right 10.91.0.2, fd91::2
 * nat:   left 10.91.0.1  ---  10.91.0.254 (box) 10.93.0.1  ---  right 10.93.0.2
 * protected: left 10.91.1.0/24, 10.92.1.0/24, fd91:1::/64; right 10.91.2.0/24, 10.92.2.0/24, fd91:2::/64
 * </pre>
 */
final class Lab implements AutoCloseable {

    static final String LEFT = "10.91.0.1";
    static final String LEFT6 = "fd91::1";
    static final String RIGHT6 = "fd91::2";
    static final String BOX = "10.91.0.254";
    private static final String PREFIX = "cardinal-interop-";
    private static final String LINK = "outer";

    private final String prefix;
    private final boolean nat;

    private Lab(String name, boolean nat) {
        this.prefix = PREFIX + ProcessHandle.current().pid() + "-" + name;
        this.nat = nat;
    }

    /** Fails, and says why, where namespaces cannot be made. */
    static void requireRoot() {
        String user = Command.of("id", "-u").run().orFail().strip();
        if (!user.equals("0")) {
            throw new AssertionError("interop tests need root (network namespaces), this is user " + user);
        }
    }

    /** Removes what a test run that was killed has left: its namespaces, and the processes in them. */
    static void sweep() {
        Pattern ours = Pattern.compile("(?m)^" + PREFIX + "(\\d+)-\\S+");
        Matcher matcher = ours.matcher(Command.of("ip", "netns", "list").run().orFail());
        while (matcher.find()) {
            if (ProcessHandle.of(Long.parseLong(matcher.group(1))).isEmpty()) {
                Command.of("ip", "netns", "pids", matcher.group())
                        .run()
                        .orFail()
                        .lines()
                        .map(pid -> ProcessHandle.of(Long.parseLong(pid)))
                        .forEach(process -> process.ifPresent(ProcessHandle::destroyForcibly));
                Command.of("ip", "netns", "del", matcher.group()).run().orFail();
            }
        }
    }

    static Lab pair(String name) {
        Lab lab = new Lab(name, false);
        try {
            lab.layOutPair();
        } catch (Throwable t) {
            lab.close();
            throw t;
        }
        return lab;
    }

    /** The right host is behind the box; its packets leave from {@code port} until {@link #remap}. */
    static Lab nat(String name, int port) {
        Lab lab = new Lab(name, true);
        try {
            lab.layOutNat(port);
        } catch (Throwable t) {
            lab.close();
            throw t;
        }
        return lab;
    }

    String left() {
        return prefix + "-left";
    }

    String right() {
        return prefix + "-right";
    }

    boolean isNat() {
        return nat;
    }

    String rightAddress() {
        return nat ? "10.93.0.2" : "10.91.0.2";
    }

    private String box() {
        return prefix + "-box";
    }

    private void layOutPair() {
        add(left());
        add(right());
        link(left(), LINK, right(), LINK);
        address(left(), LINK, LEFT + "/24", LEFT6 + "/64");
        address(right(), LINK, rightAddress() + "/24", RIGHT6 + "/64");
        for (String host : List.of(left(), right())) {
            ip("-n", host, "route", "add", "default", "dev", LINK);
            ip("-n", host, "-6", "route", "add", "default", "dev", LINK);
        }
        protectedNets();
    }

    private void layOutNat(int port) {
        add(left());
        add(right());
        add(box());
        link(left(), LINK, box(), LINK);
        link(right(), LINK, box(), "inner");
        address(left(), LINK, LEFT + "/24");
        address(box(), LINK, BOX + "/24");
        address(box(), "inner", "10.93.0.1/24");
        address(right(), LINK, rightAddress() + "/24");
        ip("-n", left(), "route", "add", "default", "dev", LINK);
        ip("-n", right(), "route", "add", "default", "via", "10.93.0.1");
        write(box(), "net/ipv4/ip_forward", "1");
        masquerade(port);
        protectedNets();
    }

    /** From now on the right host's packets leave the box from another port, as after a reboot of the box. */
    void remap(int port) {
        masquerade(port);
        // the box forgets its mappings with its outer address
        ip("-n", box(), "addr", "del", BOX + "/24", "dev", LINK);
        ip("-n", box(), "addr", "add", BOX + "/24", "dev", LINK);
    }

    private void masquerade(int port) {
        Command.of(
                        "nft",
                        "add table ip lab; delete table ip lab; table ip lab { chain out {"
                                + " type nat hook postrouting priority 100;"
                                + " oifname " + LINK + " meta l4proto udp masquerade to :" + port + "; }; }")
                .in(box())
                .run()
                .orFail();
    }

    /** Cuts or mends the link of a pair; addresses and routes stay. */
    void link(boolean up) {
        String none = "add table inet cut; delete table inet cut;";
        String cut = " table inet cut { chain in { type filter hook input priority 0; policy drop; };"
                + " chain out { type filter hook output priority 0; policy drop; }; }";
        Command.of("nft", up ? none : none + cut).in(right()).run().orFail();
    }

    private void protectedNets() {
        address(left(), "lo", "10.91.1.1/24", "10.92.1.1/24", "fd91:1::1/64");
        address(right(), "lo", "10.91.2.1/24", "10.92.2.1/24", "fd91:2::1/64");
        for (String host : List.of(left(), right())) {
            // protected addresses are not answered for on the outer link: nothing passes in the clear
            write(host, "net/ipv4/conf/" + LINK + "/arp_ignore", "1");
        }
    }

    private static void add(String host) {
        ip("netns", "add", host);
        ip("-n", host, "link", "set", "lo", "up");
    }

    private static void link(String host, String device, String other, String otherDevice) {
        ip("link", "add", device, "netns", host, "type", "veth", "peer", "name", otherDevice, "netns", other);
        ip("-n", host, "link", "set", device, "up");
        ip("-n", other, "link", "set", otherDevice, "up");
    }

    private static void address(String host, String device, String... addresses) {
        for (String address : addresses) {
            if (address.contains(":")) {
                ip("-n", host, "addr", "add", address, "dev", device, "nodad");
            } else {
                ip("-n", host, "addr", "add", address, "dev", device);
            }
        }
    }

    private static void write(String host, String key, String value) {
        Command.of("sh", "-c", "echo " + value + " > /proc/sys/" + key)
                .in(host)
                .run()
                .orFail();
    }

    private static void ip(String... words) {
        String[] all = new String[words.length + 1];
        all[0] = "ip";
        System.arraycopy(words, 0, all, 1, words.length);
        Command.of(all).run().orFail();
    }

    /** Removes the namespaces, and with them all devices, whatever part of them exists. */
    @Override
    public void close() {
        for (String host : List.of(left(), right(), box())) {
            Command.of("ip", "netns", "del", host).run();
        }
    }
}
