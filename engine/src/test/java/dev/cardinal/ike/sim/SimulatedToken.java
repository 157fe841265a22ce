package dev.cardinal.ike.sim;

import dev.cardinal.ike.crypto.CryptoOutcome;
import dev.cardinal.ike.crypto.CryptoPort;
import dev.cardinal.ike.crypto.CryptoRequest;
import dev.cardinal.ike.crypto.DecryptionKey;
import dev.cardinal.ike.crypto.KeyExchangeHandle;
import dev.cardinal.ike.crypto.KeyExchangeMethod;
import dev.cardinal.ike.crypto.Secret;
import dev.cardinal.ike.crypto.SecretDerivation;
import dev.cardinal.ike.crypto.SignatureScheme;
import dev.cardinal.ike.crypto.SigningKey;
import dev.cardinal.ike.crypto.SymmetricCrypto;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.PublicKey;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * A token in virtual time. Its key exchange is a toy, Diffie-Hellman modulo 2^61 - 1, so that thousands of handshakes cost
 * nothing and both ends still agree; the derivations are the real ones. It completes a request at most once, and perhaps
 * late, with a failure, or never.
 */
final class SimulatedToken implements CryptoPort {
    private static final long PRIME = (1L << 61) - 1;
    private static final long GENERATOR = 37;
    private static final int MAGIC = 0x00020001;

    /** What becomes of a request. */
    sealed interface Fate {
        /** Done after a while. */
        record Done(long delayNanos) implements Fate {}

        /** Fails after a while. */
        record Fails(CryptoOutcome.Failed.Kind kind, long delayNanos) implements Fate {}

        /** Taken, and no completion ever comes. */
        record Swallowed() implements Fate {}

        /** The queue is full. */
        record Refused() implements Fate {}

        /** Waits for {@link #completeHeld} or {@link #failHeld}. */
        record Held() implements Fate {}
    }

    /** Decides the fate of each request. */
    @FunctionalInterface
    interface Behaviour {
        Behaviour PROMPT = request -> new Fate.Done(0);
        Behaviour HOLDING = request -> new Fate.Held();
        Behaviour FULL = request -> new Fate.Refused();

        Fate fate(CryptoRequest request);
    }

    /** A private key on the token: whoever knows the name can verify. */
    record Key(String name) implements SigningKey {
        /** Octets of a signature, as of RSA-2048. */
        static final int SIGNATURE_LENGTH = 256;

        @Override
        public SignatureScheme.Key kind() {
            return SignatureScheme.Key.RSA;
        }

        @Override
        public int bits() {
            return 8 * SIGNATURE_LENGTH;
        }

        @Override
        public Set<SignatureScheme> schemes() {
            return Set.of(
                    SignatureScheme.RSA_PKCS1_SHA256,
                    SignatureScheme.RSA_PSS_SHA256,
                    SignatureScheme.RSA_PKCS1_UNHASHED);
        }

        @Override
        public String location() {
            return "pkcs11:object=" + name;
        }

        /** The certificate that belongs to the key, which only this token understands. */
        byte[] certificate(int length) {
            return Arrays.copyOf(name.getBytes(StandardCharsets.UTF_8), Math.max(length, name.length()));
        }
    }

    /** A public key to encrypt with: whoever knows the name can. */
    record PeerKey(String name) implements PublicKey {
        @Override
        public String getAlgorithm() {
            return "simulated";
        }

        @Override
        public String getFormat() {
            return "simulated";
        }

        @Override
        public byte[] getEncoded() {
            return name.getBytes(StandardCharsets.UTF_8);
        }
    }

    /** The private key of the {@link PeerKey} of the same name. */
    record OpeningKey(String name) implements DecryptionKey {
        @Override
        public int bits() {
            return 8 * BLOCK;
        }

        @Override
        public String location() {
            return "pkcs11:object=" + name;
        }
    }

    /** Octets of a ciphertext, and of a plaintext at most, as of RSA-2048. */
    private static final int BLOCK = 256;

    private static final int LONGEST_TEXT = BLOCK - 11;

    private static final class Handle implements KeyExchangeHandle {
        private final KeyExchangeMethod method;
        private final long exponent;
        private boolean released;
        private byte @Nullable [] peerValue;

        Handle(KeyExchangeMethod method, long exponent) {
            this.method = method;
            this.exponent = exponent;
        }

        /** An agreement may be tried again, but never with another peer. */
        void requireSamePeer(byte[] value) {
            if (peerValue != null && !Arrays.equals(peerValue, value)) {
                throw new AssertionError("a key pair was used with two public values");
            }
            peerValue = value.clone();
        }

        @Override
        public KeyExchangeMethod method() {
            return method;
        }
    }

    /** A SKEYSEED that was made here, and what it was made of. */
    record Agreement(byte[] ni, byte[] nr, byte[] skeyseed) {}

    private record Held(
            CryptoRequest request,
            byte @Nullable [] derived,
            @Nullable List<byte[]> ciphertexts,
            long exponent,
            Completion completion) {}

    private final VirtualTime time;
    private final RandomGenerator random;
    private final SymmetricCrypto symmetric;
    private final Deque<Held> held = new ArrayDeque<>();
    private final Set<KeyExchangeHandle> live = new HashSet<>();
    private @Nullable CryptoPort real;
    private final Map<ByteBuffer, Agreement> agreements = new HashMap<>();
    private Behaviour behaviour = Behaviour.PROMPT;
    private int submitted;

    SimulatedToken(VirtualTime time, RandomGenerator random, SymmetricCrypto symmetric) {
        this.time = time;
        this.random = random;
        this.symmetric = symmetric;
    }

    /** Real keys and groups from now on, still in virtual time. */
    void computeWith(CryptoPort port) {
        this.real = port;
    }

    void behave(Behaviour how) {
        this.behaviour = how;
    }

    /** Handles that were given out and not released. */
    int liveHandles() {
        return live.size();
    }

    /** Requests that were taken. */
    int submitted() {
        return submitted;
    }

    /** Requests that wait for {@link #completeHeld}. */
    int held() {
        return held.size();
    }

    /** The SKEYSEED that was made with this responder's nonce, for whoever may look; null where none was made here. */
    @Nullable
    Agreement agreement(byte[] nr) {
        return agreements.get(ByteBuffer.wrap(nr));
    }

    @Override
    public boolean submit(CryptoRequest request, Completion completion) {
        Fate fate = behaviour.fate(request);
        if (fate instanceof Fate.Refused) {
            return false;
        }
        submitted++;
        CryptoPort port = real;
        if (port != null) {
            CryptoOutcome outcome = compute(port, request);
            time.after(0, VirtualTime.Kind.UNDER_WAY, () -> completion.completed(outcome));
            return true;
        }
        long exponent = exponentOf(request);
        // the secrets that the request names are read now: the port promises not to touch them later
        Held work = new Held(request, derive(request, exponent), encrypt(request), exponent, completion);
        switch (fate) {
            case Fate.Done done -> time.after(done.delayNanos(), VirtualTime.Kind.UNDER_WAY, () -> complete(work));
            case Fate.Fails fails ->
                time.after(fails.delayNanos(), VirtualTime.Kind.UNDER_WAY, () -> fail(work, fails.kind()));
            case Fate.Held ignored -> held.add(work);
            case Fate.Swallowed ignored -> {}
            case Fate.Refused ignored -> {}
        }
        return true;
    }

    private CryptoOutcome compute(CryptoPort port, CryptoRequest request) {
        CompletableFuture<CryptoOutcome> answer = new CompletableFuture<>();
        if (!port.submit(request, answer::complete)) {
            throw new AssertionError("the real device is full");
        }
        CryptoOutcome outcome = answer.orTimeout(30, TimeUnit.SECONDS).join();
        if (outcome instanceof CryptoOutcome.Generated generated) {
            live.add(generated.handle());
        }
        return outcome;
    }

    @Override
    public void release(KeyExchangeHandle handle) {
        CryptoPort port = real;
        if (port != null && live.remove(handle)) {
            port.release(handle);
            return;
        }
        if (!(handle instanceof Handle ours) || !live.remove(ours)) {
            throw new AssertionError("a handle was released twice, or is not this token's: " + handle);
        }
        ours.released = true;
    }

    /** Completes the oldest request that is held. */
    void completeHeld() {
        complete(held.remove());
    }

    /** Completes the newest request that is held: out of order. */
    void completeNewestHeld() {
        complete(held.removeLast());
    }

    /** Lets the oldest request that is held fail. */
    void failHeld(CryptoOutcome.Failed.Kind kind) {
        fail(held.remove(), kind);
    }

    private void complete(Held work) {
        work.completion.completed(
                switch (work.request) {
                    case CryptoRequest.Generate generate -> {
                        Handle handle = new Handle(generate.method(), work.exponent);
                        live.add(handle);
                        yield new CryptoOutcome.Generated(handle, publicValue(generate.method(), work.exponent));
                    }
                    case CryptoRequest.Agree agree -> {
                        yield agreed(work.derived, null);
                    }
                    case CryptoRequest.GenerateAndAgree both ->
                        agreed(work.derived, publicValue(both.method(), work.exponent));
                    case CryptoRequest.Decrypt decrypt -> decrypt(decrypt);
                    case CryptoRequest.EncryptToPeer ignored ->
                        new CryptoOutcome.Encrypted(Objects.requireNonNull(work.ciphertexts));
                    case CryptoRequest.Sign sign -> new CryptoOutcome.Signed(sign(sign));
                    case CryptoRequest.VerifyPeer verify -> verify(verify);
                });
    }

    private static void fail(Held work, CryptoOutcome.Failed.Kind kind) {
        work.completion.completed(new CryptoOutcome.Failed(kind, "simulated: " + kind));
    }

    private static CryptoOutcome agreed(byte @Nullable [] derived, byte @Nullable [] publicValue) {
        return derived == null
                ? new CryptoOutcome.Failed(CryptoOutcome.Failed.Kind.PEER_DATA, "public value out of range")
                : new CryptoOutcome.Agreed(Secret.copyOf(derived), publicValue);
    }

    private long exponentOf(CryptoRequest request) {
        return switch (request) {
            case CryptoRequest.Generate ignored -> random.nextLong(2, PRIME - 1);
            case CryptoRequest.GenerateAndAgree ignored -> random.nextLong(2, PRIME - 1);
            case CryptoRequest.Agree agree -> {
                if (!(agree.handle() instanceof Handle handle) || handle.released) {
                    throw new AssertionError("an agreement with a handle that was released: " + agree.handle());
                }
                yield handle.exponent;
            }
            case CryptoRequest.Decrypt ignored -> 0;
            case CryptoRequest.EncryptToPeer ignored -> 0;
            case CryptoRequest.Sign ignored -> 0;
            case CryptoRequest.VerifyPeer ignored -> 0;
        };
    }

    private byte @Nullable [] derive(CryptoRequest request, long exponent) {
        return switch (request) {
            case CryptoRequest.Agree agree -> {
                byte[] derived = derive(agree.handle().method(), agree.peerValue(), exponent, agree.derivation());
                // a value that was refused was not used
                if (agree.handle() instanceof Handle handle && derived != null) {
                    handle.requireSamePeer(agree.peerValue());
                }
                yield derived;
            }
            case CryptoRequest.GenerateAndAgree both ->
                derive(both.method(), both.peerValue(), exponent, both.derivation());
            case CryptoRequest.Generate ignored -> null;
            case CryptoRequest.Decrypt ignored -> null;
            case CryptoRequest.EncryptToPeer ignored -> null;
            case CryptoRequest.Sign ignored -> null;
            case CryptoRequest.VerifyPeer ignored -> null;
        };
    }

    private byte @Nullable [] derive(
            KeyExchangeMethod method, byte[] peerValue, long exponent, SecretDerivation derivation) {
        if (peerValue.length != method.publicLength()) {
            return null;
        }
        long peer = ByteBuffer.wrap(peerValue).getLong(peerValue.length - 8);
        if (peer <= 1 || peer >= PRIME - 1) {
            return null;
        }
        byte[] shared =
                ByteBuffer.allocate(32).putLong(24, power(peer, exponent)).array();
        return switch (derivation) {
            case SecretDerivation.Skeyseed seed -> {
                int each = seed.prf().fixedNonceKey() ? 8 : Integer.MAX_VALUE;
                byte[] key = concatenation(
                        Arrays.copyOf(seed.ni(), Math.min(each, seed.ni().length)),
                        Arrays.copyOf(seed.nr(), Math.min(each, seed.nr().length)));
                try (Secret nonces = Secret.owning(key)) {
                    yield remember(seed.ni(), seed.nr(), octets(symmetric.prf(seed.prf(), nonces, shared)));
                }
            }
            case SecretDerivation.RekeyedSkeyseed seed ->
                remember(
                        seed.ni(),
                        seed.nr(),
                        octets(symmetric.prf(seed.prf(), seed.skD(), shared, seed.ni(), seed.nr())));
            case SecretDerivation.ChildKeyMaterial child ->
                octets(symmetric.prfPlus(
                        child.prf(), child.skD(), concatenation(shared, child.ni(), child.nr()), child.length()));
            case SecretDerivation.Ikev1Keys keys -> derive(keys, shared);
            case SecretDerivation.QuickModeKeys keys -> derive(keys, shared);
        };
    }

    private byte[] derive(SecretDerivation derivation, byte[] shared) {
        try (Secret secret = Secret.owning(shared)) {
            return octets(symmetric.derive(derivation, secret));
        }
    }

    private byte[] remember(byte[] ni, byte[] nr, byte[] skeyseed) {
        agreements.put(ByteBuffer.wrap(nr.clone()), new Agreement(ni.clone(), nr.clone(), skeyseed));
        return skeyseed;
    }

    private static byte[] octets(Secret secret) {
        try (secret) {
            return secret.lend(byte[]::clone);
        }
    }

    /** Octets that differ each time, then magic, length and text under a mask of them and the name. */
    private @Nullable List<byte[]> encrypt(CryptoRequest request) {
        if (!(request instanceof CryptoRequest.EncryptToPeer encrypt) || !(encrypt.key() instanceof PeerKey key)) {
            return null;
        }
        List<byte[]> ciphertexts = new ArrayList<>();
        for (Secret text : encrypt.plaintexts()) {
            byte[] octets = text.lend(byte[]::clone);
            if (octets.length > LONGEST_TEXT) {
                throw new AssertionError("a plaintext of " + octets.length + " octets");
            }
            byte[] salt = new byte[4];
            random.nextBytes(salt);
            byte[] block = ByteBuffer.allocate(BLOCK)
                    .put(salt)
                    .putInt(MAGIC)
                    .put((byte) octets.length)
                    .put(octets)
                    .array();
            mask(block, key.name());
            ciphertexts.add(block);
        }
        return ciphertexts;
    }

    private CryptoOutcome decrypt(CryptoRequest.Decrypt request) {
        if (!(request.key() instanceof OpeningKey key)) {
            throw new AssertionError("not a key of this token: " + request.key().location());
        }
        List<Secret> texts = new ArrayList<>();
        for (byte[] ciphertext : request.ciphertexts()) {
            byte[] block = Arrays.copyOf(ciphertext, BLOCK);
            mask(block, key.name());
            ByteBuffer opened = ByteBuffer.wrap(block).position(4);
            boolean good = ciphertext.length == BLOCK && opened.getInt() == MAGIC;
            byte[] text = new byte[good ? Math.min(opened.get() & 0xff, LONGEST_TEXT) : 32];
            if (good) {
                opened.get(text);
            } else {
                random.nextBytes(text);
            }
            texts.add(Secret.owning(text));
        }
        return new CryptoOutcome.Decrypted(texts);
    }

    private void mask(byte[] block, String name) {
        byte[] stream = symmetric.sha256(name.getBytes(StandardCharsets.UTF_8), Arrays.copyOf(block, 4));
        for (int i = 4; i < block.length; i++) {
            block[i] ^= stream[i % stream.length];
        }
    }

    private byte[] sign(CryptoRequest.Sign request) {
        if (!(request.key() instanceof Key key)) {
            throw new AssertionError("not a key of this token: " + request.key().location());
        }
        return signature(key.name(), request.scheme(), request.octets());
    }

    private CryptoOutcome verify(CryptoRequest.VerifyPeer request) {
        if (request.certificates().isEmpty()) {
            return new CryptoOutcome.PeerRejected("no certificate");
        }
        String name = new String(request.certificates().getFirst(), StandardCharsets.UTF_8).trim();
        boolean named = Arrays.equals(request.id().data(), name.getBytes(StandardCharsets.UTF_8));
        return named && Arrays.equals(request.signature(), signature(name, request.scheme(), request.octets()))
                ? new CryptoOutcome.PeerVerified()
                : new CryptoOutcome.PeerRejected(named ? "wrong signature" : "another's certificate");
    }

    private byte[] signature(String name, SignatureScheme scheme, byte[] octets) {
        byte[] hash = symmetric.sha256(
                name.getBytes(StandardCharsets.UTF_8), scheme.name().getBytes(StandardCharsets.UTF_8), octets);
        ByteBuffer signature = ByteBuffer.allocate(Key.SIGNATURE_LENGTH);
        while (signature.hasRemaining()) {
            signature.put(hash);
        }
        return signature.array();
    }

    private static byte[] publicValue(KeyExchangeMethod method, long exponent) {
        return ByteBuffer.allocate(method.publicLength())
                .putLong(method.publicLength() - 8, power(GENERATOR, exponent))
                .array();
    }

    private static long power(long base, long exponent) {
        long result = 1;
        long square = base;
        for (long rest = exponent; rest != 0; rest >>>= 1) {
            if ((rest & 1) != 0) {
                result = product(result, square);
            }
            square = product(square, square);
        }
        return result;
    }

    private static long product(long a, long b) {
        long high = Math.multiplyHigh(a, b);
        long low = a * b;
        long sum = (low & PRIME) + ((low >>> 61) | (high << 3));
        return sum >= PRIME ? sum - PRIME : sum;
    }

    private static byte[] concatenation(byte[]... parts) {
        int length = 0;
        for (byte[] part : parts) {
            length += part.length;
        }
        ByteBuffer all = ByteBuffer.allocate(length);
        for (byte[] part : parts) {
            all.put(part);
        }
        return all.array();
    }
}
