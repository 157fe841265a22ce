package dev.cardinal.ike.ikev2;

import dev.cardinal.ike.crypto.HashMethod;
import dev.cardinal.ike.sa.IkeSuite;
import dev.cardinal.ike.sa.PeerPolicy;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What IKE_SA_INIT leaves for IKE_AUTH; dropped when the SA is established.
 *
 * @param candidates the connections that are still possible, best first
 * @param peerValue the peer's public value
 * @param requestMessage {@code RealMessage1}, which the initiator's AUTH covers
 * @param responseMessage {@code RealMessage2}, which the responder's AUTH covers
 * @param authorities SHA-1 hashes of the CA keys that the peer asked for in IKE_SA_INIT
 */
record Handshake(
        List<PeerPolicy> candidates,
        IkeSuite suite,
        Nonces nonces,
        byte[] peerValue,
        byte[] requestMessage,
        byte[] responseMessage,
        PeerFeatures peer,
        List<byte[]> authorities) {

    Handshake {
        candidates = List.copyOf(candidates);
        authorities = List.copyOf(authorities);
    }

    /**
     * What the peer's IKE_SA_INIT message announced.
     *
     * @param hashes of SIGNATURE_HASH_ALGORITHMS; null where the peer does not speak RFC 7427
     */
    record PeerFeatures(
            boolean fragmentation,
            boolean childless,
            @Nullable Set<HashMethod> hashes) {

        /** Reads SIGNATURE_HASH_ALGORITHMS (RFC 7427 section 4). Unknown hashes are ignored. */
        static Set<HashMethod> hashes(byte[] data) {
            Set<HashMethod> hashes = EnumSet.noneOf(HashMethod.class);
            for (int i = 0; i + 1 < data.length; i += 2) {
                HashMethod hash = HashMethod.of((data[i] & 0xff) << 8 | data[i + 1] & 0xff);
                if (hash != null) {
                    hashes.add(hash);
                }
            }
            return hashes;
        }
    }
}
