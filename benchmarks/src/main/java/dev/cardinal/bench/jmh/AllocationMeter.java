package dev.cardinal.bench.jmh;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.infra.BenchmarkParams;

/**
 * What responders allocate on this thread, as counters of JMH: octets per handshake, with one copy of each datagram received,
 * as the transport makes it. Where the port computes on threads of its own, what it allocates is not seen.
 */
@State(Scope.Thread)
@AuxCounters(AuxCounters.Type.EVENTS)
public class AllocationMeter {
    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private int parts = 1;
    private long handshakes;
    private long all;
    private long byPort;

    /** Begins anew. */
    @Setup(Level.Iteration)
    public void reset(BenchmarkParams parameters) {
        // JMH adds such counters up, over iterations and forks: each gives its part of the mean
        parts = parameters.getMeasurement().getCount() * Math.max(1, parameters.getForks());
        handshakes = 0;
        all = 0;
        byPort = 0;
    }

    /** Octets per handshake, engine and public-key work. */
    public double responderOctets() {
        return mean(all);
    }

    /** Octets per handshake while the port had the thread: public-key work, certificates. */
    public double responderOctetsByPort() {
        return mean(byPort);
    }

    private double mean(long octets) {
        return handshakes == 0 ? 0 : (double) octets / handshakes / parts;
    }

    /** Octets that this thread has allocated since it began. */
    long now() {
        return threads.getCurrentThreadAllocatedBytes();
    }

    void addAll(long octets) {
        all += octets;
    }

    void addByPort(long octets) {
        byPort += octets;
    }

    void addHandshake() {
        handshakes++;
    }
}
