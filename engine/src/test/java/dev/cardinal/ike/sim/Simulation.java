package dev.cardinal.ike.sim;

import dev.cardinal.ike.crypto.SymmetricCrypto;
import dev.cardinal.ike.sa.ChildPolicy;
import dev.cardinal.ike.sa.IkeSa;
import dev.cardinal.ike.sa.Path;
import dev.cardinal.ike.sa.PeerPolicy;
import dev.cardinal.ike.sa.SaCommand;
import dev.cardinal.ike.sa.SaNotice;
import dev.cardinal.ike.sa.SaSnapshot;
import dev.cardinal.ike.wire.IkeHeader;
import java.net.InetSocketAddress;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * One run: two ends talk and are given orders while the network and the back ends misbehave, then everything heals and the
 * ends must agree about what they hold, then both end everything and nothing may be left. One seed, one run.
 */
final class Simulation {
    private static final long SECOND = Policies.SECOND;

    /** How long things go wrong. */
    private static final long STORM_NANOS = 60 * SECOND;

    /**
     * After this all that was begun in the storm is over: a dead peer was noticed (liveness, all retransmissions), a
     * half-open SA has timed out, a replaced IKE SA was deleted by whoever has waited for it.
     */
    private static final long SETTLING_NANOS = 90 * SECOND;

    /** Further looks where the ends differ at the first. */
    private static final int LOOKS = 3;

    /** Bound on what it takes to end everything. */
    private static final long ENDING_NANOS = 120 * SECOND;

    /** Datagrams a run may take: more means that the ends keep each other busy. */
    private static final int DATAGRAMS = 3000;

    /** What came about in a run, to see that runs are worth their time. */
    record Tally(
            int runs, int established, int ikeRekeys, int childRekeys, int collisions, int peersDead, int datagrams) {
        static final Tally NONE = new Tally(0, 0, 0, 0, 0, 0, 0);

        Tally plus(Tally other) {
            return new Tally(
                    runs + other.runs,
                    established + other.established,
                    ikeRekeys + other.ikeRekeys,
                    childRekeys + other.childRekeys,
                    collisions + other.collisions,
                    peersDead + other.peersDead,
                    datagrams + other.datagrams);
        }
    }

    private final RandomGenerator random;
    private final VirtualTime time;
    private final Trace trace;
    private final Scenario scenario;
    private final VirtualNetwork network;
    private final SimulatedPair pair;
    private final Set<byte[]> captured = Collections.newSetFromMap(new IdentityHashMap<>());
    private boolean initiating = true;

    Simulation(long seed, SymmetricCrypto symmetric, boolean traced) {
        SplittableRandom source = new SplittableRandom(seed);
        this.random = source;
        // a monotonic clock may show any number, a negative one too
        this.time = new VirtualTime(random.nextLong(-1_000_000 * SECOND, 1_000_000 * SECOND));
        this.trace = new Trace(traced, time);
        this.scenario = Scenario.draw(source.split());
        this.network = new VirtualNetwork(time, trace, source.split(), scenario.nat());
        SimulatedCredentials credentials =
                new SimulatedCredentials("the secret of alice and bob", scenario.certificateLength());
        this.pair = new SimulatedPair(
                time,
                trace,
                source.split(),
                symmetric,
                SaFactory.IKEV2,
                new SimulatedPair.Configuration(path -> List.of(scenario.alice()), credentials, Scenario.SETTINGS),
                new SimulatedPair.Configuration(path -> List.of(scenario.bob()), credentials, Scenario.SETTINGS),
                this::onSend);
        network.connect(pair);
    }

    Trace trace() {
        return trace;
    }

    Scenario scenario() {
        return scenario;
    }

    /** @throws AssertionError where an invariant broke */
    Tally run() {
        try {
            storm();
            heal();
            settle();
            end();
            return tally();
        } finally {
            pair.wiretap.close();
        }
    }

    private void storm() {
        long begin = time.nowNanos();
        network.become(scenario.weather());
        for (SimulatedHost host : List.of(pair.alice, pair.bob)) {
            host.token().behave(Scenario.token(scenario.tokens(), random));
            host.sad().behave(() -> Scenario.installation(scenario.sads(), random));
        }
        pair.bob.demandCookies(scenario.cookies());
        switch (scenario.initiators()) {
            case ALICE -> keepInitiating(pair.alice, 0);
            case BOB -> keepInitiating(pair.bob, 0);
            case BOTH -> {
                keepInitiating(pair.alice, 0);
                keepInitiating(pair.bob, random.nextInt(3) == 0 ? 0 : random.nextLong(3 * SECOND));
            }
        }
        for (int order = 0; order < scenario.orders(); order++) {
            planOrder(random.nextLong(STORM_NANOS));
        }
        if (scenario.cuts()) {
            long from = random.nextLong(STORM_NANOS);
            time.after(from, VirtualTime.Kind.TIMER, network::cut);
            time.after(from + random.nextLong(STORM_NANOS / 2), VirtualTime.Kind.TIMER, network::mend);
        }
        if (scenario.nat() && random.nextBoolean()) {
            time.after(random.nextLong(STORM_NANOS), VirtualTime.Kind.TIMER, network::remap);
        }
        if (scenario.calm()) {
            time.runUntil(begin + 3 * SECOND);
            requireEstablished();
        }
        time.runUntil(begin + STORM_NANOS);
        initiating = false;
    }

    /** Begins an IKE SA now, and another whenever the host has none; a calm one is never to fail. */
    private void keepInitiating(SimulatedHost host, long delayNanos) {
        time.after(delayNanos, VirtualTime.Kind.TIMER, () -> {
            if (!initiating) {
                return;
            }
            if (host.sas().isEmpty()) {
                PeerPolicy policy = policyOf(host);
                host.initiate(
                        policy, scenario.childless() ? null : policy.children().getFirst(), path(host));
            }
            keepInitiating(host, random.nextLong(SECOND, 20 * SECOND));
        });
    }

    private void planOrder(long atNanos) {
        SimulatedHost host = random.nextBoolean() ? pair.alice : pair.bob;
        int kind = random.nextInt(16);
        time.after(atNanos, VirtualTime.Kind.TIMER, () -> order(host, kind));
        if (random.nextBoolean()) {
            // the other end has the same idea, perhaps before it can know of the first
            long later = random.nextBoolean() ? 0 : random.nextLong(SECOND / 5);
            int otherKind = random.nextInt(3) == 0 ? random.nextInt(16) : kind;
            time.after(atNanos + later, VirtualTime.Kind.TIMER, () -> order(pair.other(host), otherKind));
        }
    }

    private void order(SimulatedHost host, int kind) {
        List<IkeSa> sas = host.establishedSas();
        if (sas.isEmpty()) {
            return;
        }
        IkeSa sa = sas.get(random.nextInt(sas.size()));
        List<SaSnapshot.Child> children = sa.snapshot(time.nowNanos()).children();
        int spi = children.isEmpty()
                ? 0
                : children.get(random.nextInt(children.size())).inboundSpi();
        SaCommand command = switch (kind) {
            case 0, 1, 2 -> new SaCommand.CreateChild(child(host));
            case 3, 4, 5, 6 -> new SaCommand.RekeyChild(spi);
            case 7, 8, 9, 10 -> new SaCommand.RekeyIke();
            case 11, 12 -> new SaCommand.DeleteChild(spi);
            case 13 -> new SaCommand.DeleteIke();
            case 14 -> new SaCommand.CheckLiveness();
            default -> scenario.calm() ? new SaCommand.CheckLiveness() : new SaCommand.Forget();
        };
        host.command(sa, command);
    }

    private ChildPolicy child(SimulatedHost host) {
        List<ChildPolicy> children = policyOf(host).children();
        return children.get(random.nextInt(children.size()));
    }

    private PeerPolicy policyOf(SimulatedHost host) {
        return host == pair.alice ? scenario.alice() : scenario.bob();
    }

    private Path path(SimulatedHost host) {
        return new Path(
                new InetSocketAddress(host.address(), SimulatedPair.PORT),
                new InetSocketAddress(pair.other(host).address(), SimulatedPair.PORT),
                false);
    }

    private void requireEstablished() {
        boolean expected = pair.alice.notices(SaNotice.IkeEstablished.class).isEmpty()
                || pair.bob.notices(SaNotice.IkeEstablished.class).isEmpty();
        if (expected) {
            throw new AssertionError("nothing goes wrong, and no IKE SA was established");
        }
        boolean noChild =
                pair.alice.sad().installations() == 0 || pair.bob.sad().installations() == 0;
        if (!scenario.childless() && noChild) {
            throw new AssertionError("nothing goes wrong, and no Child SA was installed");
        }
    }

    private void heal() {
        trace.line(() -> "everything heals");
        network.become(VirtualNetwork.Weather.FAIR);
        for (SimulatedHost host : List.of(pair.alice, pair.bob)) {
            host.token().behave(Scenario.token(Scenario.Ailment.NONE, random));
            host.sad().behave(() -> Scenario.installation(Scenario.Ailment.NONE, random));
        }
    }

    private void settle() {
        time.runUntil(time.nowNanos() + SETTLING_NANOS);
        // whatever is under way now is healthy and ends soon
        rest(time.nowNanos() + 10 * SECOND);
        String difference = Mirror.difference(pair.alice, pair.bob, time.nowNanos());
        for (int look = 0; difference != null && look < LOOKS; look++) {
            // two rekeyings by timer may just have met: what one end never made, the other end deletes after a while
            time.runUntil(time.nowNanos() + SETTLING_NANOS / 2);
            rest(time.nowNanos() + 10 * SECOND);
            difference = Mirror.difference(pair.alice, pair.bob, time.nowNanos());
        }
        if (difference != null) {
            throw new AssertionError(difference);
        }
        for (SimulatedHost host : List.of(pair.alice, pair.bob)) {
            for (IkeSa sa : host.sas()) {
                if (sa.halfOpen()) {
                    throw new AssertionError(host + " still holds a half-open SA");
                }
            }
        }
    }

    /** Goes on to a moment at which nothing is under way. */
    private void rest(long limitNanos) {
        while (pair.time.underWay() > 0) {
            if (!time.step(limitNanos)) {
                throw new AssertionError("the ends do not come to rest");
            }
        }
    }

    private void end() {
        trace.line(() -> "both ends end everything");
        long limit = time.nowNanos() + ENDING_NANOS;
        SimulatedHost first = random.nextBoolean() ? pair.alice : pair.bob;
        first.sas().forEach(sa -> first.command(sa, new SaCommand.DeleteIke()));
        if (random.nextBoolean()) {
            SimulatedHost other = pair.other(first);
            other.sas().forEach(sa -> other.command(sa, new SaCommand.DeleteIke()));
        }
        while (!(pair.alice.sas().isEmpty() && pair.bob.sas().isEmpty() && time.underWay() == 0)) {
            if (!time.step(limit)) {
                break;
            }
        }
        String left = Mirror.leftovers(pair.alice, pair.bob);
        if (left != null) {
            throw new AssertionError(left);
        }
    }

    private void onSend(SimulatedHost from, byte[] octets, Path path) {
        if (network.datagrams() > DATAGRAMS) {
            throw new AssertionError("the ends keep each other busy: " + network.datagrams() + " datagrams");
        }
        if (octets.length < IkeHeader.LENGTH) {
            trace.line(() -> from + " sends a NAT keepalive");
        } else if (captured.add(octets)) {
            CapturedMessage message = pair.wiretap.capture(from, pair.other(from), octets, path);
            trace.line(message::toString);
        } else {
            trace.line(() -> from + " sends again " + again(octets));
        }
        network.send(from, octets, path);
    }

    private static String again(byte[] octets) {
        return "message " + (octets[23] & 0xff) + " of exchange " + octets[18];
    }

    private Tally tally() {
        int dead = 0;
        for (SimulatedHost host : List.of(pair.alice, pair.bob)) {
            for (SaNotice.IkeClosed closed : host.notices(SaNotice.IkeClosed.class)) {
                dead += closed.reason() == SaNotice.CloseReason.PEER_DEAD ? 1 : 0;
            }
        }
        return new Tally(
                1,
                count(SaNotice.IkeEstablished.class),
                count(SaNotice.IkeRekeyed.class),
                (int) pair.alice.notices(SaNotice.ChildEstablished.class).stream()
                        .filter(SaNotice.ChildEstablished::rekey)
                        .count(),
                count(SaNotice.Collision.class),
                dead,
                network.datagrams());
    }

    private int count(Class<? extends SaNotice> kind) {
        return pair.alice.notices(kind).size() + pair.bob.notices(kind).size();
    }

    /** The story of a seed that fails, null where it does not. */
    static @Nullable String story(long seed) {
        Simulation simulation = new Simulation(seed, new SymmetricCrypto(), true);
        try {
            simulation.run();
            return null;
        } catch (AssertionError e) {
            return "seed %d: %s\n%s\n%s".formatted(seed, e.getMessage(), simulation.scenario, simulation.trace);
        }
    }
}
