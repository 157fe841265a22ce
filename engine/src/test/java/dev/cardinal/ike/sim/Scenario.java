package dev.cardinal.ike.sim;

import dev.cardinal.ike.crypto.CryptoOutcome;
import dev.cardinal.ike.crypto.CryptoRequest;
import dev.cardinal.ike.crypto.KeyExchangeMethod;
import dev.cardinal.ike.sa.AuthPolicy;
import dev.cardinal.ike.sa.ChildPolicy;
import dev.cardinal.ike.sa.PeerPolicy;
import dev.cardinal.ike.sa.SaSettings;
import dev.cardinal.ike.wire.Proposal;
import java.util.random.RandomGenerator;

/**
 * What a run of the simulation is made of, drawn by its seed: how the ends are configured and what is done to them.
 *
 * @param calm nothing goes wrong, so that everything must succeed
 */
record Scenario(
        PeerPolicy alice,
        PeerPolicy bob,
        boolean childless,
        Initiators initiators,
        boolean nat,
        boolean cookies,
        int certificateLength,
        VirtualNetwork.Weather weather,
        boolean cuts,
        Ailment tokens,
        Ailment sads,
        int orders,
        boolean calm) {

    private static final long MILLISECOND = 1_000_000L;
    private static final long SECOND = Policies.SECOND;

    /** Short waits, so that a run is over soon. */
    static final SaSettings SETTINGS =
            new SaSettings(SECOND, 1.8, 4, 20 * SECOND, 15 * SECOND, 4 * SECOND, SaSettings.DECRYPTION_GRID_NANOS);

    /** Who begins IKE SAs. */
    enum Initiators {
        ALICE,
        BOB,
        BOTH
    }

    /** How a back end behaves until it is cured. */
    enum Ailment {
        NONE,
        SLOW,
        FAILING
    }

    /** How often the ends look after each other. */
    static final long DPD_DELAY_NANOS = 15 * SECOND;

    static Scenario draw(RandomGenerator random) {
        boolean calm = random.nextInt(6) == 0;
        boolean pfs = random.nextInt(3) == 0;
        boolean wrongGuess = random.nextInt(8) == 0;
        boolean nat = random.nextInt(6) == 0;
        AuthPolicy.Method aliceMethod = random.nextInt(5) == 0 ? AuthPolicy.Method.PUBKEY : AuthPolicy.Method.PSK;
        AuthPolicy.Method bobMethod = random.nextInt(5) == 0 ? AuthPolicy.Method.PUBKEY : AuthPolicy.Method.PSK;
        PeerPolicy.Fragmentation fragmentation =
                random.nextInt(8) == 0 ? PeerPolicy.Fragmentation.NO : PeerPolicy.Fragmentation.YES;
        boolean timers = random.nextInt(3) == 0;
        boolean narrow = random.nextInt(4) == 0;
        PeerPolicy.Uniqueness[] uniqueness = PeerPolicy.Uniqueness.values();
        Policies alice = policies(
                        random, "alice", "bob", aliceMethod, bobMethod, pfs, timers, "10.1.0.0/16", "10.2.0.0/16")
                .proposals(proposal(random.nextInt(6) == 0, wrongGuess, true))
                .fragments(fragmentation, random.nextInt(3) == 0 ? random.nextInt(200, 400) : 1280)
                .encapsulate(random.nextInt(20) == 0)
                .unique(uniqueness[random.nextInt(uniqueness.length)]);
        Policies bob = policies(
                        random,
                        "bob",
                        "alice",
                        bobMethod,
                        aliceMethod,
                        pfs,
                        timers,
                        narrow ? "10.2.3.0/24" : "10.2.0.0/16",
                        narrow ? "10.1.128.0/17" : "10.1.0.0/16")
                .proposals(proposal(false, wrongGuess, false), proposal(true, wrongGuess, false))
                .fragments(fragmentation, random.nextInt(3) == 0 ? random.nextInt(200, 400) : 1280)
                .unique(uniqueness[random.nextInt(uniqueness.length)]);
        boolean childless = random.nextInt(8) == 0;
        if (childless) {
            alice.childless(PeerPolicy.Childless.FORCE);
            bob.childless(PeerPolicy.Childless.PREFER);
        }
        int initiators = nat ? 9 : random.nextInt(10);
        return new Scenario(
                alice.build(),
                bob.build(),
                childless,
                initiators > 3 ? Initiators.ALICE : initiators > 1 ? Initiators.BOB : Initiators.BOTH,
                nat,
                random.nextInt(10) == 0,
                random.nextInt(2) == 0 ? 40 : random.nextInt(100, 1500),
                calm ? VirtualNetwork.Weather.FAIR : weather(random),
                !calm && random.nextInt(5) == 0,
                calm ? Ailment.NONE : Ailment.values()[random.nextInt(3)],
                calm ? Ailment.NONE : Ailment.values()[random.nextInt(3)],
                random.nextInt(14),
                calm);
    }

    private static Policies policies(
            RandomGenerator random,
            String local,
            String remote,
            AuthPolicy.Method ours,
            AuthPolicy.Method theirs,
            boolean pfs,
            boolean timers,
            String localNetwork,
            String remoteNetwork) {
        Proposal esp = Policies.esp(pfs ? new KeyExchangeMethod[] {KeyExchangeMethod.CURVE_25519} : Policies.NO_PFS);
        long childRekey = timers ? random.nextLong(20 * SECOND, 60 * SECOND) : 0;
        ChildPolicy net = Policies.child("net", localNetwork, remoteNetwork, childRekey, esp);
        ChildPolicy lab = Policies.child("lab", localNetwork, remoteNetwork, esp);
        return new Policies(local, remote)
                .authenticating(ours, theirs)
                .children(net, lab)
                .rekeyEvery(timers && random.nextBoolean() ? random.nextLong(30 * SECOND, 90 * SECOND) : 0)
                .dpdDelay(DPD_DELAY_NANOS);
    }

    private static Proposal proposal(boolean cbc, boolean wrongGuess, boolean guesser) {
        KeyExchangeMethod[] methods = !wrongGuess
                ? new KeyExchangeMethod[] {KeyExchangeMethod.CURVE_25519}
                : guesser
                        ? new KeyExchangeMethod[] {KeyExchangeMethod.CURVE_25519, KeyExchangeMethod.ECP_256}
                        : new KeyExchangeMethod[] {KeyExchangeMethod.ECP_256};
        return cbc ? Policies.ikeCbc(methods) : Policies.ike(methods);
    }

    private static VirtualNetwork.Weather weather(RandomGenerator random) {
        double loss = random.nextInt(3) == 0 ? 0 : random.nextDouble(0.4);
        long jitter = random.nextBoolean() ? 20 * MILLISECOND : random.nextLong(50 * MILLISECOND, 3 * SECOND);
        return new VirtualNetwork.Weather(
                loss,
                random.nextDouble(0.3),
                random.nextDouble(0.15),
                random.nextDouble(0.1),
                random.nextLong(MILLISECOND, 200 * MILLISECOND),
                jitter);
    }

    /** A token in this state of health. */
    static SimulatedToken.Behaviour token(Ailment ailment, RandomGenerator random) {
        return request -> switch (ailment) {
            case NONE -> new SimulatedToken.Fate.Done(random.nextLong(3 * MILLISECOND));
            case SLOW ->
                new SimulatedToken.Fate.Done(
                        random.nextInt(4) == 0 ? random.nextLong(6 * SECOND) : random.nextLong(300 * MILLISECOND));
            case FAILING -> failing(request, random);
        };
    }

    private static SimulatedToken.Fate failing(CryptoRequest request, RandomGenerator random) {
        long delay = random.nextLong(500 * MILLISECOND);
        CryptoOutcome.Failed.Kind[] kinds = CryptoOutcome.Failed.Kind.values();
        return switch (random.nextInt(12)) {
            case 0 -> new SimulatedToken.Fate.Refused();
            case 1 -> new SimulatedToken.Fate.Swallowed();
            case 2 -> new SimulatedToken.Fate.Fails(kinds[random.nextInt(kinds.length)], delay);
            case 3 -> new SimulatedToken.Fate.Done(random.nextLong(8 * SECOND));
            default -> new SimulatedToken.Fate.Done(delay);
        };
    }

    /** An installation in this state of health. */
    static SimulatedSad.Fate installation(Ailment ailment, RandomGenerator random) {
        return switch (ailment) {
            case NONE -> new SimulatedSad.Fate(random.nextLong(2 * MILLISECOND), null);
            case SLOW ->
                new SimulatedSad.Fate(
                        random.nextInt(4) == 0 ? random.nextLong(6 * SECOND) : random.nextLong(300 * MILLISECOND),
                        null);
            case FAILING ->
                new SimulatedSad.Fate(
                        random.nextLong(500 * MILLISECOND), random.nextInt(8) == 0 ? "simulated: no room" : null);
        };
    }
}
