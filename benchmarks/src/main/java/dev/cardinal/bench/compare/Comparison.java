package dev.cardinal.bench.compare;

import dev.cardinal.bench.gateway.CardinalGateway;
import dev.cardinal.bench.gateway.Gateway;
import dev.cardinal.bench.gateway.GatewayOrder;
import dev.cardinal.bench.gateway.GatewayStatistics;
import dev.cardinal.bench.gateway.KeyPlace;
import dev.cardinal.bench.gateway.StrongswanGateway;
import dev.cardinal.bench.load.ClientFleet;
import dev.cardinal.bench.load.LoadGenerator;
import dev.cardinal.bench.load.LoadResult;
import dev.cardinal.bench.load.Scratch;
import dev.cardinal.bench.load.Suite;
import java.io.IOException;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Cardinal and strongSwan side by side, each started once and warmed up, then loaded in turn. The same clients with the same
 * certificates do the same exchanges with both; the responders share one processor, on which one of them is idle while the
 * other is measured.
 *
 * <p>What is in a figure: all processor time of the responder's process, in user mode and in the kernel: sockets, collections
 * of the heap, compilation that the warm-up left over, threads that only wait. What is not:
 *
 * <ul>
 *   <li>installing Child SAs in a kernel: IKE SAs are childless (RFC 6023). With a Child SA strongSwan's goes to its userland
 *       ESP, Cardinal's is recorded only, so such a figure compares nothing;
 *   <li>a network: packets cross loopback, whose delivery the kernel books partly to the sender;
 *   <li>another host's processor: the clients run on the same machine, on another core, and share its caches and memory;
 *   <li>what an operator usually has on: logs of SAs, cookies, liveness checks, rekeying, revocation;
 *   <li>an HSM's processor: SoftHSM and the crypto card compute in the responder's process, so their time counts. With the
 *       key on SoftHSM, Cardinal's key exchanges are the crypto card's, strongSwan's its plugins'.
 * </ul>
 */
final class Comparison {
    /** Load that is not measured, at each window's begin: the processor's caches and the queue fill. */
    private static final Duration LEAD = Duration.ofMillis(500);

    private static final int PEER_WARM_UP_SECONDS = 3;
    private static final int ADDRESSES = 16;
    private static final int LOOPS = 1;

    private final Plan plan;

    /**
     * What is the same for all suites.
     *
     * @param key where Cardinal's private key lies; on the crypto card, the peer's is in a file, where it is fastest
     * @param pairs of windows
     * @param seconds of a window
     * @param inFlight handshakes under way at a time
     * @param clients distinct ones
     * @param warmUpSeconds of load on Cardinal before the first window
     * @param core of both responders
     * @param heapMegabytes of Cardinal's JVM
     */
    record Plan(
            KeyPlace key,
            int pairs,
            int seconds,
            int inFlight,
            int clients,
            int warmUpSeconds,
            int core,
            int heapMegabytes) {

        /** Of load on one suite, about. */
        int loadSeconds() {
            int lead = Math.toIntExact(LEAD.multipliedBy(2L * pairs + 2).toSeconds());
            return warmUpSeconds + PEER_WARM_UP_SECONDS + 2 * pairs * seconds + lead;
        }

        KeyPlace peerKey() {
            return key == KeyPlace.CARD ? KeyPlace.FILE : key;
        }
    }

    /**
     * What a suite came to.
     *
     * @param meanBatch operations of a batch of Cardinal's tokens in the mean, over all windows
     */
    record Outcome(
            Suite suite,
            boolean child,
            List<Pair> pairs,
            String cardinalVersion,
            String cardinalConfiguration,
            String peerVersion,
            String peerConfiguration,
            double meanBatch) {}

    Comparison(Plan plan) {
        this.plan = plan;
    }

    /**
     * Measures one suite.
     *
     * @throws IOException where a gateway does not start or ends
     * @throws IllegalStateException where a window cannot be compared
     */
    Outcome run(Suite suite, boolean child) throws IOException, InterruptedException {
        try (Scratch scratch = Scratch.make();
                ClientFleet fleet = ClientFleet.create(suite, plan.clients());
                StrongswanGateway peer =
                        StrongswanGateway.start(order(fleet, child, scratch, "strongswan", plan.peerKey()));
                CardinalGateway cardinal = CardinalGateway.start(
                        order(fleet, child, scratch, "cardinal", plan.key()), CardinalGateway.Tuning.NONE);
                LoadGenerator toPeer = load(fleet, peer, child);
                LoadGenerator toCardinal = load(fleet, cardinal, child)) {
            Window.requireNoFailure(peer.name(), load(toPeer, PEER_WARM_UP_SECONDS));
            Window.requireNoFailure(cardinal.name(), load(toCardinal, plan.warmUpSeconds()));
            GatewayStatistics before = cardinal.statistics();
            List<Pair> pairs = new ArrayList<>();
            for (int i = 0; i < plan.pairs(); i++) {
                pairs.add(new Pair(window(cardinal, toCardinal), window(peer, toPeer)));
            }
            return new Outcome(
                    suite,
                    child,
                    pairs,
                    cardinal.version(),
                    cardinal.configuration(),
                    peer.version(),
                    peer.configuration(),
                    cardinal.statistics().meanBatchSince(before));
        }
    }

    private GatewayOrder order(ClientFleet fleet, boolean child, Scratch scratch, String name, KeyPlace key)
            throws IOException {
        return new GatewayOrder(
                fleet.suite(),
                key,
                child,
                fleet.pki(),
                scratch.sub(name),
                InetAddress.getByAddress(new byte[] {127, 0, 0, 1}),
                0,
                plan.core(),
                plan.heapMegabytes());
    }

    private static LoadGenerator load(ClientFleet fleet, Gateway gateway, boolean child) throws IOException {
        return LoadGenerator.open(fleet, gateway.address(), gateway.accounting(), child, ADDRESSES, LOOPS);
    }

    /** @return the responder's processor time for each handshake, in milliseconds */
    private double window(Gateway gateway, LoadGenerator load) throws IOException, InterruptedException {
        return Window.millis(gateway.name(), load(load, plan.seconds()), plan.inFlight());
    }

    private LoadResult load(LoadGenerator load, int seconds) throws IOException, InterruptedException {
        return load.closedLoop(plan.inFlight(), LEAD, Duration.ofSeconds(seconds));
    }
}
