package dev.cardinal.ike.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.cardinal.ike.crypto.Secret;
import dev.cardinal.ike.crypto.SymmetricCrypto;
import dev.cardinal.ike.sa.AddressPools;
import dev.cardinal.ike.sa.ChildPolicy;
import dev.cardinal.ike.sa.Credentials;
import dev.cardinal.ike.sa.IkeSa;
import dev.cardinal.ike.sa.Path;
import dev.cardinal.ike.sa.PeerPolicy;
import dev.cardinal.ike.sa.SaSnapshot;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/** Two ends that speak IKEv1 over a network with its weather, in virtual time. */
final class Ikev1Pair implements AutoCloseable {
    private final long openBefore = Secret.open();
    private final VirtualTime time = new VirtualTime(-5 * Policies.SECOND);
    private final Trace trace;
    private final Map<SimulatedHost, List<byte[]>> records = new HashMap<>();
    private final VirtualNetwork network;
    private final SimulatedPair pair;
    private final PeerPolicy alicePolicy;
    private final PeerPolicy bobPolicy;
    private final List<Sent> sent = new ArrayList<>();
    private BiFunction<SimulatedHost, byte[], byte[]> interference = (from, octets) -> octets;

    /** A datagram on its way. */
    record Sent(SimulatedHost from, long atNanos, byte[] octets) {}

    Ikev1Pair(long seed, boolean nat, PeerPolicy alice, PeerPolicy bob) {
        this(seed, nat, true, alice, bob);
    }

    /** @param traced whether its story is kept */
    Ikev1Pair(long seed, boolean nat, boolean traced, PeerPolicy alice, PeerPolicy bob) {
        this(seed, nat, traced, alice, bob, "the secret of alice and bob", "the secret of alice and bob");
    }

    Ikev1Pair(
            long seed,
            boolean nat,
            boolean traced,
            PeerPolicy alice,
            PeerPolicy bob,
            @Nullable String aliceKey,
            @Nullable String bobKey) {
        this(
                seed,
                nat,
                traced,
                alice,
                bob,
                new SimulatedCredentials(aliceKey, 2500),
                new SimulatedCredentials(bobKey, 2500),
                AddressPools.NONE);
    }

    Ikev1Pair(long seed, boolean nat, PeerPolicy alice, PeerPolicy bob, Credentials alices, Credentials bobs) {
        this(seed, nat, alice, bob, alices, bobs, AddressPools.NONE);
    }

    /** @param pools bob's */
    Ikev1Pair(
            long seed,
            boolean nat,
            PeerPolicy alice,
            PeerPolicy bob,
            Credentials alices,
            Credentials bobs,
            AddressPools pools) {
        this(seed, nat, true, alice, bob, alices, bobs, pools);
    }

    private Ikev1Pair(
            long seed,
            boolean nat,
            boolean traced,
            PeerPolicy alice,
            PeerPolicy bob,
            Credentials alices,
            Credentials bobs,
            AddressPools pools) {
        SplittableRandom random = new SplittableRandom(seed);
        this.trace = new Trace(traced, time);
        this.alicePolicy = alice;
        this.bobPolicy = bob;
        this.network = new VirtualNetwork(time, trace, random, nat);
        this.pair = new SimulatedPair(
                time,
                trace,
                random,
                new SymmetricCrypto(),
                SaFactory.IKEV1,
                new SimulatedPair.Configuration(path -> List.of(alice), alices, ScriptedConversation.SETTINGS),
                new SimulatedPair.Configuration(path -> List.of(bob), bobs, ScriptedConversation.SETTINGS, pools),
                this::onSend);
        network.connect(pair);
    }

    private void onSend(SimulatedHost from, byte[] octets, Path path) {
        byte[] passed = interference.apply(from, octets);
        sent.add(new Sent(from, time.nowNanos(), passed));
        List<byte[]> record = records.get(from);
        if (record != null) {
            record.add(passed.clone());
        }
        network.send(from, passed, path);
    }

    /** Keeps what an end sends from now on. */
    List<byte[]> record(SimulatedHost from) {
        return records.computeIfAbsent(from, each -> new ArrayList<>());
    }

    /** A datagram that the other end once sent arrives again. */
    void deliver(SimulatedHost to, byte[] octets) {
        to.receive(octets, path(to));
    }

    /** Lets somebody on the way rewrite datagrams. */
    void interfere(BiFunction<SimulatedHost, byte[], byte[]> how) {
        this.interference = how;
    }

    /** Somebody sends as if it were an end. */
    void forge(SimulatedHost from, byte[] octets) {
        Path path = new Path(
                new InetSocketAddress(from.address(), SimulatedPair.PORT),
                new InetSocketAddress(pair.other(from).address(), SimulatedPair.PORT),
                false);
        network.send(from, octets, path);
    }

    /** Every datagram so far, as it went on its way. */
    List<Sent> sent() {
        return sent;
    }

    long nowNanos() {
        return time.nowNanos();
    }

    VirtualNetwork network() {
        return network;
    }

    SimulatedHost alice() {
        return pair.alice;
    }

    SimulatedHost bob() {
        return pair.bob;
    }

    /** Alice begins. */
    IkeSa start(@Nullable ChildPolicy child) {
        return pair.alice.initiate(alicePolicy, child, path(pair.alice));
    }

    private Path path(SimulatedHost host) {
        return new Path(
                new InetSocketAddress(host.address(), SimulatedPair.PORT),
                new InetSocketAddress(pair.other(host).address(), SimulatedPair.PORT),
                false);
    }

    /** Alice begins, with her first Child SA. */
    void startFirstChild() {
        start(alicePolicy.children().getFirst());
    }

    PeerPolicy policyOf(SimulatedHost host) {
        return host == pair.alice ? alicePolicy : bobPolicy;
    }

    SaSnapshot snapshot(IkeSa sa) {
        return sa.snapshot(time.nowNanos());
    }

    void advance(long nanos) {
        time.runUntil(time.nowNanos() + nanos);
    }

    /** The established SAs of an end that are not about to go. */
    List<SaSnapshot> established(SimulatedHost host) {
        return host.sas().stream()
                .map(sa -> sa.snapshot(time.nowNanos()))
                .filter(sa -> sa.state() == SaSnapshot.State.ESTABLISHED)
                .toList();
    }

    /** Both ends have one SA with so many Child SAs, and the same keys are installed on both sides. */
    SaSnapshot requireEstablished(int children) {
        assertEquals(1, established(pair.alice).size(), () -> trace.toString());
        assertEquals(1, established(pair.bob).size(), () -> trace.toString());
        SaSnapshot a = established(pair.alice).getFirst();
        SaSnapshot b = established(pair.bob).getFirst();
        assertEquals(a.initiatorSpi(), b.initiatorSpi());
        assertEquals(a.responderSpi(), b.responderSpi());
        assertEquals(children, a.children().size(), () -> trace.toString());
        assertEquals(
                a.children().stream().map(SaSnapshot.Child::inboundSpi).sorted().toList(),
                b.children().stream()
                        .map(SaSnapshot.Child::outboundSpi)
                        .sorted()
                        .toList());
        return a;
    }

    @Override
    public String toString() {
        return trace.toString();
    }

    /** Every SA is forgotten: nothing may be left of it. */
    @Override
    public void close() {
        for (SimulatedHost host : List.of(pair.alice, pair.bob)) {
            for (IkeSa sa : host.sas()) {
                host.command(sa, new dev.cardinal.ike.sa.SaCommand.Forget());
            }
        }
        advance(60 * Policies.SECOND);
        assertEquals(0, pair.alice.token().liveHandles());
        assertEquals(0, pair.bob.token().liveHandles());
        assertEquals(openBefore, Secret.open(), "secrets were left open");
    }
}
