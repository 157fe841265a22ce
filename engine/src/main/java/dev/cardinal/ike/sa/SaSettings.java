package dev.cardinal.ike.sa;

/**
 * Settings of the daemon that every SA follows; strongswan.conf's names and defaults.
 *
 * @param retransmitTimeoutNanos wait before the first retransmission
 * @param retransmitBase factor from one wait to the next
 * @param retransmitTries retransmissions before the peer counts as dead
 * @param halfOpenTimeoutNanos how long a handshake may take
 * @param natKeepaliveNanos interval of NAT keepalives, 0 for none
 * @param tokenDeadlineNanos how long a request may wait for a back end
 * @param decryptionGridNanos grid on which answers leave that follow the decryption of a peer's octets, see
 *     {@link DepartureGrid}; above 0
 */
public record SaSettings(
        long retransmitTimeoutNanos,
        double retransmitBase,
        int retransmitTries,
        long halfOpenTimeoutNanos,
        long natKeepaliveNanos,
        long tokenDeadlineNanos,
        long decryptionGridNanos) {

    /** 10 ms: beyond what the host's work on a message varies by, and below what a peer notices. */
    public static final long DECRYPTION_GRID_NANOS = 10_000_000L;

    /** 4 s, 1.8, 5 tries, 30 s, 20 s, 10 ms; a request waits for a back end as long as the first retransmission does. */
    public static final SaSettings DEFAULT = new SaSettings(
            4_000_000_000L, 1.8, 5, 30_000_000_000L, 20_000_000_000L, 4_000_000_000L, DECRYPTION_GRID_NANOS);

    public SaSettings {
        if (decryptionGridNanos <= 0) {
            throw new IllegalArgumentException("a grid of " + decryptionGridNanos + " ns");
        }
    }

    /** From the first transmission of a request until its peer counts as dead: 165 s by default. */
    public long retransmissionNanos() {
        double nanos = 0;
        for (int sent = 0; sent <= retransmitTries; sent++) {
            nanos += retransmitTimeoutNanos * Math.pow(retransmitBase, sent);
        }
        return (long) nanos;
    }
}
