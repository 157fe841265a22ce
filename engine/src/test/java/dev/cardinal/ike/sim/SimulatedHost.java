package dev.cardinal.ike.sim;

import dev.cardinal.ike.crypto.CryptoOutcome;
import dev.cardinal.ike.crypto.CryptoRequest;
import dev.cardinal.ike.crypto.KeyExchangeHandle;
import dev.cardinal.ike.crypto.Secret;
import dev.cardinal.ike.sa.ChildKeys;
import dev.cardinal.ike.sa.ChildPolicy;
import dev.cardinal.ike.sa.ChildSa;
import dev.cardinal.ike.sa.Effects;
import dev.cardinal.ike.sa.IkeSa;
import dev.cardinal.ike.sa.Path;
import dev.cardinal.ike.sa.PeerPolicy;
import dev.cardinal.ike.sa.SaCommand;
import dev.cardinal.ike.sa.SaEnvironment;
import dev.cardinal.ike.sa.SaEvent;
import dev.cardinal.ike.sa.SaNotice;
import dev.cardinal.ike.sa.SaSnapshot;
import dev.cardinal.ike.wire.ExchangeType;
import dev.cardinal.ike.wire.Identification;
import dev.cardinal.ike.wire.IkeHeader;
import dev.cardinal.ike.wire.IkeMessage;
import dev.cardinal.ike.wire.MalformedMessage;
import dev.cardinal.ike.wire.MessageCodec;
import dev.cardinal.ike.wire.NotifyType;
import dev.cardinal.ike.wire.Payload;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One end: what an event loop is in earnest, in virtual time. It also watches: an SA must not throw, not spin, not answer
 * one request in two ways and not carry it out twice, and must be silent once it has closed.
 */
final class SimulatedHost {
    /** Timer events that an SA may want at one moment before it counts as spinning. */
    private static final int TIMERS_AT_ONE_MOMENT = 16;

    /** Takes what is sent. */
    @FunctionalInterface
    interface Wire {
        void send(SimulatedHost from, byte[] octets, Path path);
    }

    /** Who a peer's first message came from, and what it said. */
    private record FirstMessage(long initiatorSpi, Path path, ByteBuffer octets) {}

    /** A request of the peer, by what makes it unique. */
    private record RequestKey(long initiatorSpi, long responderSpi, boolean fromInitiator, int messageId) {
        static RequestKey of(IkeHeader header) {
            return new RequestKey(
                    header.initiatorSpi(),
                    header.responderSpi(),
                    header.fromInitiator() != header.isResponse(),
                    header.messageId());
        }
    }

    /** What an SA did in answer to one event. */
    static final class Turn implements Effects {
        private final SimulatedHost host;
        private final Entry entry;
        final List<byte[]> sent = new ArrayList<>();
        final List<SaNotice> notices = new ArrayList<>();
        int submits;
        int releases;
        int installs;
        int removes;
        int successors;
        int establishments;
        boolean closed;

        Turn(SimulatedHost host, Entry entry) {
            this.host = host;
            this.entry = entry;
        }

        /** Whether the SA's peer is not authenticated. */
        boolean halfOpen() {
            return entry.sa.halfOpen();
        }

        /** Whether nothing was done that changes an SA. */
        boolean harmless() {
            return submits + releases + installs + removes + successors + establishments == 0 && !closed;
        }

        @Override
        public void send(byte[] datagram, Path path) {
            sent.add(datagram);
            host.onSend(datagram, path);
        }

        @Override
        public void keepalive(Path path) {
            requireOpen("keepalive");
            host.wire.send(host, new byte[] {(byte) 0xff}, path);
        }

        @Override
        public boolean submit(long ticket, CryptoRequest request) {
            requireOpen("submit");
            boolean taken = host.token.submit(request, outcome -> host.onCompleted(entry, ticket, outcome));
            if (taken) {
                submits++;
            }
            host.trace.line(() -> host.name + " " + request.getClass().getSimpleName() + " ticket " + ticket
                    + (taken ? "" : " refused"));
            return taken;
        }

        @Override
        public void release(KeyExchangeHandle handle) {
            releases++;
            host.token.release(handle);
        }

        @Override
        public void install(long ticket, ChildSa child, ChildKeys keys) {
            requireOpen("install");
            installs++;
            host.trace.line(() -> "%s installs %s %08x_i %08x_o"
                    .formatted(host.name, child.name(), child.inboundSpi(), child.outboundSpi()));
            host.sad.install(child, keys, failure -> host.onInstalled(entry, ticket, failure));
        }

        @Override
        public void remove(ChildSa child) {
            removes++;
            host.trace.line(() -> "%s removes %s %08x_i %08x_o"
                    .formatted(host.name, child.name(), child.inboundSpi(), child.outboundSpi()));
            host.sad.remove(child);
        }

        @Override
        public void adopt(IkeSa successor) {
            Entry heir = host.table.get(successor.ownSpi());
            if (heir == null || heir.sa != successor) {
                requireOpen("adopt");
                successors++;
                heir = host.add(successor);
                heir.local = entry.local;
                heir.remote = entry.remote;
            }
            host.arm(heir);
        }

        @Override
        public void begin(IkeSa successor) {
            requireOpen("begin");
            Entry begun = host.add(successor);
            host.time.after(
                    0,
                    VirtualTime.Kind.UNDER_WAY,
                    () -> host.handle(begun, new SaEvent.Command(new SaCommand.Initiate())));
        }

        @Override
        public void established(
                PeerPolicy policy, Identification local, Identification remote, boolean initialContact) {
            requireOpen("established");
            establishments++;
            entry.local = local;
            entry.remote = remote;
            host.time.after(
                    0, VirtualTime.Kind.UNDER_WAY, () -> host.applyUniqueness(entry, policy.unique(), initialContact));
        }

        @Override
        public void report(SaNotice notice) {
            notices.add(notice);
            host.notices.add(notice);
            host.trace.line(() -> host.name + " " + notice);
            if (notice instanceof SaNotice.InternalError error) {
                throw new AssertionError(host.name + ": a flaw of ours: " + error.what());
            }
        }

        @Override
        public void closed() {
            requireOpen("closed");
            closed = true;
        }

        private void requireOpen(String effect) {
            if (closed || entry.gone) {
                throw new AssertionError(host.name + ": " + effect + " after the SA had closed");
            }
        }
    }

    /** An SA with its place in the table. */
    private static final class Entry {
        final IkeSa sa;

        @Nullable
        FirstMessage first;

        @Nullable
        Identification local;

        @Nullable
        Identification remote;

        long armedNanos = IkeSa.NEVER;
        long lastTimerNanos;
        int timersAtOneMoment;
        boolean gone;

        Entry(IkeSa sa) {
            this.sa = sa;
        }
    }

    private final String name;
    private final InetAddress address;
    private final VirtualTime time;
    private final Trace trace;
    private final SimulatedToken token;
    private final SimulatedSad sad;
    private final SaEnvironment environment;
    private final SaFactory factory;
    private final Wire wire;
    private final Map<Long, Entry> table = new LinkedHashMap<>();
    private final Map<FirstMessage, Entry> halfOpen = new HashMap<>();
    private final Map<RequestKey, Set<ByteBuffer>> answers = new HashMap<>();
    private final Map<RequestKey, Set<ByteBuffer>> freshAnswers = new HashMap<>();
    private final List<SaNotice> notices = new ArrayList<>();
    private boolean demandsCookies;
    private @Nullable Turn lastTurn;

    SimulatedHost(
            String name,
            InetAddress address,
            VirtualTime time,
            Trace trace,
            SimulatedToken token,
            SimulatedSad sad,
            SaEnvironment environment,
            SaFactory factory,
            Wire wire) {
        this.name = name;
        this.address = address;
        this.time = time;
        this.trace = trace;
        this.token = token;
        this.sad = sad;
        this.environment = environment;
        this.factory = factory;
        this.wire = wire;
    }

    String name() {
        return name;
    }

    InetAddress address() {
        return address;
    }

    SimulatedToken token() {
        return token;
    }

    SimulatedSad sad() {
        return sad;
    }

    SaEnvironment environment() {
        return environment;
    }

    /** Every SA in the table, oldest first. */
    List<IkeSa> sas() {
        return table.values().stream().map(entry -> entry.sa).toList();
    }

    /** Those of {@link #sas()} whose peer is authenticated. */
    List<IkeSa> establishedSas() {
        return sas().stream()
                .filter(sa -> sa.snapshot(time.nowNanos()).state() != SaSnapshot.State.CONNECTING)
                .toList();
    }

    /** Everything reported so far. */
    List<SaNotice> notices() {
        return notices;
    }

    /** The reported notices of one kind. */
    <N extends SaNotice> List<N> notices(Class<N> kind) {
        return notices.stream().filter(kind::isInstance).map(kind::cast).toList();
    }

    /** What the latest event led to; null where it reached no SA. */
    @Nullable
    Turn lastTurn() {
        return lastTurn;
    }

    /** Answers first messages with a cookie until they carry it (RFC 7296 section 2.6). */
    void demandCookies(boolean demand) {
        this.demandsCookies = demand;
    }

    /** Makes an SA and begins its first exchange. */
    IkeSa initiate(PeerPolicy policy, @Nullable ChildPolicy child, Path path) {
        Entry entry = add(factory.initiator(policy, child, path, environment));
        handle(entry, new SaEvent.Command(new SaCommand.Initiate()));
        return entry.sa;
    }

    /** Gives an order to an SA; one that has gone takes none. */
    void command(IkeSa sa, SaCommand command) {
        Entry entry = table.get(sa.ownSpi());
        if (entry != null && entry.sa == sa) {
            trace.line(() -> name + " is told " + command.getClass().getSimpleName());
            handle(entry, new SaEvent.Command(command));
        }
    }

    /** Whether the table still has this SA. */
    boolean holds(IkeSa sa) {
        return sas().contains(sa);
    }

    /** A datagram arrives. */
    void receive(byte[] octets, Path path) {
        lastTurn = null;
        IkeHeader header;
        try {
            header = MessageCodec.decodeHeader(octets);
        } catch (MalformedMessage e) {
            trace.line(() -> name + " drops a datagram: " + e.getMessage());
            return;
        }
        Entry entry = find(header);
        if (entry == null && isFirstMessage(header)) {
            entry = entryForFirstMessage(header, octets, path);
        }
        if (entry == null) {
            trace.line(() -> name + " knows no SA for it");
            return;
        }
        boolean answered =
                header.majorVersion() == 2 && !header.isResponse() && answers.containsKey(RequestKey.of(header));
        Turn turn = handle(entry, new SaEvent.Datagram(octets.clone(), path));
        if (answered) {
            requireOldAnswer(header, turn);
        }
    }

    private @Nullable Entry find(IkeHeader header) {
        if (header.majorVersion() == 2) {
            return table.get(header.fromInitiator() ? header.responderSpi() : header.initiatorSpi());
        }
        Entry responder = table.get(header.responderSpi());
        if (responder != null && !responder.sa.initiator()) {
            return responder;
        }
        Entry initiator = table.get(header.initiatorSpi());
        return initiator != null && initiator.sa.initiator() ? initiator : null;
    }

    private static boolean isFirstMessage(IkeHeader header) {
        if (header.majorVersion() == 1) {
            return header.responderSpi() == 0 && header.messageId() == 0;
        }
        return header.exchangeType() == ExchangeType.IKE_SA_INIT
                && !header.isResponse()
                && header.fromInitiator()
                && header.responderSpi() == 0
                && header.messageId() == 0;
    }

    private @Nullable Entry entryForFirstMessage(IkeHeader header, byte[] octets, Path path) {
        FirstMessage first = new FirstMessage(header.initiatorSpi(), path, ByteBuffer.wrap(octets.clone()));
        Entry known = halfOpen.get(first);
        if (known != null) {
            return known;
        }
        if (demandsCookies && !carriesCookie(octets)) {
            byte[] cookie = new byte[16];
            Arrays.fill(cookie, (byte) header.initiatorSpi());
            wire.send(
                    this,
                    MessageCodec.encode(
                            new IkeHeader(
                                    header.initiatorSpi(),
                                    0,
                                    0,
                                    2,
                                    0,
                                    ExchangeType.IKE_SA_INIT,
                                    IkeHeader.FLAG_RESPONSE,
                                    0,
                                    0),
                            List.of(Payload.Notify.of(NotifyType.COOKIE, cookie))),
                    path);
            return null;
        }
        Entry entry = add(factory.responder(header, path, environment));
        entry.first = first;
        halfOpen.put(first, entry);
        return entry;
    }

    private static boolean carriesCookie(byte[] octets) {
        try {
            IkeMessage message = MessageCodec.decode(octets);
            return message.payloads().stream()
                    .anyMatch(payload -> payload instanceof Payload.Notify notify && notify.is(NotifyType.COOKIE));
        } catch (MalformedMessage e) {
            return true; // let the SA judge it
        }
    }

    /** RFC 7296 section 2.1: a request that was answered is answered with the same octets, and not processed again. */
    private void requireOldAnswer(IkeHeader header, Turn turn) {
        Set<ByteBuffer> old = answers.getOrDefault(RequestKey.of(header), Set.of());
        if (!turn.harmless() || !turn.sent.stream().allMatch(octets -> old.contains(ByteBuffer.wrap(octets)))) {
            throw new AssertionError(name + " carried out a request twice, message ID " + header.messageId());
        }
    }

    private Entry add(IkeSa sa) {
        Entry entry = new Entry(sa);
        if (table.putIfAbsent(sa.ownSpi(), entry) != null) {
            throw new AssertionError(name + " has two SAs with one SPI");
        }
        return entry;
    }

    private Turn handle(Entry entry, SaEvent event) {
        Turn turn = new Turn(this, entry);
        lastTurn = turn;
        freshAnswers.clear();
        try {
            entry.sa.handle(event, time.nowNanos(), turn);
        } catch (RuntimeException e) {
            throw new AssertionError(
                    name + ": the SA threw on " + event.getClass().getSimpleName(), e);
        }
        freshAnswers.forEach((key, octets) -> {
            Set<ByteBuffer> old = answers.putIfAbsent(key, new HashSet<>(octets));
            if (old != null && !old.containsAll(octets)) {
                throw new AssertionError(name + " answered a request in two ways: " + key);
            }
        });
        if (turn.closed) {
            entry.gone = true;
            table.remove(entry.sa.ownSpi(), entry);
            trace.line(() -> "%s forgets %016x".formatted(name, entry.sa.ownSpi()));
        }
        if (entry.first != null && (entry.gone || !entry.sa.halfOpen())) {
            halfOpen.remove(entry.first);
            entry.first = null;
        }
        arm(entry);
        return turn;
    }

    private void onSend(byte[] datagram, Path path) {
        if (datagram.length >= IkeHeader.LENGTH) {
            try {
                IkeHeader header = MessageCodec.decodeHeader(datagram);
                if (header.isResponse() && header.exchangeType() != ExchangeType.IKE_SA_INIT) {
                    freshAnswers
                            .computeIfAbsent(RequestKey.of(header), key -> new HashSet<>())
                            .add(ByteBuffer.wrap(datagram));
                }
            } catch (MalformedMessage e) {
                throw new AssertionError(name + " sent what is no message", e);
            }
        }
        wire.send(this, datagram, path);
    }

    private void onCompleted(Entry entry, long ticket, CryptoOutcome outcome) {
        trace.line(() -> name + " ticket " + ticket + ": " + outcome.getClass().getSimpleName()
                + (entry.gone ? " for an SA that has gone" : ""));
        if (!entry.gone) {
            handle(entry, new SaEvent.CryptoCompleted(ticket, outcome));
            return;
        }
        switch (outcome) {
            case CryptoOutcome.Generated generated -> token.release(generated.handle());
            case CryptoOutcome.Agreed agreed -> agreed.derived().close();
            case CryptoOutcome.Decrypted decrypted -> decrypted.plaintexts().forEach(Secret::close);
            case CryptoOutcome.Encrypted ignored -> {}
            case CryptoOutcome.Signed ignored -> {}
            case CryptoOutcome.PeerVerified ignored -> {}
            case CryptoOutcome.PeerRejected ignored -> {}
            case CryptoOutcome.Failed ignored -> {}
        }
    }

    private void onInstalled(Entry entry, long ticket, @Nullable String failure) {
        if (!entry.gone) {
            handle(entry, new SaEvent.ChildInstalled(ticket, failure));
        }
    }

    private void arm(Entry entry) {
        long deadline = entry.sa.nextDeadlineNanos();
        if (entry.gone || deadline == IkeSa.NEVER || deadline >= entry.armedNanos) {
            return; // an event that comes too early asks again
        }
        entry.armedNanos = deadline;
        time.at(deadline, VirtualTime.Kind.TIMER, () -> onTimer(entry, deadline));
    }

    private void onTimer(Entry entry, long armedFor) {
        if (entry.gone || entry.armedNanos != armedFor) {
            return;
        }
        entry.armedNanos = IkeSa.NEVER;
        if (entry.sa.nextDeadlineNanos() > time.nowNanos()) {
            arm(entry);
            return;
        }
        entry.timersAtOneMoment = entry.lastTimerNanos == time.nowNanos() ? entry.timersAtOneMoment + 1 : 1;
        entry.lastTimerNanos = time.nowNanos();
        if (entry.timersAtOneMoment > TIMERS_AT_ONE_MOMENT) {
            throw new AssertionError(name + ": an SA spins on its timer: " + entry.sa.snapshot(time.nowNanos()));
        }
        handle(entry, new SaEvent.TimerDue());
    }

    /** What the loop does about older SAs of the same pair of identities (RFC 7296 section 2.4). */
    private void applyUniqueness(Entry newest, PeerPolicy.Uniqueness unique, boolean initialContact) {
        SaCommand older = newest.sa.toOlder(unique, initialContact);
        if (older == null) {
            return;
        }
        for (Entry entry : List.copyOf(table.values())) {
            boolean samePair = newest.local != null
                    && newest.local.equals(entry.local)
                    && newest.remote != null
                    && newest.remote.equals(entry.remote);
            if (entry != newest && samePair && !entry.gone) {
                command(entry.sa, older);
            }
        }
    }

    @Override
    public String toString() {
        return name;
    }
}
