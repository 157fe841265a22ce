package dev.cardinal.ike.interop;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;

/** A first message without a sequel. */
final class HalfOpen {

    private HalfOpen() {}

    /**
     * Sends a first message that nobody will follow up, so that the other end holds a half-open SA: a proposal as the
     * case's, an X25519 value, a nonce (RFC 7296 section 1.2).
     */
    static void leave(String fromNamespace, String to, Path folder) {
        byte[] proposal = {
            // one proposal: last, length 44, number 1, IKE, no SPI, four transforms
            0,
            0,
            0,
            44,
            1,
            1,
            0,
            4,
            // encryption AES-CBC with a key length of 256
            3,
            0,
            0,
            12,
            1,
            0,
            0,
            12,
            (byte) 0x80,
            14,
            1,
            0,
            // integrity HMAC-SHA2-256-128, PRF HMAC-SHA2-256, X25519
            3,
            0,
            0,
            8,
            3,
            0,
            0,
            12,
            3,
            0,
            0,
            8,
            2,
            0,
            0,
            5,
            0,
            0,
            0,
            8,
            4,
            0,
            0,
            31
        };
        byte[] random = new byte[8 + 32 + 32];
        new Random(7296).nextBytes(random);
        ByteBuffer message = ByteBuffer.allocate(28 + 4 + proposal.length + 8 + 32 + 4 + 32);
        message.put(random, 0, 8).putLong(0);
        message.put((byte) 33).put((byte) 0x20).put((byte) 34).put((byte) 0x08);
        message.putInt(0).putInt(message.capacity());
        message.put((byte) 34)
                .put((byte) 0)
                .putShort((short) (4 + proposal.length))
                .put(proposal);
        message.put((byte) 40)
                .put((byte) 0)
                .putShort((short) 40)
                .putShort((short) 31)
                .putShort((short) 0);
        message.put(random, 8, 32);
        message.put((byte) 0).put((byte) 0).putShort((short) 36).put(random, 40, 32);
        try {
            Path file = folder.resolve("half-open.bin");
            Files.write(file, message.array());
            Command.of("bash", "-c", "cat " + file + " > /dev/udp/" + to + "/500")
                    .in(fromNamespace)
                    .run()
                    .orFail();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
