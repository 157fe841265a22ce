package dev.cardinal.ike.ikev1;

import dev.cardinal.ike.crypto.CryptoOutcome;
import dev.cardinal.ike.crypto.CryptoRequest;
import dev.cardinal.ike.crypto.EncryptionAlgorithm;
import dev.cardinal.ike.crypto.IntegrityAlgorithm;
import dev.cardinal.ike.crypto.IsakmpCipher;
import dev.cardinal.ike.crypto.KeyExchangeHandle;
import dev.cardinal.ike.crypto.KeyExchangeMethod;
import dev.cardinal.ike.crypto.KeyExchangePlacement;
import dev.cardinal.ike.crypto.PseudorandomFunction;
import dev.cardinal.ike.crypto.Secret;
import dev.cardinal.ike.crypto.SecretDerivation;
import dev.cardinal.ike.crypto.SymmetricCrypto;
import dev.cardinal.ike.crypto.TrustPolicy;
import dev.cardinal.ike.sa.AddressPools;
import dev.cardinal.ike.sa.AuthPolicy;
import dev.cardinal.ike.sa.ChildKeys;
import dev.cardinal.ike.sa.ChildSa;
import dev.cardinal.ike.sa.Credentials;
import dev.cardinal.ike.sa.DepartureGrid;
import dev.cardinal.ike.sa.Effects;
import dev.cardinal.ike.sa.IdentityPattern;
import dev.cardinal.ike.sa.IkeSa;
import dev.cardinal.ike.sa.Ikev1Policy;
import dev.cardinal.ike.sa.Path;
import dev.cardinal.ike.sa.PeerPolicy;
import dev.cardinal.ike.sa.SaCommand;
import dev.cardinal.ike.sa.SaEnvironment;
import dev.cardinal.ike.sa.SaEvent;
import dev.cardinal.ike.sa.SaNotice;
import dev.cardinal.ike.sa.SaSettings;
import dev.cardinal.ike.sa.SpiSource;
import dev.cardinal.ike.sa.VirtualAddresses;
import dev.cardinal.ike.sa.XauthPolicy;
import dev.cardinal.ike.wire.ExchangeType;
import dev.cardinal.ike.wire.Identification;
import dev.cardinal.ike.wire.IkeHeader;
import dev.cardinal.ike.wire.IsakmpAttribute;
import dev.cardinal.ike.wire.IsakmpBody;
import dev.cardinal.ike.wire.IsakmpCodec;
import dev.cardinal.ike.wire.IsakmpMessage;
import dev.cardinal.ike.wire.IsakmpPayload.Attributes;
import dev.cardinal.ike.wire.IsakmpPayload.Hash;
import dev.cardinal.ike.wire.MalformedMessage;
import dev.cardinal.ike.wire.MessageCodec;
import dev.cardinal.ike.wire.Proposal;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * A client and a gateway whose messages of phase 2 a test holds back, reads, and forges with the keys of either; their
 * informational messages are lost. Nothing takes time, and a key exchange is an exclusive or.
 */
final class Wire implements AutoCloseable {
    static final String PASSWORD = "open sesame";
    private static final long NOW = 1_000;

    private final long openBefore = Secret.open();
    private final Random random = new Random(7);
    private final SymmetricCrypto symmetric = new SymmetricCrypto();
    private final Deque<Runnable> under = new ArrayDeque<>();
    final End client;
    final End gateway;

    private record Half(KeyExchangeMethod method, byte[] value) implements KeyExchangeHandle {}

    /** One end, and its part of the world. */
    final class End implements Effects {
        final Path path;
        final Credentials credentials;
        final List<SaNotice> notices = new ArrayList<>();
        /** Messages of phase 2 that this end has sent, oldest first. */
        final Deque<byte[]> sent = new ArrayDeque<>();

        final SaEnvironment environment;
        final PeerPolicy policy;

        @Nullable
        Ikev1Sa sa;

        boolean closed;

        /** What this end's SA has handed itself over to. */
        @Nullable
        IkeSa successor;

        End(
                String name,
                String peer,
                InetSocketAddress own,
                InetSocketAddress other,
                XauthPolicy xauth,
                VirtualAddresses addresses,
                AddressPools pools) {
            path = new Path(own, other, false);
            credentials = new Passwords();
            policy = policy(name, peer, xauth, addresses);
            environment = new SaEnvironment(
                    random::nextBytes,
                    symmetric,
                    from -> List.of(policy),
                    credentials,
                    pools,
                    new Spis(),
                    local -> 0,
                    SaSettings.DEFAULT,
                    new DepartureGrid(SaSettings.DECRYPTION_GRID_NANOS),
                    null);
        }

        Ikev1Sa sa() {
            return Ikev1Sa.required(sa);
        }

        void handle(SaEvent event) {
            if (!closed) {
                sa().handle(event, NOW, this);
            }
        }

        <N extends SaNotice> List<N> notices(Class<N> kind) {
            return notices.stream().filter(kind::isInstance).map(kind::cast).toList();
        }

        /** A datagram arrives, and what it leads to is carried out. */
        void receive(byte[] datagram) {
            handle(new SaEvent.Datagram(datagram.clone(), path));
            settle();
        }

        /** What the oldest message that was sent says; it leaves the list. @param iv null for that of a first message */
        Attributes read(byte[] datagram, byte @Nullable [] iv) throws MalformedMessage {
            IkeHeader header = MessageCodec.decodeHeader(datagram);
            Ikev1KeyMaterial keys = sa().requireKeys();
            IsakmpMessage message = sa().channel()
                    .open(keys, header, datagram, iv == null ? keys.exchangeIv(header.messageId()) : iv)
                    .message();
            return (Attributes) message.bodies().get(1).decode();
        }

        /** A question as this end would ask it. */
        byte[] question(int messageId, Attributes attributes) {
            return sealed(messageId, sa().requireKeys().exchangeIv(messageId), ExchangeType.TRANSACTION, attributes, 0);
        }

        /** A first message of quick mode, as far as anybody can tell from outside. */
        byte[] quickMode(int messageId, Attributes attributes) {
            return sealed(messageId, sa().requireKeys().exchangeIv(messageId), ExchangeType.QUICK_MODE, attributes, 0);
        }

        /** An answer as this end would give it. @param damage what the hash is spoiled with, 0 for a right one */
        byte[] answer(byte[] question, Attributes attributes, int damage) throws MalformedMessage {
            int messageId = MessageCodec.decodeHeader(question).messageId();
            return sealed(
                    messageId,
                    IsakmpCipher.lastBlock(question, sa().requireKeys().cipher().blockLength()),
                    ExchangeType.TRANSACTION,
                    attributes,
                    damage);
        }

        private byte[] sealed(int messageId, byte[] iv, int exchangeType, Attributes attributes, int damage) {
            Ikev1KeyMaterial keys = sa().requireKeys();
            IsakmpBody body = IsakmpBody.of(attributes);
            byte[] hash = keys.messageHash(messageId, IsakmpCodec.encodeChain(List.of(body)));
            hash[0] ^= (byte) damage;
            Conversation conversation = new Conversation(messageId, exchangeType, iv);
            return sa().channel()
                    .seal(keys, conversation, List.of(IsakmpBody.of(new Hash(hash)), body))
                    .getFirst();
        }

        // -------------------------------------------------------------------------------------------- effects

        @Override
        public void send(byte[] datagram, Path to) {
            try {
                int type = MessageCodec.decodeHeader(datagram).exchangeType();
                if (type == ExchangeType.TRANSACTION || type == ExchangeType.QUICK_MODE) {
                    sent.add(datagram);
                    return;
                }
                if (type == ExchangeType.ISAKMP_INFORMATIONAL) {
                    return;
                }
            } catch (MalformedMessage e) {
                throw new AssertionError(e);
            }
            under.add(() -> arrive(this == client ? gateway : client, datagram));
        }

        @Override
        public void keepalive(Path to) {
            throw new AssertionError("no NAT");
        }

        @Override
        public boolean submit(long ticket, CryptoRequest request) {
            CryptoOutcome outcome = outcome(request);
            under.add(() -> handle(new SaEvent.CryptoCompleted(ticket, outcome)));
            return true;
        }

        @Override
        public void release(KeyExchangeHandle handle) {
            // nothing is held
        }

        @Override
        public void install(long ticket, ChildSa child, ChildKeys keys) {
            throw new AssertionError("no Child SA");
        }

        @Override
        public void remove(ChildSa child) {
            throw new AssertionError("no Child SA");
        }

        @Override
        public void adopt(IkeSa heir) {
            successor = heir;
        }

        @Override
        public void begin(IkeSa heir) {
            throw new AssertionError("no successor");
        }

        @Override
        public void established(PeerPolicy by, Identification local, Identification remote, boolean initialContact) {
            // nobody else is there
        }

        @Override
        public void report(SaNotice notice) {
            if (notice instanceof SaNotice.InternalError error) {
                throw new AssertionError(error.what());
            }
            notices.add(notice);
        }

        @Override
        public void closed() {
            closed = true;
        }
    }

    /** Phase 1 has ended when this returns; no message of phase 2 has arrived. */
    Wire(
            int clientPort,
            VirtualAddresses wanted,
            XauthPolicy.Asking asking,
            VirtualAddresses given,
            AddressPools pools) {
        XauthPolicy answering = new XauthPolicy.Answering("joe");
        client = new End(
                "client", "gateway", address(1, clientPort), address(2, 500), answering, wanted, AddressPools.NONE);
        gateway = new End("gateway", "client", address(2, 500), address(1, clientPort), asking, given, pools);
        client.sa = Ikev1Sa.initiator(client.policy, null, client.path, client.environment);
        client.handle(new SaEvent.Command(new SaCommand.Initiate()));
        settle();
    }

    private void arrive(End to, byte[] datagram) {
        if (to.sa == null) {
            try {
                to.sa = Ikev1Sa.responder(MessageCodec.decodeHeader(datagram), to.path, to.environment);
            } catch (MalformedMessage e) {
                throw new AssertionError(e);
            }
        }
        to.handle(new SaEvent.Datagram(datagram, to.path));
    }

    private void settle() {
        for (Runnable next = under.poll(); next != null; next = under.poll()) {
            next.run();
        }
    }

    private CryptoOutcome outcome(CryptoRequest request) {
        if (request instanceof CryptoRequest.Generate generate) {
            byte[] value = value(generate.method());
            return new CryptoOutcome.Generated(new Half(generate.method(), value), value);
        }
        if (request instanceof CryptoRequest.Agree agree && agree.handle() instanceof Half half) {
            return new CryptoOutcome.Agreed(derived(half.value(), agree.peerValue(), agree.derivation()), null);
        }
        if (request instanceof CryptoRequest.GenerateAndAgree both) {
            byte[] value = value(both.method());
            return new CryptoOutcome.Agreed(derived(value, both.peerValue(), both.derivation()), value);
        }
        throw new AssertionError("not with a shared secret: " + request);
    }

    private byte[] value(KeyExchangeMethod method) {
        byte[] value = new byte[method.publicLength()];
        random.nextBytes(value);
        return value;
    }

    private Secret derived(byte[] ours, byte[] theirs, SecretDerivation derivation) {
        byte[] shared = new byte[ours.length];
        for (int i = 0; i < shared.length; i++) {
            shared[i] = (byte) (ours[i] ^ theirs[i]);
        }
        try (Secret secret = Secret.owning(shared)) {
            return symmetric.derive(derivation, secret);
        }
    }

    private final class Spis implements SpiSource {
        private int serial;

        @Override
        public long nextIkeSpi() {
            return random.nextLong(1, Long.MAX_VALUE);
        }

        @Override
        public int nextChildSpi() {
            return random.nextInt(256, Integer.MAX_VALUE);
        }

        @Override
        public void releaseChildSpi(int spi) {
            // none is remembered
        }

        @Override
        public int nextSerial() {
            return ++serial;
        }
    }

    /** One secret for the group, and joe's password. */
    private static final class Passwords implements Credentials {
        @Override
        public Secret presharedKey(@Nullable Identification local, @Nullable Identification remote) {
            return Secret.owning("the secret of the group".getBytes(StandardCharsets.UTF_8));
        }

        @Override
        public @Nullable Secret xauthPassword(String user) {
            return user.equals("joe") || user.isEmpty()
                    ? Secret.owning(PASSWORD.getBytes(StandardCharsets.UTF_8))
                    : null;
        }

        @Override
        public @Nullable LocalCertificate certificate(PeerPolicy policy, List<byte[]> authorities) {
            return null;
        }

        @Override
        public TrustPolicy trust(PeerPolicy policy) {
            throw new AssertionError("no certificates");
        }

        @Override
        public List<byte[]> authorityHashes(PeerPolicy policy) {
            return List.of();
        }
    }

    private static InetSocketAddress address(int last, int port) {
        return new InetSocketAddress(InetAddress.ofLiteral("192.0.2." + last), port);
    }

    private static Identification fqdn(String name) {
        return new Identification(Identification.FQDN, name.getBytes(StandardCharsets.UTF_8));
    }

    private static PeerPolicy policy(String name, String peer, XauthPolicy xauth, VirtualAddresses addresses) {
        Proposal proposal = new Proposal(
                1,
                Proposal.IKE,
                new byte[0],
                List.of(
                        EncryptionAlgorithm.AES_CBC.transform(256),
                        IntegrityAlgorithm.HMAC_SHA2_256_128.transform(),
                        PseudorandomFunction.HMAC_SHA2_256.transform(),
                        KeyExchangeMethod.CURVE_25519.transform()));
        return new PeerPolicy(
                name,
                1,
                List.of(),
                List.of(),
                500,
                List.of(proposal),
                new AuthPolicy(AuthPolicy.Method.PSK, IdentityPattern.of(fqdn(name)), List.of()),
                new AuthPolicy(AuthPolicy.Method.PSK, IdentityPattern.of(fqdn(peer)), List.of()),
                List.of(),
                PeerPolicy.Childless.ALLOW,
                PeerPolicy.Fragmentation.NO,
                1280,
                0,
                0,
                0,
                0,
                1,
                false,
                PeerPolicy.SendCertificate.ALWAYS,
                true,
                PeerPolicy.Uniqueness.NO,
                KeyExchangePlacement.PREFER_TOKEN,
                addresses,
                new Ikev1Policy(List.of(proposal), false, false, Ikev1Policy.RsaEncryptionCompatibility.RFC, xauth));
    }

    static IsakmpAttribute text(int type, String value) {
        return IsakmpAttribute.of(type, value.getBytes(StandardCharsets.UTF_8));
    }

    /** Both ends are forgotten; nothing may be left of them. */
    @Override
    public void close() {
        client.handle(new SaEvent.Command(new SaCommand.Forget()));
        gateway.handle(new SaEvent.Command(new SaCommand.Forget()));
        if (Secret.open() != openBefore) {
            throw new AssertionError("secrets were left open: " + (Secret.open() - openBefore));
        }
    }
}
