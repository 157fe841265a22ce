package dev.cardinal.ike.loop;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The SAs of one loop: by our own SPI, and half-open ones also by their first message. For one thread. */
final class SaTable {
    private final int limit;
    private final LongTable<HostedSa> bySpi = new LongTable<>();
    private final LongTable<HostedSa> byFirstMessage = new LongTable<>();

    /** @param limit SAs at most: what is beyond is refused, so that memory is */
    SaTable(int limit) {
        this.limit = limit;
    }

    boolean hasRoom() {
        return bySpi.size() < limit;
    }

    int size() {
        return bySpi.size();
    }

    boolean contains(long ownSpi) {
        return bySpi.get(ownSpi) != null;
    }

    @Nullable
    HostedSa get(long ownSpi) {
        return bySpi.get(ownSpi);
    }

    /** The half-open SA that this first message made, by its {@link KeyedHash#ofRetransmission}. */
    @Nullable
    HostedSa ofFirstMessage(long hash) {
        return byFirstMessage.get(hash);
    }

    void put(HostedSa hosted) {
        HostedSa other = bySpi.put(hosted.sa().ownSpi(), hosted);
        if (other != null && other != hosted) {
            throw new IllegalStateException("two IKE SAs with one SPI");
        }
    }

    void putFirstMessage(long hash, HostedSa hosted) {
        byFirstMessage.put(hash, hosted);
    }

    void removeFirstMessage(long hash, HostedSa hosted) {
        if (byFirstMessage.get(hash) == hosted) {
            byFirstMessage.remove(hash);
        }
    }

    void remove(HostedSa hosted) {
        if (bySpi.get(hosted.sa().ownSpi()) == hosted) {
            bySpi.remove(hosted.sa().ownSpi());
        }
    }

    /** All, as of now. */
    List<HostedSa> list() {
        List<HostedSa> all = new ArrayList<>(bySpi.size());
        bySpi.forEach(all::add);
        return all;
    }
}
