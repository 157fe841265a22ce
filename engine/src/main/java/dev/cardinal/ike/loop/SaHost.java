package dev.cardinal.ike.loop;

import dev.cardinal.ike.crypto.CryptoRequest;
import dev.cardinal.ike.crypto.KeyExchangeHandle;
import dev.cardinal.ike.crypto.RandomSource;
import dev.cardinal.ike.crypto.SymmetricCrypto;
import dev.cardinal.ike.crypto.Urgency;
import dev.cardinal.ike.net.UdpTransport;
import dev.cardinal.ike.sa.ChildKeys;
import dev.cardinal.ike.sa.ChildPolicy;
import dev.cardinal.ike.sa.ChildSa;
import dev.cardinal.ike.sa.DepartureGrid;
import dev.cardinal.ike.sa.IkeSa;
import dev.cardinal.ike.sa.Path;
import dev.cardinal.ike.sa.PeerPolicy;
import dev.cardinal.ike.sa.SaCommand;
import dev.cardinal.ike.sa.SaEnvironment;
import dev.cardinal.ike.sa.SaEvent;
import dev.cardinal.ike.sa.SaNotice;
import dev.cardinal.ike.sa.SaSnapshot;
import dev.cardinal.ike.wire.IkeHeader;
import java.net.InetAddress;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.Queue;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The SAs of one loop from birth to end: gives them events, carries out their effects, keeps their timers, counts and
 * indices. All on the loop's thread.
 */
final class SaHost implements AutoCloseable {
    /** Requests with back ends below which handshakes under way wait for their peers, not for us. */
    private static final int LEISURE = Intake.WAITING_LIMIT / 4;

    /** Messages to other loops that found no room yet. */
    static final int OUTBOX_LIMIT = 4096;

    /** An SA whose deadline stays in the past after it was told is not told again before this. */
    private static final long TIMER_FLOOR_NANOS = 1_000_000L;

    private static final long OUTBOX_RETRY_NANOS = 5_000_000L;

    private static final Logger log = LoggerFactory.getLogger(SaHost.class);
    private static final SaEvent TIMER_DUE = new SaEvent.TimerDue();

    private final int index;
    private final LoopPeers peers;
    private final LoopPorts ports;
    private final LongSupplier clock;
    private final UdpTransport transport;
    private final Inbox inbox;
    private final Intake intake;
    private final LoopCounters counters;
    private final SaTable table;
    private final TimerHeap<HostedSa> timers = new TimerHeap<>();
    private final UnderWay underWay = new UnderWay();
    private final UniquenessIndex uniqueness;
    private final CookieGate gate;
    private final SaEnvironment environment;
    private final Queue<Told> told = new ArrayDeque<>();
    private final Queue<Outgoing> outbox = new ArrayDeque<>();
    private final Queue<Runnable> whenEmpty = new ArrayDeque<>();

    /** An event of our own for an SA, given when the event at hand has ended. */
    private record Told(HostedSa hosted, SaEvent event) {}

    /** A message to another loop. */
    private record Outgoing(int loop, Inbox.Order order) {}

    SaHost(
            int index,
            LoopSettings settings,
            LoopPorts ports,
            LoopPeers peers,
            LongSupplier clock,
            UdpTransport transport,
            Inbox inbox,
            Intake intake,
            LoopCounters counters) {
        this.index = index;
        this.peers = peers;
        this.ports = ports;
        this.clock = clock;
        this.transport = transport;
        this.inbox = inbox;
        this.intake = intake;
        this.counters = counters;
        this.table = new SaTable(settings.sasPerLoop());
        this.uniqueness = new UniquenessIndex(peers.hash());
        RandomSource random = ports.randoms().get();
        SymmetricCrypto symmetric = new SymmetricCrypto();
        this.gate = new CookieGate(settings.cookies(), peers.halfOpen(), random, symmetric);
        this.environment = new SaEnvironment(
                random,
                symmetric,
                ports.policies(),
                ports.credentials(),
                ports.pools(),
                new LoopSpis(index, peers.spiBits(), random, table::contains),
                transport::natTPort,
                settings.sa(),
                new DepartureGrid(settings.sa().decryptionGridNanos()),
                ports.keyObserver());
    }

    SaTable table() {
        return table;
    }

    CookieGate gate() {
        return gate;
    }

    /** Whether a stranger may begin, as far as those who have begun lately go. */
    boolean hasRoomForStranger() {
        return underWay.hasRoom(clock.getAsLong(), counters.get(LoopCounters.Gauge.WAITING) < LEISURE);
    }

    /** An SA for a stranger that the gate let pass. */
    void respond(IkeHeader header, SaEvent.Datagram datagram, long firstMessage) {
        if (!table.hasRoom()) {
            counters.add(LoopCount.DROPPED_TABLE_FULL);
            return;
        }
        InetAddress source = datagram.path().remoteAddress();
        HostedSa hosted = new HostedSa(this, ports.factory().responder(header, datagram.path(), environment), null);
        counters.add(LoopCount.RESPONDERS);
        HostedSa.HalfOpen halfOpen = new HostedSa.HalfOpen(source, firstMessage, clock.getAsLong());
        hosted.beginHalfOpen(halfOpen);
        underWay.begin(halfOpen);
        peers.halfOpen().add(source);
        counters.add(LoopCounters.Gauge.HALF_OPEN, 1);
        table.putFirstMessage(firstMessage, hosted);
        enter(hosted);
        deliver(hosted, datagram);
    }

    void initiate(PeerPolicy policy, @Nullable ChildPolicy child, Path path, InitiationWatch watch) {
        if (!table.hasRoom()) {
            counters.add(LoopCount.DROPPED_TABLE_FULL);
            watch.onClosed();
            return;
        }
        IkeSa sa = ports.factory().initiator(policy, child, path, environment);
        HostedSa hosted = new HostedSa(this, sa, watch);
        counters.add(LoopCount.INITIATORS);
        enter(hosted);
        deliver(hosted, new SaEvent.Command(new SaCommand.Initiate()));
    }

    /** An SA that begins anew with the peer of another. */
    void begin(IkeSa successor) {
        if (!table.hasRoom()) {
            counters.add(LoopCount.DROPPED_TABLE_FULL);
            return;
        }
        HostedSa hosted = new HostedSa(this, successor, null);
        counters.add(LoopCount.INITIATORS);
        enter(hosted);
        tell(hosted, new SaCommand.Initiate());
    }

    /** Gives a command to an SA once the event at hand has ended. */
    void tell(HostedSa hosted, SaCommand command) {
        told.add(new Told(hosted, new SaEvent.Command(command)));
    }

    void onTimers(int limit) {
        for (int left = limit; left > 0; left--) {
            HostedSa hosted = timers.pollDue(clock.getAsLong());
            if (hosted == null) {
                return;
            }
            if (!isDue(hosted, clock.getAsLong())) {
                // put off since it was entered
                timers.set(hosted, hosted.sa().nextDeadlineNanos());
                continue;
            }
            deliver(hosted, TIMER_DUE);
            long now = clock.getAsLong();
            if (!hosted.isClosed() && isDue(hosted, now)) {
                timers.set(hosted, now + TIMER_FLOOR_NANOS);
            }
        }
    }

    private static boolean isDue(HostedSa hosted, long now) {
        long deadline = hosted.sa().nextDeadlineNanos();
        return deadline != IkeSa.NEVER && deadline - now <= 0;
    }

    void onTold(int limit) {
        Told next;
        for (int left = limit; left > 0 && (next = told.poll()) != null; left--) {
            deliver(next.hosted, next.event);
        }
    }

    /** Whether there is something to do at once. */
    boolean isBusy() {
        return !told.isEmpty();
    }

    /** How long the loop may sleep for this host's sake; negative where a timer is overdue. */
    long sleepNanos(long atMostNanos) {
        long sleep = atMostNanos;
        long deadline = timers.nextNanos();
        if (deadline != IkeSa.NEVER) {
            sleep = Math.min(sleep, deadline - clock.getAsLong());
        }
        return outbox.isEmpty() ? sleep : Math.min(sleep, OUTBOX_RETRY_NANOS);
    }

    /** Tries again what other loops had no room for. */
    void postOutbox() {
        for (Iterator<Outgoing> each = outbox.iterator(); each.hasNext(); ) {
            Outgoing next = each.next();
            if (!peers.inbox(next.loop).order(next.order)) {
                break;
            }
            each.remove();
        }
    }

    /** Gives an event to an SA; whatever comes of it stays within that SA. */
    void deliver(HostedSa hosted, SaEvent event) {
        if (hosted.isClosed()) {
            return;
        }
        try {
            hosted.sa().handle(event, clock.getAsLong(), hosted);
            settle(hosted);
        } catch (RuntimeException | LinkageError | AssertionError | StackOverflowError flaw) {
            onFlaw(hosted, event, flaw);
        }
    }

    /** Brings what is kept about an SA in line with its state after an event. */
    private void settle(HostedSa hosted) {
        if (hosted.isClosed()) {
            return;
        }
        timers.bringForward(hosted, hosted.sa().nextDeadlineNanos());
        if (hosted.halfOpen() != null && !hosted.sa().halfOpen()) {
            endHalfOpen(hosted);
        }
    }

    private void endHalfOpen(HostedSa hosted) {
        HostedSa.HalfOpen halfOpen = hosted.halfOpen();
        if (halfOpen != null) {
            hosted.endHalfOpen();
            underWay.end(halfOpen);
            peers.halfOpen().remove(halfOpen.source());
            counters.add(LoopCounters.Gauge.HALF_OPEN, -1);
            table.removeFirstMessage(halfOpen.firstMessage(), hosted);
        }
    }

    /** A flaw of ours costs its SA, never the loop. */
    private void onFlaw(HostedSa hosted, SaEvent event, Throwable flaw) {
        counters.add(LoopCount.INTERNAL_ERRORS);
        log.error("loop {}: an IKE SA failed at {}", index, event.getClass().getSimpleName(), flaw);
        try {
            SaSnapshot last = hosted.sa().snapshot(clock.getAsLong());
            hosted.report(new SaNotice.InternalError(
                    new SaNotice.Subject(
                            last.connection(), last.serial(), hosted.sa().ownSpi(), last.path()),
                    String.valueOf(flaw)));
            // it may still be able to free its secrets, handles and Child SAs
            hosted.sa().handle(new SaEvent.Command(new SaCommand.Forget()), clock.getAsLong(), hosted);
        } catch (RuntimeException | LinkageError | AssertionError | StackOverflowError again) {
            log.error("loop {}: it could not be ended properly either", index, again);
        }
        forget(hosted);
    }

    private void enter(HostedSa hosted) {
        table.put(hosted);
        counters.set(LoopCounters.Gauge.SAS, table.size());
    }

    // effects

    void send(byte[] datagram, Path path) {
        transport.send(datagram, path);
    }

    void keepalive(Path path) {
        transport.keepalive(path);
    }

    boolean submit(HostedSa hosted, long ticket, CryptoRequest request) {
        boolean taken = false;
        // the inbox must have room for the answer
        if (counters.get(LoopCounters.Gauge.WAITING) < Inbox.COMPLETION_LIMIT) {
            counters.add(LoopCounters.Gauge.WAITING, 1);
            try {
                taken = ports.crypto().submit(request, new PendingCrypto(this, inbox, ports.crypto(), hosted, ticket));
            } finally {
                if (!taken) {
                    counters.add(LoopCounters.Gauge.WAITING, -1);
                }
            }
        }
        counters.add(taken ? LoopCount.SUBMITTED : LoopCount.REFUSED);
        if (!taken && request.urgency() == Urgency.NEW) {
            gate.onBackPressure(clock.getAsLong());
        }
        return taken;
    }

    void release(KeyExchangeHandle handle) {
        ports.crypto().release(handle);
    }

    void install(HostedSa hosted, long ticket, ChildSa child, ChildKeys keys) {
        PendingInstall pending = new PendingInstall(this, inbox, hosted, ticket);
        if (counters.get(LoopCounters.Gauge.WAITING) >= Inbox.COMPLETION_LIMIT) {
            keys.close();
            failLater(hosted, ticket, "too many requests are waiting for back ends");
            return;
        }
        counters.add(LoopCounters.Gauge.WAITING, 1);
        try {
            ports.sad().install(child, keys, pending);
        } catch (RuntimeException e) {
            counters.add(LoopCounters.Gauge.WAITING, -1);
            keys.close();
            log.error("loop {}: a Child SA could not be installed", index, e);
            failLater(hosted, ticket, String.valueOf(e.getMessage()));
        }
    }

    private void failLater(HostedSa hosted, long ticket, String why) {
        told.add(new Told(hosted, new SaEvent.ChildInstalled(ticket, why)));
    }

    void countStale() {
        counters.add(LoopCount.STALE_COMPLETIONS);
    }

    void removeChild(ChildSa child) {
        ports.sad().remove(child);
    }

    void adopt(HostedSa predecessor, IkeSa successor) {
        HostedSa known = table.get(successor.ownSpi());
        if (known != null) {
            // adopted before; something outside of its own events has changed its deadline
            settle(known);
            return;
        }
        HostedSa hosted = new HostedSa(this, successor, null);
        enter(hosted);
        UniquenessIndex.Pair pair = predecessor.pair();
        if (pair != null) {
            uniqueness.remove(pair, predecessor);
            predecessor.setEstablished(null, 0);
        }
        hosted.setEstablished(pair, predecessor.establishedOrder());
        if (pair != null) {
            uniqueness.add(pair, hosted);
        }
        settle(hosted);
    }

    void onEstablished(HostedSa hosted, PeerPolicy policy, UniquenessIndex.Pair pair, boolean initialContact) {
        if (hosted.pair() != null) {
            throw new IllegalStateException("established twice");
        }
        counters.add(LoopCount.ESTABLISHED);
        counters.add(LoopCounters.Gauge.ESTABLISHED, 1);
        long order = peers.nextEstablishedOrder();
        hosted.setEstablished(pair, order);
        uniqueness.add(pair, hosted);
        SaCommand older = hosted.sa().toOlder(policy.unique(), initialContact);
        if (older == null) {
            return;
        }
        tellOlder(pair, order, older);
        if (older instanceof SaCommand.HandOver) {
            return;
        }
        for (int other = 0; other < peers.count(); other++) {
            if (other != index) {
                post(other, loop -> loop.host().tellOlder(pair, order, older));
            }
        }
    }

    private void tellOlder(UniquenessIndex.Pair pair, long order, SaCommand command) {
        for (HostedSa old : uniqueness.olderThan(pair, order)) {
            tell(old, command);
        }
    }

    private void post(int loop, Inbox.Order order) {
        if (!outbox.isEmpty() || !peers.inbox(loop).order(order)) {
            if (outbox.size() == OUTBOX_LIMIT) {
                counters.add(LoopCount.DROPPED_INBOX_FULL);
            } else {
                outbox.add(new Outgoing(loop, order));
            }
        }
    }

    void report(SaNotice notice) {
        ports.notices().onNotice(notice);
    }

    /** Takes an SA out of everything. */
    void forget(HostedSa hosted) {
        if (!hosted.close()) {
            return;
        }
        counters.add(LoopCount.CLOSED);
        endHalfOpen(hosted);
        intake.forget(hosted.sa().ownSpi());
        UniquenessIndex.Pair pair = hosted.pair();
        if (pair != null) {
            uniqueness.remove(pair, hosted);
            counters.add(LoopCounters.Gauge.ESTABLISHED, -1);
        }
        timers.remove(hosted);
        table.remove(hosted);
        counters.set(LoopCounters.Gauge.SAS, table.size());
        checkEmpty();
    }

    private void checkEmpty() {
        if (table.size() == 0) {
            for (Runnable next = whenEmpty.poll(); next != null; next = whenEmpty.poll()) {
                next.run();
            }
        }
    }

    /** Runs once there is no SA any more. */
    void whenEmpty(Runnable action) {
        whenEmpty.add(action);
        checkEmpty();
    }

    /** Forgets every SA. */
    @Override
    public void close() {
        for (HostedSa hosted : table.list()) {
            deliver(hosted, new SaEvent.Command(new SaCommand.Forget()));
            forget(hosted);
        }
        gate.close();
    }
}
