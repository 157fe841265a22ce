package dev.cardinal.ike.ikev1;

import dev.cardinal.ike.crypto.CryptoOutcome;
import dev.cardinal.ike.crypto.CryptoRequest;
import dev.cardinal.ike.crypto.DecryptionKey;
import dev.cardinal.ike.crypto.Secret;
import dev.cardinal.ike.crypto.SymmetricCrypto;
import dev.cardinal.ike.crypto.Urgency;
import dev.cardinal.ike.sa.Credentials;
import dev.cardinal.ike.sa.Credentials.Decoy;
import dev.cardinal.ike.sa.Credentials.EncryptionKey;
import dev.cardinal.ike.sa.PeerPolicy;
import dev.cardinal.ike.sa.PeerPolicy.SendCertificate;
import dev.cardinal.ike.sa.SaNotice.CloseReason;
import dev.cardinal.ike.wire.ExchangeType;
import dev.cardinal.ike.wire.Identification;
import dev.cardinal.ike.wire.IsakmpBody;
import dev.cardinal.ike.wire.IsakmpNotify;
import dev.cardinal.ike.wire.IsakmpPayload;
import dev.cardinal.ike.wire.IsakmpPayload.Hash;
import dev.cardinal.ike.wire.IsakmpPayload.Nonce;
import dev.cardinal.ike.wire.IsakmpPayloadType;
import dev.cardinal.ike.wire.MalformedMessage;
import java.security.MessageDigest;
import java.security.PublicKey;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Authentication by RSA encryption (RFC 2409 sections 5.2 and 5.3): who can decrypt a nonce has the key, and shows it by a
 * hash that the nonce has part in.
 *
 * <p>Nobody may learn what our key made of a ciphertext: that would be an oracle with which anything encrypted to the key can
 * be decrypted (Bleichenbacher; CVE-2018-0131). So whatever is wrong with what was encrypted, its padding, the nonce's
 * length, the identity, the public value, phase 1 goes on all the same with other values in its place: a random nonce, our own
 * public value for the peer's, another peer's key for that of an unknown one. It ends where every proof does that is wrong, in
 * {@link #check}.
 */
final class Phase1Encryption implements AutoCloseable {
    private final Ikev1Sa sa;
    private final Phase1 phase1;
    private final EncryptedBodies method;

    /** The peer's key, or that of another who stands for it. */
    private @Nullable PublicKey peerKey;

    private @Nullable Secret ownNonce;
    private @Nullable Secret peerNonce;

    /** The message whose bodies are being decrypted. */
    private @Nullable Contents closedMessage;

    /** Whom the peer says that it is: nobody believes it before its proof. */
    private @Nullable Identification claimed;

    /** Whether something was wrong: no proof is right any more. */
    private boolean spoiled;

    /** Whether our own public value has to stand for the peer's. */
    private boolean valueless;

    private boolean agreeing;

    private Phase1Encryption(Phase1 phase1, EncryptedBodies method) {
        this.sa = phase1.sa;
        this.phase1 = phase1;
        this.method = method;
    }

    /** @return null where the method encrypts nothing for the peer's key */
    static @Nullable Phase1Encryption of(Phase1 phase1, int method) {
        return switch (Phase1Method.plain(method)) {
            case Phase1Method.RSA_ENCRYPTION -> new Phase1Encryption(phase1, new RsaEncryption());
            case Phase1Method.REVISED_RSA_ENCRYPTION ->
                new Phase1Encryption(phase1, new RevisedRsaEncryption(phase1.sa));
            default -> null;
        };
    }

    /** Types of payloads that are encrypted on their own. */
    Set<IsakmpPayloadType> closed() {
        return method.closed();
    }

    private Credentials credentials() {
        return sa.environment.credentials();
    }

    /** Whether an initiator has the keys of both sides. */
    boolean knowsPeer() {
        EncryptionKey key = expectedKey();
        peerKey = key == null ? null : key.key();
        return peerKey != null && credentials().decryptionKey(sa.requirePolicy()) != null;
    }

    private @Nullable EncryptionKey expectedKey() {
        PeerPolicy policy = sa.requirePolicy();
        return credentials().encryptionKey(policy, policy.remoteAuth().id().single());
    }

    // ------------------------------------------------------------------------------------------------ ours

    /** Submits the encryption of our nonce, and of our identity, to the peer's key. */
    void encrypt() {
        List<Secret> plaintexts = method.plaintexts(phase1.ownIdentity().octets(), ownNonce());
        try {
            phase1.submit(new CryptoRequest.EncryptToPeer(
                    Ikev1Sa.required(peerKey), plaintexts, Urgency.BEGUN, sa.requestDeadline()));
        } finally {
            plaintexts.forEach(Secret::close);
        }
    }

    private Secret ownNonce() {
        Secret own = ownNonce;
        if (own == null) {
            own = Secret.owning(phase1.freshNonce());
            ownNonce = own;
        }
        return own;
    }

    /** Our part of a message: an initiator's HASH(1), which names the key, then key exchange, identity and nonce. */
    List<IsakmpBody> bodies(CryptoOutcome.Encrypted encrypted) {
        List<IsakmpBody> bodies = new ArrayList<>();
        byte[] certificate = null;
        if (sa.initiator) {
            EncryptionKey key = expectedKey();
            if (key != null && key.certificate() != null) {
                bodies.add(IsakmpBody.of(new Hash(hash(key.certificate()))));
            }
            PeerPolicy policy = sa.requirePolicy();
            certificate = policy.sendCertificate() == SendCertificate.ALWAYS
                    ? credentials().decryptionCertificate(policy)
                    : null;
        }
        bodies.addAll(method.bodies(
                new EncryptedBodies.Own(
                        sa.initiator ? phase1.gxi : phase1.gxr,
                        sa.initiator ? phase1.idi : phase1.idr,
                        ownNonce(),
                        certificate),
                encrypted.ciphertexts()));
        return bodies;
    }

    private byte[] hash(byte[] octets) {
        return sa.environment.symmetric().hash(Ikev1Sa.required(sa.suite).prf(), octets);
    }

    // ------------------------------------------------------------------------------------------------ the peer's

    /**
     * The request for the decryption of a message's bodies.
     *
     * @throws Refusal where the message is not of the method's shape
     */
    CryptoRequest decryption(Contents contents) throws Refusal {
        List<byte[]> ciphertexts = method.ciphertexts(contents);
        closedMessage = contents;
        boolean first = !sa.initiator && sa.phase1.exchangeType == ExchangeType.AGGRESSIVE;
        return new CryptoRequest.Decrypt(
                sa.initiator ? Ikev1Sa.required(credentials().decryptionKey(sa.requirePolicy())) : named(contents),
                ciphertexts,
                first ? Urgency.NEW : Urgency.BEGUN,
                sa.requestDeadline());
    }

    /** Our key that HASH(1) names, else that of the best connection; the connections with other keys are out. */
    private DecryptionKey named(Contents contents) {
        byte[] hash = contents.body(IsakmpPayloadType.HASH);
        PeerPolicy meant = phase1.candidates.getFirst();
        for (PeerPolicy candidate : phase1.candidates) {
            byte[] certificate = credentials().decryptionCertificate(candidate);
            if (hash != null && certificate != null && MessageDigest.isEqual(hash, hash(certificate))) {
                meant = candidate;
                break;
            }
        }
        DecryptionKey key = Ikev1Sa.required(credentials().decryptionKey(meant));
        phase1.candidates = phase1.candidates.stream()
                .filter(each -> {
                    DecryptionKey its = credentials().decryptionKey(each);
                    return its != null && its.location().equals(key.location());
                })
                .toList();
        sa.policy = phase1.candidates.getFirst();
        return key;
    }

    /**
     * Goes on from a decryption to the agreement.
     *
     * @return false where the outcome is another's to act on: the agreement has come about, or a back end failed
     */
    boolean goesOn(CryptoOutcome outcome) {
        if (outcome instanceof CryptoOutcome.Decrypted decrypted) {
            read(decrypted.plaintexts());
            if (sa.initiator) {
                agree();
            } else {
                phase1.submit(phase1.generate(Urgency.BEGUN));
            }
            return true;
        }
        if (outcome instanceof CryptoOutcome.Generated generated) {
            phase1.handle = generated.handle();
            phase1.gxr = generated.publicValue();
            agree();
            return true;
        }
        if (outcome instanceof CryptoOutcome.Failed failed
                && failed.kind() == CryptoOutcome.Failed.Kind.PEER_DATA
                && agreeing
                && !valueless) {
            valueless = true;
            agree();
            return true;
        }
        return false;
    }

    private void read(List<Secret> plaintexts) {
        try {
            Contents contents = Ikev1Sa.required(closedMessage);
            closedMessage = null;
            Secret nonce = nonce(plaintexts.get(method.nonceIndex()));
            peerNonce = nonce;
            EncryptedBodies.Opened opened = method.open(contents, plaintexts, nonce);
            byte[] value = opened.keyExchange();
            valueless = value == null
                    || value.length != Ikev1Sa.required(sa.suite).keyExchange().publicLength();
            setPeerValue(value == null ? new byte[0] : value);
            identify(opened.identity(), method.ciphertexts(contents).getFirst());
        } catch (Refusal refusal) {
            throw new IllegalStateException("a message that had its shape", refusal);
        } finally {
            plaintexts.forEach(Secret::close);
        }
    }

    /** RFC 2409 section 5: 8 to 256 octets. Another in its place is random. */
    private Secret nonce(Secret plaintext) {
        Secret instead = Secret.owning(phase1.freshNonce());
        Secret own = plaintext.copy();
        boolean fits = own.length() >= Nonce.MIN_LENGTH && own.length() <= Nonce.MAX_LENGTH;
        spoiled |= !fits;
        Secret other = fits ? instead : own;
        other.close();
        return fits ? own : instead;
    }

    private void setPeerValue(byte[] value) {
        if (sa.initiator) {
            phase1.gxr = value;
        } else {
            phase1.gxi = value;
        }
    }

    /** Settles whom the peer claims to be, and the key to answer it with. */
    private void identify(byte @Nullable [] body, byte[] ciphertext) {
        if (sa.initiator) {
            phase1.idr = body == null ? new byte[0] : body;
        } else {
            phase1.idi = body == null ? new byte[0] : body;
        }
        Identification id = body == null ? null : identity(body);
        PublicKey known = peerKey;
        for (PeerPolicy candidate : phase1.candidates) {
            EncryptionKey key = id != null && candidate.remoteAuth().id().matches(id)
                    ? credentials().encryptionKey(candidate, id)
                    : null;
            // an initiator's peer must be the one whom the nonce was for
            if (key != null && (known == null || Objects.equals(known, key.key()))) {
                claimed = id;
                peerKey = key.key();
                sa.policy = candidate;
                return;
            }
        }
        spoiled = true;
        if (!sa.initiator) {
            Decoy decoy = Ikev1Sa.required(credentials().decoy(phase1.candidates, ciphertext));
            peerKey = decoy.key();
            sa.policy = decoy.connection();
        }
    }

    private static @Nullable Identification identity(byte[] body) {
        try {
            return new IsakmpBody(IsakmpPayloadType.IDENTIFICATION.number(), body).decode()
                            instanceof IsakmpPayload.Identification identification
                    ? identification.identity()
                    : null;
        } catch (MalformedMessage e) {
            return null;
        }
    }

    private void agree() {
        agreeing = true;
        if (valueless) {
            // our own value is fresh, and of the group whatever that is
            spoiled = true;
            setPeerValue(sa.initiator ? phase1.gxi : phase1.gxr);
        }
        boolean taken;
        try (Secret skeyid = skeyid()) {
            taken = phase1.submitAgreementFrom(skeyid);
        }
        if (!taken) {
            sa.close(CloseReason.BACKEND, "the back end is busy");
        }
    }

    private Secret skeyid() {
        boolean hashed = switch (Ikev1Sa.required(sa.requirePolicy().ikev1()).rsaEncryption()) {
            case RFC -> true;
            case CISCO -> false;
            case AUTO -> !sa.peer.ciscoUnity();
        };
        Secret own = ownNonce();
        Secret other = Ikev1Sa.required(peerNonce);
        return sa.environment
                .symmetric()
                .encryptionSkeyid(
                        Ikev1Sa.required(sa.suite).prf(),
                        sa.initiator ? own : other,
                        sa.initiator ? other : own,
                        SymmetricCrypto.cookies(sa.initiatorCookie(), sa.responderCookie()),
                        hashed);
    }

    // ------------------------------------------------------------------------------------------------ the proof

    /**
     * Checks the peer's proof; here, and in one way only, ends what has gone wrong before.
     *
     * @param expected what the HASH payload must hold
     * @throws Refusal {@link #wrongHash}
     */
    void check(Contents contents, byte[] expected) throws Refusal {
        byte[] hash = contents.body(IsakmpPayloadType.HASH);
        boolean right = MessageDigest.isEqual(hash == null ? new byte[0] : hash, expected);
        if (!right | spoiled) {
            throw wrongHash();
        }
        sa.remoteId = Ikev1Sa.required(claimed);
    }

    static Refusal wrongHash() {
        return new Refusal(IsakmpNotify.AUTHENTICATION_FAILED, "a wrong hash: the peer has not decrypted what we sent");
    }

    /** Wipes the nonces, of which the keys were made. Closing twice is harmless. */
    @Override
    public void close() {
        for (Secret nonce : new @Nullable Secret[] {ownNonce, peerNonce}) {
            if (nonce != null) {
                nonce.close();
            }
        }
        ownNonce = null;
        peerNonce = null;
    }
}
