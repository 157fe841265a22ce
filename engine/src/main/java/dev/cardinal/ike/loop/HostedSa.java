package dev.cardinal.ike.loop;

import dev.cardinal.ike.crypto.CryptoRequest;
import dev.cardinal.ike.crypto.KeyExchangeHandle;
import dev.cardinal.ike.sa.ChildKeys;
import dev.cardinal.ike.sa.ChildSa;
import dev.cardinal.ike.sa.Effects;
import dev.cardinal.ike.sa.IkeSa;
import dev.cardinal.ike.sa.Path;
import dev.cardinal.ike.sa.PeerPolicy;
import dev.cardinal.ike.sa.SaNotice;
import dev.cardinal.ike.wire.Identification;
import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/**
 * An IKE SA with what its loop keeps about it: the places where it is listed and counted. Carries out the SA's effects, all
 * on the loop's thread.
 */
final class HostedSa implements Effects, TimerHeap.Node {
    private final SaHost host;
    private final IkeSa sa;
    private @Nullable InitiationWatch watch;
    private boolean closed;

    private long enteredNanos = IkeSa.NEVER;
    private int place = TimerHeap.ABSENT;
    private @Nullable HalfOpen halfOpen;

    private UniquenessIndex.@Nullable Pair pair;
    private long establishedOrder;

    /** Its neighbours in the chain of its pair; {@link UniquenessIndex} keeps them. */
    @Nullable
    HostedSa newer;

    @Nullable
    HostedSa older;

    /** A responder's SA whose peer is not authenticated. */
    static final class HalfOpen {
        private final InetAddress source;
        private final long firstMessage;
        private final long begunNanos;
        private boolean counted = true;

        /**
         * @param source counted under this address
         * @param firstMessage hash that its first message is known by
         */
        HalfOpen(InetAddress source, long firstMessage, long begunNanos) {
            this.source = source;
            this.firstMessage = firstMessage;
            this.begunNanos = begunNanos;
        }

        InetAddress source() {
            return source;
        }

        long firstMessage() {
            return firstMessage;
        }

        long begunNanos() {
            return begunNanos;
        }

        /** Whether it counts as {@link UnderWay}. */
        boolean isCounted() {
            return counted;
        }

        /** @return false where it did not count before */
        boolean endCounting() {
            boolean before = counted;
            counted = false;
            return before;
        }
    }

    HostedSa(SaHost host, IkeSa sa, @Nullable InitiationWatch watch) {
        this.host = host;
        this.sa = sa;
        this.watch = watch;
    }

    IkeSa sa() {
        return sa;
    }

    boolean isClosed() {
        return closed;
    }

    /** When it was established, as a number that grows over all loops; later is larger. */
    long establishedOrder() {
        return establishedOrder;
    }

    /** Whose it is, null before it was established. */
    UniquenessIndex.@Nullable Pair pair() {
        return pair;
    }

    /** Null once it is no longer counted as half-open. */
    @Nullable
    HalfOpen halfOpen() {
        return halfOpen;
    }

    void beginHalfOpen(HalfOpen as) {
        halfOpen = as;
    }

    void endHalfOpen() {
        halfOpen = null;
    }

    void setEstablished(UniquenessIndex.@Nullable Pair newPair, long order) {
        pair = newPair;
        establishedOrder = order;
    }

    @Override
    public long enteredNanos() {
        return enteredNanos;
    }

    @Override
    public void setEnteredNanos(long deadlineNanos) {
        enteredNanos = deadlineNanos;
    }

    @Override
    public int place() {
        return place;
    }

    @Override
    public void setPlace(int index) {
        place = index;
    }

    /** @return false where it was closed before */
    boolean close() {
        if (closed) {
            return false;
        }
        closed = true;
        if (watch != null) {
            watch.onClosed();
            watch = null;
        }
        return true;
    }

    @Override
    public void send(byte[] datagram, Path path) {
        host.send(datagram, path);
    }

    @Override
    public void keepalive(Path path) {
        host.keepalive(path);
    }

    @Override
    public boolean submit(long ticket, CryptoRequest request) {
        return host.submit(this, ticket, request);
    }

    @Override
    public void release(KeyExchangeHandle handle) {
        host.release(handle);
    }

    @Override
    public void install(long ticket, ChildSa child, ChildKeys keys) {
        host.install(this, ticket, child, keys);
    }

    @Override
    public void remove(ChildSa child) {
        host.removeChild(child);
    }

    @Override
    public void adopt(IkeSa successor) {
        host.adopt(this, successor);
    }

    @Override
    public void begin(IkeSa successor) {
        host.begin(successor);
    }

    @Override
    public void established(PeerPolicy policy, Identification local, Identification remote, boolean initialContact) {
        host.onEstablished(this, policy, new UniquenessIndex.Pair(local, remote), initialContact);
    }

    @Override
    public void report(SaNotice notice) {
        if (watch != null && watch.onNotice(notice)) {
            watch = null;
        }
        host.report(notice);
    }

    @Override
    public void closed() {
        host.forget(this);
    }
}
