package dev.cardinal.ike.sim;

import dev.cardinal.ike.sa.Path;
import dev.cardinal.ike.wire.ExchangeType;
import dev.cardinal.ike.wire.IkeHeader;
import dev.cardinal.ike.wire.MalformedMessage;
import dev.cardinal.ike.wire.MessageCodec;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * A network between two ends that loses, doubles, delays, reorders, damages and replays datagrams, by a seed, until it
 * heals. Alice may sit behind a NAT whose mapping changes.
 */
final class VirtualNetwork {
    /** Datagrams kept to be played again. */
    private static final int REPLAYABLE = 32;

    private static final InetAddress OUTSIDE = Policies.address("203.0.113.7");

    /**
     * What the network does to a datagram.
     *
     * @param loss probability that it is lost
     * @param duplication that it arrives twice
     * @param replay that an older one arrives as well
     * @param damage that a damaged copy arrives as well
     * @param delayNanos least time on the way
     * @param jitterNanos what is added to it at most; beyond the distance of two datagrams they change places
     */
    record Weather(double loss, double duplication, double replay, double damage, long delayNanos, long jitterNanos) {
        static final Weather FAIR = new Weather(0, 0, 0, 0, 5_000_000L, 10_000_000L);
    }

    private record Datagram(SimulatedHost to, byte[] octets, Path path) {}

    private final VirtualTime time;
    private final Trace trace;
    private final RandomGenerator random;
    private final boolean nat;
    private final Map<Integer, Integer> mappings = new HashMap<>();
    private final List<Datagram> past = new ArrayList<>();
    private Weather weather = Weather.FAIR;
    private boolean cut;
    private int datagrams;
    private @Nullable SimulatedPair pair;

    /** @param nat whether alice is behind one */
    VirtualNetwork(VirtualTime time, Trace trace, RandomGenerator random, boolean nat) {
        this.time = time;
        this.trace = trace;
        this.random = random;
        this.nat = nat;
    }

    void connect(SimulatedPair ends) {
        this.pair = ends;
    }

    void become(Weather other) {
        this.weather = other;
        this.cut = false;
    }

    /** Nothing arrives from now on. */
    void cut() {
        this.cut = true;
    }

    /** The cable is back; the weather stays as it was. */
    void mend() {
        this.cut = false;
    }

    /** The NAT forgets its mappings and makes new ones. */
    void remap() {
        trace.line(() -> "the NAT makes new mappings");
        mappings.clear();
    }

    /** How many datagrams the ends have sent. */
    int datagrams() {
        return datagrams;
    }

    void send(SimulatedHost from, byte[] octets, Path path) {
        SimulatedPair ends = pair;
        if (ends == null) {
            throw new IllegalStateException("not connected");
        }
        datagrams++;
        Datagram datagram = route(ends, from, octets, path);
        if (datagram == null || octets.length < IkeHeader.LENGTH) {
            return; // into the void, or a NAT keepalive that has done its work
        }
        if (cut || random.nextDouble() < weather.loss) {
            trace.line(() -> "  lost");
        } else {
            arrive(datagram, false);
        }
        if (random.nextDouble() < weather.duplication) {
            arrive(datagram, false);
        }
        if (random.nextDouble() < weather.damage) {
            Datagram damaged = damaged(datagram);
            if (damaged != null) {
                arrive(damaged, true);
            }
        }
        if (!past.isEmpty() && random.nextDouble() < weather.replay) {
            arrive(past.get(random.nextInt(past.size())), false);
        }
        if (past.size() < REPLAYABLE) {
            past.add(datagram);
        } else {
            past.set(random.nextInt(REPLAYABLE), datagram);
        }
    }

    private void arrive(Datagram datagram, boolean damaged) {
        long jitter = weather.jitterNanos == 0 ? 0 : random.nextLong(weather.jitterNanos);
        time.after(weather.delayNanos + jitter, VirtualTime.Kind.UNDER_WAY, () -> {
            datagram.to.receive(datagram.octets, datagram.path);
            if (damaged) {
                requireUnmoved(datagram.to);
            }
        });
    }

    /** A message that does not prove its integrity changes nothing; at most it makes a half-open SA look for its keys. */
    private static void requireUnmoved(SimulatedHost host) {
        SimulatedHost.Turn turn = host.lastTurn();
        if (turn == null) {
            return;
        }
        boolean agrees = turn.submits == 1 && turn.halfOpen();
        if (!turn.sent.isEmpty() || !(turn.harmless() || agrees)) {
            throw new AssertionError(host + " was moved by a damaged datagram");
        }
    }

    /** A copy with one bit turned over; null where the message is not protected, so that a copy may well be believed. */
    private @Nullable Datagram damaged(Datagram datagram) {
        byte[] octets = datagram.octets.clone();
        octets[random.nextInt(octets.length)] ^= (byte) (1 << random.nextInt(8));
        try {
            if (MessageCodec.decodeHeader(datagram.octets).exchangeType() == ExchangeType.IKE_SA_INIT) {
                return null;
            }
        } catch (MalformedMessage e) {
            return null;
        }
        return new Datagram(datagram.to, octets, datagram.path);
    }

    private @Nullable Datagram route(SimulatedPair ends, SimulatedHost from, byte[] octets, Path path) {
        SimulatedHost to = ends.other(from);
        InetSocketAddress source = path.local();
        InetSocketAddress target = path.remote();
        if (!source.getAddress().equals(from.address())) {
            throw new AssertionError(from + " sends from another's address: " + path);
        }
        if (nat && from == ends.alice) {
            source = new InetSocketAddress(
                    OUTSIDE, mappings.computeIfAbsent(source.getPort(), port -> random.nextInt(1024, 65536)));
        }
        if (nat && to == ends.alice) {
            target = inside(to, target);
            if (target == null) {
                return null;
            }
        }
        if (!target.getAddress().equals(to.address())) {
            throw new AssertionError(from + " sends to nobody: " + path);
        }
        boolean natT = target.getPort() == SimulatedPair.PORT_NAT_T;
        if (natT != path.natT()) {
            throw new AssertionError(from + " sends with the wrong marker: " + path);
        }
        return new Datagram(to, octets, new Path(target, source, natT));
    }

    private @Nullable InetSocketAddress inside(SimulatedHost to, InetSocketAddress outside) {
        for (Map.Entry<Integer, Integer> mapping : mappings.entrySet()) {
            if (mapping.getValue() == outside.getPort()) {
                return new InetSocketAddress(to.address(), mapping.getKey());
            }
        }
        return null;
    }
}
