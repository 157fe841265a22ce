package dev.cardinal.ike.ikev1;

import dev.cardinal.ike.crypto.CryptoOutcome;
import dev.cardinal.ike.crypto.CryptoRequest;
import dev.cardinal.ike.crypto.KeyExchangeHandle;
import dev.cardinal.ike.crypto.Secret;
import dev.cardinal.ike.sa.ChildKeys;
import dev.cardinal.ike.sa.ChildPolicy;
import dev.cardinal.ike.sa.ChildSa;
import dev.cardinal.ike.sa.Effects;
import dev.cardinal.ike.sa.IkeSa;
import dev.cardinal.ike.sa.Ikev1Policy;
import dev.cardinal.ike.sa.Path;
import dev.cardinal.ike.sa.PeerPolicy;
import dev.cardinal.ike.sa.Retransmission;
import dev.cardinal.ike.sa.SaCommand;
import dev.cardinal.ike.sa.SaEnvironment;
import dev.cardinal.ike.sa.SaEvent;
import dev.cardinal.ike.sa.SaNotice;
import dev.cardinal.ike.sa.SaNotice.CloseReason;
import dev.cardinal.ike.sa.SaSnapshot;
import dev.cardinal.ike.sa.XauthPolicy;
import dev.cardinal.ike.wire.ExchangeType;
import dev.cardinal.ike.wire.Identification;
import dev.cardinal.ike.wire.IkeHeader;
import dev.cardinal.ike.wire.IsakmpBody;
import dev.cardinal.ike.wire.IsakmpNotify;
import dev.cardinal.ike.wire.MalformedMessage;
import dev.cardinal.ike.wire.MessageCodec;
import dev.cardinal.ike.wire.TrafficSelector;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An ISAKMP SA (RFC 2408, 2409): phase 1 with its peer, then any number of exchanges of phase 2 at a time, told apart by
 * their message IDs. The exchanges live in files of their own; this one gives each message, completion and deadline to the
 * exchange it is for.
 *
 * <p>An ISAKMP SA is not rekeyed but replaced: phase 1 is run anew, and the new SA takes the Child SAs over.
 */
public final class Ikev1Sa implements IkeSa {
    /** Exchanges of phase 2 at a time, ended ones that are remembered included: a bound on what a peer may make us hold. */
    static final int MAX_CONVERSATIONS = 32;

    /** Child SAs of one ISAKMP SA: a bound on what a peer may make us hold. */
    static final int MAX_CHILDREN = 256;

    /** Orders that wait for phase 1 to end. */
    private static final int MAX_WAITING = 64;

    /** Stands for a moment that has not come; a monotonic clock may show any other number, a negative one too. */
    static final long NOT_YET = Long.MIN_VALUE;

    final SaEnvironment environment;
    final int serial;
    final boolean initiator;
    final Ikev1Timers timers = new Ikev1Timers(this);
    final LivenessNumbers liveness = new LivenessNumbers();
    final Conversation phase1;
    final List<Conversation> conversations = new ArrayList<>(2);
    final List<Child> children = new ArrayList<>(1);
    final InnerAddresses inner;
    final ModeConfig modeConfig = new ModeConfig(this);
    private final long ownCookie;
    private final IsakmpChannel channel = new IsakmpChannel(this);
    private final MessageIds peerMessageIds = new MessageIds();
    private final List<SaCommand> waiting = new ArrayList<>(1);

    /** The SA that this one is to replace, until it has taken its Child SAs over. */
    private @Nullable Ikev1Sa predecessor;

    /** The SA that took over. */
    private @Nullable Ikev1Sa heir;

    /** The one that this took over from, while that is still there. */
    private @Nullable Ikev1Sa forebear;

    Path path;
    Life life = Life.CONNECTING;
    VendorIds.Features peer = VendorIds.Features.NONE;

    @Nullable
    PeerPolicy policy;

    @Nullable
    Phase1Suite suite;

    @Nullable
    Ikev1KeyMaterial keys;

    @Nullable
    Identification localId;

    @Nullable
    Identification remoteId;

    /** From the end of phase 1 on, where XAUTH follows it. */
    @Nullable
    Xauth xauth;

    boolean localNat;
    boolean remoteNat;
    long peerCookie;
    long begunNanos = NOT_YET;
    long establishedNanos = NOT_YET;

    /** Whether the peer has shown in phase 2 that it has ended phase 1 too. */
    private boolean confirmed;

    private long confirmedNanos = NOT_YET;

    private long nextTicket = 1;
    private @Nullable Effects effects;
    private long nowNanos;

    /** A message of phase 2 that came before phase 1 has ended here: the peer has ended it already. */
    private SaEvent.@Nullable Datagram held;

    /** The coarse life of an ISAKMP SA. */
    enum Life {
        CONNECTING,
        /** Phase 1 has ended, XAUTH has not. */
        EXTENDING,
        ESTABLISHED,
        /** A successor took over; one side deletes this one. */
        REPLACED,
        CLOSED
    }

    private Ikev1Sa(boolean initiator, @Nullable PeerPolicy policy, Path path, SaEnvironment environment, int mode) {
        this.initiator = initiator;
        this.ownCookie = environment.spis().nextIkeSpi();
        this.policy = policy;
        this.path = path;
        this.environment = environment;
        this.inner = new InnerAddresses(environment.pools());
        this.serial = environment.spis().nextSerial();
        this.phase1 = new Conversation(0, mode, new byte[0]);
    }

    /**
     * An SA that we initiate, when it is given {@link SaCommand.Initiate}.
     *
     * @param policy one whose {@link PeerPolicy#ikev1()} is there
     * @param child its first Child SA; null for none
     */
    public static Ikev1Sa initiator(
            PeerPolicy policy, @Nullable ChildPolicy child, Path path, SaEnvironment environment) {
        boolean aggressive = required(policy.ikev1()).aggressive();
        int mode = aggressive ? ExchangeType.AGGRESSIVE : ExchangeType.IDENTITY_PROTECTION;
        Ikev1Sa sa = new Ikev1Sa(true, policy, path, environment, mode);
        if (child != null) {
            sa.waiting.add(new SaCommand.CreateChild(child));
        }
        return sa;
    }

    /** An SA for a peer's first message, which is its first event. */
    public static Ikev1Sa responder(IkeHeader first, Path path, SaEnvironment environment) {
        return new Ikev1Sa(false, null, path, environment, first.exchangeType());
    }

    @Override
    public void handle(SaEvent event, long now, Effects turn) {
        effects = turn;
        nowNanos = now;
        try {
            switch (event) {
                case SaEvent.Datagram datagram -> onDatagram(datagram);
                case SaEvent.CryptoCompleted completed -> onCompleted(completed.ticket(), completed.outcome());
                case SaEvent.ChildInstalled installed -> onInstalled(installed.ticket(), installed.failure());
                case SaEvent.TimerDue due -> timers.onDue();
                case SaEvent.Command command -> onCommand(command.command());
            }
            deliverHeld();
        } catch (RuntimeException flaw) {
            report(new SaNotice.InternalError(subject(), String.valueOf(flaw)));
            close(CloseReason.INTERNAL, "a flaw of ours");
        } finally {
            effects = null;
        }
    }

    // ------------------------------------------------------------------------------------------------ datagrams

    private void onDatagram(SaEvent.Datagram event) {
        if (life == Life.CLOSED) {
            return;
        }
        try {
            byte[] datagram = event.octets();
            IkeHeader header = MessageCodec.decodeHeader(datagram);
            if (!isOurs(header)) {
                rejected("cookies of another SA");
                return;
            }
            byte[] whole = channel.whole(header, datagram);
            if (whole == null) {
                return;
            }
            IkeHeader inner = whole == datagram ? header : MessageCodec.decodeHeader(whole);
            if (isOurs(inner)) {
                onMessage(inner, whole, event.path());
            }
        } catch (MalformedMessage malformed) {
            rejected(malformed.getMessage());
            if (!initiator && suite == null) {
                close(CloseReason.FAILED, "the first message is no valid one");
            }
        }
    }

    private boolean isOurs(IkeHeader header) {
        long own = initiator ? header.initiatorSpi() : header.responderSpi();
        long other = initiator ? header.responderSpi() : header.initiatorSpi();
        // RFC 2408 section 3.1: the first message, and what repeats it, has no responder cookie yet
        return (own == ownCookie || (!initiator && own == 0)) && (other == peerCookie || peerCookie == 0);
    }

    private void onMessage(IkeHeader header, byte[] datagram, Path from) throws MalformedMessage {
        switch (header.exchangeType()) {
            case ExchangeType.IDENTITY_PROTECTION, ExchangeType.AGGRESSIVE -> {
                if (header.exchangeType() != phase1.exchangeType || header.messageId() != 0) {
                    throw new MalformedMessage("another mode than phase 1 began with");
                }
                onConversation(phase1, header, datagram, from);
            }
            case ExchangeType.QUICK_MODE, ExchangeType.TRANSACTION -> onPhase2(header, datagram, from);
            case ExchangeType.ISAKMP_INFORMATIONAL -> Informational.onDatagram(this, channel, header, datagram, from);
            default -> throw new MalformedMessage("exchange type " + header.exchangeType());
        }
    }

    private void onPhase2(IkeHeader header, byte[] datagram, Path from) throws MalformedMessage {
        if (header.messageId() == 0) {
            throw new MalformedMessage("phase 2 without a message ID");
        }
        Ikev1KeyMaterial current = keys;
        if (current == null || life == Life.CONNECTING) {
            // the peer is ahead of us: one message is kept until we have verified it, or its last one has arrived
            held = current != null && held == null ? new SaEvent.Datagram(datagram, from) : held;
            return;
        }
        Conversation known = conversation(header.messageId());
        if (known != null) {
            onConversation(known, header, datagram, from);
            return;
        }
        if (awaitsEndOfAuthentication()) {
            held = held == null ? new SaEvent.Datagram(datagram, from) : held;
            return;
        }
        boolean quickMode = header.exchangeType() == ExchangeType.QUICK_MODE;
        if (conversations.size() >= MAX_CONVERSATIONS || quickMode && life == Life.EXTENDING) {
            rejected(quickMode ? "quick mode before XAUTH, or one too many" : "a transaction too many");
            return;
        }
        if (peerMessageIds.wasUsed(header.messageId())) {
            rejected("a message ID that was used before");
            return;
        }
        Conversation begun =
                new Conversation(header.messageId(), header.exchangeType(), current.exchangeIv(header.messageId()));
        begun.exchange =
                quickMode ? new QuickMode.Responder(this, begun) : new TransactionExchange.Responder(this, begun);
        // it enters the list when it takes its first message: what does not prove itself leaves nothing behind
        onConversation(begun, header, datagram, from);
        if (begun.exchange instanceof QuickMode.Responder responder && !responder.hasBegun()) {
            conversations.remove(begun);
        }
    }

    /** Whether the peer may have ended phase 1, or XAUTH, before us: its next message comes early then. */
    private boolean awaitsEndOfAuthentication() {
        Xauth extended = xauth;
        return life == Life.CONNECTING || life == Life.EXTENDING && extended != null && extended.hasAccepted();
    }

    private @Nullable Conversation conversation(int messageId) {
        for (Conversation each : conversations) {
            if (each.messageId == messageId) {
                return each;
            }
        }
        return null;
    }

    private void onConversation(Conversation conversation, IkeHeader header, byte[] datagram, Path from)
            throws MalformedMessage {
        long hash = hash(datagram);
        if (conversation.isRepeated(hash)) {
            // whose own message awaits an answer sends it by its timer; not to where the copy came from, which anybody
            // may send
            if (conversation.retransmission == null) {
                for (byte[] sent : conversation.sent()) {
                    effects().send(sent, path);
                }
            }
            return;
        }
        Exchange exchange = conversation.exchange;
        if (exchange == null && conversation == phase1 && begunNanos == NOT_YET && !initiator) {
            exchange = begin(header);
        }
        if (exchange == null || conversation.isBusy()) {
            return;
        }
        IsakmpChannel.Opened opened = channel.open(conversation, header, datagram);
        taking = new Taking(conversation, hash, opened.nextIv(), from);
        try {
            exchange.onMessage(opened.message());
        } catch (Refusal refusal) {
            rejected(refusal.getMessage());
            if (conversation == phase1 && taking != null) {
                // the peer reads what we tell it by the IV that its message has left, and where it has sent that from
                path = from;
                Ikev1KeyMaterial current = keys;
                if (current != null && opened.nextIv().length > 0) {
                    current.setPhase1Iv(opened.nextIv());
                }
            }
            onRefusal(conversation, refusal);
        } finally {
            taking = null;
        }
    }

    private @Nullable Exchange begin(IkeHeader header) {
        begunNanos = now();
        peerCookie = header.initiatorSpi();
        phase1.exchange = header.exchangeType() == ExchangeType.AGGRESSIVE
                ? new AggressiveMode.Responder(this)
                : new MainMode.Responder(this);
        return phase1.exchange;
    }

    /** The message at hand, until its exchange takes it. */
    private record Taking(Conversation conversation, long hash, byte[] nextIv, Path from) {}

    private @Nullable Taking taking;

    /** The exchange takes the message it was given: it answers ours, and the peer is where it came from. */
    void take() {
        Taking message = required(taking);
        taking = null;
        message.conversation.taken(message.hash, message.nextIv);
        if (message.conversation == phase1) {
            Ikev1KeyMaterial current = keys;
            if (current != null && message.nextIv.length > 0) {
                current.setPhase1Iv(message.nextIv);
            }
        } else if (!conversations.contains(message.conversation)) {
            conversations.add(message.conversation);
            peerMessageIds.use(message.conversation.messageId);
        }
        onAuthentic(message.from);
    }

    /** A message that is the peer's: it lives, and a NAT may have moved it. */
    void onAuthentic(Path from) {
        timers.onInbound(now());
        if (!confirmed && life != Life.CONNECTING) {
            confirmed = true;
            confirmedNanos = now();
        }
        if (!from.equals(path) && (life == Life.CONNECTING || (remoteNat && !localNat))) {
            if (life != Life.CONNECTING) {
                report(new SaNotice.PathChanged(subject(), path, from));
            }
            path = from;
        }
    }

    /** An exchange cannot go on: the peer is told, and what it was for has failed. */
    void onRefusal(Conversation conversation, Refusal refusal) {
        if (conversation == phase1) {
            giveUp(refusal.notifyType());
            if (refusal.notifyType() == IsakmpNotify.AUTHENTICATION_FAILED
                    || refusal.notifyType() == IsakmpNotify.INVALID_ID_INFORMATION) {
                report(new SaNotice.AuthenticationFailed(subject(), remoteId, String.valueOf(refusal.getMessage())));
            }
            close(CloseReason.FAILED, String.valueOf(refusal.getMessage()));
        } else {
            Informational.tell(this, refusal.notifyType());
            end(conversation);
        }
    }

    /** Phase 1 fails here: the peer is told why, and, where it has ended phase 1 already, that this SA is none. */
    void giveUp(int notifyType) {
        Informational.tell(this, notifyType);
        if (initiator && keys != null) {
            Informational.deleteIsakmp(this);
        }
    }

    /** What a message is known by: 64 bits of its SHA-256. */
    private long hash(byte[] datagram) {
        return ByteBuffer.wrap(environment.symmetric().sha256(datagram)).getLong();
    }

    // ------------------------------------------------------------------------------------------------ sending

    IkeHeader header(Conversation conversation, int flags) {
        return new IkeHeader(
                initiatorCookie(),
                responderCookie(),
                0,
                1,
                0,
                conversation.exchangeType,
                flags,
                conversation.messageId,
                0);
    }

    /** Sends a message that lies open; the peer is to answer where {@code awaitsAnswer}. */
    void sendOpen(Conversation conversation, List<IsakmpBody> bodies, boolean awaitsAnswer) {
        send(conversation, channel.encode(conversation, bodies), awaitsAnswer);
    }

    /** Sends an encrypted message. */
    void sendEncrypted(Conversation conversation, List<IsakmpBody> bodies, boolean awaitsAnswer) {
        Ikev1KeyMaterial current = requireKeys();
        List<byte[]> datagrams = channel.seal(current, conversation, bodies);
        if (conversation == phase1) {
            current.setPhase1Iv(conversation.iv);
        }
        send(conversation, datagrams, awaitsAnswer);
    }

    private void send(Conversation conversation, List<byte[]> datagrams, boolean awaitsAnswer) {
        conversation.onSent(datagrams);
        conversation.retransmission =
                awaitsAnswer ? new Retransmission(datagrams, environment.settings(), now()) : null;
        for (byte[] datagram : datagrams) {
            effects().send(datagram, path);
        }
        timers.onOutbound(now());
    }

    /** A message on its own, which nobody answers (RFC 2409 section 5.7). */
    void sendOnce(List<byte[]> datagrams) {
        for (byte[] datagram : datagrams) {
            effects().send(datagram, path);
        }
        timers.onOutbound(now());
    }

    IsakmpChannel channel() {
        return channel;
    }

    /** A retransmission timer has come. */
    void onRetransmission(Conversation conversation, Retransmission due) {
        if (due.onDeadline(now())) {
            report(new SaNotice.Retransmitted(subject(), conversation.messageId, due.count()));
            if (!confirmed && conversation != phase1) {
                // the peer may still wait for the last message of phase 1, which nothing acknowledges in aggressive
                // mode
                for (byte[] datagram : phase1.sent()) {
                    effects().send(datagram, path);
                }
            }
            for (byte[] datagram : due.datagrams()) {
                effects().send(datagram, path);
            }
            timers.onOutbound(now());
        } else if (conversation.exchange instanceof QuickMode.Responder responder) {
            // whoever began it may have given up; whether the peer lives is for DPD to find out
            responder.onUnconfirmed();
        } else {
            conversation.retransmission = null;
            close(CloseReason.PEER_DEAD, "no answer after " + due.count() + " retransmissions");
        }
    }

    /** A fresh exchange of ours in phase 2. @return null where too many are under way */
    @Nullable
    Conversation converse(int exchangeType) {
        if (conversations.size() >= MAX_CONVERSATIONS) {
            return null;
        }
        int messageId = freshMessageId();
        Conversation conversation =
                new Conversation(messageId, exchangeType, requireKeys().exchangeIv(messageId));
        conversations.add(conversation);
        return conversation;
    }

    /** Random, since the IVs of phase 2 hang on it (RFC 2409 section 5.5), and none that is in use. */
    int freshMessageId() {
        while (true) {
            int messageId = ByteBuffer.wrap(environment.random().octets(4)).getInt();
            if (messageId != 0 && conversation(messageId) == null) {
                return messageId;
            }
        }
    }

    /** An exchange of phase 2 ends; its last message is kept a while for the peer's repeated ones. */
    void end(Conversation conversation) {
        Exchange exchange = conversation.exchange;
        if (exchange != null) {
            exchange.abandon();
        }
        conversation.end(now());
    }

    // ------------------------------------------------------------------------------------------------ back ends

    /** Submits an exchange's only request; its last act in this step. @return false where the back end is full */
    boolean submit(Conversation conversation, CryptoRequest request) {
        conversation.ticket = nextTicket++;
        conversation.deadlineNanos = request.deadlineNanos();
        if (request instanceof CryptoRequest.Decrypt) {
            conversation.decryptionNanos = now();
        }
        if (effects().submit(conversation.ticket, request)) {
            return true;
        }
        conversation.forgetTicket();
        return false;
    }

    /**
     * Does what the peer will see. After a decryption it waits for a moment that does not tell what was decrypted; else it is
     * done at once.
     */
    void depart(Conversation conversation, Runnable departure) {
        long begun = conversation.decryptionNanos;
        if (begun == NOT_YET) {
            departure.run();
            return;
        }
        conversation.decryptionNanos = NOT_YET;
        conversation.departure = departure;
        conversation.departureNanos = environment.departures().departureNanos(begun, now());
    }

    /** When a request submitted now must have been begun. */
    long requestDeadline() {
        return now() + environment.settings().tokenDeadlineNanos();
    }

    /** Asks for the installation of an exchange's Child SA; its last act in this step. */
    void install(Conversation conversation, ChildSa child, ChildKeys childKeys) {
        conversation.ticket = nextTicket++;
        conversation.deadlineNanos = requestDeadline();
        effects().install(conversation.ticket, child, childKeys);
    }

    private void onCompleted(long ticket, CryptoOutcome outcome) {
        Exchange exchange = awaiting(ticket);
        if (exchange == null) {
            dispose(outcome);
            return;
        }
        exchange.onCrypto(outcome);
    }

    private void onInstalled(long ticket, @Nullable String failure) {
        Exchange exchange = awaiting(ticket);
        if (exchange != null) {
            exchange.onInstalled(failure);
        }
    }

    private @Nullable Exchange awaiting(long ticket) {
        Conversation found = phase1.ticket == ticket ? phase1 : null;
        for (Conversation each : conversations) {
            if (each.ticket == ticket) {
                found = each;
            }
        }
        if (found == null || ticket == 0) {
            return null;
        }
        found.forgetTicket();
        return found.exchange;
    }

    private void deliverHeld() {
        SaEvent.Datagram datagram = held;
        if (datagram != null && !awaitsEndOfAuthentication()) {
            held = null;
            onDatagram(datagram);
        }
    }

    /** A late or unwanted answer: its secret is wiped, its handle released. */
    void dispose(CryptoOutcome outcome) {
        switch (outcome) {
            case CryptoOutcome.Generated generated -> effects().release(generated.handle());
            case CryptoOutcome.Agreed agreed -> agreed.derived().close();
            case CryptoOutcome.Signed signed -> {}
            case CryptoOutcome.Decrypted decrypted -> decrypted.plaintexts().forEach(Secret::close);
            case CryptoOutcome.Encrypted encrypted -> {}
            case CryptoOutcome.PeerVerified verified -> {}
            case CryptoOutcome.PeerRejected peerRejected -> {}
            case CryptoOutcome.Failed failed -> {}
        }
    }

    void releaseHandle(@Nullable KeyExchangeHandle handle) {
        if (handle != null) {
            effects().release(handle);
        }
    }

    // ------------------------------------------------------------------------------------------------ orders

    private void onCommand(SaCommand command) {
        if (life == Life.CLOSED) {
            return;
        }
        switch (command) {
            case SaCommand.Initiate initiate -> {
                if (initiator && begunNanos == NOT_YET) {
                    begunNanos = now();
                    if (phase1.exchangeType == ExchangeType.AGGRESSIVE) {
                        AggressiveMode.Initiator.begin(this);
                    } else {
                        MainMode.Initiator.begin(this);
                    }
                }
            }
            case SaCommand.Forget forget -> close(CloseReason.REPLACED, "the peer began anew");
            case SaCommand.DeleteIke delete -> {
                if (life != Life.CONNECTING) {
                    Informational.deleteIsakmp(this);
                }
                close(
                        life == Life.REPLACED ? CloseReason.REKEYED : CloseReason.DELETED,
                        life == Life.CONNECTING ? "before it was established" : "deleted");
            }
            case SaCommand.HandOver handOver -> {
                if (handOver.successor() instanceof Ikev1Sa successor) {
                    handOver(successor);
                }
            }
            case SaCommand.CreateChild create -> orderOrWait(create);
            case SaCommand.RekeyChild rekey -> orderOrWait(rekey);
            case SaCommand.RekeyIke rekey -> orderOrWait(rekey);
            case SaCommand.DeleteChild delete -> orderOrWait(delete);
            case SaCommand.CheckLiveness check -> orderOrWait(check);
        }
    }

    private void orderOrWait(SaCommand command) {
        if (life == Life.ESTABLISHED && !modeConfig.isPulling()) {
            order(command);
        } else if (life != Life.REPLACED && waiting.size() < MAX_WAITING) {
            waiting.add(command);
        }
    }

    /** Carries an order out: several may be under way at a time. */
    void order(SaCommand command) {
        switch (command) {
            case SaCommand.CreateChild create -> QuickMode.Initiator.begin(this, create.policy(), null);
            case SaCommand.RekeyChild rekey -> {
                Child child = inbound(rekey.inboundSpi());
                if (child != null && child.state == Child.State.INSTALLED) {
                    child.state = Child.State.REKEYING;
                    QuickMode.Initiator.begin(this, child.policy, child);
                }
            }
            case SaCommand.RekeyIke rekey -> replace();
            case SaCommand.DeleteChild delete -> {
                Child child = inbound(delete.inboundSpi());
                if (child != null) {
                    Informational.deleteChild(this, child.facts);
                    removeChild(child, "deleted");
                }
            }
            case SaCommand.CheckLiveness check -> Informational.checkLiveness(this);
            case SaCommand.Initiate initiate -> {}
            case SaCommand.Forget forget -> {}
            case SaCommand.DeleteIke delete -> {}
            case SaCommand.HandOver handOver -> {}
        }
    }

    /** Phase 1 anew (RFC 2409 has no rekeying of an ISAKMP SA): the new SA takes over when it is established. */
    private void replace() {
        PeerPolicy current = requirePolicy();
        Ikev1Policy ikev1 = required(current.ikev1());
        if (!initiator && ikev1.xauth() instanceof XauthPolicy.Asking) {
            // who has the password begins anew; a client that does not want to is let go at the end of the lifetime
            return;
        }
        Ikev1Sa successor = initiator(current, null, path, environment);
        successor.predecessor = this;
        successor.localNat = localNat;
        successor.remoteNat = remoteNat;
        effects().begin(successor);
    }

    // ------------------------------------------------------------------------------------------------ life

    /** Both sides have proven in phase 1 who they are; XAUTH follows where its method says so. */
    void authenticated(Identification own, Identification remote, boolean initialContact) {
        localId = own;
        remoteId = remote;
        requireKeys().authenticated();
        phase1.exchange = null;
        phase1.forgetTicket();
        int method = required(suite).method();
        if (Phase1Method.plain(method) == method) {
            establish(own, remote, initialContact);
        } else {
            life = Life.EXTENDING;
            Xauth.begin(this, own, remote, initialContact);
        }
    }

    /** Both sides are authenticated. @param remote the peer's identity; its user name where it has proven one */
    void establish(Identification own, Identification remote, boolean initialContact) {
        life = Life.ESTABLISHED;
        localId = own;
        remoteId = remote;
        establishedNanos = now();
        timers.onEstablished(now());
        Phase1Suite agreed = required(suite);
        report(new SaNotice.IkeEstablished(
                subject(),
                1,
                initiator,
                own,
                remote,
                agreed.listing(),
                Phase1Method.words(agreed.method()),
                now() - begunNanos));
        effects().established(requirePolicy(), own, remote, initialContact);
        Ikev1Sa old = predecessor;
        if (old != null) {
            predecessor = null;
            old.succeededBy(this);
        }
        modeConfig.begin();
        if (!modeConfig.isPulling()) {
            orderWaiting();
        }
    }

    /** The addresses inside the tunnel are settled. @param gone those that the peer has taken back */
    void onConfigured(List<InetAddress> gone) {
        for (Child child : List.copyOf(children)) {
            TrafficSelector local = child.facts.local().getFirst();
            if (local.start().equals(local.end()) && gone.contains(local.start())) {
                Informational.deleteChild(this, child.facts);
                removeChild(child, "its virtual address has gone");
                orderOrWait(new SaCommand.CreateChild(child.policy));
            }
        }
        orderWaiting();
    }

    private void orderWaiting() {
        List<SaCommand> orders = List.copyOf(waiting);
        waiting.clear();
        for (SaCommand each : orders) {
            if (life == Life.ESTABLISHED) {
                order(each);
            }
        }
    }

    /** Our new SA is established. Called within the successor's event. */
    private void succeededBy(Ikev1Sa successor) {
        if (life == Life.ESTABLISHED) {
            settle(successor, successor);
            successor.effects().adopt(this);
        }
    }

    /** The peer has run phase 1 anew: the new SA is on this loop. */
    private void handOver(Ikev1Sa successor) {
        if (life == Life.ESTABLISHED && successor.life == Life.ESTABLISHED) {
            if (!path.remote().equals(successor.path.remote())
                    || !requirePolicy().name().equals(successor.requirePolicy().name())) {
                onAnother();
                return;
            }
            settle(successor, this);
            effects().adopt(successor);
        }
    }

    /** Another device with the same identity or user name: what this one has is not for it. */
    private void onAnother() {
        if (requirePolicy().unique() == PeerPolicy.Uniqueness.REPLACE) {
            Informational.deleteIsakmp(this);
            close(CloseReason.REPLACED, "the peer has come from elsewhere");
        }
    }

    /** The newer SA takes over, unless both ends made one at a time and this is the one that both keep. */
    private void settle(Ikev1Sa successor, Ikev1Sa handling) {
        if (isCollision(successor) && Long.compareUnsigned(initiatorCookie(), successor.initiatorCookie()) < 0) {
            handling.report(new SaNotice.Collision(subject(), "both ends ran phase 1 anew: this one stays"));
            successor.yieldTo(this, handling);
            timers.replaceLater(handling.now());
        } else {
            yieldTo(successor, handling);
        }
    }

    /**
     * Whether each end has begun one of both SAs before it knew of the other's. Each sees its own established before the
     * other's, and both must come to keep the same one: that of the smaller initiator cookie.
     */
    private boolean isCollision(Ikev1Sa successor) {
        long afterNanos = successor.begunNanos - establishedNanos;
        boolean known = confirmed && confirmedNanos - successor.begunNanos <= 0;
        return initiator != successor.initiator
                && (afterNanos < 0 || !known && afterNanos < Ikev1Timers.COLLISION_NANOS);
    }

    /**
     * Another SA takes everything over; one of the ends deletes this one soon.
     *
     * @param handling the one of both that handles an event now
     */
    private void yieldTo(Ikev1Sa other, Ikev1Sa handling) {
        heir = other;
        other.forebear = this;
        other.children.addAll(children);
        children.clear();
        inner.moveTo(other.inner);
        life = Life.REPLACED;
        handling.report(new SaNotice.IkeRekeyed(
                subject(),
                other.initiator,
                other.ownCookie,
                required(other.suite).listing()));
        // ends that disagree on which of two SAs they keep are not to delete both: that of the smaller cookie lives
        // longer
        long linger = other.initiator ? Ikev1Timers.HAND_OVER_NANOS : Ikev1Timers.REPLACED_ISAKMP_NANOS;
        boolean smaller = Long.compareUnsigned(initiatorCookie(), other.initiatorCookie()) < 0;
        timers.onReplaced(handling.now(), initiator == other.initiator || smaller ? linger : linger / 2);
    }

    /**
     * The peer has deleted this SA. Where it took over from another that the peer has kept, that one has everything back.
     *
     * @return whether there is such a one
     */
    private boolean giveBack() {
        Ikev1Sa other = forebear;
        if (life != Life.ESTABLISHED || other == null || other.life != Life.REPLACED) {
            return false;
        }
        other.heir = null;
        other.children.addAll(children);
        children.clear();
        inner.moveTo(other.inner);
        other.life = Life.ESTABLISHED;
        other.timers.onRevived(now());
        effects().adopt(other);
        return true;
    }

    /** The peer's Delete for this SA. */
    void onPeerDeletes() {
        CloseReason reason = switch (life) {
            case CONNECTING, EXTENDING -> CloseReason.FAILED;
            case ESTABLISHED -> giveBack() ? CloseReason.REKEYED : CloseReason.PEER_DELETED;
            case REPLACED -> CloseReason.REKEYED;
            case CLOSED -> CloseReason.PEER_DELETED;
        };
        close(reason, "deleted by the peer");
    }

    /**
     * Takes a Child SA in whose installation has succeeded. Where this SA has been replaced meanwhile its heir gets it.
     *
     * @param rekeyed what it replaces, or null
     */
    void addChild(ChildSa facts, ChildPolicy childPolicy, long lifeNanos, @Nullable Child rekeyed) {
        Ikev1Sa holder = this;
        while (holder.heir != null) {
            holder = holder.heir;
        }
        Child child = new Child(facts, childPolicy, now());
        timers.onChild(child, lifeNanos);
        holder.children.add(child);
        for (Child older : holder.children) {
            if (older != child && older.isTwinOf(child) && older.state != Child.State.REPLACED) {
                older.state = Child.State.REPLACED;
                older.rekeyNanos = NEVER;
                // whoever began the rekeying deletes what it replaced, when traffic has moved
                long end = rekeyed == null ? Ikev1Timers.REPLACED_NANOS : Ikev1Timers.HAND_OVER_NANOS;
                older.expireNanos = Math.min(older.expireNanos, now() + end);
            }
        }
        report(new SaNotice.ChildEstablished(holder == this ? subject() : holder.subject(), facts, rekeyed != null));
        if (holder.life == Life.CLOSED) {
            holder.children.remove(child);
            children.add(child);
            removeChild(child, "its IKE SA ended");
        } else if (holder != this) {
            effects().adopt(holder);
        }
    }

    void removeChild(Child child, String why) {
        if (children.remove(child)) {
            effects().remove(child.facts);
            environment.spis().releaseChildSpi(child.facts.inboundSpi());
            report(new SaNotice.ChildRemoved(subject(), child.facts, why));
        }
    }

    /** By the SPI that we chose. */
    @Nullable
    Child inbound(int spi) {
        for (Child child : children) {
            if (child.facts.inboundSpi() == spi) {
                return child;
            }
        }
        return null;
    }

    /** By the SPI that the peer chose: the one its Delete names. */
    @Nullable
    Child outbound(int protocol, int spi) {
        for (Child child : children) {
            if (child.facts.outboundSpi() == spi && child.facts.protocol() == protocol) {
                return child;
            }
        }
        return null;
    }

    /** The end: nothing is left that must be wiped, released or removed. */
    void close(CloseReason reason, String why) {
        if (life == Life.CLOSED) {
            return;
        }
        life = Life.CLOSED;
        List<Conversation> all = new ArrayList<>(conversations);
        all.add(phase1);
        for (Conversation each : all) {
            end(each);
        }
        conversations.clear();
        waiting.clear();
        held = null;
        predecessor = null;
        forebear = null;
        Ikev1Sa other = heir;
        if (other != null && other.forebear == this) {
            other.forebear = null;
        }
        for (Child child : List.copyOf(children)) {
            removeChild(child, "its IKE SA ended");
        }
        inner.release();
        Ikev1KeyMaterial current = keys;
        if (current != null) {
            current.close();
            keys = null;
        }
        report(new SaNotice.IkeClosed(subject(), reason, why));
        effects().closed();
    }

    // ------------------------------------------------------------------------------------------------ for exchanges

    Effects effects() {
        return required(effects);
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
        return new SaNotice.Subject(policy == null ? null : policy.name(), serial, ownCookie, path);
    }

    /** Whether this one replaces another of ours, which the peer still has. */
    boolean replaces() {
        return predecessor != null;
    }

    Ikev1KeyMaterial requireKeys() {
        return required(keys);
    }

    PeerPolicy requirePolicy() {
        return required(policy);
    }

    static <T> T required(@Nullable T value) {
        if (value == null) {
            throw new IllegalStateException("not in this state");
        }
        return value;
    }

    /** A random duration from 0 up to, and without, {@code boundNanos}. */
    long random(long boundNanos) {
        return boundNanos <= 0
                ? 0
                : Math.floorMod(ByteBuffer.wrap(environment.random().octets(8)).getLong(), boundNanos);
    }

    long initiatorCookie() {
        return initiator ? ownCookie : peerCookie;
    }

    long responderCookie() {
        return initiator ? peerCookie : ownCookie;
    }

    // ------------------------------------------------------------------------------------------------ for the loop

    @Override
    public long nextDeadlineNanos() {
        return life == Life.CLOSED ? NEVER : timers.nextDeadlineNanos();
    }

    @Override
    public long ownSpi() {
        return ownCookie;
    }

    @Override
    public long peerSpi() {
        return peerCookie;
    }

    @Override
    public boolean initiator() {
        return initiator;
    }

    @Override
    public boolean halfOpen() {
        return life == Life.CONNECTING || life == Life.EXTENDING;
    }

    @Override
    public @Nullable SaCommand toOlder(PeerPolicy.Uniqueness unique, boolean initialContact) {
        if (unique == PeerPolicy.Uniqueness.NEVER) {
            return new SaCommand.HandOver(this);
        }
        return initialContact ? new SaCommand.Forget() : new SaCommand.HandOver(this);
    }

    @Override
    public SaSnapshot snapshot(long now) {
        List<SaSnapshot.Child> listed = new ArrayList<>();
        for (Child child : children) {
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
        long replaceAt = timers.replaceNanos();
        return new SaSnapshot(
                policy == null ? null : policy.name(),
                serial,
                1,
                switch (life) {
                    case CONNECTING, EXTENDING -> SaSnapshot.State.CONNECTING;
                    case ESTABLISHED -> SaSnapshot.State.ESTABLISHED;
                    case REPLACED -> SaSnapshot.State.REKEYED;
                    case CLOSED -> SaSnapshot.State.DELETING;
                },
                initiator,
                initiatorCookie(),
                responderCookie(),
                path,
                localId,
                remoteId,
                suite == null ? "" : suite.listing(),
                establishedNanos == NOT_YET ? -1 : now - establishedNanos,
                replaceAt == NEVER ? -1 : Math.max(0, replaceAt - now),
                listed);
    }
}
