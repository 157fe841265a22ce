package dev.cardinal.ike.loop;

import dev.cardinal.ike.net.UdpTransport;
import dev.cardinal.ike.sa.Path;
import dev.cardinal.ike.sa.SaEvent;
import dev.cardinal.ike.wire.ExchangeType;
import dev.cardinal.ike.wire.IkeHeader;
import dev.cardinal.ike.wire.MalformedMessage;
import dev.cardinal.ike.wire.MessageCodec;
import io.netty.channel.ManualIoEventLoop;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One event loop: a thread with its own sockets, SAs, timers and gate. Brings datagrams, completions, orders and time to the
 * SAs of its {@link SaHost}. Shares nothing with other loops but what goes through their {@link Inbox}.
 */
final class EventLoop {
    static final int DATAGRAMS_PER_TURN = 256;
    static final int COMPLETIONS_PER_TURN = 256;
    static final int ORDERS_PER_TURN = 64;
    static final int TIMERS_PER_TURN = 256;

    /** Messages that leave the intake in a turn, and one SA's backlog more; few, so that the sockets are read again before they overflow. */
    static final int ADMISSIONS_PER_TURN = 64;

    /** Datagrams read and not yet handled; one reading fills no more than a part of it. */
    static final int RECEIVED_LIMIT = 4096;

    /** Unprotected errors a second, in all: nobody is to be flooded through us. */
    static final int ERRORS_PER_SECOND = 10;

    private static final int ERRORS_BURST = 20;

    private static final long SLEEP_LIMIT_NANOS = 1_000_000_000L;

    /** While strangers wait: how soon it is seen that a handshake under way counts no more. */
    private static final long INTAKE_SLEEP_NANOS = 10_000_000L;

    /** How long the end waits for answers of back ends, so that what they hold is freed. */
    private static final long DRAIN_NANOS = 2_000_000_000L;

    private static final long DRAIN_SLEEP_NANOS = 10_000_000L;

    private static final Logger log = LoggerFactory.getLogger(EventLoop.class);

    private final int index;
    private final LoopPeers peers;
    private final LoopPorts ports;
    private final LongSupplier clock;
    private final ManualIoEventLoop ioLoop;
    private final UdpTransport transport;
    private final Inbox inbox;
    private final SaHost host;
    private final LoopCounters counters = new LoopCounters();
    private final Intake intake = new Intake();
    private final RateLimit errors = new RateLimit(ERRORS_PER_SECOND, ERRORS_BURST);

    private final Queue<SaEvent.Datagram> received = new ArrayDeque<>();
    private final Queue<Chore> chores = new ArrayDeque<>();
    private boolean draining;
    private volatile boolean stopping;

    /** Work too long for one turn. */
    @FunctionalInterface
    interface Chore {
        /** Does a part. @return whether all is done */
        boolean step();
    }

    EventLoop(int index, LoopSettings settings, LoopPorts ports, LoopPeers peers, LongSupplier clock) {
        this.index = index;
        this.peers = peers;
        this.ports = ports;
        this.clock = clock;
        this.ioLoop = new IoLoop(settings);
        this.transport = new UdpTransport(ioLoop, settings.socketKind(), this::enqueue);
        this.inbox = new Inbox(ioLoop::wakeup);
        this.host = new SaHost(index, settings, ports, peers, clock, transport, inbox, intake, counters);
    }

    /** Netty's half of the loop, which must not sleep while our half has work. */
    private final class IoLoop extends ManualIoEventLoop {
        @SuppressWarnings("NullAway") // the owning thread is set when it begins to run
        IoLoop(LoopSettings settings) {
            super(null, settings.socketKind().ioHandlerFactory());
        }

        @Override
        protected boolean canBlock() {
            // asked after the sleep was announced: what arrives later wakes us
            return inbox.isEmpty() && (!stopping || draining);
        }
    }

    /** The thread's life. */
    void run() {
        ioLoop.setOwningThread(Thread.currentThread());
        try {
            while (!stopping) {
                turn();
            }
        } finally {
            end();
        }
    }

    /** One turn: the duties in their order, each within its limit. */
    private void turn() {
        readSockets();
        onDatagrams();
        onCompletions();
        admit();
        onOrders();
        host.onTimers(TIMERS_PER_TURN);
        host.onTold(ORDERS_PER_TURN);
        doChores();
        host.postOutbox();
        transport.flush();
    }

    /** Sleeps where there is nothing else to do; reads nothing while the last reading is not worked off. */
    private void readSockets() {
        if (!received.isEmpty()) {
            return;
        }
        boolean busy = !inbox.isEmpty() || host.isBusy() || !chores.isEmpty() || canAdmit();
        long sleep = busy ? 0 : host.sleepNanos(intake.isEmpty() ? SLEEP_LIMIT_NANOS : INTAKE_SLEEP_NANOS);
        if (sleep <= 0) {
            ioLoop.runNow();
        } else {
            ioLoop.run(sleep);
        }
    }

    /** The sockets' handler. */
    private boolean enqueue(SaEvent.Datagram datagram) {
        return received.size() < RECEIVED_LIMIT && received.offer(datagram);
    }

    private void onDatagrams() {
        int limit = DATAGRAMS_PER_TURN;
        for (SaEvent.Datagram own; limit > 0 && (own = received.poll()) != null; limit--) {
            onDatagramSafely(own, false);
        }
        counters.raise(LoopCounters.Gauge.INBOX_HIGH_WATER, inbox.size());
        limit = DATAGRAMS_PER_TURN;
        for (SaEvent.Datagram moved; limit > 0 && (moved = inbox.datagrams().poll()) != null; limit--) {
            onDatagramSafely(moved, true);
        }
    }

    private void onCompletions() {
        int limit = COMPLETIONS_PER_TURN;
        for (Inbox.Completion next; limit > 0 && (next = inbox.completions().poll()) != null; limit--) {
            counters.add(LoopCounters.Gauge.WAITING, -1);
            next.deliver();
        }
    }

    private void onOrders() {
        int limit = ORDERS_PER_TURN;
        for (Inbox.Order next; limit > 0 && (next = inbox.orders().poll()) != null; limit--) {
            try {
                next.carryOut(this);
            } catch (RuntimeException e) {
                counters.add(LoopCount.INTERNAL_ERRORS);
                log.error("loop {}: an order failed", index, e);
                next.abandon();
            }
        }
    }

    private void doChores() {
        for (int count = chores.size(); count > 0; count--) {
            Chore next = chores.remove();
            if (!next.step()) {
                chores.add(next);
            }
        }
    }

    /** No datagram ends the loop. */
    private void onDatagramSafely(SaEvent.Datagram datagram, boolean handedOver) {
        try {
            onDatagram(datagram, handedOver);
        } catch (RuntimeException | LinkageError | AssertionError | StackOverflowError flaw) {
            counters.add(LoopCount.INTERNAL_ERRORS);
            log.error("loop {}: a datagram failed", index, flaw);
        }
    }

    /** Finds the SA of a datagram, or the loop that has it, or what becomes of a stranger. */
    private void onDatagram(SaEvent.Datagram datagram, boolean handedOver) {
        IkeHeader header;
        try {
            header = MessageCodec.decodeHeader(datagram.octets());
        } catch (MalformedMessage e) {
            counters.add(LoopCount.DROPPED_MALFORMED);
            return;
        }
        SaFactory.Kind kind = ports.factory().classify(header);
        switch (kind) {
            case FIRST_MESSAGE -> {
                long where = peers.hash()
                        .ofFirstMessage(header.initiatorSpi(), datagram.path().remoteAddress());
                int owner = peers.loopOfHash(where);
                if (owner == index) {
                    onFirstMessage(header, datagram);
                } else {
                    handOver(owner, datagram, handedOver);
                }
            }
            case LATER_MESSAGE -> {
                long ownSpi = SaFactory.ownSpi(header);
                int owner = LoopSpis.loop(ownSpi, peers.spiBits());
                if (owner != index && ownSpi != 0 && owner < peers.count()) {
                    handOver(owner, datagram, handedOver);
                    return;
                }
                HostedSa hosted = host.table().get(ownSpi);
                if (hosted == null) {
                    onUnknownSpi(header, datagram.path());
                } else {
                    onMessage(hosted, header, datagram);
                }
            }
            case FIRST_MESSAGE_OF_IKEV1 -> {
                // by its source alone, so that all SAs of a peer are on one loop: each takes over from the one before
                int owner = peers.loopOfHash(
                        peers.hash().ofFirstMessage(0, datagram.path().remoteAddress()));
                if (owner == index) {
                    onFirstMessageOfIkev1(header, datagram);
                } else {
                    handOver(owner, datagram, handedOver);
                }
            }
            case LATER_MESSAGE_OF_IKEV1 -> onLaterMessageOfIkev1(header, datagram, handedOver);
            case NEWER_VERSION -> {
                counters.add(LoopCount.DROPPED_VERSION);
                // RFC 7296 section 2.5: SHOULD answer, but never a response, which could go on for ever
                if (!header.isResponse() && errors.tryAcquire(clock.getAsLong())) {
                    counters.add(LoopCount.ERRORS_ANSWERED);
                    transport.send(UnprotectedAnswers.invalidMajorVersion(header), datagram.path());
                }
            }
            case OLDER_VERSION -> counters.add(LoopCount.DROPPED_VERSION);
        }
    }

    /** A message of an SA that is here. */
    private void onMessage(HostedSa hosted, IkeHeader header, SaEvent.Datagram datagram) {
        if (hosted.halfOpen() != null && (intake.hasBegun() || !hasCapacity())) {
            waitBegun(hosted.sa().ownSpi(), header, datagram);
        } else {
            counters.add(LoopCount.MESSAGES);
            host.deliver(hosted, datagram);
        }
    }

    /**
     * IKEv1's header does not say which cookie is ours: the responder's names the loop first, then the initiator's. So a
     * datagram goes round by two other loops at most.
     */
    private void onLaterMessageOfIkev1(IkeHeader header, SaEvent.Datagram datagram, boolean handedOver) {
        HostedSa hosted = host.table().get(header.responderSpi());
        if (hosted == null || hosted.sa().initiator()) {
            hosted = host.table().get(header.initiatorSpi());
            hosted = hosted == null || !hosted.sa().initiator() ? null : hosted;
        }
        if (hosted != null) {
            onMessage(hosted, header, datagram);
            return;
        }
        int asResponder = LoopSpis.loop(header.responderSpi(), peers.spiBits());
        int asInitiator = LoopSpis.loop(header.initiatorSpi(), peers.spiBits());
        int next = index != asResponder && !handedOver ? asResponder : asInitiator;
        if (next != index && next < peers.count() && header.responderSpi() != 0) {
            counters.add(peers.inbox(next).handOver(datagram) ? LoopCount.HANDED_OVER : LoopCount.DROPPED_INBOX_FULL);
        } else {
            counters.add(LoopCount.DROPPED_UNKNOWN_SPI);
        }
    }

    private void onFirstMessageOfIkev1(IkeHeader header, SaEvent.Datagram datagram) {
        Path path = datagram.path();
        long hash = peers.hash().ofRetransmission(header.initiatorSpi(), path.remote(), datagram.octets());
        if (isRepeated(hash, datagram)) {
            return;
        }
        long now = clock.getAsLong();
        // aggressive mode costs a key exchange for anybody's datagram, main mode nothing before its third message
        boolean costsWork = header.exchangeType() == ExchangeType.AGGRESSIVE;
        if (host.gate().letsWithoutCookie(path.remoteAddress(), costsWork, now)) {
            waitStranger(header, datagram, hash, now);
        } else {
            counters.add(LoopCount.DROPPED_BLOCKED);
        }
    }

    private void handOver(int owner, SaEvent.Datagram datagram, boolean handedOver) {
        if (handedOver) {
            counters.add(LoopCount.INTERNAL_ERRORS); // loops disagree about an owner: never send it round
            return;
        }
        counters.add(peers.inbox(owner).handOver(datagram) ? LoopCount.HANDED_OVER : LoopCount.DROPPED_INBOX_FULL);
    }

    private void onUnknownSpi(IkeHeader header, Path path) {
        counters.add(LoopCount.DROPPED_UNKNOWN_SPI);
        // RFC 7296 section 2.21.4: only requests may be answered, and rarely
        if (!header.isResponse()
                && header.initiatorSpi() != 0
                && header.responderSpi() != 0
                && errors.tryAcquire(clock.getAsLong())) {
            counters.add(LoopCount.ERRORS_ANSWERED);
            transport.send(UnprotectedAnswers.invalidIkeSpi(header), path);
        }
    }

    /** Whether a first message is known: then it went to the SA it made, or keeps its place. */
    private boolean isRepeated(long hash, SaEvent.Datagram datagram) {
        HostedSa known = host.table().ofFirstMessage(hash);
        if (known != null) {
            counters.add(LoopCount.FIRST_MESSAGES_REPEATED);
            host.deliver(known, datagram);
            return true;
        }
        if (intake.hear(hash, clock.getAsLong())) {
            counters.add(LoopCount.INTAKE_REPEATED);
            return true;
        }
        return false;
    }

    /** RFC 7296 section 2.1: a repeated first message goes to the SA it made; else the gate; else the factory. */
    private void onFirstMessage(IkeHeader header, SaEvent.Datagram datagram) {
        Path path = datagram.path();
        long hash = peers.hash().ofRetransmission(header.initiatorSpi(), path.remote(), datagram.octets());
        if (isRepeated(hash, datagram)) {
            return;
        }
        long now = clock.getAsLong();
        FirstMessage first = FirstMessage.scan(datagram.octets(), header);
        if (first == null) {
            counters.add(LoopCount.DROPPED_MALFORMED);
            return;
        }
        switch (host.gate().judge(first, header.initiatorSpi(), path, now)) {
            case BLOCK -> counters.add(LoopCount.DROPPED_BLOCKED);
            case DEMAND_COOKIE -> {
                counters.add(LoopCount.COOKIES_DEMANDED);
                byte[] cookie = host.gate().cookie(first, header.initiatorSpi(), path, now);
                transport.send(UnprotectedAnswers.cookie(header, cookie), path);
            }
            case PASS -> waitStranger(header, datagram, hash, now);
        }
    }

    /** Whether another handshake would find the back ends ready. */
    private boolean hasCapacity() {
        return counters.get(LoopCounters.Gauge.WAITING) < Intake.WAITING_LIMIT;
    }

    /** Whether a handshake that waits may go on. */
    private boolean canAdmit() {
        return hasCapacity() && (intake.hasBegun() || intake.hasStrangers() && host.hasRoomForStranger());
    }

    private void waitStranger(IkeHeader header, SaEvent.Datagram datagram, long hash, long now) {
        if (intake.addStranger(header, datagram, hash, now) == Intake.Answer.FULL) {
            counters.add(LoopCount.DROPPED_INTAKE_FULL);
            host.gate().onBackPressure(now);
        } else {
            // it counts as half-open for the gate from now on
            peers.halfOpen().add(datagram.path().remoteAddress());
        }
    }

    private void waitBegun(long ownSpi, IkeHeader header, SaEvent.Datagram datagram) {
        long hash = peers.hash()
                .ofRetransmission(header.initiatorSpi(), datagram.path().remote(), datagram.octets());
        switch (intake.addBegun(ownSpi, datagram, hash)) {
            case TAKEN -> {}
            case KNOWN -> counters.add(LoopCount.INTAKE_REPEATED);
            case FULL -> counters.add(LoopCount.DROPPED_INTAKE_FULL);
        }
    }

    /** Lets handshakes go on, those that have begun first, while the back ends are ready for them. */
    private void admit() {
        counters.set(LoopCounters.Gauge.INTAKE, intake.size());
        for (int left = ADMISSIONS_PER_TURN; left > 0 && canAdmit(); ) {
            try {
                left -= admitOne();
            } catch (RuntimeException | LinkageError | AssertionError | StackOverflowError flaw) {
                left--;
                counters.add(LoopCount.INTERNAL_ERRORS);
                log.error("loop {}: a waiting message failed", index, flaw);
            }
        }
    }

    /** @return messages given to SAs, at least 1 */
    private int admitOne() {
        Intake.Backlog begun = intake.pollBegun();
        if (begun != null) {
            return deliverAll(begun);
        }
        Intake.Stranger stranger = intake.pollStranger();
        if (stranger != null) {
            peers.halfOpen().remove(stranger.datagram().path().remoteAddress());
            if (stranger.isAlive(clock.getAsLong())) {
                host.respond(stranger.header(), stranger.datagram(), stranger.hash());
            } else {
                counters.add(LoopCount.INTAKE_EXPIRED);
            }
        }
        return 1;
    }

    private int deliverAll(Intake.Backlog begun) {
        int delivered = 0;
        HostedSa hosted = host.table().get(begun.ownSpi());
        for (SaEvent.Datagram datagram : begun.messages()) {
            if (hosted == null || hosted.isClosed()) {
                break;
            }
            counters.add(LoopCount.MESSAGES);
            host.deliver(hosted, datagram);
            delivered++;
        }
        return Math.max(delivered, 1);
    }

    // for orders, on the loop's thread

    void startChore(Chore chore) {
        chores.add(chore);
    }

    SaHost host() {
        return host;
    }

    long now() {
        return clock.getAsLong();
    }

    UdpTransport transport() {
        return transport;
    }

    // for any thread

    int index() {
        return index;
    }

    Inbox inbox() {
        return inbox;
    }

    /** Ends the thread after its present turn. */
    void stop() {
        stopping = true;
        ioLoop.wakeup();
    }

    /** Frees a loop that never ran; on any one thread. */
    void abandon() {
        ioLoop.setOwningThread(Thread.currentThread());
        end();
    }

    LoopStatistics statistics() {
        return counters.snapshot(transport);
    }

    /** Forgets every SA, waits a little for what back ends still owe, and closes everything. */
    private void end() {
        for (Intake.Stranger left = intake.pollStranger(); left != null; left = intake.pollStranger()) {
            peers.halfOpen().remove(left.datagram().path().remoteAddress());
        }
        host.close();
        transport.flush();
        draining = true;
        long deadline = System.nanoTime() + DRAIN_NANOS;
        while (counters.get(LoopCounters.Gauge.WAITING) > 0 && System.nanoTime() - deadline < 0) {
            ioLoop.run(DRAIN_SLEEP_NANOS);
            onCompletions();
        }
        inbox.close();
        transport.close();
        ioLoop.shutdownGracefully(0, 0, TimeUnit.NANOSECONDS);
        while (!ioLoop.isTerminated()) {
            ioLoop.runNow();
        }
    }
}
