package dev.cardinal.ike.ikev1;

import dev.cardinal.ike.crypto.CryptoOutcome;
import dev.cardinal.ike.crypto.CryptoRequest;
import dev.cardinal.ike.crypto.KeyExchangeHandle;
import dev.cardinal.ike.crypto.Secret;
import dev.cardinal.ike.crypto.SecretDerivation;
import dev.cardinal.ike.crypto.SignatureScheme;
import dev.cardinal.ike.crypto.Urgency;
import dev.cardinal.ike.sa.AuthPolicy;
import dev.cardinal.ike.sa.Credentials;
import dev.cardinal.ike.sa.Credentials.LocalCertificate;
import dev.cardinal.ike.sa.Ikev1Policy;
import dev.cardinal.ike.sa.Path;
import dev.cardinal.ike.sa.PeerPolicy;
import dev.cardinal.ike.sa.PeerPolicy.Fragmentation;
import dev.cardinal.ike.sa.SaNotice.CloseReason;
import dev.cardinal.ike.wire.Identification;
import dev.cardinal.ike.wire.IsakmpBody;
import dev.cardinal.ike.wire.IsakmpCodec;
import dev.cardinal.ike.wire.IsakmpMessage;
import dev.cardinal.ike.wire.IsakmpNotify;
import dev.cardinal.ike.wire.IsakmpPayload;
import dev.cardinal.ike.wire.IsakmpPayload.Certificate;
import dev.cardinal.ike.wire.IsakmpPayload.CertificateRequest;
import dev.cardinal.ike.wire.IsakmpPayload.Hash;
import dev.cardinal.ike.wire.IsakmpPayload.KeyExchange;
import dev.cardinal.ike.wire.IsakmpPayload.NatDetection;
import dev.cardinal.ike.wire.IsakmpPayload.Nonce;
import dev.cardinal.ike.wire.IsakmpPayload.Notification;
import dev.cardinal.ike.wire.IsakmpPayload.SecurityAssociation;
import dev.cardinal.ike.wire.IsakmpPayload.Signature;
import dev.cardinal.ike.wire.IsakmpPayload.VendorId;
import dev.cardinal.ike.wire.IsakmpPayloadType;
import dev.cardinal.ike.wire.MalformedMessage;
import dev.cardinal.ike.wire.Proposal;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What main mode and aggressive mode share: the values that both sides contribute, the keys made of them, and the proofs of
 * identity (RFC 2409 section 5). Dropped when phase 1 has ended.
 */
final class Phase1 {
    /** Octets of our nonces. */
    private static final int NONCE_LENGTH = 32;

    /** Certificates of one message that are looked at: more than any chain. */
    private static final int MAX_CERTIFICATES = 16;

    /** Authorities that a peer is asked for. */
    private static final int MAX_AUTHORITIES = 16;

    private static final int NAT_T_PORT = 4500;
    private static final int IKE_PORT = 500;

    final Ikev1Sa sa;

    /** The connections that are still possible, best first; one where we initiate. */
    List<PeerPolicy> candidates = List.of();

    @Nullable
    LocalCertificate own;

    /** Our half of the key exchange. */
    @Nullable
    KeyExchangeHandle handle;

    /** SAi_b: the body of the initiator's SA payload. */
    byte[] offer = {};

    byte[] gxi = {};
    byte[] gxr = {};
    byte[] ni = {};
    byte[] nr = {};

    /** IDii_b and IDir_b: the bodies of the ID payloads. */
    byte[] idi = {};

    byte[] idr = {};

    /** Null where the method encrypts nothing for the peer's key. */
    @Nullable
    Phase1Encryption encryption;

    private boolean certificateAsked;

    Phase1(Ikev1Sa sa) {
        this.sa = sa;
    }

    // ------------------------------------------------------------------------------------------------ the offer

    /**
     * The initiator's way into phase 1: its certificate and method.
     *
     * @return the method, 0 where the connection has none
     */
    int prepare() {
        PeerPolicy policy = sa.requirePolicy();
        candidates = List.of(policy);
        own = certificate(policy);
        int method = Phase1Method.of(policy, own, true);
        encryptBy(method);
        return encryption == null || encryption.knowsPeer() ? method : 0;
    }

    private void encryptBy(int method) {
        encryption = Phase1Encryption.of(this, method);
        sa.phase1.opaque = encryption != null;
    }

    /** Types of payloads that are encrypted on their own in the messages before the proofs. */
    Set<IsakmpPayloadType> closed() {
        return encryption == null ? Set.of() : encryption.closed();
    }

    private @Nullable LocalCertificate certificate(PeerPolicy policy) {
        return policy.localAuth().method() == AuthPolicy.Method.PUBKEY
                ? sa.environment.credentials().certificate(policy, List.of())
                : null;
    }

    /** The life that we offer: no longer than we keep the SA. */
    static long lifeNanos(PeerPolicy policy) {
        return policy.rekeyNanos() == 0 ? 0 : policy.rekeyNanos() + policy.overNanos();
    }

    /**
     * The responder's choice among connections and transforms.
     *
     * @return the SA payload of the answer
     * @throws Refusal NO-PROPOSAL-CHOSEN where nothing fits
     */
    SecurityAssociation choose(Contents contents, boolean aggressive) throws Refusal {
        SecurityAssociation offered = contents.one(SecurityAssociation.class);
        offer = Ikev1Sa.required(contents.body(IsakmpPayloadType.SECURITY_ASSOCIATION));
        List<PeerPolicy> fitting = new ArrayList<>();
        Phase1Proposals.Choice chosen = null;
        for (PeerPolicy candidate : sa.environment.policies().candidates(sa.path)) {
            Ikev1Policy ikev1 = candidate.ikev1();
            if (ikev1 == null || (aggressive ? !ikev1.aggressiveResponder() : ikev1.aggressive())) {
                continue;
            }
            LocalCertificate certificate = certificate(candidate);
            int method = Phase1Method.of(candidate, certificate, false);
            SecurityAssociation still = chosen == null ? offered : chosen.answer();
            boolean keyless = candidate.localAuth().method().encrypts()
                    && sa.environment.credentials().decryptionKey(candidate) == null;
            Phase1Proposals.Choice choice =
                    method == 0 || keyless ? null : Phase1Proposals.choose(still, ikev1.proposals(), method);
            if (choice != null) {
                if (chosen == null) {
                    chosen = choice;
                    own = certificate;
                }
                fitting.add(candidate);
            }
        }
        if (chosen == null) {
            throw new Refusal(IsakmpNotify.NO_PROPOSAL_CHOSEN, "no connection takes any of the transforms");
        }
        candidates = fitting;
        sa.policy = fitting.getFirst();
        sa.suite = chosen.suite();
        encryptBy(chosen.suite().method());
        return chosen.answer();
    }

    // ------------------------------------------------------------------------------------------------ announcements

    /** Vendor IDs: what we can do. */
    void announce(List<IsakmpBody> bodies, @Nullable PeerPolicy policy) {
        bodies.add(IsakmpBody.of(VendorIds.XAUTH));
        bodies.add(IsakmpBody.of(VendorIds.DPD));
        if (policy == null || policy.fragmentation() != Fragmentation.NO) {
            bodies.add(IsakmpBody.of(VendorIds.FRAGMENTATION));
        }
        bodies.add(IsakmpBody.of(VendorIds.NAT_T));
        bodies.add(IsakmpBody.of(VendorIds.NAT_T_DRAFT_03));
        bodies.add(IsakmpBody.of(VendorIds.NAT_T_DRAFT_02_NEWLINE));
    }

    /** Reads what the peer announces and asks for. */
    void readAnnouncements(Contents contents) {
        sa.peer = sa.peer.and(contents.all(VendorId.class));
        for (CertificateRequest request : contents.all(CertificateRequest.class)) {
            certificateAsked |= request.encoding() == Certificate.X509_SIGNATURE;
        }
    }

    /** RFC 3947 section 3.2: the hash of the peer's end, then that of ours. */
    void addNatDetection(List<IsakmpBody> bodies) {
        if (!sa.peer.anyNatT()) {
            return;
        }
        boolean draft = sa.peer.draftNumbers();
        boolean encapsulate = sa.policy != null && sa.policy.encapsulate();
        byte[] local = natHash(sa.path.local());
        bodies.add(IsakmpBody.of(new NatDetection(natHash(sa.path.remote()), draft)));
        bodies.add(IsakmpBody.of(
                new NatDetection(encapsulate ? sa.environment.random().octets(local.length) : local, draft)));
    }

    /** RFC 3947 section 3.2: a hash that is not ours means that a NAT rewrote the address or the port. */
    void detectNat(Contents contents, Path from) {
        List<NatDetection> hashes = contents.all(NatDetection.class);
        if (hashes.size() < 2 || !sa.peer.anyNatT()) {
            return;
        }
        boolean encapsulate = sa.policy != null && sa.policy.encapsulate();
        sa.localNat = encapsulate || !MessageDigest.isEqual(hashes.getFirst().hash(), natHash(from.local()));
        byte[] theirs = natHash(from.remote());
        sa.remoteNat = hashes.stream().skip(1).noneMatch(each -> MessageDigest.isEqual(each.hash(), theirs));
    }

    private byte[] natHash(InetSocketAddress endpoint) {
        byte[] cookies = ByteBuffer.allocate(16)
                .putLong(sa.initiatorCookie())
                .putLong(sa.responderCookie())
                .array();
        byte[] port = {(byte) (endpoint.getPort() >> 8), (byte) endpoint.getPort()};
        return sa.environment
                .symmetric()
                .hash(
                        Ikev1Sa.required(sa.suite).prf(),
                        cookies,
                        endpoint.getAddress().getAddress(),
                        port);
    }

    /** RFC 3947 section 4: behind a NAT the initiator goes on from and to the NAT-T ports. */
    void floatPorts() {
        int local = sa.environment.natT().port(sa.path.localAddress());
        if ((sa.localNat || sa.remoteNat) && !sa.path.natT() && local != 0) {
            int remote = sa.path.remote().getPort();
            sa.path = new Path(
                    new InetSocketAddress(sa.path.localAddress(), local),
                    new InetSocketAddress(sa.path.remoteAddress(), remote == IKE_PORT ? NAT_T_PORT : remote),
                    true);
        }
    }

    // ------------------------------------------------------------------------------------------------ keys

    byte[] freshNonce() {
        return sa.environment.random().octets(NONCE_LENGTH);
    }

    /** Reads the peer's public value and nonce. @throws Refusal where the value is none of the group's */
    void readKeyExchange(Contents contents) throws Refusal {
        byte[] value = contents.one(KeyExchange.class).value();
        byte[] nonce = contents.one(Nonce.class).value();
        if (value.length != Ikev1Sa.required(sa.suite).keyExchange().publicLength()) {
            throw new Refusal(IsakmpNotify.INVALID_KEY_INFORMATION, "a public value of a wrong length");
        }
        if (sa.initiator) {
            gxr = value;
            nr = nonce;
        } else {
            gxi = value;
            ni = nonce;
        }
    }

    /**
     * The same, or the decryption that they come out of.
     *
     * @return null where the method does not encrypt: the values have been read
     */
    @Nullable
    CryptoRequest readKeyExchangeOrDecrypt(Contents contents) throws Refusal {
        if (encryption != null) {
            return encryption.decryption(contents);
        }
        readKeyExchange(contents);
        return null;
    }

    /** Submits; the SA ends where the back end is full. */
    void submit(CryptoRequest request) {
        if (!sa.submit(sa.phase1, request)) {
            sa.close(CloseReason.BACKEND, "the back end is busy");
        }
    }

    /** Whether an outcome was a step on the way from a decryption to the agreement, and the next one has been taken. */
    boolean decryptionGoesOn(CryptoOutcome outcome) {
        return encryption != null && encryption.goesOn(outcome);
    }

    byte[] peerValue() {
        return sa.initiator ? gxr : gxi;
    }

    CryptoRequest generate(Urgency urgency) {
        return new CryptoRequest.Generate(
                Ikev1Sa.required(sa.suite).keyExchange(),
                sa.requirePolicy().placement(),
                urgency,
                sa.requestDeadline());
    }

    /**
     * Hands the agreement over that gives the keys.
     *
     * @return false where the back end is full
     * @throws Refusal where there is no shared secret for this peer
     */
    boolean submitAgreement(@Nullable Identification peer) throws Refusal {
        Phase1Suite suite = Ikev1Sa.required(sa.suite);
        if (Phase1Method.plain(suite.method()) != Phase1Method.PRE_SHARED_KEY) {
            return submitAgreementFrom(null);
        }
        try (Secret skeyid = skeyidOfPresharedKey(suite, peer)) {
            return submitAgreementFrom(skeyid);
        }
    }

    /** The same. @param skeyid stays the caller's; null where it is made of the nonces and the agreement's secret */
    boolean submitAgreementFrom(@Nullable Secret skeyid) {
        Phase1Suite suite = Ikev1Sa.required(sa.suite);
        SecretDerivation.Ikev1Keys keys =
                new SecretDerivation.Ikev1Keys(suite.prf(), skeyid, ni, nr, sa.initiatorCookie(), sa.responderCookie());
        KeyExchangeHandle current = handle;
        CryptoRequest request = current == null
                ? new CryptoRequest.GenerateAndAgree(
                        suite.keyExchange(),
                        sa.requirePolicy().placement(),
                        peerValue(),
                        keys,
                        Urgency.NEW,
                        sa.requestDeadline())
                : new CryptoRequest.Agree(current, peerValue(), keys, Urgency.BEGUN, sa.requestDeadline());
        return sa.submit(sa.phase1, request);
    }

    /** SKEYID = prf(pre-shared-key, Ni_b | Nr_b) (RFC 2409 section 5). */
    private Secret skeyidOfPresharedKey(Phase1Suite suite, @Nullable Identification peer) throws Refusal {
        PeerPolicy policy = sa.requirePolicy();
        Credentials credentials = sa.environment.credentials();
        Identification expected =
                peer == null && sa.initiator ? policy.remoteAuth().id().exact() : peer;
        // RFC 2409 section 5.4: in main mode the responder can go by the peer's address only
        Secret psk = expected == null
                ? credentials.presharedKey(sa.path.localAddress(), sa.path.remoteAddress())
                : credentials.presharedKey(ownId(), expected);
        if (psk == null) {
            throw new Refusal(IsakmpNotify.AUTHENTICATION_FAILED, "no shared secret for this peer");
        }
        try (psk) {
            return sa.environment.symmetric().prf(suite.prf(), psk, ni, nr);
        }
    }

    /** The same as responder, whose public value may come with them. */
    void derivedWith(CryptoOutcome.Agreed agreed) {
        byte[] value = agreed.publicValue();
        gxr = value == null ? gxr : value;
        derived(agreed.derived());
    }

    /** The keys are there; the secret passes to this. */
    void derived(Secret secret) {
        sa.releaseHandle(handle);
        handle = null;
        Phase1Suite suite = Ikev1Sa.required(sa.suite);
        try (secret) {
            byte[] iv = Ikev1KeyMaterial.firstIv(sa.environment.symmetric(), suite, gxi, gxr);
            sa.keys = new Ikev1KeyMaterial(sa.environment.symmetric(), suite, secret, iv);
            sa.phase1.iv = iv;
        }
    }

    // ------------------------------------------------------------------------------------------------ identities

    Identification ownId() {
        Identification configured = sa.requirePolicy().localAuth().id().exact();
        if (configured != null) {
            return configured;
        }
        LocalCertificate certificate = own;
        return certificate != null ? certificate.id() : Identification.of(sa.path.localAddress());
    }

    /** Our ID payload, whose body the hashes cover. */
    IsakmpBody ownIdentity() {
        IsakmpBody body = IsakmpBody.of(IsakmpPayload.Identification.of(ownId()));
        if (sa.initiator) {
            idi = body.octets();
        } else {
            idr = body.octets();
        }
        return body;
    }

    /**
     * Reads the peer's identity and settles which connection it means.
     *
     * @throws Refusal INVALID-ID-INFORMATION where no connection takes it
     */
    Identification readIdentity(Contents contents) throws Refusal {
        Identification id = contents.one(IsakmpPayload.Identification.class).identity();
        byte[] body = Ikev1Sa.required(contents.body(IsakmpPayloadType.IDENTIFICATION));
        for (PeerPolicy candidate : candidates) {
            if (candidate.remoteAuth().id().matches(id)) {
                sa.policy = candidate;
                if (sa.initiator) {
                    idr = body;
                } else {
                    idi = body;
                }
                sa.remoteId = id;
                return id;
            }
        }
        throw new Refusal(IsakmpNotify.INVALID_ID_INFORMATION, "no connection takes the peer's identity");
    }

    /** HASH_I or HASH_R (RFC 2409 section 5). */
    byte[] proof(boolean initiators) {
        byte[] cookieI = octets(sa.initiatorCookie());
        byte[] cookieR = octets(sa.responderCookie());
        Ikev1KeyMaterial keys = sa.requireKeys();
        return initiators
                ? keys.authenticationHash(gxi, gxr, cookieI, cookieR, offer, idi)
                : keys.authenticationHash(gxr, gxi, cookieR, cookieI, offer, idr);
    }

    private static byte[] octets(long cookie) {
        return ByteBuffer.allocate(Long.BYTES).putLong(cookie).array();
    }

    /** Whether our proof is a signature, which a key's device makes; else {@link #proofByHash} is it. */
    boolean signs() {
        return Phase1Method.scheme(Ikev1Sa.required(sa.suite).method()) != null;
    }

    /** The request for our signature over our hash; our identity must have been written. */
    CryptoRequest signing() {
        if (encryption != null) {
            throw new IllegalStateException("a key that decrypts signs nothing");
        }
        SignatureScheme scheme =
                Ikev1Sa.required(Phase1Method.scheme(Ikev1Sa.required(sa.suite).method()));
        return new CryptoRequest.Sign(
                Ikev1Sa.required(own).key(), scheme, proof(sa.initiator), Urgency.BEGUN, sa.requestDeadline());
    }

    /** Our proof where the method does not sign. */
    IsakmpBody proofByHash() {
        return IsakmpBody.of(new Hash(proof(sa.initiator)));
    }

    /** Our certificates, where they are to be sent, and our signature. */
    void addSignature(List<IsakmpBody> bodies, byte[] signature) {
        boolean send = switch (sa.requirePolicy().sendCertificate()) {
            case ALWAYS -> true;
            case IF_ASKED -> certificateAsked;
            case NEVER -> false;
        };
        if (send) {
            for (byte[] der : Ikev1Sa.required(own).chain()) {
                bodies.add(IsakmpBody.of(new Certificate(Certificate.X509_SIGNATURE, der)));
            }
        }
        bodies.add(IsakmpBody.of(new Signature(signature)));
    }

    /** Asks for a certificate of the authorities that we trust (RFC 2408 section 3.10: by their names). */
    void addCertificateRequests(List<IsakmpBody> bodies) {
        PeerPolicy policy = sa.requirePolicy();
        if (!signs() || !policy.sendCertificateRequest()) {
            return;
        }
        int count = 0;
        for (X509Certificate authority :
                sa.environment.credentials().trust(policy).authorities()) {
            if (count++ < MAX_AUTHORITIES) {
                byte[] name = authority.getSubjectX500Principal().getEncoded();
                bodies.add(IsakmpBody.of(new CertificateRequest(Certificate.X509_SIGNATURE, name)));
            }
        }
    }

    /**
     * Checks the peer's proof.
     *
     * @param id what it claims to be; null where its identity was encrypted to our key
     * @return what a back end must check still: the signature; null where the hash has proven it
     * @throws Refusal AUTHENTICATION-FAILED where the hash is wrong
     */
    @Nullable
    CryptoRequest check(Contents contents, @Nullable Identification id) throws Refusal {
        byte[] expected = proof(!sa.initiator);
        if (encryption != null) {
            encryption.check(contents, expected);
            return null;
        }
        SignatureScheme scheme = Phase1Method.scheme(Ikev1Sa.required(sa.suite).method());
        if (scheme == null) {
            if (!MessageDigest.isEqual(contents.one(Hash.class).value(), expected)) {
                throw new Refusal(IsakmpNotify.AUTHENTICATION_FAILED, "a wrong hash: the shared secrets differ");
            }
            return null;
        }
        List<byte[]> certificates = new ArrayList<>();
        for (Certificate certificate : contents.all(Certificate.class)) {
            if (certificate.encoding() == Certificate.X509_SIGNATURE && certificates.size() < MAX_CERTIFICATES) {
                certificates.add(certificate.data());
            }
        }
        return new CryptoRequest.VerifyPeer(
                certificates,
                sa.environment.credentials().trust(sa.requirePolicy()),
                Ikev1Sa.required(id),
                scheme,
                expected,
                contents.one(Signature.class).value(),
                Urgency.BEGUN,
                sa.requestDeadline());
    }

    /** Whether we have no other SA with this peer that it would still use: INITIAL-CONTACT (RFC 2407 section 4.6.3.3). */
    void addInitialContact(List<IsakmpBody> bodies) {
        if (sa.requirePolicy().unique() != PeerPolicy.Uniqueness.NEVER && !sa.replaces()) {
            byte[] cookies = ByteBuffer.allocate(16)
                    .putLong(sa.initiatorCookie())
                    .putLong(sa.responderCookie())
                    .array();
            bodies.add(
                    IsakmpBody.of(new Notification(Proposal.IKE, cookies, IsakmpNotify.INITIAL_CONTACT, new byte[0])));
        }
    }

    /** The end of phase 1, as the other side's proof has shown. */
    void finish(Contents last) {
        boolean initialContact = last.notification(IsakmpNotify.INITIAL_CONTACT) != null;
        forgetNonces();
        sa.establish(ownId(), Ikev1Sa.required(sa.remoteId), initialContact);
    }

    /**
     * Decodes the peer's last message, which must be encrypted.
     *
     * @throws Refusal as a wrong hash does, where the method encrypts: then what was decrypted by wrong keys is no less of it
     */
    Contents encrypted(IsakmpMessage message) throws MalformedMessage, Refusal {
        if ((message.header().flags() & IsakmpCodec.FLAG_ENCRYPTION) == 0) {
            throw new MalformedMessage("a message that must be encrypted");
        }
        return last(message);
    }

    /** The same of aggressive mode's last message, which may lie open too (RFC 2409 section 5). */
    Contents last(IsakmpMessage message) throws MalformedMessage, Refusal {
        try {
            return Contents.of(message);
        } catch (MalformedMessage malformed) {
            boolean wasOpen = (message.header().flags() & IsakmpCodec.FLAG_ENCRYPTION) == 0;
            if (encryption != null && !wasOpen) {
                throw Phase1Encryption.wrongHash();
            }
            throw malformed;
        }
    }

    void abandon() {
        sa.releaseHandle(handle);
        handle = null;
        forgetNonces();
    }

    private void forgetNonces() {
        if (encryption != null) {
            encryption.close();
        }
    }
}
