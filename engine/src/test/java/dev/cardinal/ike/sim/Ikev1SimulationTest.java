package dev.cardinal.ike.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cardinal.ike.crypto.KeyExchangeMethod;
import dev.cardinal.ike.sa.AuthPolicy;
import dev.cardinal.ike.sa.ChildPolicy;
import dev.cardinal.ike.sa.IkeSa;
import dev.cardinal.ike.sa.PeerPolicy;
import dev.cardinal.ike.sa.SaCommand;
import dev.cardinal.ike.sa.SaNotice;
import dev.cardinal.ike.sa.SaSnapshot;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Two ends that speak IKEv1 over a network, tokens and SADs that misbehave, thousands of times, each time in another way. A
 * failure names its seed, and {@code -Dcardinal.simulation.seed=N} runs that one alone and tells its story.
 */
class Ikev1SimulationTest {
    private static final int RUNS = Integer.getInteger("cardinal.simulation.runs", 6_000);
    private static final long FIRST_SEED = Long.getLong("cardinal.simulation.first", 1);
    private static final long SECOND = Policies.SECOND;
    private static final long STORM_NANOS = 60 * SECOND;

    /** Retransmissions have ended, questions for life gone unanswered, and what was replaced is gone. */
    private static final long SETTLING_NANOS = 150 * SECOND;

    /** Further looks where an exchange is under way at the first, or the ends have just run phase 1 anew at a time. */
    private static final int LOOKS = 6;

    /** Datagrams a run may take: more means that the ends keep each other busy. */
    private static final int DATAGRAMS = 3000;

    private int established;
    private int replaced;
    private int rekeyed;
    private int dead;

    @Test
    void endsAgreeWhateverGoesWrong() {
        Long only = Long.getLong("cardinal.simulation.seed");
        if (only != null) {
            run(only, true);
            return;
        }
        for (long seed = FIRST_SEED; seed < FIRST_SEED + RUNS; seed++) {
            run(seed, false);
        }
        String tally = "established " + established + ", replaced " + replaced + ", children rekeyed " + rekeyed
                + ", peers dead " + dead;
        System.out.println("IKEv1 simulation of " + RUNS + " runs: " + tally);
        // what the runs are for did come about, often
        assertTrue(established > RUNS, tally);
        assertTrue(replaced > RUNS / 8, tally);
        assertTrue(rekeyed > RUNS / 4, tally);
        assertTrue(dead > RUNS / 50, tally);
    }

    private void run(long seed, boolean traced) {
        SplittableRandom random = new SplittableRandom(seed);
        try (Ikev1Pair pair = pair(seed, random, traced)) {
            try {
                storm(pair, random);
                heal(pair, random);
                pair.advance(SETTLING_NANOS);
                for (int look = 0; look < LOOKS && isUnderWay(pair); look++) {
                    // timers have begun an exchange at this very moment
                    pair.advance(5 * SECOND);
                }
                requireAgreement(pair);
                tally(pair);
            } catch (AssertionError failure) {
                throw new AssertionError("seed " + seed + ": " + failure.getMessage() + "\n" + pair, failure);
            }
        }
    }

    private static Ikev1Pair pair(long seed, SplittableRandom random, boolean traced) {
        AuthPolicy.Method method = random.nextInt(3) == 0 ? AuthPolicy.Method.PUBKEY : AuthPolicy.Method.PSK;
        boolean aggressive = random.nextInt(3) == 0;
        boolean pfs = random.nextInt(3) == 0;
        boolean nat = random.nextInt(4) == 0;
        boolean timers = random.nextInt(2) == 0;
        int size = random.nextInt(3) == 0 ? random.nextInt(300, 600) : 1280;
        PeerPolicy alice =
                end(random, true, method, pfs, timers, size).ikev1(aggressive).build();
        PeerPolicy bob =
                end(random, false, method, pfs, timers, size).ikev1(aggressive).build();
        return new Ikev1Pair(seed, nat, traced, alice, bob);
    }

    private static Policies end(
            SplittableRandom random,
            boolean alices,
            AuthPolicy.Method method,
            boolean pfs,
            boolean timers,
            int fragmentSize) {
        String local = alices ? "10.1.0.0/16" : "10.2.0.0/16";
        String remote = alices ? "10.2.0.0/16" : "10.1.0.0/16";
        KeyExchangeMethod[] groups = pfs ? new KeyExchangeMethod[] {KeyExchangeMethod.CURVE_25519} : Policies.NO_PFS;
        PeerPolicy.Uniqueness[] uniqueness = PeerPolicy.Uniqueness.values();
        long childRekey = timers ? random.nextLong(20 * SECOND, 60 * SECOND) : 0;
        long rekey = timers && random.nextBoolean() ? random.nextLong(30 * SECOND, 90 * SECOND) : 0;
        return new Policies(alices ? "alice" : "bob", alices ? "bob" : "alice")
                .proposals(Policies.ikeCbc(KeyExchangeMethod.CURVE_25519))
                .authenticating(method, method)
                .children(
                        Policies.child("net", local, remote, childRekey, Policies.esp(groups)),
                        Policies.child("lab", local, remote, Policies.esp(groups)))
                .fragments(PeerPolicy.Fragmentation.YES, fragmentSize)
                .rekeyEvery(rekey)
                .dpdDelay(10 * SECOND)
                .unique(uniqueness[random.nextInt(uniqueness.length)]);
    }

    private static void storm(Ikev1Pair pair, SplittableRandom random) {
        boolean calm = random.nextInt(5) == 0;
        // octets that change on the way are the peer's for all that phase 1 can tell before its end: no damage here
        VirtualNetwork.Weather weather = calm
                ? VirtualNetwork.Weather.FAIR
                : new VirtualNetwork.Weather(
                        random.nextDouble(0.35),
                        random.nextDouble(0.2),
                        random.nextDouble(0.2),
                        0,
                        random.nextLong(1_000_000L, 100_000_000L),
                        random.nextLong(200_000_000L));
        pair.network().become(weather);
        Scenario.Ailment[] ailments = Scenario.Ailment.values();
        Scenario.Ailment tokens = calm ? Scenario.Ailment.NONE : ailments[random.nextInt(ailments.length)];
        Scenario.Ailment sads = calm ? Scenario.Ailment.NONE : ailments[random.nextInt(ailments.length)];
        for (SimulatedHost host : List.of(pair.alice(), pair.bob())) {
            host.token().behave(Scenario.token(tokens, random));
            host.sad().behave(() -> Scenario.installation(sads, random));
        }
        long step = STORM_NANOS / 20;
        for (int i = 0; i < 20; i++) {
            if (pair.alice().sas().isEmpty()) {
                pair.startFirstChild();
            }
            pair.advance(random.nextLong(step));
            for (int orders = random.nextInt(3); orders > 0; orders--) {
                order(random.nextBoolean() ? pair.alice() : pair.bob(), pair, random);
            }
            if (!calm && random.nextInt(30) == 0) {
                pair.network().cut();
                pair.advance(random.nextLong(30 * SECOND));
                pair.network().mend();
            }
        }
    }

    private static void order(SimulatedHost host, Ikev1Pair pair, SplittableRandom random) {
        List<IkeSa> sas = host.establishedSas();
        if (sas.isEmpty()) {
            return;
        }
        IkeSa sa = sas.get(random.nextInt(sas.size()));
        List<SaSnapshot.Child> children = pair.snapshot(sa).children();
        int spi = children.isEmpty()
                ? 0
                : children.get(random.nextInt(children.size())).inboundSpi();
        List<ChildPolicy> policies = pair.policyOf(host).children();
        host.command(
                sa,
                switch (random.nextInt(12)) {
                    case 0, 1, 2 -> new SaCommand.CreateChild(policies.get(random.nextInt(policies.size())));
                    case 3, 4, 5 -> new SaCommand.RekeyChild(spi);
                    case 6, 7 -> new SaCommand.RekeyIke();
                    case 8 -> new SaCommand.DeleteChild(spi);
                    case 9 -> new SaCommand.DeleteIke();
                    case 10 -> new SaCommand.CheckLiveness();
                    default -> new SaCommand.Forget();
                });
    }

    private static boolean isUnderWay(Ikev1Pair pair) {
        return !cookies(pair, pair.alice())
                        .toList()
                        .equals(cookies(pair, pair.bob()).toList())
                || Stream.of(pair.alice(), pair.bob())
                        .anyMatch(host -> host.sas().stream().anyMatch(IkeSa::halfOpen)
                                || !listed(pair, host).equals(installed(host)));
    }

    /** Inbound SPIs of the Child SAs that the SAs of an end list. */
    private static List<Integer> listed(Ikev1Pair pair, SimulatedHost host) {
        return pair.established(host).stream()
                .flatMap(sa -> sa.children().stream())
                .map(SaSnapshot.Child::inboundSpi)
                .sorted()
                .toList();
    }

    /** The same of those that are installed. */
    private static List<Integer> installed(SimulatedHost host) {
        return host.sad().entries().stream()
                .map(entry -> entry.child.inboundSpi())
                .sorted()
                .toList();
    }

    private static void heal(Ikev1Pair pair, SplittableRandom random) {
        pair.network().become(VirtualNetwork.Weather.FAIR);
        for (SimulatedHost host : List.of(pair.alice(), pair.bob())) {
            host.token().behave(Scenario.token(Scenario.Ailment.NONE, random));
            host.sad().behave(() -> Scenario.installation(Scenario.Ailment.NONE, random));
        }
    }

    /** Both ends have the same ISAKMP SAs; what one of them deleted unheard the other may still have, and nothing more. */
    private static void requireAgreement(Ikev1Pair pair) {
        assertTrue(pair.network().datagrams() < DATAGRAMS, () -> pair.network().datagrams() + " datagrams");
        assertEquals(
                cookies(pair, pair.alice()).toList(), cookies(pair, pair.bob()).toList());
        for (SimulatedHost host : List.of(pair.alice(), pair.bob())) {
            for (IkeSa sa : host.sas()) {
                assertTrue(!sa.halfOpen(), "a half-open SA is left");
            }
            // what is installed is somebody's
            assertEquals(listed(pair, host), installed(host));
        }
    }

    private static Stream<String> cookies(Ikev1Pair pair, SimulatedHost host) {
        return pair.established(host).stream()
                .map(sa -> Long.toHexString(sa.initiatorSpi()) + ' ' + Long.toHexString(sa.responderSpi()))
                .sorted();
    }

    private void tally(Ikev1Pair pair) {
        for (SimulatedHost host : List.of(pair.alice(), pair.bob())) {
            established += host.notices(SaNotice.IkeEstablished.class).size();
            replaced += host.notices(SaNotice.IkeRekeyed.class).size();
            rekeyed += (int) host.notices(SaNotice.ChildEstablished.class).stream()
                    .filter(SaNotice.ChildEstablished::rekey)
                    .count();
            dead += (int) host.notices(SaNotice.IkeClosed.class).stream()
                    .filter(closed -> closed.reason() == SaNotice.CloseReason.PEER_DEAD)
                    .count();
        }
    }
}
