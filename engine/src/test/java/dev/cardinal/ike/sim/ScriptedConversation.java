package dev.cardinal.ike.sim;

import dev.cardinal.ike.crypto.Secret;
import dev.cardinal.ike.crypto.SymmetricCrypto;
import dev.cardinal.ike.sa.ChildPolicy;
import dev.cardinal.ike.sa.IkeSa;
import dev.cardinal.ike.sa.Path;
import dev.cardinal.ike.sa.PeerPolicy;
import dev.cardinal.ike.sa.SaCommand;
import dev.cardinal.ike.sa.SaSettings;
import dev.cardinal.ike.sa.SaSnapshot;
import dev.cardinal.ike.wire.IkeHeader;
import dev.cardinal.ike.wire.Payload;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * A conversation between two IKE SAs, one step at a time, for tests of exchanges. What an end sends lies in flight until the
 * test passes it on, drops it, damages it or plays it again; every message can be looked into, since a {@link Wiretap}
 * reads along. Time passes only in {@link #advance}. Closing proves that nothing was left open: no secret, no handle, no
 * SPI.
 *
 * <pre>{@code
 * try (ScriptedConversation talk = new ScriptedConversation(alicePolicy, bobPolicy)) {
 *     talk.start(child);
 *     CapturedMessage request = talk.pass();   // IKE_SA_INIT request, delivered to bob
 *     talk.drop();                             // his response is lost
 *     talk.advance(2 * SECOND);                // alice retransmits
 *     talk.run();                              // everything else
 *     talk.requireEstablished(1);
 * }
 * }</pre>
 */
final class ScriptedConversation implements AutoCloseable {
    /** Messages that one {@link #run} may pass on: a conversation that goes beyond never ends. */
    private static final int MESSAGES_PER_RUN = 200;

    /** A retransmission after 2 s, then 4 and 8; dead after 30 s; a token has 4 s. */
    static final SaSettings SETTINGS = new SaSettings(
            2 * Policies.SECOND,
            2.0,
            3,
            30 * Policies.SECOND,
            20 * Policies.SECOND,
            4 * Policies.SECOND,
            SaSettings.DECRYPTION_GRID_NANOS);

    private final long openBefore = Secret.open();
    private final VirtualTime time = new VirtualTime(-5 * Policies.SECOND);
    private final Trace trace = new Trace(true, time);
    private final Deque<CapturedMessage> inFlight = new ArrayDeque<>();
    private final List<CapturedMessage> sent = new ArrayList<>();
    private final PeerPolicy alicePolicy;
    private final PeerPolicy bobPolicy;
    private final SimulatedPair pair;
    private @Nullable InetSocketAddress aliceOutside;

    /** Both ends know the same shared secret. */
    ScriptedConversation(PeerPolicy alicePolicy, PeerPolicy bobPolicy) {
        this(
                alicePolicy,
                bobPolicy,
                new SimulatedCredentials("the secret of alice and bob", 100),
                new SimulatedCredentials("the secret of alice and bob", 100));
    }

    ScriptedConversation(
            PeerPolicy alicePolicy,
            PeerPolicy bobPolicy,
            SimulatedCredentials aliceCredentials,
            SimulatedCredentials bobCredentials) {
        this.alicePolicy = alicePolicy;
        this.bobPolicy = bobPolicy;
        this.pair = new SimulatedPair(
                time,
                trace,
                new SplittableRandom(7296),
                new SymmetricCrypto(),
                SaFactory.IKEV2,
                new SimulatedPair.Configuration(path -> List.of(alicePolicy), aliceCredentials, SETTINGS),
                new SimulatedPair.Configuration(path -> List.of(bobPolicy), bobCredentials, SETTINGS),
                this::onSend);
    }

    SimulatedHost alice() {
        return pair.alice;
    }

    SimulatedHost bob() {
        return pair.bob;
    }

    VirtualTime time() {
        return time;
    }

    /** Everything that happened so far, one line each. */
    Trace trace() {
        return trace;
    }

    /** From now on bob sees alice's datagrams come from here, as behind a NAT. */
    void translateAlice(InetSocketAddress outside) {
        this.aliceOutside = outside;
    }

    /** Alice begins an IKE SA; her first message, or the token's work for it, is under way. */
    IkeSa start(@Nullable ChildPolicy child) {
        IkeSa sa = pair.alice.initiate(alicePolicy, child, path(pair.alice, pair.bob));
        settle();
        return sa;
    }

    /** Bob begins one. */
    IkeSa startFromBob(@Nullable ChildPolicy child) {
        IkeSa sa = pair.bob.initiate(bobPolicy, child, path(pair.bob, pair.alice));
        settle();
        return sa;
    }

    /** Alice begins an IKE SA with her first child policy and everything goes well. */
    IkeSa establish() {
        IkeSa sa = start(
                alicePolicy.children().isEmpty() ? null : alicePolicy.children().getFirst());
        run();
        requireEstablished(1);
        return sa;
    }

    /** The only SA that an end holds. */
    IkeSa saOf(SimulatedHost host) {
        List<IkeSa> sas = host.sas();
        if (sas.size() != 1) {
            throw failure(host + " holds " + sas.size() + " SAs");
        }
        return sas.getFirst();
    }

    /** The Child SAs of an SA. */
    List<SaSnapshot.Child> childrenOf(IkeSa sa) {
        return sa.snapshot(time.nowNanos()).children();
    }

    /** Gives an order; prompt completions arrive before this returns. */
    void command(SimulatedHost host, IkeSa sa, SaCommand command) {
        host.command(sa, command);
        settle();
    }

    /** What lies in flight, oldest first. */
    Collection<CapturedMessage> inFlight() {
        return inFlight;
    }

    /** All that was ever sent. */
    List<CapturedMessage> sent() {
        return sent;
    }

    /** Takes the oldest message out of flight, without delivering it. */
    CapturedMessage take() {
        CapturedMessage message = inFlight.poll();
        if (message == null) {
            throw failure("nothing is in flight");
        }
        return message;
    }

    /** Takes the oldest message of one end out of flight, without delivering it. */
    CapturedMessage takeFrom(SimulatedHost from) {
        for (CapturedMessage message : inFlight) {
            if (message.from() == from) {
                inFlight.remove(message);
                return message;
            }
        }
        throw failure("nothing of " + from + " is in flight");
    }

    /** Loses the oldest message. */
    CapturedMessage drop() {
        CapturedMessage message = take();
        trace.line(() -> "lost: " + message);
        return message;
    }

    /** Delivers a message that was taken, as often as one likes. */
    void deliver(CapturedMessage message) {
        trace.line(() -> "delivered: " + message);
        message.to().receive(message.octets(), arrival(message));
        settle();
    }

    /** Delivers the oldest message. */
    CapturedMessage pass() {
        CapturedMessage message = take();
        deliver(message);
        return message;
    }

    /** Delivers the oldest message of one end. */
    CapturedMessage passFrom(SimulatedHost from) {
        CapturedMessage message = takeFrom(from);
        deliver(message);
        return message;
    }

    /** Delivers everything in the order of sending until nothing is in flight; returns what was delivered. */
    List<CapturedMessage> run() {
        List<CapturedMessage> delivered = new ArrayList<>();
        settle();
        while (!inFlight.isEmpty()) {
            if (delivered.size() == MESSAGES_PER_RUN) {
                throw failure("the conversation does not end");
            }
            delivered.add(pass());
        }
        return delivered;
    }

    /** Lets time pass, with its timers and completions; what is sent stays in flight. */
    void advance(long nanos) {
        time.runUntil(time.nowNanos() + nanos);
    }

    /** Lets time pass and loses whatever is in flight or is sent meanwhile. */
    void advanceWithoutNetwork(long nanos) {
        advance(nanos);
        inFlight.clear();
    }

    /** Lets the completions arrive that are due now. */
    void settle() {
        time.runUntil(time.nowNanos());
    }

    /**
     * A message that an end's peer takes for genuine, although the end's SA knows nothing of it.
     *
     * @param sa the end's SA
     */
    CapturedMessage forge(
            SimulatedHost from, IkeSa sa, int exchangeType, boolean response, int messageId, List<Payload> payloads) {
        SimulatedHost to = pair.other(from);
        IkeHeader header = header(sa, exchangeType, response, messageId);
        byte[] octets = pair.wiretap.seal(from, to, header, payloads);
        return new CapturedMessage(from, to, octets, path(from, to), header, payloads, 0, 0);
    }

    /** One fragment that an end's peer takes for genuine. */
    CapturedMessage forgeFragment(
            SimulatedHost from,
            IkeSa sa,
            int exchangeType,
            boolean response,
            int messageId,
            int firstInner,
            int number,
            int total,
            byte[] part) {
        SimulatedHost to = pair.other(from);
        IkeHeader header = header(sa, exchangeType, response, messageId);
        byte[] octets = pair.wiretap.sealFragment(from, to, header, firstInner, number, total, part);
        return new CapturedMessage(from, to, octets, path(from, to), header, List.of(), number, total);
    }

    /** Anything at all as a datagram from one end to the other. */
    CapturedMessage raw(SimulatedHost from, IkeHeader header, byte[] octets) {
        SimulatedHost to = pair.other(from);
        return new CapturedMessage(from, to, octets, path(from, to), header, List.of(), 0, 0);
    }

    /** Both ends hold one established IKE SA, the same, with this many Child SAs, which mirror each other. */
    void requireEstablished(int children) {
        requireMirrored(1, children);
    }

    /** Both ends hold the same IKE SAs and the same Child SAs, so many of each. */
    void requireMirrored(int ikeSas, int children) {
        String difference = Mirror.difference(pair.alice, pair.bob, time.nowNanos());
        if (difference != null) {
            throw failure(difference);
        }
        int held = pair.alice.establishedSas().size();
        int installed = pair.alice.sad().entries().size();
        if (held != ikeSas || installed != children) {
            throw failure(
                    "%d IKE SAs and %d Child SAs instead of %d and %d".formatted(held, installed, ikeSas, children));
        }
    }

    /** A failure that tells the whole story. */
    AssertionError failure(String what) {
        return new AssertionError(what + "\n" + trace);
    }

    /** Both ends forget everything, and nothing may be left open. */
    @Override
    public void close() {
        pair.alice.token().behave(SimulatedToken.Behaviour.PROMPT);
        pair.bob.token().behave(SimulatedToken.Behaviour.PROMPT);
        for (SimulatedHost host : List.of(pair.alice, pair.bob)) {
            for (IkeSa sa : host.sas()) {
                host.command(sa, new SaCommand.Forget());
            }
            while (host.token().held() > 0) {
                host.token().completeHeld();
            }
        }
        settle();
        pair.wiretap.close();
        String left = Mirror.leftovers(pair.alice, pair.bob);
        if (left != null) {
            throw failure(left);
        }
        if (Secret.open() != openBefore) {
            throw failure(Secret.open() - openBefore + " secrets are still open");
        }
    }

    private void onSend(SimulatedHost from, byte[] octets, Path path) {
        if (octets.length < IkeHeader.LENGTH) {
            return; // a NAT keepalive
        }
        CapturedMessage message = pair.wiretap.capture(from, pair.other(from), octets, path);
        trace.line(() -> "sent: " + message);
        inFlight.add(message);
        sent.add(message);
    }

    private Path arrival(CapturedMessage message) {
        InetSocketAddress source = message.path().local();
        if (message.from() == pair.alice && aliceOutside != null) {
            source = aliceOutside;
        }
        InetSocketAddress target = message.path().remote();
        if (message.to() == pair.alice && target.equals(aliceOutside)) {
            target = new InetSocketAddress(
                    pair.alice.address(), message.path().natT() ? SimulatedPair.PORT_NAT_T : SimulatedPair.PORT);
        }
        return new Path(target, source, message.path().natT());
    }

    private static Path path(SimulatedHost from, SimulatedHost to) {
        return new Path(
                new InetSocketAddress(from.address(), SimulatedPair.PORT),
                new InetSocketAddress(to.address(), SimulatedPair.PORT),
                false);
    }

    private static IkeHeader header(IkeSa sa, int exchangeType, boolean response, int messageId) {
        int flags = (sa.initiator() ? IkeHeader.FLAG_INITIATOR : 0) | (response ? IkeHeader.FLAG_RESPONSE : 0);
        return new IkeHeader(
                sa.initiator() ? sa.ownSpi() : sa.peerSpi(),
                sa.initiator() ? sa.peerSpi() : sa.ownSpi(),
                0,
                2,
                0,
                exchangeType,
                flags,
                messageId,
                0);
    }
}
