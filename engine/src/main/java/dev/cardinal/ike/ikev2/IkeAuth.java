package dev.cardinal.ike.ikev2;

import dev.cardinal.ike.crypto.AuthenticationMethod;
import dev.cardinal.ike.crypto.CryptoOutcome;
import dev.cardinal.ike.crypto.CryptoRequest;
import dev.cardinal.ike.crypto.KeyExchangeHandle;
import dev.cardinal.ike.crypto.Secret;
import dev.cardinal.ike.crypto.SecretDerivation;
import dev.cardinal.ike.crypto.SignatureScheme;
import dev.cardinal.ike.crypto.SymmetricCrypto;
import dev.cardinal.ike.crypto.Urgency;
import dev.cardinal.ike.sa.AuthPolicy;
import dev.cardinal.ike.sa.ChildKeys;
import dev.cardinal.ike.sa.ChildPolicy;
import dev.cardinal.ike.sa.ChildSa;
import dev.cardinal.ike.sa.Credentials.LocalCertificate;
import dev.cardinal.ike.sa.IkeSuite;
import dev.cardinal.ike.sa.Path;
import dev.cardinal.ike.sa.PeerPolicy;
import dev.cardinal.ike.sa.SaCommand;
import dev.cardinal.ike.sa.SaNotice;
import dev.cardinal.ike.sa.SaNotice.CloseReason;
import dev.cardinal.ike.wire.ExchangeType;
import dev.cardinal.ike.wire.Identification;
import dev.cardinal.ike.wire.NotifyType;
import dev.cardinal.ike.wire.Payload;
import dev.cardinal.ike.wire.Payload.Authentication;
import dev.cardinal.ike.wire.Payload.Certificate;
import dev.cardinal.ike.wire.Payload.CertificateRequest;
import dev.cardinal.ike.wire.Payload.IdentificationInitiator;
import dev.cardinal.ike.wire.Payload.IdentificationResponder;
import dev.cardinal.ike.wire.Payload.Notify;
import dev.cardinal.ike.wire.Payload.SecurityAssociation;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * IKE_AUTH (RFC 7296 section 1.2):
 *
 * <pre>
 *   HDR, SK {IDi, [CERT,] [CERTREQ,] [IDr,] AUTH, [SAi2, TSi, TSr]}  -->
 *                        <--  HDR, SK {IDr, [CERT,] AUTH, [SAr2, TSi, TSr]}
 * </pre>
 */
final class IkeAuth {
    /** Certificates of one message that are looked at: more than any chain. */
    private static final int MAX_CERTIFICATES = 16;

    private IkeAuth() {}

    // ------------------------------------------------------------------------------------------------ both sides

    /** SKEYSEED behind the agreement of IKE_SA_INIT's public values. */
    private static CryptoRequest agree(Ikev2Sa sa, Handshake handshake) {
        KeyExchangeHandle handle = Ikev2Sa.required(sa.handle);
        SecretDerivation skeyseed = new SecretDerivation.Skeyseed(
                handshake.suite().prf(),
                handshake.nonces().ni(),
                handshake.nonces().nr());
        return new CryptoRequest.Agree(handle, handshake.peerValue(), skeyseed, Urgency.BEGUN, sa.requestDeadline());
    }

    private static void onAgreed(Ikev2Sa sa, Handshake handshake, Secret skeyseed) {
        sa.releaseHandle();
        try (skeyseed) {
            sa.keys = Ikev2KeyMaterial.derive(
                    sa.environment,
                    handshake.suite(),
                    skeyseed,
                    handshake.nonces().ni(),
                    handshake.nonces().nr(),
                    sa.initiatorSpi(),
                    sa.responderSpi(),
                    sa.initiator());
        }
    }

    /** What the initiator, or the responder, signs. */
    private static byte[] octets(Ikev2Sa sa, Handshake handshake, boolean initiators, Identification id) {
        Ikev2KeyMaterial keys = sa.requireKeys();
        return AuthPayload.octets(
                sa.environment.symmetric(),
                handshake.suite().prf(),
                initiators ? handshake.requestMessage() : handshake.responseMessage(),
                initiators ? handshake.nonces().nr() : handshake.nonces().ni(),
                keys.authKey(initiators),
                id);
    }

    private static Authentication sharedKey(Ikev2Sa sa, IkeSuite suite, Secret psk, byte[] octets) {
        SymmetricCrypto symmetric = sa.environment.symmetric();
        return AuthPayload.sharedKey(symmetric, suite.prf(), psk, octets);
    }

    private static Identification ownId(Ikev2Sa sa, PeerPolicy policy, @Nullable LocalCertificate certificate) {
        Identification configured = policy.localAuth().id().exact();
        if (configured != null) {
            return configured;
        }
        if (certificate != null) {
            return certificate.id();
        }
        InetAddress address = sa.path.localAddress();
        int type = address instanceof Inet4Address ? Identification.IPV4_ADDR : Identification.IPV6_ADDR;
        return new Identification(type, address.getAddress());
    }

    /** A signature request, or null where the certificate's key has no scheme in common with the peer. */
    private static @Nullable SignatureScheme scheme(Handshake handshake, PeerPolicy policy, LocalCertificate own) {
        return AuthPayload.choose(
                policy.localAuth(), own.key(), handshake.peer().hashes());
    }

    private static void addCertificates(
            List<Payload> payloads, PeerPolicy policy, LocalCertificate own, boolean asked) {
        boolean send = switch (policy.sendCertificate()) {
            case ALWAYS -> true;
            case IF_ASKED -> asked;
            case NEVER -> false;
        };
        if (send) {
            for (byte[] der : own.chain()) {
                payloads.add(new Certificate(Certificate.X509_SIGNATURE, der));
            }
        }
    }

    private static List<byte[]> certificates(Contents contents) {
        List<byte[]> certificates = new ArrayList<>();
        for (Certificate certificate : contents.all(Certificate.class)) {
            if (certificate.encoding() == Certificate.X509_SIGNATURE && certificates.size() < MAX_CERTIFICATES) {
                certificates.add(certificate.data());
            }
        }
        return certificates;
    }

    private static CryptoRequest verification(
            Ikev2Sa sa,
            PeerPolicy policy,
            Contents contents,
            Identification id,
            AuthPayload.Claim claim,
            byte[] octets) {
        return new CryptoRequest.VerifyPeer(
                certificates(contents),
                sa.environment.credentials().trust(policy),
                id,
                claim.scheme(),
                octets,
                claim.signature(),
                Urgency.BEGUN,
                sa.requestDeadline());
    }

    private static boolean allows(AuthPolicy policy, SignatureScheme scheme) {
        return policy.schemes().isEmpty() || policy.schemes().contains(scheme);
    }

    /** Keys of the first Child SA: {@code prf+(SK_d, Ni | Nr)} (RFC 7296 section 2.17). */
    private static ChildKeys childKeys(Ikev2Sa sa, Handshake handshake, ChildSa child) {
        try (Secret material = sa.environment
                .symmetric()
                .prfPlus(
                        handshake.suite().prf(),
                        sa.requireKeys().skD(),
                        handshake.nonces().concatenated(),
                        2 * child.suite().keyMaterialLength())) {
            return ChildKeys.cut(material, child.suite(), child.initiatorKeysOutbound());
        }
    }

    private static String describe(AuthPolicy.Method method, @Nullable SignatureScheme scheme) {
        return method == AuthPolicy.Method.PSK ? "PSK" : String.valueOf(scheme);
    }

    // ------------------------------------------------------------------------------------------------ initiator

    /** Our IKE_AUTH. */
    static final class Initiator implements Exchange {
        private final Ikev2Sa sa;
        private final PeerPolicy policy;
        private final Handshake handshake;
        private final @Nullable ChildPolicy child;
        private Step step = new Agreeing();

        private sealed interface Step {}

        private record Agreeing() implements Step {}

        private record Signing(Identification id, LocalCertificate certificate, SignatureScheme scheme)
                implements Step {}

        private record Waiting(Identification id, ChildNegotiation.@Nullable Offer offer) implements Step {}

        private record Verifying(Waiting sent, Contents answer, Identification peer, SignatureScheme scheme)
                implements Step {}

        private record Installing(ChildNegotiation.Plan plan, ChildSa facts) implements Step {}

        private Initiator(Ikev2Sa sa, PeerPolicy policy, Handshake handshake, @Nullable ChildPolicy child) {
            this.sa = sa;
            this.policy = policy;
            this.handshake = handshake;
            this.child = child;
        }

        static void begin(Ikev2Sa sa, Handshake handshake, @Nullable ChildPolicy child) {
            Initiator exchange = new Initiator(sa, sa.requirePolicy(), handshake, child);
            sa.initiated.exchange = exchange;
            sa.children.onMaking();
            exchange.agree();
        }

        private void agree() {
            if (!sa.submit(this, IkeAuth.agree(sa, handshake))) {
                // a little later again: half_open_timeout is the bound
                sa.initiated.deadlineNanos =
                        sa.now() + sa.environment.settings().tokenDeadlineNanos() / 4;
            }
        }

        @Override
        public void onOverdue() {
            switch (step) {
                case Agreeing agreeing -> agree();
                case Signing signing -> sa.close(CloseReason.BACKEND, "no signature in time");
                case Waiting waiting -> {}
                case Verifying verifying -> sa.deleteAndClose("the peer was not verified in time");
                case Installing installing -> onInstalled("not installed in time");
            }
        }

        @Override
        public void onCrypto(CryptoOutcome outcome) {
            if (step instanceof Agreeing && outcome instanceof CryptoOutcome.Agreed agreed) {
                onAgreed(sa, handshake, agreed.derived());
                authenticate();
            } else if (step instanceof Signing signing && outcome instanceof CryptoOutcome.Signed signed) {
                boolean digital = handshake.peer().hashes() != null;
                LocalCertificate own = signing.certificate();
                send(signing.id(), own, AuthPayload.signed(signing.scheme(), own.key(), digital, signed.signature()));
            } else if (step instanceof Verifying verifying && outcome instanceof CryptoOutcome.PeerVerified) {
                onVerified(
                        verifying.sent(),
                        verifying.answer(),
                        verifying.peer(),
                        describe(AuthPolicy.Method.PUBKEY, verifying.scheme()));
            } else if (step instanceof Verifying verifying && outcome instanceof CryptoOutcome.PeerRejected rejected) {
                refusePeer(verifying.peer(), rejected.reason());
            } else {
                failed(outcome);
            }
        }

        private void failed(CryptoOutcome outcome) {
            sa.dispose(outcome);
            sa.report(new SaNotice.BackendFailed(sa.subject(), String.valueOf(outcome)));
            sa.close(CloseReason.BACKEND, "a back end failed");
        }

        private void authenticate() {
            if (policy.localAuth().method() == AuthPolicy.Method.PSK) {
                Identification id = ownId(sa, policy, null);
                Secret psk = sa.environment
                        .credentials()
                        .presharedKey(id, policy.remoteAuth().id().exact());
                if (psk == null) {
                    sa.close(CloseReason.FAILED, "no shared secret for this peer");
                    return;
                }
                try (psk) {
                    send(id, null, sharedKey(sa, handshake.suite(), psk, octets(sa, handshake, true, id)));
                }
                return;
            }
            LocalCertificate own = sa.environment.credentials().certificate(policy, handshake.authorities());
            SignatureScheme scheme = own == null ? null : scheme(handshake, policy, own);
            if (own == null || scheme == null) {
                sa.close(CloseReason.FAILED, "no certificate or no signature scheme for this peer");
                return;
            }
            Identification id = ownId(sa, policy, own);
            step = new Signing(id, own, scheme);
            CryptoRequest sign = new CryptoRequest.Sign(
                    own.key(), scheme, octets(sa, handshake, true, id), Urgency.BEGUN, sa.requestDeadline());
            if (!sa.submit(this, sign)) {
                sa.close(CloseReason.BACKEND, "the back end is busy");
            }
        }

        private void send(Identification id, @Nullable LocalCertificate own, Authentication auth) {
            List<Payload> payloads = new ArrayList<>();
            payloads.add(new IdentificationInitiator(id));
            if (own != null) {
                addCertificates(payloads, policy, own, !handshake.authorities().isEmpty());
            }
            if (policy.unique() != PeerPolicy.Uniqueness.NEVER) {
                payloads.add(Notify.of(NotifyType.INITIAL_CONTACT));
            }
            CertificateRequest request = IkeSaInit.certificateRequest(sa, policy);
            if (request != null) {
                payloads.add(request);
            }
            Identification wanted = policy.remoteAuth().id().exact();
            if (wanted != null && !isPattern(wanted)) {
                payloads.add(new IdentificationResponder(wanted));
            }
            payloads.add(auth);
            ChildNegotiation.Offer offer = null;
            ChildPolicy first = child;
            if (first != null && !isChildless()) {
                offer = ChildNegotiation.offer(sa, first, null, false);
                offer.addTo(payloads);
            } else if (!handshake.peer().childless()) {
                sa.close(CloseReason.FAILED, "the peer does not support childless IKE SAs");
                return;
            }
            step = new Waiting(id, offer);
            sa.request(ExchangeType.IKE_AUTH, payloads);
        }

        private static boolean isPattern(Identification id) {
            return (id.type() == Identification.FQDN || id.type() == Identification.RFC822_ADDR)
                    && id.data().length > 0
                    && id.data()[0] == '*';
        }

        private boolean isChildless() {
            return switch (policy.childless()) {
                case FORCE -> true;
                case PREFER -> handshake.peer().childless();
                case ALLOW, NEVER -> false;
            };
        }

        @Override
        public void onResponse(List<Payload> payloads) {
            if (!(step instanceof Waiting sent)) {
                return;
            }
            Contents answer = new Contents(payloads);
            try {
                Authentication auth = answer.oneOrNone(Authentication.class);
                Notify error = answer.error();
                if (auth == null) {
                    String why = error == null ? "no AUTH payload" : Contents.words(error);
                    sa.report(new SaNotice.AuthenticationFailed(
                            sa.subject(), policy.remoteAuth().id().exact(), "the peer answered " + why));
                    sa.close(CloseReason.FAILED, "the peer answered " + why);
                    return;
                }
                Identification peer = answer.one(IdentificationResponder.class).id();
                verify(sent, answer, peer, auth);
            } catch (ProtocolViolation violation) {
                sa.deleteAndClose(String.valueOf(violation.getMessage()));
            }
        }

        private void verify(Waiting sent, Contents answer, Identification peer, Authentication auth) {
            byte[] octets = octets(sa, handshake, false, peer);
            boolean psk = auth.method() == AuthenticationMethod.SHARED_KEY;
            if (!policy.remoteAuth().id().matches(peer)) {
                refusePeer(peer, "an identity that is not the configured one");
            } else if (psk != (policy.remoteAuth().method() == AuthPolicy.Method.PSK)) {
                refusePeer(peer, "an authentication method that is not the configured one");
            } else if (psk) {
                verifySharedKey(sent, answer, peer, auth, octets);
            } else {
                AuthPayload.Claim claim = AuthPayload.claim(auth);
                if (claim == null || !allows(policy.remoteAuth(), claim.scheme())) {
                    refusePeer(peer, "a signature scheme that is not allowed");
                    return;
                }
                step = new Verifying(sent, answer, peer, claim.scheme());
                if (!sa.submit(this, verification(sa, policy, answer, peer, claim, octets))) {
                    sa.deleteAndClose("the back end is busy");
                }
            }
        }

        private void verifySharedKey(
                Waiting sent, Contents answer, Identification peer, Authentication auth, byte[] octets) {
            Secret psk = sa.environment.credentials().presharedKey(sent.id(), peer);
            boolean proven = false;
            if (psk != null) {
                try (psk) {
                    proven = AuthPayload.matches(sharedKey(sa, handshake.suite(), psk, octets), auth);
                }
            }
            if (proven) {
                onVerified(sent, answer, peer, describe(AuthPolicy.Method.PSK, null));
            } else {
                refusePeer(peer, "the shared secret is not ours");
            }
        }

        /** RFC 7296 section 2.21.2: the peer believes in the SA already, so it is told in an exchange of its own. */
        private void refusePeer(Identification peer, String why) {
            sa.report(new SaNotice.AuthenticationFailed(sa.subject(), peer, why));
            Informational.Initiator.tellAndForget(sa, Notify.of(NotifyType.AUTHENTICATION_FAILED));
            sa.close(CloseReason.FAILED, "the peer could not be authenticated");
        }

        private void onVerified(Waiting sent, Contents answer, Identification peer, String how) {
            sa.establish(sent.id(), peer, how, false);
            ChildNegotiation.Offer offer = sent.offer();
            if (offer == null) {
                sa.initiated.clear();
                if (child != null) {
                    sa.orders.add(new SaCommand.CreateChild(child));
                }
                return;
            }
            Notify error = answer.error();
            try {
                if (error != null) {
                    throw new ProtocolViolation(error, "the peer answered " + Contents.words(error));
                }
                ChildNegotiation.Plan plan = ChildNegotiation.accept(offer, answer, false);
                ChildSa facts = plan.childSa(sa, sa.environment.spis().nextSerial(), true);
                step = new Installing(plan, facts);
                sa.install(this, facts, childKeys(sa, handshake, facts));
            } catch (ProtocolViolation violation) {
                sa.report(new SaNotice.ChildFailed(
                        sa.subject(), offer.policy().name(), String.valueOf(violation.getMessage())));
                giveUp(sent);
                sa.initiated.clear();
                if (error == null) {
                    sa.orders.end();
                }
            }
        }

        private void giveUp(Waiting sent) {
            ChildNegotiation.Offer offer = sent.offer();
            if (offer != null) {
                sa.environment.spis().releaseChildSpi(offer.inboundSpi());
            }
        }

        @Override
        public void onInstalled(@Nullable String failure) {
            if (!(step instanceof Installing installing)) {
                return;
            }
            if (failure == null
                    && sa.children.wasDeletedEarly(installing.facts().outboundSpi())) {
                abandon();
                sa.initiated.clear();
                sa.report(new SaNotice.ChildFailed(
                        sa.subject(), installing.facts().name(), "the peer deleted it at once"));
            } else if (failure == null) {
                sa.initiated.clear();
                sa.addChild(installing.facts(), installing.plan().policy(), false);
            } else {
                // the peer has the Child SA: it goes with its IKE SA
                abandon();
                sa.initiated.clear();
                sa.report(new SaNotice.ChildFailed(
                        sa.subject(), installing.facts().name(), failure));
                sa.orders.end();
            }
        }

        @Override
        public void abandon() {
            switch (step) {
                case Agreeing agreeing -> sa.releaseHandle();
                case Signing signing -> {}
                case Waiting waiting -> giveUp(waiting);
                case Verifying verifying -> giveUp(verifying.sent());
                case Installing installing -> {
                    sa.effects().remove(installing.facts());
                    sa.environment.spis().releaseChildSpi(installing.facts().inboundSpi());
                }
            }
        }
    }

    // ------------------------------------------------------------------------------------------------ responder

    /** A peer's IKE_AUTH. */
    static final class Responder implements Exchange {
        /** Datagrams held while the secret is agreed: a fragmented message and its retransmission. */
        private static final int MAX_HELD = 16;

        /** Octets of them. */
        private static final int MAX_HELD_OCTETS = 32 * 1024;

        private final Ikev2Sa sa;
        private final Handshake handshake;
        private final Deque<Held> held = new ArrayDeque<>();
        private int heldOctets;
        private Step step = new Agreeing();

        private record Held(byte[] datagram, Path from) {}

        private sealed interface Step {}

        private record Agreeing() implements Step {}

        /** The keys are there; a whole and authentic request is not. */
        private record Awaiting() implements Step {}

        /** @param next candidates not yet tried */
        private record Verifying(
                Contents request,
                Identification peer,
                PeerPolicy candidate,
                Deque<PeerPolicy> next,
                SignatureScheme scheme)
                implements Step {}

        private record Signing(
                Contents request,
                Identification peer,
                String how,
                Identification id,
                LocalCertificate certificate,
                SignatureScheme scheme)
                implements Step {}

        private record Installing(
                List<Payload> response,
                Contents request,
                Identification peer,
                Identification id,
                String how,
                ChildNegotiation.Plan plan,
                ChildSa facts)
                implements Step {}

        private Responder(Ikev2Sa sa, Handshake handshake) {
            this.sa = sa;
            this.handshake = handshake;
        }

        /** IKE_AUTH datagrams that come before our keys: the first begins the only agreement of this SA. */
        static void onFirstDatagrams(Ikev2Sa sa, byte[] datagram, Path from) {
            if (sa.responding.exchange instanceof Responder current) {
                current.hold(datagram, from);
                return;
            }
            Handshake handshake = Ikev2Sa.required(sa.handshake);
            if (!sa.responding.isFree() || sa.handle == null) {
                return;
            }
            Responder exchange = new Responder(sa, handshake);
            sa.responding.exchange = exchange;
            exchange.hold(datagram, from);
            if (!sa.submit(exchange, IkeAuth.agree(sa, handshake))) {
                // the peer's retransmission is our queue
                sa.responding.clear();
            }
        }

        private void hold(byte[] datagram, Path from) {
            boolean room = held.size() < MAX_HELD && heldOctets + datagram.length <= MAX_HELD_OCTETS;
            if (step instanceof Agreeing && room && !isHeld(datagram)) {
                held.addLast(new Held(datagram, from));
                heldOctets += datagram.length;
            }
        }

        private boolean isHeld(byte[] datagram) {
            for (Held each : held) {
                if (Arrays.equals(each.datagram(), datagram)) {
                    return true;
                }
            }
            return false;
        }

        /** Whether a request may still be assembled from fragments. */
        boolean awaitsRequest() {
            return step instanceof Awaiting;
        }

        @Override
        public void onCrypto(CryptoOutcome outcome) {
            if (step instanceof Agreeing && outcome instanceof CryptoOutcome.Agreed agreed) {
                onAgreed(sa, handshake, agreed.derived());
                step = new Awaiting();
                while (!held.isEmpty() && sa.responding.exchange == this) {
                    Held next = held.removeFirst();
                    sa.onHeld(next.datagram(), next.from());
                }
            } else if (step instanceof Agreeing
                    && outcome instanceof CryptoOutcome.Failed failed
                    && failed.kind() == CryptoOutcome.Failed.Kind.EXPIRED) {
                // never begun: the peer's retransmission asks again
                sa.responding.clear();
            } else if (step instanceof Verifying verifying && outcome instanceof CryptoOutcome.PeerVerified) {
                sa.policy = verifying.candidate();
                onVerified(
                        verifying.request(), verifying.peer(), describe(AuthPolicy.Method.PUBKEY, verifying.scheme()));
            } else if (step instanceof Verifying verifying && outcome instanceof CryptoOutcome.PeerRejected rejected) {
                tryCandidates(verifying.request(), verifying.peer(), verifying.next(), rejected.reason());
            } else if (step instanceof Signing signing && outcome instanceof CryptoOutcome.Signed signed) {
                boolean digital = handshake.peer().hashes() != null;
                LocalCertificate own = signing.certificate();
                answer(
                        signing.request(),
                        signing.peer(),
                        signing.how(),
                        signing.id(),
                        own,
                        AuthPayload.signed(signing.scheme(), own.key(), digital, signed.signature()));
            } else {
                failed(outcome);
            }
        }

        private void failed(CryptoOutcome outcome) {
            sa.dispose(outcome);
            sa.report(new SaNotice.BackendFailed(sa.subject(), String.valueOf(outcome)));
            sa.close(CloseReason.BACKEND, "a back end failed");
        }

        /** The whole request, authentic. */
        static void onRequest(Ikev2Sa sa, Contents request) throws ProtocolViolation {
            if (!(sa.responding.exchange instanceof Responder exchange)) {
                throw new ProtocolViolation(NotifyType.INVALID_SYNTAX, "IKE_AUTH on an established SA");
            }
            exchange.onRequest(request);
        }

        private void onRequest(Contents request) throws ProtocolViolation {
            Identification peer = request.one(IdentificationInitiator.class).id();
            IdentificationResponder wanted = request.oneOrNone(IdentificationResponder.class);
            Authentication auth = request.oneOrNone(Authentication.class);
            if (auth == null) {
                // RFC 7296 section 2.16: no AUTH payload asks for EAP, which no connection offers
                unauthenticated(peer, "the peer wants EAP");
                return;
            }
            boolean psk = auth.method() == AuthenticationMethod.SHARED_KEY;
            List<PeerPolicy> fitting = new ArrayList<>();
            for (PeerPolicy candidate : handshake.candidates()) {
                AuthPolicy theirs = candidate.remoteAuth();
                boolean method = psk == (theirs.method() == AuthPolicy.Method.PSK);
                boolean ours = wanted == null || candidate.localAuth().id().matches(wanted.id());
                if (method && ours && theirs.id().matches(peer)) {
                    fitting.add(candidate);
                }
            }
            // the connection that names the peer goes before the one that takes anybody
            fitting.sort((a, b) -> Boolean.compare(
                    a.remoteAuth().id().isAny(), b.remoteAuth().id().isAny()));
            tryCandidates(request, peer, new ArrayDeque<>(fitting), "no connection for this identity and method");
        }

        private void tryCandidates(Contents request, Identification peer, Deque<PeerPolicy> candidates, String why) {
            byte[] octets = octets(sa, handshake, true, peer);
            String reason = why;
            Authentication auth = request.all(Authentication.class).getFirst();
            while (!candidates.isEmpty()) {
                PeerPolicy candidate = candidates.removeFirst();
                if (candidate.remoteAuth().method() == AuthPolicy.Method.PSK) {
                    if (isShared(candidate, request, peer, auth, octets)) {
                        sa.policy = candidate;
                        onVerified(request, peer, describe(AuthPolicy.Method.PSK, null));
                        return;
                    }
                    reason = "no shared secret matches";
                    continue;
                }
                AuthPayload.Claim claim = AuthPayload.claim(auth);
                if (claim == null || !allows(candidate.remoteAuth(), claim.scheme())) {
                    reason = "a signature scheme that is not allowed";
                    continue;
                }
                step = new Verifying(request, peer, candidate, candidates, claim.scheme());
                if (!sa.submit(this, verification(sa, candidate, request, peer, claim, octets))) {
                    sa.close(CloseReason.BACKEND, "the back end is busy");
                }
                return;
            }
            unauthenticated(peer, reason);
        }

        private boolean isShared(
                PeerPolicy candidate, Contents request, Identification peer, Authentication auth, byte[] octets) {
            Secret psk = sa.environment.credentials().presharedKey(localId(candidate, request, null), peer);
            if (psk == null) {
                return false;
            }
            try (psk) {
                return AuthPayload.matches(sharedKey(sa, handshake.suite(), psk, octets), auth);
            }
        }

        private Identification localId(PeerPolicy candidate, Contents request, @Nullable LocalCertificate own) {
            List<IdentificationResponder> wanted = request.all(IdentificationResponder.class);
            boolean free = candidate.localAuth().id().isAny() && own == null;
            return free && !wanted.isEmpty() ? wanted.getFirst().id() : ownId(sa, candidate, own);
        }

        /** RFC 7296 section 2.21.2: the answer is encrypted, and tells nothing more. */
        private void unauthenticated(@Nullable Identification peer, String why) {
            sa.report(new SaNotice.AuthenticationFailed(sa.subject(), peer, why));
            sa.refuse(Notify.of(NotifyType.AUTHENTICATION_FAILED));
        }

        private void onVerified(Contents request, Identification peer, String how) {
            PeerPolicy policy = sa.requirePolicy();
            if (policy.localAuth().method() == AuthPolicy.Method.PSK) {
                Identification id = localId(policy, request, null);
                Secret psk = sa.environment.credentials().presharedKey(id, peer);
                if (psk == null) {
                    unauthenticated(peer, "no shared secret of our own");
                    return;
                }
                try (psk) {
                    Authentication auth = sharedKey(sa, handshake.suite(), psk, octets(sa, handshake, false, id));
                    answer(request, peer, how, id, null, auth);
                }
                return;
            }
            LocalCertificate own = sa.environment.credentials().certificate(policy, IkeSaInit.authorities(request));
            SignatureScheme scheme = own == null ? null : scheme(handshake, policy, own);
            if (own == null || scheme == null) {
                unauthenticated(peer, "no certificate or no signature scheme of our own for this peer");
                return;
            }
            Identification id = localId(policy, request, own);
            step = new Signing(request, peer, how, id, own, scheme);
            CryptoRequest sign = new CryptoRequest.Sign(
                    own.key(), scheme, octets(sa, handshake, false, id), Urgency.BEGUN, sa.requestDeadline());
            if (!sa.submit(this, sign)) {
                sa.close(CloseReason.BACKEND, "the back end is busy");
            }
        }

        private void answer(
                Contents request,
                Identification peer,
                String how,
                Identification id,
                @Nullable LocalCertificate own,
                Authentication auth) {
            PeerPolicy policy = sa.requirePolicy();
            List<Payload> payloads = new ArrayList<>();
            payloads.add(new IdentificationResponder(id));
            if (own != null) {
                addCertificates(
                        payloads, policy, own, !IkeSaInit.authorities(request).isEmpty());
            }
            payloads.add(auth);
            try {
                if (request.oneOrNone(SecurityAssociation.class) == null) {
                    if (policy.childless() == PeerPolicy.Childless.NEVER) {
                        throw new ProtocolViolation(NotifyType.INVALID_SYNTAX, "a childless IKE SA is not allowed");
                    }
                    establish(request, peer, id, how, payloads);
                    return;
                }
                if (policy.childless() == PeerPolicy.Childless.FORCE) {
                    throw new ProtocolViolation(NotifyType.NO_ADDITIONAL_SAS, "only childless IKE SAs are allowed");
                }
                ChildNegotiation.Plan plan = ChildNegotiation.choose(sa, policy.children(), request, false);
                ChildSa facts = plan.childSa(sa, sa.environment.spis().nextSerial(), false);
                step = new Installing(payloads, request, peer, id, how, plan, facts);
                sa.install(this, facts, childKeys(sa, handshake, facts));
            } catch (ProtocolViolation violation) {
                if (violation.notifyPayload().is(NotifyType.INVALID_SYNTAX)) {
                    sa.rejected(violation.getMessage());
                    sa.refuse(violation.notifyPayload());
                    return;
                }
                // RFC 7296 section 1.2: the IKE SA is made even so
                sa.report(
                        new SaNotice.ChildFailed(sa.subject(), policy.name(), String.valueOf(violation.getMessage())));
                payloads.add(violation.notifyPayload());
                establish(request, peer, id, how, payloads);
            }
        }

        @Override
        public void onInstalled(@Nullable String failure) {
            if (!(step instanceof Installing installing)) {
                return;
            }
            List<Payload> response = installing.response();
            if (failure == null) {
                installing.plan().addAnswerTo(response);
            } else {
                abandon();
                sa.report(new SaNotice.ChildFailed(
                        sa.subject(), installing.facts().name(), failure));
                response.add(Notify.of(NotifyType.NO_PROPOSAL_CHOSEN));
            }
            step = new Awaiting();
            establish(installing.request(), installing.peer(), installing.id(), installing.how(), response);
            if (failure == null) {
                sa.addChild(installing.facts(), installing.plan().policy(), false);
            }
        }

        private void establish(
                Contents request, Identification peer, Identification id, String how, List<Payload> response) {
            sa.respond(response);
            sa.establish(id, peer, how, request.has(NotifyType.INITIAL_CONTACT));
        }

        @Override
        public void onOverdue() {
            switch (step) {
                case Agreeing agreeing -> sa.close(CloseReason.BACKEND, "no shared secret in time");
                case Awaiting awaiting -> {}
                case Verifying verifying -> sa.close(CloseReason.BACKEND, "the peer was not verified in time");
                case Signing signing -> sa.close(CloseReason.BACKEND, "no signature in time");
                case Installing installing -> onInstalled("not installed in time");
            }
        }

        @Override
        public void onResponse(List<Payload> payloads) {
            throw new IllegalStateException("a responder gets no response");
        }

        @Override
        public void abandon() {
            if (step instanceof Installing installing) {
                sa.effects().remove(installing.facts());
                sa.environment.spis().releaseChildSpi(installing.facts().inboundSpi());
            }
        }
    }
}
