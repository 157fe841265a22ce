package dev.cardinal.ike.loop;

import dev.cardinal.ike.net.TransportCount;
import dev.cardinal.ike.net.UdpTransport;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLongArray;

/** Counters that one loop writes and anyone reads. */
final class LoopCounters {
    private final AtomicLongArray counts = new AtomicLongArray(LoopCount.values().length);
    private final AtomicIntegerArray gauges = new AtomicIntegerArray(Gauge.values().length);

    enum Gauge {
        SAS,
        HALF_OPEN,
        ESTABLISHED,
        WAITING,
        INBOX_HIGH_WATER,
        INTAKE
    }

    void add(LoopCount count) {
        counts.setOpaque(count.ordinal(), counts.getPlain(count.ordinal()) + 1);
    }

    int get(Gauge gauge) {
        return gauges.getOpaque(gauge.ordinal());
    }

    void set(Gauge gauge, int value) {
        gauges.setOpaque(gauge.ordinal(), value);
    }

    void add(Gauge gauge, int change) {
        set(gauge, gauges.getPlain(gauge.ordinal()) + change);
    }

    void raise(Gauge gauge, int value) {
        if (value > gauges.getPlain(gauge.ordinal())) {
            set(gauge, value);
        }
    }

    LoopStatistics snapshot(UdpTransport transport) {
        Map<LoopCount, Long> mine = new EnumMap<>(LoopCount.class);
        for (LoopCount count : LoopCount.values()) {
            mine.put(count, counts.getOpaque(count.ordinal()));
        }
        Map<TransportCount, Long> sockets = new EnumMap<>(TransportCount.class);
        for (TransportCount count : TransportCount.values()) {
            sockets.put(count, transport.count(count));
        }
        return new LoopStatistics(
                get(Gauge.SAS),
                get(Gauge.HALF_OPEN),
                get(Gauge.ESTABLISHED),
                get(Gauge.WAITING),
                get(Gauge.INBOX_HIGH_WATER),
                get(Gauge.INTAKE),
                mine,
                sockets);
    }
}
