package dev.cardinal.bench.load;

import dev.cardinal.ike.backend.SystemRandom;
import dev.cardinal.ike.loop.CookieSettings;
import dev.cardinal.ike.loop.Initiated;
import dev.cardinal.ike.loop.LoopCount;
import dev.cardinal.ike.loop.LoopGroup;
import dev.cardinal.ike.loop.LoopPorts;
import dev.cardinal.ike.loop.LoopSettings;
import dev.cardinal.ike.loop.LoopStatistics;
import dev.cardinal.ike.loop.SaFactory;
import dev.cardinal.ike.net.ListenSettings;
import dev.cardinal.ike.observe.NoticeCounters;
import dev.cardinal.ike.observe.NoticeKind;
import dev.cardinal.ike.sa.AddressPools;
import dev.cardinal.ike.sa.ChildPolicy;
import dev.cardinal.ike.sa.PeerPolicy;
import dev.cardinal.ike.sa.SaCommand;
import dev.cardinal.ike.sad.RecordingSad;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** The engine's own initiators, on UDP sockets of many addresses of 127/8. Clients of the fleet take turns. */
public final class Clients implements AutoCloseable {
    /** Source addresses at most: 127.1.0.1 to 127.1.3.255. */
    public static final int ADDRESS_LIMIT = 1000;

    private final LoopGroup initiators;
    private final NoticeCounters notices;
    private final List<PeerPolicy> policies;
    private final @Nullable ChildPolicy child;
    private final AtomicInteger next = new AtomicInteger();

    /** Told what became of a handshake, on a loop's thread; must be short. */
    @FunctionalInterface
    public interface Ending {
        /**
         * @param ownSpi of the SA that stands; 0 where it failed
         * @param failure why it failed, else null
         */
        void ended(long ownSpi, @Nullable String failure);
    }

    private Clients(
            LoopGroup initiators, NoticeCounters notices, List<PeerPolicy> policies, @Nullable ChildPolicy child) {
        this.initiators = initiators;
        this.notices = notices;
        this.policies = policies;
        this.child = child;
    }

    /**
     * Opens the sockets.
     *
     * @param withChild whether a Child SA belongs to a handshake
     * @param addresses source addresses, 127.1.0.1 and on; each has a port that the system chooses
     * @param loops event loops of the clients
     */
    public static Clients open(
            ClientFleet fleet, InetSocketAddress gateway, boolean withChild, int addresses, int loops)
            throws IOException {
        if (addresses < 1 || addresses > ADDRESS_LIMIT) {
            throw new IllegalArgumentException("addresses: 1 to " + ADDRESS_LIMIT + ", not " + addresses);
        }
        List<InetAddress> sources = sources(addresses);
        NoticeCounters notices = new NoticeCounters();
        LoopPorts ports = new LoopPorts(
                SystemRandom::new,
                fleet.crypto(),
                new RecordingSad(),
                path -> List.of(),
                fleet.credentials(),
                AddressPools.NONE,
                notices,
                SaFactory.both(),
                null);
        LoopSettings settings = LoopSettings.of(loops, new ListenSettings(sources, 0, ListenSettings.NO_NAT_T))
                .with(CookieSettings.OFF);
        LoopGroup initiators = new LoopGroup(settings, ports);
        initiators.start();
        ChildPolicy child = withChild ? fleet.child() : null;
        return new Clients(initiators, notices, fleet.policies(gateway, sources, child), child);
    }

    private static List<InetAddress> sources(int count) throws UnknownHostException {
        List<InetAddress> sources = new ArrayList<>();
        for (int i = 1; i <= count; i++) {
            sources.add(InetAddress.getByAddress(new byte[] {127, 1, (byte) (i >> 8), (byte) i}));
        }
        return sources;
    }

    /** Begins the next client's handshake. From any thread; where more than some thousands wait to begin, it fails. */
    public void begin(Ending ending) {
        PeerPolicy client = policies.get(Math.floorMod(next.getAndIncrement(), policies.size()));
        var unused = initiators.initiate(client, child).whenComplete((initiated, failure) -> {
            Initiated stands = initiated;
            if (stands != null) {
                ending.ended(stands.ownSpi(), null);
            } else {
                ending.ended(0, failure == null ? "no answer" : String.valueOf(failure.getMessage()));
            }
        });
    }

    /** Gives an order to an SA of ours; where too many orders wait, it is lost. */
    public void command(long ownSpi, SaCommand command) {
        initiators.command(ownSpi, command);
    }

    /** Handshakes that have really begun: their first message was made. */
    public long begun() {
        return count(LoopCount.INITIATORS);
    }

    /** SAs that ended, for whatever reason. */
    public long closed() {
        return count(LoopCount.CLOSED);
    }

    /** Messages that SAs of ours got. */
    public long messages() {
        return count(LoopCount.MESSAGES);
    }

    private long count(LoopCount count) {
        return initiators.statistics().stream()
                .mapToLong(loop -> loop.count(count))
                .sum();
    }

    /** SAs of ours that stand. */
    public long established() {
        return initiators.statistics().stream()
                .mapToLong(LoopStatistics::established)
                .sum();
    }

    /** Notices of a kind since start. */
    public long notices(NoticeKind kind) {
        return notices.byKind().getOrDefault(kind, 0L);
    }

    @Override
    public void close() {
        initiators.close();
    }
}
