package dev.cardinal.ike.wire;

import java.util.List;

/**
 * A proposal (RFC 7296 section 3.3.1).
 *
 * @param number 1 for the first offered, then counting; in an answer the number of the accepted one
 * @param protocol 1 IKE, 2 AH, 3 ESP
 * @param spi empty, 4 or 8 octets
 * @param transforms in the order of the sender
 */
public record Proposal(int number, int protocol, byte[] spi, List<Transform> transforms) {
    public static final int IKE = 1;
    public static final int AH = 2;
    public static final int ESP = 3;

    public Proposal {
        transforms = List.copyOf(transforms);
    }
}
