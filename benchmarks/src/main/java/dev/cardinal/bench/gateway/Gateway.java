package dev.cardinal.bench.gateway;

import java.io.IOException;
import java.net.InetSocketAddress;

/**
 * A responder under test, in a process of its own, that answers any client of the fleet. No cookies, no limits of half-open
 * SAs, no log of single SAs, no liveness checks and no rekeying, so that what is measured is handshakes.
 */
public interface Gateway extends AutoCloseable {

    /** {@code cardinal} or {@code strongswan}. */
    String name();

    /** What it calls itself, for the record. */
    String version();

    /** How it was configured, in a few words, for the record: where the key lies, which plugins compute. */
    String configuration();

    /** Where IKE is spoken. */
    InetSocketAddress address();

    /** Its process, which does nothing but this gateway's work. */
    ProcessAccounting accounting();

    /** IKE SAs that it holds now as established. */
    long established() throws IOException;

    /** Ends the process and waits for its end; the folder stays. Closing twice is harmless. */
    @Override
    void close();
}
