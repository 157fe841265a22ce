package dev.cardinal.ike.backend;

import dev.cardinal.hsm.Hsm;
import dev.cardinal.hsm.HsmBusy;
import dev.cardinal.hsm.HsmFailure;
import dev.cardinal.hsm.HsmRequest;
import dev.cardinal.hsm.HsmResult;
import dev.cardinal.hsm.KeyRef;
import dev.cardinal.hsm.SharedSecret;
import dev.cardinal.hsm.TokenProfile;
import dev.cardinal.hsm.Urgency;
import dev.cardinal.ike.crypto.CryptoOutcome;
import dev.cardinal.ike.crypto.CryptoOutcome.Failed;
import dev.cardinal.ike.crypto.CryptoPort;
import dev.cardinal.ike.crypto.CryptoRequest;
import dev.cardinal.ike.crypto.KeyExchangeHandle;
import dev.cardinal.ike.crypto.KeyExchangeMethod;
import dev.cardinal.ike.crypto.PseudorandomFunction;
import dev.cardinal.ike.crypto.Secret;
import dev.cardinal.ike.crypto.SecretDerivation;
import java.security.GeneralSecurityException;
import java.security.interfaces.RSAPublicKey;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/**
 * One token as a device. What it cannot do fails as unsupported; to send such work elsewhere is the {@link CryptoRouter}'s.
 * Completions run on the token's worker threads.
 */
public final class HsmCryptoPort implements CryptoPort {
    /** What the crypto card has. */
    private static final int MAX_RSA_BITS = 4096;

    /** Up to 65537: a lane with a longer exponent would slow down the strangers' lanes beside it. */
    private static final int MAX_RSA_EXPONENT_BITS = 17;

    private final String name;
    private final Hsm hsm;
    private final boolean extraction;
    private final RsaEncryption encryption = new RsaEncryption(new SystemRandom());

    /**
     * @param name the token's name in the configuration
     * @param hsm stays the caller's to close
     * @param extraction whether shared secrets may leave this token: what AES based PRFs need
     */
    public HsmCryptoPort(String name, Hsm hsm, boolean extraction) {
        this.name = name;
        this.hsm = hsm;
        this.extraction = extraction;
    }

    public String name() {
        return name;
    }

    public TokenProfile profile() {
        return hsm.profile();
    }

    /**
     * A key of this token for {@link CryptoRequest.Sign}.
     *
     * @throws IllegalArgumentException where the key is none that can sign here; the message says why
     */
    public TokenSigningKey signingKey(KeyRef ref) {
        return new TokenSigningKey(this, ref);
    }

    /**
     * A key of this token for {@link CryptoRequest.Decrypt}.
     *
     * @throws IllegalArgumentException where the key is none that can decrypt here; the message says why
     */
    public TokenDecryptionKey decryptionKey(KeyRef ref) {
        return new TokenDecryptionKey(this, ref);
    }

    /** Whether the token can make key pairs of this method. */
    public boolean offers(KeyExchangeMethod method) {
        return hsm.profile().groups().contains(TokenKeyExchange.group(method));
    }

    /** Whether the token can make key material of this PRF from its shared secrets. */
    public boolean derives(PseudorandomFunction prf) {
        return extraction || TokenDerivation.hash(prf) != null;
    }

    /** Whether the token verifies signatures of other people's keys at all. */
    boolean verifies() {
        return !hsm.profile().verifications().isEmpty();
    }

    /** Whether the token can do this verification, as far as that can be told before. */
    boolean verifies(SignatureCheck check) {
        return hsm.profile().verifications().contains(TokenSigningKey.mechanism(check.scheme()))
                && (!(check.key() instanceof RSAPublicKey rsa)
                        // RFC 4055 section 1.2: what a key is restricted to, the JDK obeys
                        || (rsa.getParams() == null
                                && rsa.getModulus().bitLength() <= MAX_RSA_BITS
                                && rsa.getPublicExponent().bitLength() <= MAX_RSA_EXPONENT_BITS));
    }

    /**
     * Verifies one signature: the completion hears {@link CryptoOutcome.PeerVerified}, {@link CryptoOutcome.PeerRejected} or
     * {@link Failed}.
     *
     * @return false where the queue is full
     */
    boolean verify(
            SignatureCheck check, dev.cardinal.ike.crypto.Urgency urgency, long deadlineNanos, Completion completion) {
        return send(
                new HsmRequest.Verify(
                        check.key(),
                        TokenSigningKey.mechanism(check.scheme()),
                        check.octets(),
                        check.signature(),
                        urgency(urgency),
                        deadlineNanos),
                null,
                null,
                completion);
    }

    @Override
    public boolean submit(CryptoRequest request, Completion completion) {
        Urgency urgency = urgency(request.urgency());
        long deadline = request.deadlineNanos();
        return switch (request) {
            case CryptoRequest.Generate r -> {
                if (!offers(r.method())) {
                    yield unsupported(r.method().toString(), completion);
                }
                yield send(
                        new HsmRequest.Generate(TokenKeyExchange.group(r.method()), urgency, deadline),
                        null,
                        r.method(),
                        completion);
            }
            case CryptoRequest.Agree r -> {
                if (!(r.handle() instanceof TokenKeyExchange exchange) || exchange.port() != this) {
                    yield unsupported("key exchange of another device", completion);
                }
                yield agree(
                        r.handle().method(),
                        r.peerValue(),
                        r.derivation(),
                        derivation -> new HsmRequest.Agree(
                                exchange.ref(), r.peerValue(), derivation.onToken(), urgency, deadline),
                        completion);
            }
            case CryptoRequest.GenerateAndAgree r -> {
                if (!offers(r.method())) {
                    yield unsupported(r.method().toString(), completion);
                }
                yield agree(
                        r.method(),
                        r.peerValue(),
                        r.derivation(),
                        derivation -> new HsmRequest.GenerateAndAgree(
                                TokenKeyExchange.group(r.method()),
                                r.peerValue(),
                                derivation.onToken(),
                                urgency,
                                deadline),
                        completion);
            }
            case CryptoRequest.Sign r -> {
                if (!(r.key() instanceof TokenSigningKey key) || key.port() != this) {
                    yield unsupported("signing key of another device", completion);
                }
                if (!key.schemes().contains(r.scheme())) {
                    yield unsupported(r.scheme() + " with " + key, completion);
                }
                yield send(
                        new HsmRequest.Sign(
                                key.ref(), TokenSigningKey.mechanism(r.scheme()), r.octets(), urgency, deadline),
                        null,
                        null,
                        completion);
            }
            case CryptoRequest.Decrypt r -> {
                if (!(r.key() instanceof TokenDecryptionKey key) || key.port() != this) {
                    yield unsupported("decryption key of another device", completion);
                }
                yield decrypt(key, r, urgency, completion);
            }
            case CryptoRequest.EncryptToPeer r -> unsupported("encryption to a peer", completion);
            // a peer is judged on the host; its signatures come one by one
            case CryptoRequest.VerifyPeer r -> unsupported("judging a peer", completion);
        };
    }

    private boolean decrypt(
            TokenDecryptionKey key, CryptoRequest.Decrypt request, Urgency urgency, Completion completion) {
        List<RsaEncryption.Substitute> substitutes = new ArrayList<>();
        try {
            for (byte[] ciphertext : request.ciphertexts()) {
                substitutes.add(encryption.substitute(ciphertext, (key.bits() + 7) / 8));
            }
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("the JDK lacks a MAC", e);
        }
        TokenDecryption whole = new TokenDecryption(substitutes, completion);
        for (int i = 0; i < substitutes.size(); i++) {
            int index = i;
            boolean taken = send(
                    new HsmRequest.Decrypt(
                            key.ref(),
                            request.ciphertexts().get(i),
                            substitutes.get(i).onToken(),
                            urgency,
                            request.deadlineNanos()),
                    null,
                    null,
                    outcome -> whole.answered(index, outcome));
            if (!taken && i == 0) {
                substitutes.forEach(RsaEncryption.Substitute::wipe);
                return false;
            }
            if (!taken) {
                // some are under way: the whole is answered, and not refused
                whole.answered(index, new Failed(Failed.Kind.BACKEND, name + ": busy"));
            }
        }
        return true;
    }

    /** A request that takes its derivation from the SA's secrets. */
    @FunctionalInterface
    private interface Agreement {
        HsmRequest with(TokenDerivation derivation);
    }

    private boolean agree(
            KeyExchangeMethod method,
            byte[] peerValue,
            SecretDerivation derivation,
            Agreement agreement,
            Completion completion) {
        if (!derives(derivation.prf())) {
            return unsupported(derivation.prf() + " where shared secrets stay on the token", completion);
        }
        try {
            // some tokens compute with anything
            PublicValues.check(method, peerValue);
        } catch (RefusedPublicValue e) {
            completion.completed(new Failed(Failed.Kind.PEER_DATA, String.valueOf(e.getMessage())));
            return true;
        }
        TokenDerivation copies = TokenDerivation.of(derivation);
        return send(agreement.with(copies), copies, method, completion);
    }

    private boolean send(
            HsmRequest request,
            @Nullable TokenDerivation derivation,
            @Nullable KeyExchangeMethod method,
            Completion completion) {
        try {
            var unused = hsm.submit(request).whenComplete((result, thrown) -> {
                CryptoOutcome outcome;
                try {
                    outcome = result == null ? failed(thrown) : outcome(request, result, derivation, method);
                } catch (RuntimeException e) {
                    outcome = new Failed(Failed.Kind.BACKEND, name + ": " + e);
                } finally {
                    wipe(derivation);
                }
                Delivery.deliver(outcome, completion);
            });
            return true;
        } catch (HsmBusy e) {
            wipe(derivation);
            return false;
        } catch (RuntimeException e) {
            wipe(derivation);
            Delivery.deliver(new Failed(Failed.Kind.BACKEND, name + ": " + e), completion);
            return true;
        }
    }

    private CryptoOutcome outcome(
            HsmRequest request,
            HsmResult result,
            @Nullable TokenDerivation derivation,
            @Nullable KeyExchangeMethod method) {
        return switch (result) {
            case HsmResult.Generated r -> {
                if (method == null) {
                    hsm.release(r.handle());
                    yield unexpected();
                }
                yield new CryptoOutcome.Generated(new TokenKeyExchange(this, method, r.handle()), r.publicValue());
            }
            case HsmResult.Signed r -> new CryptoOutcome.Signed(r.signature());
            case HsmResult.Agreed r -> {
                SharedSecret secret = r.secret();
                if (secret != null) {
                    hsm.release(secret);
                }
                byte[] derived = r.derived();
                yield derived == null || derivation == null
                        ? unexpected()
                        : new CryptoOutcome.Agreed(derivation.finish(derived), r.publicValue());
            }
            case HsmResult.Derived r -> {
                Arrays.fill(r.octets(), (byte) 0);
                yield unexpected();
            }
            case HsmResult.Decrypted r -> {
                if (request instanceof HsmRequest.Decrypt) {
                    yield new CryptoOutcome.Decrypted(List.of(Secret.owning(r.plaintext())));
                }
                Arrays.fill(r.plaintext(), (byte) 0);
                yield unexpected();
            }
            case HsmResult.RandomOctets r -> unexpected();
            case HsmResult.Verified r ->
                r.valid()
                        ? new CryptoOutcome.PeerVerified()
                        : new CryptoOutcome.PeerRejected(PeerVerification.WRONG_SIGNATURE);
        };
    }

    private Failed unexpected() {
        return new Failed(Failed.Kind.BACKEND, name + ": answer to another question");
    }

    private Failed failed(@Nullable Throwable thrown) {
        Throwable cause = thrown instanceof CompletionException wrapped ? wrapped.getCause() : thrown;
        if (!(cause instanceof HsmFailure failure)) {
            return new Failed(Failed.Kind.BACKEND, name + ": " + cause);
        }
        Failed.Kind kind = switch (failure.kind()) {
            case EXPIRED -> Failed.Kind.EXPIRED;
            case LOST -> Failed.Kind.LOST;
            case PEER_DATA -> Failed.Kind.PEER_DATA;
            case UNSUPPORTED -> Failed.Kind.UNSUPPORTED;
            case BUSY, SESSION_DEAD, LOGIN_LOST, TOKEN_GONE, DEVICE_BROKEN, OUR_FAULT, PIN, CLOSED ->
                Failed.Kind.BACKEND;
        };
        return new Failed(kind, name + ": " + failure.kind() + ": " + failure.getMessage());
    }

    private boolean unsupported(String what, Completion completion) {
        completion.completed(new Failed(Failed.Kind.UNSUPPORTED, name + " cannot do this: " + what));
        return true;
    }

    private static void wipe(@Nullable TokenDerivation derivation) {
        if (derivation != null) {
            derivation.close();
        }
    }

    private static Urgency urgency(dev.cardinal.ike.crypto.Urgency urgency) {
        return switch (urgency) {
            case BEGUN -> Urgency.BEGUN;
            case ESTABLISHED -> Urgency.ESTABLISHED;
            case NEW -> Urgency.NEW;
        };
    }

    @Override
    public void release(KeyExchangeHandle handle) {
        if (handle instanceof TokenKeyExchange exchange && exchange.port() == this) {
            hsm.release(exchange.ref());
        }
    }

    @Override
    public String toString() {
        return "HsmCryptoPort[" + name + "]";
    }
}
