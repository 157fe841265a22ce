package dev.cardinal.ike.wire;

import java.util.List;

/**
 * A message of ISAKMP whose payloads lie open: sent so, or decrypted.
 *
 * @param header of the datagram
 * @param bodies the payloads in their order
 * @param chain the octets of the chain, generic headers included, padding left out: what HASH(1) covers from the second
 *     payload on (RFC 2409 section 5.5)
 */
public record IsakmpMessage(IkeHeader header, List<IsakmpBody> bodies, byte[] chain) {
    private static final int GENERIC_HEADER_LENGTH = 4;

    public IsakmpMessage {
        bodies = List.copyOf(bodies);
    }

    /** The chain behind its first payload. */
    public byte[] afterFirst() {
        int first =
                bodies.isEmpty() ? 0 : GENERIC_HEADER_LENGTH + bodies.getFirst().octets().length;
        return java.util.Arrays.copyOfRange(chain, first, chain.length);
    }
}
