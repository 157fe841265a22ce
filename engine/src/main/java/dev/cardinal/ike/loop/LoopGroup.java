package dev.cardinal.ike.loop;

import dev.cardinal.ike.crypto.RandomSource;
import dev.cardinal.ike.net.Endpoint;
import dev.cardinal.ike.net.ListenSettings;
import dev.cardinal.ike.net.PortGroup;
import dev.cardinal.ike.sa.ChildPolicy;
import dev.cardinal.ike.sa.Path;
import dev.cardinal.ike.sa.PeerPolicy;
import dev.cardinal.ike.sa.SaCommand;
import dev.cardinal.ike.sa.SaSnapshot;
import io.netty.util.concurrent.FastThreadLocalThread;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The event loops of one gateway, as the daemon sees them. Its methods are for the edge: they may block, and none may be
 * called on a loop's thread.
 */
public final class LoopGroup implements AutoCloseable {
    /** How often the machine's addresses are looked at where every one of them is served. */
    public static final Duration RESCAN = Duration.ofSeconds(3);

    /** SAs that a listing or a sweep touches in one turn of a loop. */
    private static final int SAS_PER_STEP = 64;

    /** The system may give a port it chose for us to another process before we bind it again. */
    private static final int CHOSEN_PORT_TRIES = 8;

    private static final Duration JOIN = Duration.ofSeconds(10);
    private static final Logger log = LoggerFactory.getLogger(LoopGroup.class);

    private final LoopSettings settings;
    private final LoopPeers peers;
    private final List<EventLoop> loops = new ArrayList<>();
    private final List<Thread> threads = new ArrayList<>();
    private final AtomicInteger nextInitiator = new AtomicInteger();
    private volatile List<Endpoint> endpoints = List.of();
    private @Nullable Thread rescanner;
    private boolean started;
    private boolean closed;

    public LoopGroup(LoopSettings settings, LoopPorts ports) {
        this(settings, ports, System::nanoTime);
    }

    /** @param clock deadlines of requests to back ends are on it too */
    LoopGroup(LoopSettings settings, LoopPorts ports, LongSupplier clock) {
        this.settings = settings;
        RandomSource random = ports.randoms().get();
        this.peers = new LoopPeers(settings.loops(), KeyedHash.random(random));
        for (int i = 0; i < settings.loops(); i++) {
            EventLoop loop = new EventLoop(i, settings, ports, peers, clock);
            loops.add(loop);
            peers.join(loop);
        }
    }

    /**
     * Proves the ports, starts the threads and opens the sockets. To be called once.
     *
     * @throws dev.cardinal.ike.net.PortInUse naming an address and a port of another process
     * @throws IOException where a socket cannot be had; the group is closed then
     */
    public synchronized void start() throws IOException {
        if (started || closed) {
            throw new IllegalStateException("started or closed before");
        }
        List<InetAddress> addresses = PortGroup.addresses(settings.listen());
        List<Endpoint> proven = PortGroup.prove(addresses, settings.listen());
        started = true;
        for (EventLoop loop : loops) {
            Thread thread = new FastThreadLocalThread(loop::run, "ike-" + loop.index());
            thread.setUncaughtExceptionHandler((dead, cause) -> log.error("{} has died", dead.getName(), cause));
            threads.add(thread);
            thread.start();
        }
        try {
            List<Endpoint> bound = new ArrayList<>();
            for (Endpoint endpoint : proven) {
                bound.add(bindEverywhere(endpoint));
            }
            endpoints = List.copyOf(bound);
        } catch (IOException e) {
            close();
            throw e;
        }
        if (settings.listen().everyAddress()) {
            rescanner = Thread.ofVirtual().name("ike-addresses").start(this::watchAddresses);
        }
    }

    /** The sockets that are open, a pair for each local address. */
    public List<Endpoint> localEndpoints() {
        return endpoints;
    }

    /**
     * Initiates an IKE SA and its first Child SA.
     *
     * @param child null for a childless IKE SA
     * @return completes on the loop's thread once the Child SA (or without one, the IKE SA) stands; what depends on it must
     *     be short and must not block. Fails with {@link InitiationFailed}
     */
    public CompletableFuture<Initiated> initiate(PeerPolicy policy, @Nullable ChildPolicy child) {
        CompletableFuture<Initiated> future = new CompletableFuture<>();
        Path path;
        try {
            path = pathTo(policy);
        } catch (InitiationFailed e) {
            future.completeExceptionally(e);
            return future;
        }
        InitiationWatch watch = new InitiationWatch(child != null, future);
        int loop = Math.floorMod(nextInitiator.getAndIncrement(), loops.size());
        order(loop, future, on -> on.host().initiate(policy, child, path, watch));
        return future;
    }

    /** Gives an order to one IKE SA, by its own SPI. Orders to an SA that is gone are ignored. */
    public void command(long ownSpi, SaCommand command) {
        int loop = LoopSpis.loop(ownSpi, peers.spiBits());
        if (loop < loops.size()) {
            order(loop, new CompletableFuture<Void>(), on -> {
                HostedSa hosted = on.host().table().get(ownSpi);
                if (hosted != null) {
                    on.host().tell(hosted, command);
                }
            });
        }
    }

    /** All IKE SAs, as each loop finds them when its turn comes; large tables are listed in parts, between other work. */
    public CompletableFuture<List<SaSnapshot>> sas() {
        List<CompletableFuture<List<SaSnapshot>>> parts = new ArrayList<>();
        for (int i = 0; i < loops.size(); i++) {
            CompletableFuture<List<SaSnapshot>> part = new CompletableFuture<>();
            order(i, part, on -> {
                List<SaSnapshot> found = new ArrayList<>();
                sweep(on, hosted -> found.add(hosted.sa().snapshot(on.now())), () -> part.complete(found));
            });
            parts.add(part);
        }
        return CompletableFuture.allOf(parts.toArray(CompletableFuture[]::new)).thenApply(ignored -> {
            List<SaSnapshot> all = new ArrayList<>();
            parts.forEach(part -> all.addAll(part.join()));
            return all;
        });
    }

    /**
     * Deletes every IKE SA and waits until the peers have agreed.
     *
     * @return how many are left because their peers did not answer in time
     */
    public int terminateAll(Duration timeout) {
        List<CompletableFuture<Void>> parts = new ArrayList<>();
        for (int i = 0; i < loops.size(); i++) {
            CompletableFuture<Void> part = new CompletableFuture<>();
            order(
                    i,
                    part,
                    on -> sweep(
                            on,
                            hosted -> on.host().tell(hosted, new SaCommand.DeleteIke()),
                            () -> on.host().whenEmpty(() -> part.complete(null))));
            parts.add(part);
        }
        try {
            CompletableFuture.allOf(parts.toArray(CompletableFuture[]::new))
                    .get(timeout.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException | ExecutionException e) {
            log.debug("not every IKE SA was deleted in time", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return statistics().stream().mapToInt(LoopStatistics::sas).sum();
    }

    /** Counters of each loop, read without asking it. */
    public List<LoopStatistics> statistics() {
        return loops.stream().map(EventLoop::statistics).toList();
    }

    /** Ends the loops: SAs still there are forgotten, secrets wiped, handles released, sockets closed. */
    @Override
    public synchronized void close() {
        Thread watcher = rescanner;
        if (watcher != null) {
            watcher.interrupt();
            rescanner = null;
        }
        if (closed) {
            return;
        }
        closed = true;
        loops.forEach(started ? EventLoop::stop : EventLoop::abandon);
        for (Thread thread : threads) {
            try {
                if (!thread.join(JOIN)) {
                    log.warn("{} does not end", thread.getName());
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
        threads.clear();
        endpoints = List.of();
    }

    /** Opens what is new among the machine's addresses and closes what has gone. */
    synchronized void rescan(List<InetAddress> now) {
        List<Endpoint> current = new ArrayList<>(endpoints);
        Set<InetAddress> wanted = new HashSet<>(now);
        for (Iterator<Endpoint> each = current.iterator(); each.hasNext(); ) {
            Endpoint endpoint = each.next();
            if (!wanted.remove(endpoint.address())) {
                each.remove();
                unbindEverywhere(endpoint);
                log.info("{} has gone: no longer listening there", endpoint);
            }
        }
        for (InetAddress address : wanted) {
            try {
                Endpoint endpoint = bindEverywhere(
                        PortGroup.prove(List.of(address), settings.listen()).getFirst());
                current.add(endpoint);
                log.info("listening on {}", endpoint);
            } catch (IOException e) {
                // an address that is still being checked for duplicates is tried again next time
                log.warn("{}", e.getMessage());
            }
        }
        endpoints = List.copyOf(current);
    }

    private void watchAddresses() {
        try {
            while (true) {
                Thread.sleep(RESCAN);
                List<InetAddress> now = PortGroup.addresses(settings.listen());
                Set<InetAddress> known = new HashSet<>();
                endpoints.forEach(endpoint -> known.add(endpoint.address()));
                if (!known.equals(new HashSet<>(now))) {
                    rescan(now);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // the group is being closed
        } catch (IOException e) {
            log.error("the machine's addresses cannot be read any more", e);
        }
    }

    private Endpoint bindEverywhere(Endpoint proven) throws IOException {
        Endpoint endpoint = proven;
        boolean chosen = settings.listen().port() == 0 || settings.listen().natTPort() == 0;
        for (int left = chosen ? CHOSEN_PORT_TRIES : 1; ; left--) {
            try {
                for (EventLoop loop : loops) {
                    onEach(loop, endpoint, true);
                }
                return endpoint;
            } catch (IOException e) {
                unbindEverywhere(endpoint);
                if (left == 1) {
                    throw e;
                }
                endpoint = PortGroup.prove(List.of(endpoint.address()), settings.listen())
                        .getFirst();
            }
        }
    }

    private void unbindEverywhere(Endpoint endpoint) {
        for (EventLoop loop : loops) {
            try {
                onEach(loop, endpoint, false);
            } catch (IOException e) {
                log.warn("{}", e.getMessage());
            }
        }
    }

    private void onEach(EventLoop loop, Endpoint endpoint, boolean bind) throws IOException {
        CompletableFuture<Void> done = new CompletableFuture<>();
        order(loop.index(), done, on -> {
            try {
                if (bind) {
                    on.transport().bind(endpoint);
                } else {
                    on.transport().unbind(endpoint);
                }
                done.complete(null);
            } catch (IOException e) {
                done.completeExceptionally(new UncheckedIOException(e));
            }
        });
        try {
            done.join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof UncheckedIOException io
                    ? io.getCause()
                    : new IOException(String.valueOf(e.getCause()), e);
        }
    }

    /** The addresses and ports of a new IKE SA. */
    private Path pathTo(PeerPolicy policy) throws InitiationFailed {
        if (policy.remote().isEmpty()) {
            throw new InitiationFailed("connection " + policy.name() + " names no remote address");
        }
        InetSocketAddress remote =
                new InetSocketAddress(policy.remote().getFirst().first(), policy.remotePort());
        // RFC 7296 section 2.23: port 4500 expects the non-ESP marker from the first message on
        boolean natT = policy.remotePort() == ListenSettings.NAT_T_PORT;
        Endpoint endpoint = endpointTowards(policy, remote);
        if (natT && !endpoint.hasNatT()) {
            throw new InitiationFailed(
                    "no NAT-T socket on " + endpoint.address().getHostAddress());
        }
        return new Path(natT ? endpoint.natT() : endpoint.ike(), remote, natT);
    }

    private Endpoint endpointTowards(PeerPolicy policy, InetSocketAddress remote) throws InitiationFailed {
        List<Endpoint> open = endpoints;
        for (Endpoint endpoint : open) {
            if (policy.local().stream().anyMatch(range -> range.contains(endpoint.address()))) {
                return endpoint;
            }
        }
        if (policy.local().isEmpty()) {
            InetAddress source = sourceTowards(remote);
            for (Endpoint endpoint : open) {
                if (endpoint.address().equals(source)) {
                    return endpoint;
                }
            }
        }
        throw new InitiationFailed("connection " + policy.name() + ": not listening on an address from which "
                + remote.getAddress().getHostAddress() + " is to be reached");
    }

    /** The source the system would choose; nothing is sent. */
    private static @Nullable InetAddress sourceTowards(InetSocketAddress remote) {
        try (DatagramSocket probe = new DatagramSocket()) {
            probe.connect(remote);
            return probe.getLocalAddress();
        } catch (IOException | UncheckedIOException e) {
            return null; // no route
        }
    }

    private void order(int loop, CompletableFuture<?> future, Inbox.Order order) {
        Inbox.Order whole = new Inbox.Order() {
            @Override
            public void carryOut(EventLoop on) {
                order.carryOut(on);
            }

            @Override
            public void abandon() {
                future.completeExceptionally(new InitiationFailed("the event loop has ended"));
            }
        };
        if (!peers.inbox(loop).order(whole)) {
            future.completeExceptionally(new InitiationFailed("the event loop has ended, or has too many orders"));
        }
    }

    /** Does something to every SA of a loop, a few each turn. */
    private static void sweep(EventLoop on, Consumer<HostedSa> action, Runnable last) {
        Iterator<HostedSa> rest = on.host().table().list().iterator();
        on.startChore(() -> {
            for (int i = 0; i < SAS_PER_STEP && rest.hasNext(); i++) {
                HostedSa hosted = rest.next();
                if (!hosted.isClosed()) {
                    action.accept(hosted);
                }
            }
            if (rest.hasNext()) {
                return false;
            }
            last.run();
            return true;
        });
    }
}
