package dev.cardinal.ike.ikev2;

import dev.cardinal.ike.crypto.CryptoOutcome;
import dev.cardinal.ike.crypto.CryptoRequest;
import dev.cardinal.ike.crypto.HashMethod;
import dev.cardinal.ike.crypto.KeyExchangeMethod;
import dev.cardinal.ike.crypto.Urgency;
import dev.cardinal.ike.sa.AuthPolicy;
import dev.cardinal.ike.sa.ChildPolicy;
import dev.cardinal.ike.sa.IkeSuite;
import dev.cardinal.ike.sa.NatDetection;
import dev.cardinal.ike.sa.Path;
import dev.cardinal.ike.sa.PeerPolicy;
import dev.cardinal.ike.sa.ProposalSelection;
import dev.cardinal.ike.sa.SaCommand;
import dev.cardinal.ike.sa.SaNotice;
import dev.cardinal.ike.sa.SaNotice.CloseReason;
import dev.cardinal.ike.wire.ExchangeType;
import dev.cardinal.ike.wire.IkeHeader;
import dev.cardinal.ike.wire.IkeMessage;
import dev.cardinal.ike.wire.MalformedMessage;
import dev.cardinal.ike.wire.MessageCodec;
import dev.cardinal.ike.wire.NotifyType;
import dev.cardinal.ike.wire.Payload;
import dev.cardinal.ike.wire.Payload.Certificate;
import dev.cardinal.ike.wire.Payload.CertificateRequest;
import dev.cardinal.ike.wire.Payload.KeyExchange;
import dev.cardinal.ike.wire.Payload.Nonce;
import dev.cardinal.ike.wire.Payload.Notify;
import dev.cardinal.ike.wire.Payload.SecurityAssociation;
import dev.cardinal.ike.wire.Proposal;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * IKE_SA_INIT (RFC 7296 section 1.2):
 *
 * <pre>
 *   HDR, [N(COOKIE)], SAi1, KEi, Ni, N(NAT_DETECTION_*)  -->
 *                        <--  HDR, SAr1, KEr, Nr, N(NAT_DETECTION_*), [CERTREQ]
 * </pre>
 *
 * The initiator agrees the secret when the answer comes; the responder waits until an IKE_AUTH request makes it plausible
 * that the peer can receive.
 */
final class IkeSaInit {
    /** Times an initiator begins anew because of answers that anybody can forge (RFC 7296 section 2.6). */
    private static final int MAX_RESTARTS = 4;

    /** Octets of one CA key's hash in a CERTREQ (RFC 7296 section 3.7). */
    private static final int AUTHORITY_LENGTH = 20;

    /** Authorities of a CERTREQ that are looked at. */
    private static final int MAX_AUTHORITIES = 64;

    private static final byte[] NO_SPI = new byte[0];

    private IkeSaInit() {}

    // ------------------------------------------------------------------------------------------------ both sides

    /** What both sides announce beside the negotiation itself. */
    private static void announce(Ikev2Sa sa, List<Payload> payloads, @Nullable PeerPolicy policy, Path path) {
        boolean encapsulate = policy != null && policy.encapsulate();
        byte[] source = encapsulate
                ? sa.environment.random().octets(20)
                : NatDetection.hash(sa.environment.symmetric(), sa.initiatorSpi(), sa.responderSpi(), path.local());
        payloads.add(Notify.of(NotifyType.NAT_DETECTION_SOURCE_IP, source));
        payloads.add(Notify.of(
                NotifyType.NAT_DETECTION_DESTINATION_IP,
                NatDetection.hash(sa.environment.symmetric(), sa.initiatorSpi(), sa.responderSpi(), path.remote())));
        if (policy == null || policy.fragmentation() != PeerPolicy.Fragmentation.NO) {
            payloads.add(Notify.of(NotifyType.IKEV2_FRAGMENTATION_SUPPORTED));
        }
        payloads.add(Notify.of(NotifyType.SIGNATURE_HASH_ALGORITHMS, hashes()));
    }

    /** The hashes that we verify (RFC 7427 section 4); SHA-1 is not among them (RFC 8247 section 3.2.1). */
    private static final List<HashMethod> ANNOUNCED =
            List.of(HashMethod.SHA2_256, HashMethod.SHA2_384, HashMethod.SHA2_512, HashMethod.IDENTITY);

    private static byte[] hashes() {
        byte[] data = new byte[ANNOUNCED.size() * 2];
        for (int i = 0; i < ANNOUNCED.size(); i++) {
            data[2 * i + 1] = (byte) ANNOUNCED.get(i).id();
        }
        return data;
    }

    /** RFC 7296 section 2.23: a hash that is not ours means that a NAT rewrote the address or the port. */
    private static void detectNat(Ikev2Sa sa, Contents contents, IkeHeader header, Path path, boolean encapsulate) {
        if (!contents.has(NotifyType.NAT_DETECTION_SOURCE_IP)
                || !contents.has(NotifyType.NAT_DETECTION_DESTINATION_IP)) {
            return;
        }
        sa.remoteNat = !anyIs(sa, contents, NotifyType.NAT_DETECTION_SOURCE_IP, header, path.remote());
        sa.localNat =
                encapsulate || !anyIs(sa, contents, NotifyType.NAT_DETECTION_DESTINATION_IP, header, path.local());
    }

    private static boolean anyIs(
            Ikev2Sa sa, Contents contents, NotifyType type, IkeHeader header, InetSocketAddress endpoint) {
        byte[] hash =
                NatDetection.hash(sa.environment.symmetric(), header.initiatorSpi(), header.responderSpi(), endpoint);
        return contents.has(type, hash);
    }

    private static Handshake.PeerFeatures features(Contents contents) {
        Notify hashes = contents.notify(NotifyType.SIGNATURE_HASH_ALGORITHMS);
        return new Handshake.PeerFeatures(
                contents.has(NotifyType.IKEV2_FRAGMENTATION_SUPPORTED),
                contents.has(NotifyType.CHILDLESS_IKEV2_SUPPORTED),
                hashes == null ? null : Handshake.PeerFeatures.hashes(hashes.data()));
    }

    /** The hashes of the CA keys in a message's CERTREQ payloads for X.509 certificates. */
    static List<byte[]> authorities(Contents contents) {
        List<byte[]> authorities = new ArrayList<>();
        for (CertificateRequest request : contents.all(CertificateRequest.class)) {
            byte[] all = request.authorities();
            if (request.encoding() != Certificate.X509_SIGNATURE) {
                continue;
            }
            for (int at = 0; at + AUTHORITY_LENGTH <= all.length && authorities.size() < MAX_AUTHORITIES; ) {
                authorities.add(Arrays.copyOfRange(all, at, at + AUTHORITY_LENGTH));
                at += AUTHORITY_LENGTH;
            }
        }
        return authorities;
    }

    /** A CERTREQ for the authorities that a connection trusts, or null where none is to be sent. */
    static @Nullable CertificateRequest certificateRequest(Ikev2Sa sa, PeerPolicy policy) {
        if (policy.remoteAuth().method() != AuthPolicy.Method.PUBKEY || !policy.sendCertificateRequest()) {
            return null;
        }
        List<byte[]> hashes = sa.environment.credentials().authorityHashes(policy);
        byte[] all = new byte[hashes.size() * AUTHORITY_LENGTH];
        for (int i = 0; i < hashes.size(); i++) {
            System.arraycopy(hashes.get(i), 0, all, i * AUTHORITY_LENGTH, AUTHORITY_LENGTH);
        }
        return hashes.isEmpty() ? null : new CertificateRequest(Certificate.X509_SIGNATURE, all);
    }

    private static boolean isLikely(Proposal proposal) {
        return IkeSuite.of(proposal) != null;
    }

    // ------------------------------------------------------------------------------------------------ initiator

    /** Our IKE_SA_INIT. */
    static final class Initiator implements Exchange {
        private final Ikev2Sa sa;
        private final PeerPolicy policy;
        private final @Nullable ChildPolicy child;
        private final List<Proposal> offered;
        private final byte[] nonce;
        private KeyExchangeMethod method;
        private byte[] publicValue = NO_SPI;
        private byte @Nullable [] cookie;
        private byte[] message = NO_SPI;
        private int restarts;

        private Initiator(Ikev2Sa sa, PeerPolicy policy, @Nullable ChildPolicy child, KeyExchangeMethod method) {
            this.sa = sa;
            this.policy = policy;
            this.child = child;
            this.method = method;
            this.offered = ProposalSelection.offer(policy.proposals(), NO_SPI, true);
            this.nonce = sa.environment.random().octets(Nonces.LENGTH);
        }

        static void begin(Ikev2Sa sa, @Nullable ChildPolicy child) {
            PeerPolicy policy = sa.requirePolicy();
            if (sa.begunNanos == Ikev2Sa.NOT_YET) {
                sa.begunNanos = sa.now();
            }
            KeyExchangeMethod first = KeyExchangeMethod.of(ProposalSelection.firstKeyExchange(policy.proposals()));
            if (first == null) {
                sa.close(CloseReason.FAILED, "no key exchange method is configured");
                return;
            }
            sa.report(new SaNotice.HandshakeBegun(sa.subject(), true, "IKEv2"));
            Initiator exchange = new Initiator(sa, policy, child, first);
            sa.initiated.exchange = exchange;
            if (!exchange.generate()) {
                sa.initiated.clear();
                sa.orders.retry(new SaCommand.Initiate());
            }
        }

        private boolean generate() {
            return sa.submit(
                    this, new CryptoRequest.Generate(method, policy.placement(), Urgency.NEW, sa.requestDeadline()));
        }

        @Override
        public void onCrypto(CryptoOutcome outcome) {
            if (outcome instanceof CryptoOutcome.Generated generated) {
                sa.handle = generated.handle();
                publicValue = generated.publicValue();
                send();
            } else {
                sa.dispose(outcome);
                sa.close(CloseReason.BACKEND, "no key pair: " + outcome);
            }
        }

        private void send() {
            List<Payload> payloads = new ArrayList<>();
            if (cookie != null) {
                payloads.add(Notify.of(NotifyType.COOKIE, cookie));
            }
            payloads.add(new SecurityAssociation(offered));
            payloads.add(new KeyExchange(method.id(), publicValue));
            payloads.add(new Nonce(nonce));
            announce(sa, payloads, policy, sa.path);
            message = MessageCodec.encode(sa.header(ExchangeType.IKE_SA_INIT, false, 0), payloads);
            sa.request(List.of(message));
        }

        /** The peer's answer, which nothing protects. */
        void onMessage(IkeMessage answer, byte[] octets) {
            if (sa.initiated.ticket != 0) {
                return;
            }
            Contents contents = new Contents(answer.payloads());
            try {
                Notify wanted = contents.notify(NotifyType.COOKIE);
                Notify error = contents.error();
                if (wanted != null) {
                    onCookie(wanted.data());
                } else if (error != null && error.is(NotifyType.INVALID_KE_PAYLOAD)) {
                    onOtherMethod(error.data());
                } else if (error != null) {
                    sa.close(CloseReason.FAILED, "the peer answered " + Contents.words(error));
                } else {
                    onAnswer(answer.header(), contents, octets);
                }
            } catch (ProtocolViolation violation) {
                // anybody can send this: the true answer may still come
                sa.rejected(violation.getMessage());
            }
        }

        private void onCookie(byte[] data) throws ProtocolViolation {
            // RFC 7296 section 2.6: the cookie is 1 to 64 octets, and everything else is sent again as it was
            if (data.length == 0 || data.length > 64 || restarts >= MAX_RESTARTS) {
                throw new ProtocolViolation(NotifyType.INVALID_SYNTAX, "a cookie out of place");
            }
            if (!Arrays.equals(data, cookie)) {
                restarts++;
                cookie = data;
                send();
            }
        }

        private void onOtherMethod(byte[] data) throws ProtocolViolation {
            KeyExchangeMethod other =
                    data.length == 2 ? KeyExchangeMethod.of((data[0] & 0xff) << 8 | data[1] & 0xff) : null;
            if (other == null
                    || restarts >= MAX_RESTARTS
                    || !ProposalSelection.offersKeyExchange(policy.proposals(), other.id())) {
                throw new ProtocolViolation(
                        NotifyType.INVALID_KE_PAYLOAD, "a key exchange method that was not offered");
            }
            if (other == method) {
                return;
            }
            restarts++;
            method = other;
            sa.releaseHandle();
            if (!generate()) {
                sa.close(CloseReason.BACKEND, "the back end is busy");
            }
        }

        private void onAnswer(IkeHeader header, Contents contents, byte[] octets) throws ProtocolViolation {
            KeyExchange theirs = contents.one(KeyExchange.class);
            Nonce theirNonce = contents.one(Nonce.class);
            Proposal accepted = ProposalSelection.verify(
                    offered, contents.one(SecurityAssociation.class).proposals(), true);
            IkeSuite suite = accepted == null ? null : IkeSuite.of(accepted);
            if (header.responderSpi() == 0
                    || suite == null
                    || suite.keyExchange() != method
                    || theirs.method() != method.id()
                    || theirs.value().length != method.publicLength()) {
                throw new ProtocolViolation(NotifyType.INVALID_SYNTAX, "an answer that does not fit the offer");
            }
            sa.answered();
            sa.peerSpi = header.responderSpi();
            sa.suite = suite;
            Handshake.PeerFeatures peer = features(contents);
            sa.peerFragmentation = peer.fragmentation();
            detectNat(sa, contents, header, sa.path, policy.encapsulate());
            if ((sa.localNat || sa.remoteNat) && !sa.path.natT()) {
                float4500();
            }
            Handshake handshake = new Handshake(
                    List.of(policy),
                    suite,
                    new Nonces(nonce, theirNonce.value()),
                    theirs.value(),
                    message,
                    octets,
                    peer,
                    authorities(contents));
            sa.handshake = handshake;
            IkeAuth.Initiator.begin(sa, handshake, child);
        }

        /** RFC 7296 section 2.23: behind a NAT everything after IKE_SA_INIT goes from and to the NAT-T ports. */
        private void float4500() {
            int local = sa.environment.natT().port(sa.path.localAddress());
            if (local == 0) {
                return;
            }
            int remote = sa.path.remote().getPort();
            sa.path = new Path(
                    new InetSocketAddress(sa.path.localAddress(), local),
                    new InetSocketAddress(sa.path.remoteAddress(), remote == 500 ? 4500 : remote),
                    true);
        }

        @Override
        public void onResponse(List<Payload> payloads) {
            throw new IllegalStateException("IKE_SA_INIT is not protected");
        }

        @Override
        public void onInstalled(@Nullable String failure) {
            throw new IllegalStateException("nothing is installed in IKE_SA_INIT");
        }

        @Override
        public void onOverdue() {
            sa.close(CloseReason.BACKEND, "no key pair in time");
        }

        @Override
        public void abandon() {
            sa.releaseHandle();
        }
    }

    // ------------------------------------------------------------------------------------------------ responder

    /** A peer's IKE_SA_INIT. */
    static final class Responder implements Exchange {
        private final Ikev2Sa sa;
        private final List<PeerPolicy> candidates;
        private final IkeSuite suite;
        private final Proposal accepted;
        private final Nonces nonces;
        private final byte[] peerValue;
        private final byte[] requestMessage;
        private final Handshake.PeerFeatures peer;

        private Responder(
                Ikev2Sa sa,
                List<PeerPolicy> candidates,
                IkeSuite suite,
                Proposal accepted,
                Nonces nonces,
                byte[] peerValue,
                byte[] requestMessage,
                Handshake.PeerFeatures peer) {
            this.sa = sa;
            this.candidates = candidates;
            this.suite = suite;
            this.accepted = accepted;
            this.nonces = nonces;
            this.peerValue = peerValue;
            this.requestMessage = requestMessage;
            this.peer = peer;
        }

        static void begin(Ikev2Sa sa, byte[] datagram) {
            try {
                IkeMessage request = MessageCodec.decode(datagram);
                if (request.header().messageId() != 0) {
                    throw new MalformedMessage("IKE_SA_INIT with a message ID other than 0");
                }
                negotiate(sa, request, datagram);
            } catch (MalformedMessage malformed) {
                sa.rejected(malformed.getMessage());
                reject(sa, new Notify(0, NO_SPI, malformed.notifyType().code(), malformed.notifyData()));
            } catch (ProtocolViolation violation) {
                sa.rejected(violation.getMessage());
                reject(sa, violation.notifyPayload());
            }
        }

        private static void negotiate(Ikev2Sa sa, IkeMessage request, byte[] datagram) throws ProtocolViolation {
            Contents contents = new Contents(request.payloads());
            List<Proposal> offered = contents.one(SecurityAssociation.class).proposals();
            KeyExchange theirs = contents.one(KeyExchange.class);
            Nonce nonce = contents.one(Nonce.class);
            Proposal accepted = null;
            List<PeerPolicy> candidates = new ArrayList<>();
            for (PeerPolicy candidate : sa.environment.policies().candidates(sa.path)) {
                if (candidate.version() == 1) {
                    continue;
                }
                List<Proposal> still = accepted == null ? offered : List.of(accepted);
                Proposal choice = ProposalSelection.choose(still, candidate.proposals(), true);
                if (choice != null && isLikely(choice)) {
                    accepted = accepted == null ? choice : accepted;
                    candidates.add(candidate);
                }
            }
            IkeSuite suite = accepted == null ? null : IkeSuite.of(accepted);
            if (accepted == null || suite == null) {
                throw new ProtocolViolation(NotifyType.NO_PROPOSAL_CHOSEN, "no connection takes any of the proposals");
            }
            KeyExchangeMethod method = suite.keyExchange();
            if (theirs.method() != method.id()) {
                // RFC 7296 section 1.3: two octets name the method we want
                byte[] wanted = {(byte) (method.id() >> 8), (byte) method.id()};
                throw new ProtocolViolation(
                        Notify.of(NotifyType.INVALID_KE_PAYLOAD, wanted), "another key exchange method is wanted");
            }
            if (theirs.value().length != method.publicLength()) {
                throw new ProtocolViolation(NotifyType.INVALID_SYNTAX, "a public value of a wrong length");
            }
            Responder exchange = new Responder(
                    sa,
                    candidates,
                    suite,
                    accepted,
                    new Nonces(nonce.value(), sa.environment.random().octets(Nonces.LENGTH)),
                    theirs.value(),
                    datagram,
                    features(contents));
            sa.responding.exchange = exchange;
            detectNat(
                    sa,
                    contents,
                    request.header(),
                    sa.path,
                    candidates.getFirst().encapsulate());
            sa.report(new SaNotice.HandshakeBegun(sa.subject(), false, "IKEv2"));
            CryptoRequest generate = new CryptoRequest.Generate(
                    method, candidates.getFirst().placement(), Urgency.NEW, sa.requestDeadline());
            if (!sa.submit(exchange, generate)) {
                // the peer's retransmission is our queue
                sa.close(CloseReason.BACKEND, "the back end is busy");
            }
        }

        /** RFC 7296 section 2.6: an answer that makes no SA has a responder SPI of zero. */
        private static void reject(Ikev2Sa sa, Notify notify) {
            IkeHeader header =
                    new IkeHeader(sa.peerSpi, 0, 0, 2, 0, ExchangeType.IKE_SA_INIT, IkeHeader.FLAG_RESPONSE, 0, 0);
            sa.respond(List.of(MessageCodec.encode(header, List.of(notify))), sa.requestPath);
            sa.close(CloseReason.FAILED, Contents.words(notify));
        }

        @Override
        public void onCrypto(CryptoOutcome outcome) {
            if (!(outcome instanceof CryptoOutcome.Generated generated)) {
                sa.dispose(outcome);
                sa.close(CloseReason.BACKEND, "no key pair: " + outcome);
                return;
            }
            sa.handle = generated.handle();
            sa.suite = suite;
            sa.peerFragmentation = peer.fragmentation();
            PeerPolicy first = candidates.getFirst();
            List<Payload> payloads = new ArrayList<>();
            payloads.add(new SecurityAssociation(List.of(accepted)));
            payloads.add(new KeyExchange(suite.keyExchange().id(), generated.publicValue()));
            payloads.add(new Nonce(nonces.nr()));
            announce(sa, payloads, first, sa.requestPath);
            CertificateRequest certificates = certificateRequests();
            if (certificates != null) {
                payloads.add(certificates);
            }
            if (mayBeChildless(candidates)) {
                // RFC 6023 section 3
                payloads.add(Notify.of(NotifyType.CHILDLESS_IKEV2_SUPPORTED));
            }
            byte[] response = MessageCodec.encode(sa.header(ExchangeType.IKE_SA_INIT, true, 0), payloads);
            sa.handshake =
                    new Handshake(candidates, suite, nonces, peerValue, requestMessage, response, peer, List.of());
            sa.respond(List.of(response), sa.requestPath);
        }

        private static boolean mayBeChildless(List<PeerPolicy> candidates) {
            for (PeerPolicy candidate : candidates) {
                if (candidate.childless() != PeerPolicy.Childless.NEVER) {
                    return true;
                }
            }
            return false;
        }

        private @Nullable CertificateRequest certificateRequests() {
            for (PeerPolicy candidate : candidates) {
                CertificateRequest request = certificateRequest(sa, candidate);
                if (request != null) {
                    return request;
                }
            }
            return null;
        }

        @Override
        public void onResponse(List<Payload> payloads) {
            throw new IllegalStateException("a responder gets no response");
        }

        @Override
        public void onInstalled(@Nullable String failure) {
            throw new IllegalStateException("nothing is installed in IKE_SA_INIT");
        }

        @Override
        public void onOverdue() {
            sa.close(CloseReason.BACKEND, "no key pair in time");
        }

        @Override
        public void abandon() {
            sa.releaseHandle();
        }
    }
}
