package dev.cardinal.ike.sa;

import dev.cardinal.ike.crypto.SymmetricCrypto;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;

/** The hashes of NAT_DETECTION_*_IP (RFC 7296 section 2.23): {@code SHA-1(SPIi | SPIr | address | port)}. */
public final class NatDetection {
    private NatDetection() {}

    /** The hash of an end point under the SPIs as they stand in the header of the message that carries it. */
    public static byte[] hash(
            SymmetricCrypto symmetric, long initiatorSpi, long responderSpi, InetSocketAddress endpoint) {
        byte[] spis = ByteBuffer.allocate(16)
                .putLong(initiatorSpi)
                .putLong(responderSpi)
                .array();
        byte[] port = {(byte) (endpoint.getPort() >> 8), (byte) endpoint.getPort()};
        return symmetric.sha1(spis, endpoint.getAddress().getAddress(), port);
    }
}
