package dev.cardinal.hsm.pool;

import dev.cardinal.hsm.Hsm;
import dev.cardinal.hsm.HsmBusy;
import dev.cardinal.hsm.HsmFailure;
import dev.cardinal.hsm.HsmFailure.Kind;
import dev.cardinal.hsm.HsmRequest;
import dev.cardinal.hsm.HsmResult;
import dev.cardinal.hsm.HsmStatistics;
import dev.cardinal.hsm.KeyExchangeGroup;
import dev.cardinal.hsm.KeyExchangeRef;
import dev.cardinal.hsm.KeyRef;
import dev.cardinal.hsm.SharedSecret;
import dev.cardinal.hsm.TokenProfile;
import dev.cardinal.hsm.pkcs11.Cryptoki;
import dev.cardinal.hsm.pkcs11.Pkcs11Exception;
import dev.cardinal.hsm.pkcs11.Pkcs11Module;
import dev.cardinal.hsm.pkcs11.Session;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** One token as an {@link Hsm}: its login, its workers with a session each, and what it was found to do. */
public final class TokenPool implements Hsm {

    private static final int DEFAULT_WORKERS = 8;

    /**
     * Requests that are not shared out among idle workers of a module that takes batches: so many operations of one kind
     * take such a module hardly longer than one.
     */
    private static final int BATCH_GRAIN = 8;

    /** How long {@link #close} waits for running calls. */
    private static final long CLOSE_NANOS = 2_000_000_000L;

    /** Refusals in a row, of values that passed the host's checks, after which the token is to blame. */
    private static final int REFUSAL_LIMIT = 3;

    private final TokenSettings settings;
    private final Pkcs11Module module;
    private final Cryptoki cryptoki;
    private final TokenSlot slot;
    private final TokenLogin login;
    private final KeyAgreements agreements;
    private final TokenAbilities abilities;
    private final TokenProfile profile;
    private final WorkQueue queue;
    private final LongSupplier nanoClock;
    private final Set<TokenSession> sessions = ConcurrentHashMap.newKeySet();
    private final List<Thread> threads = new ArrayList<>();
    private final TokenCounters counters = new TokenCounters();
    private final AtomicLong generations = new AtomicLong();
    private final AtomicInteger refusals = new AtomicInteger();
    private final AtomicBoolean closed = new AtomicBoolean();

    private TokenPool(
            TokenSettings settings,
            Pkcs11Module module,
            Cryptoki cryptoki,
            TokenSlot slot,
            TokenLogin login,
            KeyAgreements agreements,
            TokenAbilities abilities,
            LongSupplier nanoClock) {
        this.settings = settings;
        this.module = module;
        this.cryptoki = cryptoki;
        this.slot = slot;
        this.login = login;
        this.agreements = agreements;
        this.abilities = abilities;
        this.profile = abilities.profile(slot.token().label());
        this.queue = new WorkQueue(
                settings.queueLimits(),
                Math.min(settings.batchLimit(), Cryptoki.BATCH_LIMIT),
                cryptoki.offersBatch() ? BATCH_GRAIN : 1);
        this.nanoClock = nanoClock;
    }

    /**
     * Opens a token: finds it, logs in with one try, tries what it can do, and starts its workers. Blocks for the time
     * of the self-tests.
     *
     * @throws HsmFailure when the module, the token or the login is not to be had
     */
    public static TokenPool open(TokenSettings settings) throws HsmFailure {
        return open(settings, UnaryOperator.identity(), System::nanoTime);
    }

    /**
     * Opens a token, for tests.
     *
     * @param decoration stands between the pool and the module
     * @param nanoClock deadlines and back-off are measured on it
     */
    static TokenPool open(TokenSettings settings, UnaryOperator<Cryptoki> decoration, LongSupplier nanoClock)
            throws HsmFailure {
        Pkcs11Module module = TokenInventory.module(settings.module(), settings.initArgs());
        TokenLogin login = null;
        boolean opened = false;
        try {
            Cryptoki cryptoki = decoration.apply(module.cryptoki());
            TokenSlot slot = TokenSlot.find(cryptoki, settings.token());
            login = new TokenLogin(cryptoki, slot, settings.pin(), nanoClock);
            login.begin();
            KeyAgreements agreements = new KeyAgreements(slot.token().loginRequired());
            TokenAbilities abilities = TokenAbilities.probe(
                    cryptoki,
                    slot.slot(),
                    slot.token().label(),
                    agreements,
                    settings.groups(),
                    settings.allowExtract());
            int workers = settings.workers() > 0
                    ? settings.workers()
                    : workers(slot.token().maxSessions(), cryptoki.offersBatch());
            TokenPool pool = new TokenPool(settings, module, cryptoki, slot, login, agreements, abilities, nanoClock);
            pool.start(workers);
            opened = true;
            return pool;
        } finally {
            if (!opened) {
                if (login != null) {
                    login.close();
                }
                TokenInventory.close(module);
            }
        }
    }

    /**
     * One session is the anchor's. A module that takes batches computes on the calling thread: more workers than
     * processors would only make its batches smaller.
     */
    private static int workers(long maxSessions, boolean batches) {
        int wanted = batches
                ? Math.min(Runtime.getRuntime().availableProcessors(), TokenSettings.WORKER_LIMIT)
                : DEFAULT_WORKERS;
        return maxSessions <= 0 ? wanted : (int) Math.clamp(maxSessions - 1, 1, wanted);
    }

    /** Opens the sessions one after the other: bursts of {@code C_OpenSession} fail on real tokens. */
    private void start(int workers) throws HsmFailure {
        List<TokenWorker> prepared = new ArrayList<>();
        for (int i = 0; i < workers; i++) {
            TokenWorker worker = new TokenWorker(this, queue);
            try {
                worker.prepare();
            } catch (HsmFailure e) {
                if (e.kind() != Kind.BUSY || prepared.isEmpty()) {
                    throw e;
                }
                // the token has no more sessions; those we have must do
                break;
            }
            prepared.add(worker);
        }
        queue.serve(prepared.size());
        for (TokenWorker worker : prepared) {
            threads.add(Thread.ofPlatform()
                    .name("token-" + label() + "-" + threads.size())
                    .daemon(true)
                    .start(worker));
        }
    }

    @Override
    public CompletableFuture<HsmResult> submit(HsmRequest request) throws HsmBusy {
        CompletableFuture<HsmResult> future = new CompletableFuture<>();
        try {
            if (!queue.offer(new Work.Requested(request, future))) {
                future.completeExceptionally(closedFailure());
            }
        } catch (HsmBusy e) {
            counters.onRefused();
            throw e;
        }
        return future;
    }

    @Override
    public void release(KeyExchangeRef handle) {
        if (handle instanceof KeyExchangeHandle ours && ours.pool() == this) {
            release(ours.privateKey());
        }
    }

    @Override
    public void release(SharedSecret secret) {
        if (secret instanceof PoolSecret ours && ours.pool() == this) {
            switch (ours) {
                case PoolSecret.OnToken token -> release(token.secret());
                case PoolSecret.OnHost host -> {
                    if (host.release()) {
                        counters.onHandleReleased();
                    }
                }
            }
        }
    }

    private void release(TokenObject object) {
        switch (object.release()) {
            case REPEATED -> {}
            case IN_USE -> counters.onHandleReleased();
            case DESTROY -> {
                counters.onHandleReleased();
                // refused only by a closed queue, and then the session closes too
                queue.offerOwn(new Work.Destruction(object));
            }
        }
    }

    /**
     * Finds the private key that belongs to a public key, and proves it with one signature. Blocks; for start-up, not
     * for completion handlers.
     *
     * @param publicKeyInfo DER of the {@code SubjectPublicKeyInfo}
     * @throws HsmFailure of kind {@code OUR_FAULT} when none or several match; the message says what was looked for or
     *     names the matches by their URIs
     */
    public KeyRef findKey(byte[] publicKeyInfo) throws HsmFailure {
        return findKey(publicKeyInfo, null);
    }

    /**
     * As {@link #findKey(byte[])}, among the keys of one identifier.
     *
     * @param id the {@code CKA_ID}, null for any
     */
    public KeyRef findKey(byte[] publicKeyInfo, byte @Nullable [] id) throws HsmFailure {
        return findKey(new KeyProof.BySignature(abilities.signatures()), publicKeyInfo, id);
    }

    /**
     * The private key to decrypt with: as {@link #findKey(byte[], byte[])}, but one that the token lets decrypt, proven by
     * one decryption. It need not sign.
     *
     * @throws HsmFailure as there; also where the key is there and {@code CKA_DECRYPT} is false, and the message names it
     */
    public KeyRef findDecryptionKey(byte[] publicKeyInfo, byte @Nullable [] id) throws HsmFailure {
        return findKey(new KeyProof.ByDecryption(), publicKeyInfo, id);
    }

    private KeyRef findKey(KeyProof proof, byte[] publicKeyInfo, byte @Nullable [] id) throws HsmFailure {
        KeySearch search = new KeySearch(
                slot.token(),
                proof,
                publicKeyInfo.clone(),
                PublicKeys.parse(publicKeyInfo),
                id == null ? null : id.clone());
        return await(errand(session -> {
            long epoch = login.epoch();
            return new TokenKey(this, search, search.find(session, login), epoch);
        }));
    }

    @Override
    public TokenProfile profile() {
        return profile;
    }

    /** Why groups that were asked for are not in the profile. */
    public Map<KeyExchangeGroup, String> refusedGroups() {
        return abilities.refusals();
    }

    @Override
    public HsmStatistics statistics() {
        return counters.snapshot(queue.highWater());
    }

    @Override
    public void close() {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        HsmFailure failure = closedFailure();
        queue.close().forEach(work -> work.fail(failure));
        if (stopped()) {
            sessions.forEach(TokenSession::close);
            login.close();
            TokenInventory.close(module);
        }
        // else a call hangs in the module: to finalise it now would pull the library from under that call
    }

    private boolean stopped() {
        long deadline = System.nanoTime() + CLOSE_NANOS;
        boolean interrupted = false;
        boolean stopped = true;
        for (Thread thread : threads) {
            long left = Math.max(deadline - System.nanoTime(), 1);
            try {
                stopped &= thread.join(Duration.ofNanos(left));
            } catch (InterruptedException e) {
                interrupted = true;
                stopped = false;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        return stopped;
    }

    /** Queues an errand outside the bounds of the request queues. */
    <T> CompletableFuture<T> errand(Work.Errand.Body<T> body) {
        CompletableFuture<T> future = new CompletableFuture<>();
        if (!queue.offerOwn(new Work.Errand<>(body, future))) {
            future.completeExceptionally(closedFailure());
        }
        return future;
    }

    <T> T await(CompletableFuture<T> future) throws HsmFailure {
        try {
            return future.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof HsmFailure failure) {
                throw failure;
            }
            throw new HsmFailure(Kind.OUR_FAULT, 0, label() + ": internal error: " + e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new HsmFailure(Kind.CLOSED, 0, label() + ": interrupted");
        } catch (CancellationException e) {
            throw closedFailure();
        }
    }

    /** A fresh session, logged in. */
    TokenSession openSession() throws HsmFailure {
        long epoch = login.epoch();
        try {
            Session session;
            try {
                session = Session.open(cryptoki, slot.slot(), false);
            } catch (Pkcs11Exception e) {
                if (Failures.kindOf(e.ckr()) != Kind.TOKEN_GONE) {
                    throw e;
                }
                slot.relocate();
                session = Session.open(cryptoki, slot.slot(), false);
            }
            boolean ready = false;
            try {
                if (login.required() && !session.userLoggedIn()) {
                    login.renew(epoch);
                }
                ready = true;
                TokenSession opened = new TokenSession(session, generations.incrementAndGet());
                sessions.removeIf(TokenSession::gone);
                sessions.add(opened);
                return opened;
            } finally {
                if (!ready) {
                    session.close();
                }
            }
        } catch (Pkcs11Exception e) {
            throw Failures.of(label(), e);
        }
    }

    /** Frees what a result holds that nobody waits for any more. */
    void discard(HsmResult result) {
        switch (result) {
            case HsmResult.Generated generated -> release(generated.handle());
            case HsmResult.Agreed agreed -> {
                SharedSecret secret = agreed.secret();
                if (secret != null) {
                    release(secret);
                }
                byte[] derived = agreed.derived();
                if (derived != null) {
                    Arrays.fill(derived, (byte) 0);
                }
            }
            case HsmResult.Derived derived -> Arrays.fill(derived.octets(), (byte) 0);
            case HsmResult.Decrypted decrypted -> Arrays.fill(decrypted.plaintext(), (byte) 0);
            case HsmResult.RandomOctets random -> Arrays.fill(random.octets(), (byte) 0);
            case HsmResult.Signed signed -> {}
            case HsmResult.Verified verified -> {}
        }
    }

    /** A derivation succeeded. */
    void onDerived() {
        if (refusals.get() != 0) {
            refusals.set(0);
        }
    }

    /**
     * A derivation failed. Where the token refused a peer's value that the host's checks let pass, that is the peer's
     * fault, unless it goes on: a token that refuses whatever comes is broken.
     *
     * @return for its caller to throw: what failed for a reason that has nothing to do with the peer
     * @throws HsmFailure the refusal
     */
    Pkcs11Exception onDerivationFailed(Pkcs11Exception e) throws HsmFailure {
        Kind kind = Failures.kindOf(e.ckr());
        boolean refused = switch (kind) {
            case DEVICE_BROKEN, OUR_FAULT, PEER_DATA -> true;
            case BUSY, EXPIRED, LOST, SESSION_DEAD, LOGIN_LOST, TOKEN_GONE, PIN, UNSUPPORTED, CLOSED -> false;
        };
        if (!refused) {
            return e;
        }
        boolean broken = refusals.incrementAndGet() >= REFUSAL_LIMIT && kind == Kind.DEVICE_BROKEN;
        throw Failures.of(broken ? Kind.DEVICE_BROKEN : Kind.PEER_DATA, label(), e);
    }

    HsmFailure lost() {
        return new HsmFailure(Kind.LOST, 0, label() + ": the handle is released, or its session or login is gone");
    }

    HsmFailure internalError(Throwable e) {
        return new HsmFailure(
                Kind.OUR_FAULT, 0, label() + ": internal error: " + e.getClass().getName());
    }

    HsmFailure closedFailure() {
        return new HsmFailure(Kind.CLOSED, 0, label() + ": closed");
    }

    /** The time on the clock of the deadlines. */
    long now() {
        return nanoClock.getAsLong();
    }

    boolean closed() {
        return closed.get();
    }

    String label() {
        return slot.token().label();
    }

    /** Whether the module takes batches. */
    boolean batches() {
        return cryptoki.offersBatch();
    }

    boolean allowExtract() {
        return settings.allowExtract();
    }

    TokenLogin login() {
        return login;
    }

    KeyAgreements agreements() {
        return agreements;
    }

    TokenAbilities abilities() {
        return abilities;
    }

    TokenCounters counters() {
        return counters;
    }
}
