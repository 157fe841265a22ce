package dev.cardinal.ike.sa;

import dev.cardinal.ike.wire.TrafficSelector;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Narrowing of traffic selectors (RFC 7296 section 2.9). */
public final class TrafficSelectorNarrowing {
    /** As many selectors as a Child SA may have on one side: far above any real policy, and a bound for the product below. */
    public static final int MAX_SELECTORS = 64;

    private TrafficSelectorNarrowing() {}

    /**
     * What both sides want: the intersections of every pair, without those that lie within another.
     *
     * @return empty where there is nothing in common
     */
    public static List<TrafficSelector> narrow(List<TrafficSelector> ours, List<TrafficSelector> theirs) {
        List<TrafficSelector> common = new ArrayList<>();
        for (TrafficSelector theirSelector : theirs) {
            for (TrafficSelector ourSelector : ours) {
                TrafficSelector both = intersection(ourSelector, theirSelector);
                if (both != null && common.size() < MAX_SELECTORS && !covered(both, common)) {
                    common.removeIf(known -> contains(both, known));
                    common.add(both);
                }
            }
        }
        return common;
    }

    /** Whether each of {@code narrowed} lies within one of {@code offered}: what an initiator must find in an answer. */
    public static boolean isWithin(List<TrafficSelector> narrowed, List<TrafficSelector> offered) {
        if (narrowed.isEmpty() || narrowed.size() > MAX_SELECTORS) {
            return false;
        }
        for (TrafficSelector selector : narrowed) {
            if (!covered(selector, offered)) {
                return false;
            }
        }
        return true;
    }

    private static boolean covered(TrafficSelector selector, List<TrafficSelector> by) {
        for (TrafficSelector candidate : by) {
            if (contains(candidate, selector)) {
                return true;
            }
        }
        return false;
    }

    private static boolean contains(TrafficSelector outer, TrafficSelector inner) {
        TrafficSelector both = intersection(outer, inner);
        return inner.equals(both);
    }

    private static @Nullable TrafficSelector intersection(TrafficSelector a, TrafficSelector b) {
        if (a.protocol() != 0 && b.protocol() != 0 && a.protocol() != b.protocol()) {
            return null;
        }
        byte[] aStart = a.start().getAddress();
        byte[] bStart = b.start().getAddress();
        if (aStart.length != bStart.length) {
            return null;
        }
        InetAddress start = Arrays.compareUnsigned(aStart, bStart) >= 0 ? a.start() : b.start();
        InetAddress end = Arrays.compareUnsigned(a.end().getAddress(), b.end().getAddress()) <= 0 ? a.end() : b.end();
        if (Arrays.compareUnsigned(start.getAddress(), end.getAddress()) > 0) {
            return null;
        }
        int protocol = a.protocol() == 0 ? b.protocol() : a.protocol();
        if (isOpaque(a) || isOpaque(b)) {
            // RFC 7296 section 3.13.1: OPAQUE ports are in "any port" and in OPAQUE, and nowhere else
            boolean both = (isOpaque(a) || isAnyPort(a)) && (isOpaque(b) || isAnyPort(b));
            return both ? new TrafficSelector(protocol, 65535, 0, start, end) : null;
        }
        int startPort = Math.max(a.startPort(), b.startPort());
        int endPort = Math.min(a.endPort(), b.endPort());
        return startPort > endPort ? null : new TrafficSelector(protocol, startPort, endPort, start, end);
    }

    private static boolean isOpaque(TrafficSelector selector) {
        return selector.startPort() == 65535 && selector.endPort() == 0;
    }

    private static boolean isAnyPort(TrafficSelector selector) {
        return selector.startPort() == 0 && selector.endPort() == 65535;
    }
}
