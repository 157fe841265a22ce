package dev.cardinal.ike.interop;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What {@code swanctl --list-sas} prints, and what the daemon prints in the same form. */
final class Listing {

    private static final Pattern IKE =
            Pattern.compile("(\\S+): #(\\d+), (\\w+), IKEv([12]), ([0-9a-f]{16})_i(\\*?) ([0-9a-f]{16})_r(\\*?)");
    private static final Pattern END = Pattern.compile(" {2}(local|remote) +'([^']*)' @ ([0-9a-f.:]+)\\[(\\d+)\\].*");
    private static final Pattern SUITE = Pattern.compile(" {2}([A-Z0-9_]+(?:-\\d+)?(?:/[A-Z0-9_]+)+)");
    private static final Pattern CHILD = Pattern.compile(" {2}(\\S+): #(\\d+), reqid \\d+, (\\w+), (\\S+), ESP:(\\S+)");
    private static final Pattern SPI = Pattern.compile(" {4}(in|out) +([0-9a-f]{8})\\b.*");
    private static final Pattern SELECTOR = Pattern.compile(" {4}(local|remote) +(\\S+)");

    private Listing() {}

    /** One end of an IKE SA: identity, address, UDP port. */
    record End(String identity, String address, int port) {}

    /** A Child SA; SPIs in hexadecimal, eight digits. */
    record Child(
            String name, String state, String mode, String suite, String in, String out, String local, String remote) {}

    /** An IKE SA and its Child SAs but deleted and, in IKEv1, replaced ones; SPIs in hexadecimal, sixteen digits. */
    record Ike(
            String name,
            int number,
            String state,
            int version,
            String spiI,
            String spiR,
            boolean initiator,
            End local,
            End remote,
            String suite,
            List<Child> children) {

        /** The only Child SA. */
        Child child() {
            if (children.size() != 1) {
                throw new AssertionError("one Child SA expected: " + this);
            }
            return children.getFirst();
        }
    }

    /** Reads every IKE SA of a listing; other lines are passed over. */
    static List<Ike> parse(String text) {
        List<Ike> result = new ArrayList<>();
        List<String> block = new ArrayList<>();
        for (String line : text.lines().toList()) {
            if (IKE.matcher(line).matches()) {
                if (!block.isEmpty()) {
                    result.add(ike(block));
                }
                block = new ArrayList<>(List.of(line));
            } else if (!block.isEmpty()) {
                block.add(line);
            }
        }
        if (!block.isEmpty()) {
            result.add(ike(block));
        }
        return result;
    }

    private static Ike ike(List<String> block) {
        Matcher head = IKE.matcher(block.getFirst());
        if (!head.matches()) {
            throw new AssertionError(block.getFirst());
        }
        End none = new End("", "", 0);
        End local = none;
        End remote = none;
        String suite = "";
        List<Child> children = new ArrayList<>();
        for (String line : block) {
            Matcher end = END.matcher(line);
            Matcher algorithms = SUITE.matcher(line);
            Matcher child = CHILD.matcher(line);
            Matcher spi = SPI.matcher(line);
            Matcher selector = SELECTOR.matcher(line);
            if (end.matches()) {
                End it = new End(end.group(2), end.group(3), Integer.parseInt(end.group(4)));
                if (end.group(1).equals("local")) {
                    local = it;
                } else {
                    remote = it;
                }
            } else if (algorithms.matches()) {
                suite = algorithms.group(1);
            } else if (child.matches()) {
                children.add(new Child(child.group(1), child.group(3), child.group(4), child.group(5), "", "", "", ""));
            } else if (!children.isEmpty() && spi.matches()) {
                Child c = children.removeLast();
                boolean in = spi.group(1).equals("in");
                children.add(new Child(
                        c.name,
                        c.state,
                        c.mode,
                        c.suite,
                        in ? spi.group(2) : c.in,
                        in ? c.out : spi.group(2),
                        c.local,
                        c.remote));
            } else if (!children.isEmpty() && selector.matches()) {
                Child c = children.removeLast();
                boolean ours = selector.group(1).equals("local");
                children.add(new Child(
                        c.name,
                        c.state,
                        c.mode,
                        c.suite,
                        c.in,
                        c.out,
                        ours ? selector.group(2) : c.local,
                        ours ? c.remote : selector.group(2)));
            }
        }
        int version = Integer.parseInt(head.group(4));
        // rekeyed and deleted, kept a few seconds for packets under way; in IKEv1, where a successor need not say what
        // it
        // replaces, kept until it is deleted
        children.removeIf(child ->
                child.state().equals("DELETED") || version == 1 && child.state().equals("REKEYED"));
        return new Ike(
                head.group(1),
                Integer.parseInt(head.group(2)),
                head.group(3),
                version,
                head.group(5),
                head.group(7),
                !head.group(6).isEmpty(),
                local,
                remote,
                suite,
                List.copyOf(children));
    }
}
