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
final class HostedSa implements Effects {
    private final SaHost host;
    private final IkeSa sa;
    private final TimerHeap.Node<HostedSa> timer;
    private @Nullable InitiationWatch watch;
    private boolean closed;

    private @Nullable InetAddress halfOpenSource;
    private long firstMessage;

    private final UniquenessIndex.Link link = new UniquenessIndex.Link();
    private UniquenessIndex.@Nullable Pair pair;
    private long establishedOrder;

    HostedSa(SaHost host, IkeSa sa, @Nullable InitiationWatch watch) {
        this.host = host;
        this.sa = sa;
        this.watch = watch;
        this.timer = new TimerHeap.Node<>(this);
    }

    IkeSa sa() {
        return sa;
    }

    TimerHeap.Node<HostedSa> timer() {
        return timer;
    }

    UniquenessIndex.Link link() {
        return link;
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
    InetAddress halfOpenSource() {
        return halfOpenSource;
    }

    long firstMessage() {
        return firstMessage;
    }

    /** @param hash of its first message */
    void beginHalfOpen(InetAddress source, long hash) {
        halfOpenSource = source;
        firstMessage = hash;
    }

    void endHalfOpen() {
        halfOpenSource = null;
    }

    void setEstablished(UniquenessIndex.@Nullable Pair newPair, long order) {
        pair = newPair;
        establishedOrder = order;
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
