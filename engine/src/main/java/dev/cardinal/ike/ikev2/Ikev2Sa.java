package dev.cardinal.ike.ikev2;

import dev.cardinal.ike.crypto.CryptoOutcome;
import dev.cardinal.ike.crypto.CryptoRequest;
import dev.cardinal.ike.crypto.IntegrityFailure;
import dev.cardinal.ike.crypto.KeyExchangeHandle;
import dev.cardinal.ike.crypto.Secret;
import dev.cardinal.ike.sa.ChildKeys;
import dev.cardinal.ike.sa.ChildPolicy;
import dev.cardinal.ike.sa.ChildSa;
import dev.cardinal.ike.sa.Effects;
import dev.cardinal.ike.sa.IkeSa;
import dev.cardinal.ike.sa.IkeSuite;
import dev.cardinal.ike.sa.Path;
import dev.cardinal.ike.sa.PeerPolicy;
import dev.cardinal.ike.sa.Retransmission;
import dev.cardinal.ike.sa.SaCommand;
import dev.cardinal.ike.sa.SaEnvironment;
import dev.cardinal.ike.sa.SaEvent;
import dev.cardinal.ike.sa.SaNotice;
import dev.cardinal.ike.sa.SaNotice.CloseReason;
import dev.cardinal.ike.sa.SaSnapshot;
import dev.cardinal.ike.wire.ExchangeType;
import dev.cardinal.ike.wire.Identification;
import dev.cardinal.ike.wire.IkeHeader;
import dev.cardinal.ike.wire.MalformedMessage;
import dev.cardinal.ike.wire.MessageCodec;
import dev.cardinal.ike.wire.NotifyType;
import dev.cardinal.ike.wire.Payload;
import dev.cardinal.ike.wire.Payload.Notify;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An IKEv2 SA (RFC 7296). It has a coarse life and two slots, each for one exchange: one that we initiated, one that we
 * respond to. The exchanges live in files of their own; this one gives each message, completion and deadline to the
 * exchange it is for.
 *
 * <p>What an established SA keeps, for a gateway holds very many: its SPIs, path and deadlines, the two identities, the
 * suite, SK_d and the keys of either direction, its Child SAs, and for some minutes the last response. All that belongs to
 * the handshake is in {@link Handshake} or in the exchange, and goes with it; what only some SAs ever need (fragments,
 * orders that wait) takes room while it is there.
 */
public final class Ikev2Sa implements IkeSa {
    /** How long a replaced SA may wait for the peer's Delete before we delete it ourselves. */
    static final long REPLACED_NANOS = 20_000_000_000L;

    final SaEnvironment environment;
    final int serial;
    final MessageChannel channel = new MessageChannel(this);
    final MessageWindow window = new MessageWindow();
    final Slot initiated = new Slot();
    final Slot responding = new Slot();
    final RekeyCollision rekey = new RekeyCollision();
    private final boolean initiator;
    private final long ownSpi;
    final Orders orders = new Orders(this);
    final @Nullable ChildPolicy firstChild;

    Path path;
    Path requestPath;
    Life life = Life.CONNECTING;
    ChildTable children = new ChildTable(this);

    @Nullable
    PeerPolicy policy;

    @Nullable
    IkeSuite suite;

    @Nullable
    Ikev2KeyMaterial keys;

    @Nullable
    Handshake handshake;

    /** Our half of the handshake's key exchange. */
    @Nullable
    KeyExchangeHandle handle;

    @Nullable
    Identification localId;

    @Nullable
    Identification remoteId;

    boolean peerFragmentation;
    boolean localNat;
    boolean remoteNat;
    long peerSpi;
    private boolean replaced;

    /** Stands for a moment that has not come; a monotonic clock may show any other number, a negative one too. */
    static final long NOT_YET = Long.MIN_VALUE;

    /** Beginning of the handshake; establishment. */
    long begunNanos = NOT_YET;

    long establishedNanos = NOT_YET;
    private final SaTimers timers = new SaTimers(this);
    private @Nullable Retransmission retransmission;
    private long nextTicket = 1;
    private int respondingExchangeType;

    /** The SA that took over. */
    private @Nullable Ikev2Sa heir;

    private @Nullable Effects effects;
    private long nowNanos;

    /** The coarse life of an IKE SA. */
    enum Life {
        CONNECTING,
        ESTABLISHED,
        /** A successor took over; one side deletes this one. */
        REKEYED,
        DELETING,
        /** The handshake failed; only the answer is kept, for retransmissions. */
        FAILED,
        CLOSED
    }

    private Ikev2Sa(
            boolean initiator,
            long ownSpi,
            @Nullable PeerPolicy policy,
            @Nullable ChildPolicy firstChild,
            Path path,
            SaEnvironment environment) {
        this.initiator = initiator;
        this.ownSpi = ownSpi;
        this.policy = policy;
        this.firstChild = firstChild;
        this.path = path;
        this.requestPath = path;
        this.environment = environment;
        this.serial = environment.spis().nextSerial();
    }

    /**
     * An SA that we initiate, when it is given {@link SaCommand.Initiate}.
     *
     * @param child its first Child SA; null for a childless IKE SA (RFC 6023)
     */
    public static Ikev2Sa initiator(
            PeerPolicy policy, @Nullable ChildPolicy child, Path path, SaEnvironment environment) {
        return new Ikev2Sa(true, environment.spis().nextIkeSpi(), policy, child, path, environment);
    }

    /** An SA for a peer's IKE_SA_INIT request, which is its first event. */
    public static Ikev2Sa responder(Path path, SaEnvironment environment) {
        return new Ikev2Sa(false, environment.spis().nextIkeSpi(), null, null, path, environment);
    }

    /** The successor of a rekeyed SA (RFC 7296 section 2.18). It is established from the beginning. */
    static Ikev2Sa successor(
            Ikev2Sa old, boolean initiator, long ownSpi, long peerSpi, IkeSuite suite, Ikev2KeyMaterial keys) {
        Ikev2Sa sa = new Ikev2Sa(initiator, ownSpi, old.policy, null, old.path, old.environment);
        sa.peerSpi = peerSpi;
        sa.suite = suite;
        sa.keys = keys;
        sa.children = old.children;
        sa.localId = old.localId;
        sa.remoteId = old.remoteId;
        sa.peerFragmentation = old.peerFragmentation;
        sa.localNat = old.localNat;
        sa.remoteNat = old.remoteNat;
        sa.begunNanos = old.now();
        sa.establishedNanos = old.now();
        sa.life = Life.ESTABLISHED;
        sa.timers.onEstablished(old.now());
        keys.authenticated();
        return sa;
    }

    @Override
    public void handle(SaEvent event, long now, Effects turn) {
        effects = turn;
        nowNanos = now;
        try {
            switch (event) {
                case SaEvent.Datagram datagram -> onDatagram(datagram.octets(), datagram.path());
                case SaEvent.CryptoCompleted completed -> onCompleted(completed.ticket(), completed.outcome());
                case SaEvent.ChildInstalled installed -> onInstalled(installed.ticket(), installed.failure());
                case SaEvent.TimerDue due -> timers.onDue();
                case SaEvent.Command command -> onCommand(command.command());
            }
            orders.start();
        } catch (RuntimeException flaw) {
            report(new SaNotice.InternalError(subject(), String.valueOf(flaw)));
            close(CloseReason.INTERNAL, "a flaw of ours");
        } finally {
            effects = null;
        }
    }

    // ------------------------------------------------------------------------------------------------ datagrams

    private void onDatagram(byte[] datagram, Path from) {
        if (life == Life.CLOSED) {
            return;
        }
        try {
            IkeHeader header = MessageCodec.decodeHeader(datagram);
            if (header.fromInitiator() == initiator || !isOurs(header)) {
                rejected("SPIs or flags of another SA");
            } else if (header.isResponse()) {
                onResponse(header, datagram, from);
            } else {
                onRequest(header, datagram, from);
            }
        } catch (MalformedMessage malformed) {
            rejected(malformed.getMessage());
        } catch (IntegrityFailure failure) {
            rejected(failure.getMessage());
        }
    }

    private boolean isOurs(IkeHeader header) {
        long own = initiator ? header.initiatorSpi() : header.responderSpi();
        long peer = initiator ? header.responderSpi() : header.initiatorSpi();
        boolean init = header.exchangeType() == ExchangeType.IKE_SA_INIT;
        return (own == ownSpi || (init && !initiator && own == 0)) && (peer == peerSpi || peerSpi == 0);
    }

    private void onRequest(IkeHeader header, byte[] datagram, Path from) throws MalformedMessage, IntegrityFailure {
        int id = header.messageId();
        if (window.isRetransmission(id, datagram, environment.symmetric())) {
            for (byte[] response : window.response()) {
                effects().send(response, from);
            }
            return;
        }
        if (initiator && life == Life.CONNECTING) {
            // the peer is ahead of us: its retransmission comes when we have authenticated it
            return;
        }
        if (id != window.expectedId() || life == Life.FAILED) {
            rejected("message ID " + Integer.toUnsignedString(id) + " outside the window");
            return;
        }
        if (initiator && life == Life.CONNECTING) {
            return; // the responder believes in the SA before we do; it asks again
        }
        if (header.exchangeType() == ExchangeType.IKE_SA_INIT) {
            if (responding.isFree() && handshake == null && keys == null && !initiator) {
                begunNanos = now();
                peerSpi = header.initiatorSpi();
                window.taken(MessageWindow.hash(datagram, environment.symmetric()));
                requestPath = from;
                respondingExchangeType = ExchangeType.IKE_SA_INIT;
                IkeSaInit.Responder.begin(this, datagram);
            }
            return;
        }
        Ikev2KeyMaterial current = keys;
        if (current == null) {
            if (header.exchangeType() == ExchangeType.IKE_AUTH && handshake != null) {
                IkeAuth.Responder.onFirstDatagrams(this, datagram, from);
            }
            return;
        }
        if (!responding.isFree() && !(responding.exchange instanceof IkeAuth.Responder auth && auth.awaitsRequest())) {
            return;
        }
        MessageChannel.Opened opened = channel.open(current, datagram, false);
        if (opened != null) {
            onAuthentic(from);
            // one object where both are the same, as they mostly are
            requestPath = from.equals(path) ? path : from;
            respondingExchangeType = header.exchangeType();
            window.taken(opened.hash());
            onRequestContents(header.exchangeType(), opened);
        }
    }

    private void onRequestContents(int exchangeType, MessageChannel.Opened opened) {
        try {
            Contents contents = new Contents(MessageCodec.decodePayloads(opened.firstInner(), opened.inner()));
            switch (exchangeType) {
                case ExchangeType.IKE_AUTH -> IkeAuth.Responder.onRequest(this, contents);
                case ExchangeType.CREATE_CHILD_SA -> CreateChildSa.onRequest(this, contents);
                case ExchangeType.INFORMATIONAL -> Informational.onRequest(this, contents);
                default -> throw new ProtocolViolation(NotifyType.INVALID_SYNTAX, "exchange type " + exchangeType);
            }
        } catch (MalformedMessage malformed) {
            rejected(malformed.getMessage());
            refuse(new Notify(0, new byte[0], malformed.notifyType().code(), malformed.notifyData()));
        } catch (ProtocolViolation violation) {
            rejected(violation.getMessage());
            refuse(violation.notifyPayload());
        }
    }

    /**
     * Answers a request with an error. RFC 7296 section 2.21.3: INVALID_SYNTAX in an authentic message ends the IKE SA;
     * before authentication every error does (section 2.21.2).
     */
    void refuse(Notify notify) {
        Exchange exchange = responding.exchange;
        if (exchange != null) {
            exchange.abandon();
        }
        respond(List.of(notify));
        if (life == Life.CONNECTING) {
            fail(CloseReason.FAILED, Contents.words(notify));
        } else if (notify.is(NotifyType.INVALID_SYNTAX)) {
            close(CloseReason.FAILED, "the peer's message broke the protocol");
        }
    }

    private void onResponse(IkeHeader header, byte[] datagram, Path from) throws MalformedMessage, IntegrityFailure {
        Exchange exchange = initiated.exchange;
        if (exchange == null || retransmission == null || header.messageId() != window.ownId()) {
            return;
        }
        if (header.exchangeType() == ExchangeType.IKE_SA_INIT) {
            if (exchange instanceof IkeSaInit.Initiator init) {
                init.onMessage(MessageCodec.decode(datagram), datagram);
            }
            return;
        }
        Ikev2KeyMaterial current = keys;
        if (current == null) {
            return;
        }
        MessageChannel.Opened opened = channel.open(current, datagram, true);
        if (opened == null) {
            return;
        }
        onAuthentic(from);
        answered();
        try {
            exchange.onResponse(MessageCodec.decodePayloads(opened.firstInner(), opened.inner()));
        } catch (MalformedMessage malformed) {
            rejected(malformed.getMessage());
            deleteAndClose("the peer's response is no valid message");
        }
    }

    /** A datagram of the peer that was held while our keys were not there yet. */
    void onHeld(byte[] datagram, Path from) {
        if (life == Life.CONNECTING) {
            onDatagram(datagram, from);
        }
    }

    /** A message that proved its integrity and is new: the peer lives, and a NAT may have moved it. */
    private void onAuthentic(Path from) {
        timers.onInbound(now());
        // RFC 7296 section 2.23: a host that is not behind a NAT follows the peer that is
        if (!from.equals(path) && (life == Life.CONNECTING || (remoteNat && !localNat))) {
            report(new SaNotice.PathChanged(subject(), path, from));
            path = from;
        }
    }

    // ------------------------------------------------------------------------------------------------ sending

    IkeHeader header(int exchangeType, boolean response, int messageId) {
        int flags = (initiator ? IkeHeader.FLAG_INITIATOR : 0) | (response ? IkeHeader.FLAG_RESPONSE : 0);
        return new IkeHeader(initiatorSpi(), responderSpi(), 0, 2, 0, exchangeType, flags, messageId, 0);
    }

    /** Sends a protected request of ours. */
    void request(int exchangeType, List<Payload> payloads) {
        request(channel.seal(requireKeys(), exchangeType, false, window.ownId(), payloads));
    }

    /** Sends a request of ours, already encoded, and keeps it for retransmission. */
    void request(List<byte[]> datagrams) {
        retransmission = new Retransmission(datagrams, environment.settings(), now());
        send(datagrams, path);
    }

    /** Sends the response to the request under way and keeps it for retransmissions; the slot becomes free. */
    void respond(List<Payload> payloads) {
        respond(
                channel.seal(requireKeys(), respondingExchangeType, true, window.expectedId() - 1, payloads),
                requestPath);
    }

    /** The same, already encoded. */
    void respond(List<byte[]> datagrams, Path to) {
        window.answered(datagrams, now());
        send(datagrams, to);
        responding.clear();
    }

    private void send(List<byte[]> datagrams, Path to) {
        for (byte[] datagram : datagrams) {
            effects().send(datagram, to);
        }
        timers.onOutbound(now());
    }

    /** Our request was answered: no more retransmissions. */
    void answered() {
        retransmission = null;
        window.ownAnswered();
    }

    @Nullable
    Retransmission retransmission() {
        return retransmission;
    }

    /** The retransmission timer has come. */
    void onRetransmission(Retransmission due) {
        if (due.onDeadline(now())) {
            report(new SaNotice.Retransmitted(subject(), window.ownId(), due.count()));
            send(due.datagrams(), path);
        } else {
            retransmission = null;
            close(CloseReason.PEER_DEAD, "no answer after " + due.count() + " retransmissions");
        }
    }

    // ------------------------------------------------------------------------------------------------ back ends

    private Slot slotOf(Exchange exchange) {
        return initiated.exchange == exchange ? initiated : responding;
    }

    /** Submits an exchange's only request; its last act in this step. @return false where the back end is full */
    boolean submit(Exchange exchange, CryptoRequest request) {
        Slot slot = slotOf(exchange);
        long ticket = nextTicket++;
        slot.ticket = ticket;
        slot.deadlineNanos = request.deadlineNanos();
        if (effects().submit(ticket, request)) {
            return true;
        }
        slot.forgetTicket();
        return false;
    }

    /** When a request submitted now must have been begun. */
    long requestDeadline() {
        return now() + environment.settings().tokenDeadlineNanos();
    }

    /** Asks for the installation of an exchange's Child SA; its last act in this step. */
    void install(Exchange exchange, ChildSa child, ChildKeys childKeys) {
        Slot slot = slotOf(exchange);
        slot.ticket = nextTicket++;
        slot.deadlineNanos = requestDeadline();
        effects().install(slot.ticket, child, childKeys);
    }

    private void onCompleted(long ticket, CryptoOutcome outcome) {
        Exchange exchange = awaiting(ticket);
        if (exchange == null) {
            dispose(outcome);
        } else {
            exchange.onCrypto(outcome);
        }
    }

    private void onInstalled(long ticket, @Nullable String failure) {
        Exchange exchange = awaiting(ticket);
        if (exchange != null) {
            exchange.onInstalled(failure);
        }
    }

    private @Nullable Exchange awaiting(long ticket) {
        Slot slot = initiated.ticket == ticket ? initiated : responding;
        if (slot.ticket != ticket || slot.exchange == null) {
            return null;
        }
        slot.forgetTicket();
        return slot.exchange;
    }

    /** A late or unwanted answer: its secret is wiped, its handle released. */
    void dispose(CryptoOutcome outcome) {
        switch (outcome) {
            case CryptoOutcome.Generated generated -> effects().release(generated.handle());
            case CryptoOutcome.Agreed agreed -> agreed.derived().close();
            case CryptoOutcome.Decrypted decrypted -> decrypted.plaintexts().forEach(Secret::close);
            case CryptoOutcome.Encrypted encrypted -> {}
            case CryptoOutcome.Signed signed -> {}
            case CryptoOutcome.PeerVerified verified -> {}
            case CryptoOutcome.PeerRejected peerRejected -> {}
            case CryptoOutcome.Failed failed -> {}
        }
    }

    // ------------------------------------------------------------------------------------------------ orders

    private void onCommand(SaCommand command) {
        if (life == Life.CLOSED) {
            return;
        }
        switch (command) {
            case SaCommand.Forget forget -> close(CloseReason.REPLACED, "the peer began anew");
            case SaCommand.DeleteIke delete -> {
                if (life == Life.CONNECTING || life == Life.FAILED) {
                    close(CloseReason.DELETED, "before it was established");
                } else {
                    orders.end();
                }
            }
            case SaCommand.Initiate initiate -> orders.add(initiate);
            case SaCommand.CreateChild create -> orders.add(create);
            case SaCommand.RekeyChild rekeyChild -> orders.add(rekeyChild);
            case SaCommand.RekeyIke rekeyIke -> orders.add(rekeyIke);
            case SaCommand.DeleteChild deleteChild -> orders.add(deleteChild);
            case SaCommand.CheckLiveness check -> orders.add(check);
            case SaCommand.HandOver handOver -> throw new IllegalStateException("an IKEv2 SA is rekeyed instead");
        }
    }

    // ------------------------------------------------------------------------------------------------ life

    /** Both sides are authenticated. */
    void establish(Identification own, Identification peer, String authentication, boolean initialContact) {
        PeerPolicy chosen = requirePolicy();
        life = Life.ESTABLISHED;
        localId = own;
        remoteId = peer;
        handshake = null;
        requireKeys().authenticated();
        establishedNanos = now();
        timers.onEstablished(now());
        report(new SaNotice.IkeEstablished(
                subject(), 2, initiator, own, peer, requireSuite().listing(), authentication, now() - begunNanos));
        effects().established(chosen, own, peer, initialContact);
    }

    /**
     * A successor takes over (RFC 7296 section 2.8): Child SAs and waiting orders pass to it.
     *
     * @param weDelete whether it is for us to delete this SA
     */
    void succeed(Ikev2Sa successor, boolean weDelete) {
        // the successor may have been rekeyed itself before this rekeying was settled
        Ikev2Sa last = successor;
        while (last.heir != null) {
            last = last.heir;
        }
        if (last.life == Life.CLOSED) {
            // the peer deleted it before we knew that it had won: everything ends
            orders.add(new SaCommand.DeleteIke());
            return;
        }
        life = Life.REKEYED;
        replaced = true;
        heir = last;
        if (children.owner == this) { // else this one has lost against another, or has not taken over itself
            children.owner = last;
        }
        orders.handOver(last.orders);
        effects().adopt(last);
        report(new SaNotice.IkeRekeyed(
                subject(),
                successor.initiator,
                successor.ownSpi,
                successor.requireSuite().listing()));
        expectDelete(now());
        if (weDelete) {
            orders.add(new SaCommand.DeleteIke());
        }
    }

    /** The peer is to delete this SA; after a while we do it ourselves. */
    void expectDelete(long now) {
        timers.onReplaced(now);
    }

    /** Whether a successor took over. */
    boolean wasReplaced() {
        return replaced;
    }

    void rekeyAgainAt(long nanos) {
        timers.rekeyAgainAt(nanos);
    }

    /** The peer's Delete for this SA was answered. */
    void onPeerDeletes() {
        close(replaced ? CloseReason.REKEYED : CloseReason.PEER_DELETED, "deleted by the peer");
    }

    /** Takes a Child SA in whose installation has succeeded. */
    Child addChild(ChildSa facts, ChildPolicy childPolicy, boolean isRekey) {
        Child child = new Child(facts, childPolicy, now());
        if (childPolicy.rekeyNanos() > 0) {
            child.rekeyNanos = now() + childPolicy.rekeyNanos() - random(childPolicy.randNanos());
        }
        if (childPolicy.lifeNanos() > 0) {
            child.expireNanos = now() + childPolicy.lifeNanos();
        }
        if (children.owner != this && children.owner.life == Life.CLOSED) {
            // the line that had the Child SAs has ended with them, and this IKE SA, which lost against it, lives on
            children = new ChildTable(this);
        }
        children.children.add(child);
        orders.onProgress();
        report(new SaNotice.ChildEstablished(subject(), facts, isRekey));
        return child;
    }

    void removeChild(Child child, String why) {
        if (children.children.remove(child)) {
            effects().remove(child.facts);
            environment.spis().releaseChildSpi(child.facts.inboundSpi());
            report(new SaNotice.ChildRemoved(subject(), child.facts, why));
        }
    }

    /** The handshake failed after an answer: the answer is kept for retransmissions, everything else goes. */
    void fail(CloseReason reason, String why) {
        boolean keepAnswer = !initiator && !window.response().isEmpty();
        if (!keepAnswer) {
            close(reason, why);
            return;
        }
        if (life != Life.FAILED) {
            release();
            life = Life.FAILED;
            timers.onFailed(now());
            report(new SaNotice.IkeClosed(subject(), reason, why));
        }
    }

    /** Tells the peer that this SA is no more, without waiting for its answer. */
    void deleteAndClose(String why) {
        Informational.Initiator.tellAndForget(this, new Payload.Delete(dev.cardinal.ike.wire.Proposal.IKE, List.of()));
        close(CloseReason.FAILED, why);
    }

    /** The end: nothing is left that must be wiped, released or removed. */
    void close(CloseReason reason, String why) {
        if (life == Life.CLOSED) {
            return;
        }
        boolean told = life == Life.FAILED;
        // RFC 7296 section 2.25.2: what is not settled fails, so that a successor that exists takes the Child SAs over
        rekey.end(this);
        release();
        life = Life.CLOSED;
        if (!told) {
            report(new SaNotice.IkeClosed(subject(), reason, why));
        }
        effects().closed();
    }

    void releaseHandle() {
        KeyExchangeHandle held = handle;
        if (held != null) {
            handle = null;
            effects().release(held);
        }
    }

    private void release() {
        for (Slot slot : List.of(initiated, responding)) {
            Exchange exchange = slot.exchange;
            if (exchange != null) {
                exchange.abandon();
            }
            slot.clear();
        }
        retransmission = null;
        orders.clear();
        handshake = null;
        releaseHandle();
        if (children.owner == this) {
            for (Child child : List.copyOf(children.children)) {
                removeChild(child, "its IKE SA ended");
            }
        }
        Ikev2KeyMaterial current = keys;
        if (current != null) {
            current.close();
            keys = null;
        }
    }

    // ------------------------------------------------------------------------------------------------ for exchanges

    Effects effects() {
        Effects current = effects;
        if (current == null) {
            throw new IllegalStateException("outside of handle");
        }
        return current;
    }

    long now() {
        return nowNanos;
    }

    void report(SaNotice notice) {
        effects().report(notice);
    }

    void rejected(@Nullable String why) {
        report(new SaNotice.MessageRejected(subject(), why == null ? "no valid message" : why));
    }

    SaNotice.Subject subject() {
        return new SaNotice.Subject(policy == null ? null : policy.name(), serial, ownSpi, path);
    }

    Ikev2KeyMaterial requireKeys() {
        return required(keys);
    }

    PeerPolicy requirePolicy() {
        return required(policy);
    }

    IkeSuite requireSuite() {
        return required(suite);
    }

    static <T> T required(@Nullable T value) {
        if (value == null) {
            throw new IllegalStateException("not in this state");
        }
        return value;
    }

    /** A random duration from 0 up to, and without, {@code boundNanos}. */
    long random(long boundNanos) {
        if (boundNanos <= 0) {
            return 0;
        }
        long octets = java.nio.ByteBuffer.wrap(environment.random().octets(8)).getLong();
        return Math.floorMod(octets, boundNanos);
    }

    long initiatorSpi() {
        return initiator ? ownSpi : peerSpi;
    }

    long responderSpi() {
        return initiator ? peerSpi : ownSpi;
    }

    // ------------------------------------------------------------------------------------------------ for the loop

    @Override
    public long nextDeadlineNanos() {
        return life == Life.CLOSED ? NEVER : timers.nextDeadlineNanos();
    }

    @Override
    public long ownSpi() {
        return ownSpi;
    }

    @Override
    public long peerSpi() {
        return peerSpi;
    }

    @Override
    public boolean initiator() {
        return initiator;
    }

    @Override
    public boolean halfOpen() {
        // a failed handshake is no longer waited for: it does not count against its peer's address
        return life == Life.CONNECTING;
    }

    @Override
    public SaSnapshot snapshot(long now) {
        List<SaSnapshot.Child> listed = new ArrayList<>();
        if (children.owner == this) {
            for (Child child : children.children) {
                ChildSa facts = child.facts;
                listed.add(new SaSnapshot.Child(
                        facts.name(),
                        facts.serial(),
                        facts.reqid(),
                        facts.inboundSpi(),
                        facts.outboundSpi(),
                        facts.tunnel(),
                        facts.udpEncapsulated(),
                        facts.suite().listing(),
                        now - child.installedNanos,
                        child.rekeyNanos == NEVER ? -1 : Math.max(0, child.rekeyNanos - now),
                        facts.local(),
                        facts.remote()));
            }
        }
        long rekeyAt = timers.rekeyNanos();
        return new SaSnapshot(
                policy == null ? null : policy.name(),
                serial,
                2,
                switch (life) {
                    case CONNECTING, FAILED -> SaSnapshot.State.CONNECTING;
                    case ESTABLISHED ->
                        initiated.exchange instanceof RekeyIkeSa.Initiator
                                ? SaSnapshot.State.REKEYING
                                : SaSnapshot.State.ESTABLISHED;
                    case REKEYED -> SaSnapshot.State.REKEYED;
                    case DELETING, CLOSED -> SaSnapshot.State.DELETING;
                },
                initiator,
                initiatorSpi(),
                responderSpi(),
                path,
                localId,
                remoteId,
                suite == null ? "" : suite.listing(),
                establishedNanos == NOT_YET ? -1 : now - establishedNanos,
                rekeyAt == NEVER ? -1 : Math.max(0, rekeyAt - now),
                listed);
    }
}
