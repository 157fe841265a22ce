package dev.cardinal.ike.wire;

import java.util.Arrays;
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
    public IsakmpMessage {
        bodies = List.copyOf(bodies);
    }

    /** The chain behind its first payload; empty where there is none. */
    public byte[] afterFirst() {
        int first = bodies.isEmpty()
                ? 0
                : IsakmpCodec.GENERIC_HEADER_LENGTH + bodies.getFirst().octets().length;
        return Arrays.copyOfRange(chain, first, chain.length);
    }
}
