package dev.cardinal.ike.loop;

import dev.cardinal.ike.crypto.CryptoRequest;
import dev.cardinal.ike.crypto.EncryptionAlgorithm;
import dev.cardinal.ike.crypto.KeyExchangeMethod;
import dev.cardinal.ike.crypto.KeyExchangePlacement;
import dev.cardinal.ike.crypto.Secret;
import dev.cardinal.ike.crypto.Urgency;
import dev.cardinal.ike.sa.AuthPolicy;
import dev.cardinal.ike.sa.ChildKeys;
import dev.cardinal.ike.sa.ChildPolicy;
import dev.cardinal.ike.sa.ChildSa;
import dev.cardinal.ike.sa.ChildSuite;
import dev.cardinal.ike.sa.Effects;
import dev.cardinal.ike.sa.IdentityPattern;
import dev.cardinal.ike.sa.IkeSa;
import dev.cardinal.ike.sa.Path;
import dev.cardinal.ike.sa.PeerPolicy;
import dev.cardinal.ike.sa.SaCommand;
import dev.cardinal.ike.sa.SaEnvironment;
import dev.cardinal.ike.sa.SaEvent;
import dev.cardinal.ike.sa.SaNotice;
import dev.cardinal.ike.sa.SaSnapshot;
import dev.cardinal.ike.sa.VirtualAddresses;
import dev.cardinal.ike.wire.ExchangeType;
import dev.cardinal.ike.wire.Identification;
import dev.cardinal.ike.wire.IkeHeader;
import dev.cardinal.ike.wire.MessageCodec;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;

/**
 * An IKE SA for tests of the loop: it answers every datagram with an empty response, and does what the message ID of an
 * INFORMATIONAL request tells it. What it is told is written down.
 */
final class FakeSa implements IkeSa {
    /** Message IDs as orders. */
    static final int THROW = 100;

    static final int SUBMIT = 101;
    static final int INSTALL = 102;
    static final int CLOSE = 103;
    static final int ADOPT = 104;
    static final int TIMER = 105;
    static final int THROW_FOR_EVER = 106;
    static final int FAIL_ASSERTION = 107;

    /** Everything that fakes were told, in order. */
    record Journal(Queue<String> lines) {
        Journal() {
            this(new ConcurrentLinkedQueue<>());
        }

        long count(String prefix) {
            return lines.stream().filter(line -> line.startsWith(prefix)).count();
        }
    }

    private final boolean initiator;
    private final long ownSpi;
    private final SaEnvironment environment;
    private final Journal journal;
    private final PeerPolicy policy;
    private final @Nullable ChildPolicy child;
    private final int serial;
    private Path path;
    private long peerSpi;
    private boolean halfOpen = true;
    private boolean throwing;
    private long deadline = NEVER;

    FakeSa(
            boolean initiator,
            PeerPolicy policy,
            @Nullable ChildPolicy child,
            Path path,
            SaEnvironment environment,
            Journal journal) {
        this.initiator = initiator;
        this.policy = policy;
        this.child = child;
        this.path = path;
        this.environment = environment;
        this.journal = journal;
        this.ownSpi = environment.spis().nextIkeSpi();
        this.serial = environment.spis().nextSerial();
    }

    /** Makes fakes; responders follow {@code policy}. */
    static SaFactory factory(PeerPolicy policy, Journal journal) {
        return new SaFactory(null, new SaFactory.Version() {
            @Override
            public IkeSa responder(IkeHeader first, Path path, SaEnvironment environment) {
                return new FakeSa(false, policy, null, path, environment, journal);
            }

            @Override
            public IkeSa initiator(PeerPolicy own, @Nullable ChildPolicy child, Path path, SaEnvironment environment) {
                return new FakeSa(true, own, child, path, environment, journal);
            }
        });
    }

    static PeerPolicy policy(PeerPolicy.Uniqueness unique, List<dev.cardinal.ike.sa.AddressRange> remote, int port) {
        AuthPolicy auth = new AuthPolicy(AuthPolicy.Method.PSK, IdentityPattern.ANY, List.of());
        return new PeerPolicy(
                "fake",
                2,
                List.of(),
                remote,
                port,
                List.of(),
                auth,
                auth,
                List.of(),
                PeerPolicy.Childless.ALLOW,
                PeerPolicy.Fragmentation.YES,
                1280,
                0,
                0,
                0,
                0,
                0,
                false,
                PeerPolicy.SendCertificate.NEVER,
                false,
                unique,
                KeyExchangePlacement.HOST,
                VirtualAddresses.NONE,
                null);
    }

    static Identification id(String name) {
        return new Identification(Identification.FQDN, name.getBytes(StandardCharsets.US_ASCII));
    }

    @Override
    public void handle(SaEvent event, long nowNanos, Effects effects) {
        if (throwing) {
            throw new IllegalStateException("still broken");
        }
        switch (event) {
            case SaEvent.Datagram datagram -> onDatagram(datagram, nowNanos, effects);
            case SaEvent.CryptoCompleted completed -> {
                journal.lines.add("completed " + completed.ticket() + " "
                        + completed.outcome().getClass().getSimpleName());
                switch (completed.outcome()) {
                    case dev.cardinal.ike.crypto.CryptoOutcome.Generated generated ->
                        effects.release(generated.handle());
                    case dev.cardinal.ike.crypto.CryptoOutcome.Agreed agreed ->
                        agreed.derived().close();
                    case dev.cardinal.ike.crypto.CryptoOutcome.Decrypted decrypted ->
                        decrypted.plaintexts().forEach(dev.cardinal.ike.crypto.Secret::close);
                    case dev.cardinal.ike.crypto.CryptoOutcome.Encrypted encrypted -> {}
                    case dev.cardinal.ike.crypto.CryptoOutcome.Signed signed -> {}
                    case dev.cardinal.ike.crypto.CryptoOutcome.PeerVerified verified -> {}
                    case dev.cardinal.ike.crypto.CryptoOutcome.PeerRejected rejected -> {}
                    case dev.cardinal.ike.crypto.CryptoOutcome.Failed failed -> {}
                }
            }
            case SaEvent.ChildInstalled installed -> journal.lines.add("installed " + installed.failure());
            case SaEvent.TimerDue due -> {
                journal.lines.add("timer");
                deadline = NEVER;
            }
            case SaEvent.Command command -> onCommand(command.command(), effects);
        }
    }

    private void onDatagram(SaEvent.Datagram datagram, long now, Effects effects) {
        IkeHeader header = FirstMessages.header(datagram.octets());
        path = datagram.path();
        peerSpi = initiator ? header.responderSpi() : header.initiatorSpi();
        if (header.isResponse()) {
            establish(effects, "peer", false);
            return;
        }
        if (header.exchangeType() == ExchangeType.IKE_AUTH) {
            // the message ID names the peer, odd ones say INITIAL_CONTACT
            establish(effects, "peer-" + header.messageId() / 2, header.messageId() % 2 == 1);
        }
        if (header.exchangeType() == ExchangeType.INFORMATIONAL) {
            obey(header.messageId(), now, effects);
        }
        IkeHeader answer = FirstMessages.header(
                header.initiatorSpi(), ownSpi, 2, header.exchangeType(), IkeHeader.FLAG_RESPONSE, header.messageId());
        effects.send(MessageCodec.encode(answer, List.of()), path);
    }

    private void establish(Effects effects, String peer, boolean initialContact) {
        halfOpen = false;
        effects.established(policy, id("us"), id(peer), initialContact);
        effects.report(new SaNotice.IkeEstablished(subject(), 2, initiator, id("us"), id(peer), "", "psk", 1));
        if (child != null) {
            effects.report(new SaNotice.ChildEstablished(subject(), childSa(), false));
        }
    }

    private void obey(int order, long now, Effects effects) {
        switch (order) {
            case THROW -> throw new IllegalStateException("told to");
            case FAIL_ASSERTION -> throw new AssertionError("told to");
            case THROW_FOR_EVER -> {
                throwing = true;
                throw new IllegalStateException("told to");
            }
            case SUBMIT ->
                journal.lines.add("submit "
                        + effects.submit(
                                7,
                                new CryptoRequest.Generate(
                                        KeyExchangeMethod.CURVE_25519,
                                        KeyExchangePlacement.HOST,
                                        Urgency.NEW,
                                        now + 1_000_000_000L)));
            case INSTALL ->
                effects.install(
                        8,
                        childSa(),
                        new ChildKeys(Secret.owning(new byte[36]), null, Secret.owning(new byte[36]), null));
            case CLOSE -> close(effects, "told to");
            case ADOPT -> {
                FakeSa successor = new FakeSa(initiator, policy, null, path, environment, journal);
                successor.halfOpen = false;
                journal.lines.add("successor " + successor.ownSpi);
                effects.adopt(successor);
            }
            case TIMER -> deadline = now + 1_000_000L;
            default -> journal.lines.add("message " + order);
        }
    }

    private void onCommand(SaCommand command, Effects effects) {
        journal.lines.add(command.getClass().getSimpleName() + " " + Long.toHexString(ownSpi));
        switch (command) {
            case SaCommand.Initiate initiate -> effects.send(FirstMessages.saInit(ownSpi, null), path);
            case SaCommand.Forget forget -> close(effects, "forgotten");
            case SaCommand.DeleteIke delete -> close(effects, "deleted");
            case SaCommand.CreateChild create -> {}
            case SaCommand.RekeyChild rekey -> {}
            case SaCommand.RekeyIke rekey -> {}
            case SaCommand.DeleteChild delete -> {}
            case SaCommand.CheckLiveness check -> {}
            case SaCommand.HandOver handOver -> {}
        }
    }

    private void close(Effects effects, String why) {
        effects.report(new SaNotice.IkeClosed(subject(), SaNotice.CloseReason.DELETED, why));
        effects.closed();
    }

    private SaNotice.Subject subject() {
        return new SaNotice.Subject("fake", serial, ownSpi, path);
    }

    private ChildSa childSa() {
        return new ChildSa(
                "child",
                serial,
                1,
                3,
                0x1000,
                0x2000,
                new ChildSuite(EncryptionAlgorithm.AES_GCM_16, 256, null, null, false),
                true,
                false,
                path,
                List.of(),
                List.of(),
                true);
    }

    @Override
    public long nextDeadlineNanos() {
        return deadline;
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
        return halfOpen;
    }

    @Override
    public SaSnapshot snapshot(long nowNanos) {
        return new SaSnapshot(
                "fake",
                serial,
                2,
                halfOpen ? SaSnapshot.State.CONNECTING : SaSnapshot.State.ESTABLISHED,
                initiator,
                initiator ? ownSpi : peerSpi,
                initiator ? peerSpi : ownSpi,
                path,
                null,
                null,
                "",
                -1,
                -1,
                List.of());
    }
}
