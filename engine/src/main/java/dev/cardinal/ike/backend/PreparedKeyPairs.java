package dev.cardinal.ike.backend;

import dev.cardinal.ike.crypto.CryptoOutcome;
import dev.cardinal.ike.crypto.CryptoPort;
import dev.cardinal.ike.crypto.CryptoRequest;
import dev.cardinal.ike.crypto.KeyExchangeHandle;
import dev.cardinal.ike.crypto.KeyExchangeMethod;
import dev.cardinal.ike.crypto.KeyExchangePlacement;
import dev.cardinal.ike.crypto.Urgency;
import java.util.EnumMap;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Key pairs made before anybody asks: a stranger's IKE_SA_INIT is answered without waiting for a token. Each pair that is
 * taken is replaced by a request of the last urgency, which a token serves when it has nothing better to do; where no pair
 * is left, the request goes its ordinary way. A pair serves one exchange (RFC 7296 section 2.12 allows reuse; there is none
 * here). Everything else passes through.
 *
 * <p>Every method and placement has a store of its own, which begins to fill at its first use. When a pair turns out to be
 * lost with its session, so are the others: the store is emptied.
 */
public final class PreparedKeyPairs implements CryptoPort, AutoCloseable {
    /** Pairs of a store: more than the event loops begin handshakes for in one turn. */
    static final int STORE_LIMIT = 64;

    private final CryptoPort port;
    private final LongSupplier nanoTime;
    private final long patienceNanos;
    private final Map<KeyExchangeMethod, Map<KeyExchangePlacement, Store>> stores =
            new EnumMap<>(KeyExchangeMethod.class);
    private volatile boolean closed;

    /** Pairs of one kind; any thread takes and puts. */
    private static final class Store {
        final KeyExchangeMethod method;
        final KeyExchangePlacement placement;
        final Queue<CryptoOutcome.Generated> pairs = new ConcurrentLinkedQueue<>();

        /** Pairs in the store or on their way to it. */
        final AtomicInteger expected = new AtomicInteger();

        Store(KeyExchangeMethod method, KeyExchangePlacement placement) {
            this.method = method;
            this.placement = placement;
        }

        CryptoOutcome.@Nullable Generated take() {
            CryptoOutcome.Generated pair = pairs.poll();
            if (pair != null) {
                expected.decrementAndGet();
            }
            return pair;
        }
    }

    /**
     * @param port stays the caller's to close, after this
     * @param nanoTime the clock of deadlines
     * @param patienceNanos how long a request for a replacement may wait
     */
    public PreparedKeyPairs(CryptoPort port, LongSupplier nanoTime, long patienceNanos) {
        this.port = port;
        this.nanoTime = nanoTime;
        this.patienceNanos = patienceNanos;
        for (KeyExchangeMethod method : KeyExchangeMethod.values()) {
            Map<KeyExchangePlacement, Store> placements = new EnumMap<>(KeyExchangePlacement.class);
            for (KeyExchangePlacement placement : KeyExchangePlacement.values()) {
                placements.put(placement, new Store(method, placement));
            }
            stores.put(method, placements);
        }
    }

    @Override
    public boolean submit(CryptoRequest request, Completion completion) {
        return switch (request) {
            case CryptoRequest.Generate generate -> generate(generate, completion);
            case CryptoRequest.Agree agree -> agree(agree, completion);
            case CryptoRequest.GenerateAndAgree both -> port.submit(both, completion);
            case CryptoRequest.Sign sign -> port.submit(sign, completion);
            case CryptoRequest.Decrypt decrypt -> port.submit(decrypt, completion);
            case CryptoRequest.EncryptToPeer encrypt -> port.submit(encrypt, completion);
            case CryptoRequest.VerifyPeer verify -> port.submit(verify, completion);
        };
    }

    private boolean generate(CryptoRequest.Generate request, Completion completion) {
        Store store = store(request.method(), request.placement());
        CryptoOutcome.Generated ready = store.take();
        boolean taken = true;
        if (ready != null) {
            completion.completed(ready);
        } else {
            taken = port.submit(request, completion);
        }
        if (taken) {
            fill(store);
        }
        return taken;
    }

    /** One for the pair that was taken and one more, until the store is full. */
    private void fill(Store store) {
        for (int i = 0; i < 2 && !closed; i++) {
            if (store.expected.incrementAndGet() > STORE_LIMIT || !order(store)) {
                store.expected.decrementAndGet();
                return;
            }
        }
    }

    private boolean order(Store store) {
        CryptoRequest.Generate request = new CryptoRequest.Generate(
                store.method, store.placement, Urgency.NEW, nanoTime.getAsLong() + patienceNanos);
        return port.submit(request, outcome -> {
            if (outcome instanceof CryptoOutcome.Generated pair) {
                store.pairs.add(pair);
                if (closed) {
                    empty(store);
                }
            } else {
                store.expected.decrementAndGet();
            }
        });
    }

    private boolean agree(CryptoRequest.Agree request, Completion completion) {
        KeyExchangeMethod method = request.handle().method();
        return port.submit(request, outcome -> {
            if (outcome instanceof CryptoOutcome.Failed failed && failed.kind() == CryptoOutcome.Failed.Kind.LOST) {
                empty(method);
            }
            completion.completed(outcome);
        });
    }

    private void empty(KeyExchangeMethod method) {
        for (KeyExchangePlacement placement : KeyExchangePlacement.values()) {
            empty(store(method, placement));
        }
    }

    private void empty(Store store) {
        for (CryptoOutcome.Generated pair = store.take(); pair != null; pair = store.take()) {
            port.release(pair.handle());
        }
    }

    private Store store(KeyExchangeMethod method, KeyExchangePlacement placement) {
        Map<KeyExchangePlacement, Store> placements = stores.get(method);
        Store store = placements == null ? null : placements.get(placement);
        if (store == null) {
            throw new IllegalArgumentException("no store for " + method + " " + placement);
        }
        return store;
    }

    @Override
    public void release(KeyExchangeHandle handle) {
        port.release(handle);
    }

    /** Releases the pairs that nobody took. Closing twice is harmless. */
    @Override
    public void close() {
        closed = true;
        for (KeyExchangeMethod method : KeyExchangeMethod.values()) {
            empty(method);
        }
    }
}
