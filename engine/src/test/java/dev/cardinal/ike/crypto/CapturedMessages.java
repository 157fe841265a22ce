package dev.cardinal.ike.crypto;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The IKE messages of a capture file: Ethernet, IPv4 and UDP on port 500 or 4500, pcap or pcapng, in their order. */
final class CapturedMessages {
    private static final int PCAPNG_SECTION = 0x0a0d0d0a;
    private static final int PCAPNG_PACKET = 6;

    private CapturedMessages() {}

    static List<byte[]> ike(Path file) {
        byte[] octets;
        try {
            octets = Files.readAllBytes(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        ByteBuffer in = ByteBuffer.wrap(octets).order(ByteOrder.LITTLE_ENDIAN);
        List<byte[]> messages = new ArrayList<>();
        if (in.getInt(0) == PCAPNG_SECTION) {
            for (int at = 0; at + 12 <= octets.length; at += in.getInt(at + 4)) {
                if (in.getInt(at) == PCAPNG_PACKET) {
                    add(messages, Arrays.copyOfRange(octets, at + 28, at + 28 + in.getInt(at + 20)));
                }
            }
        } else {
            for (int at = 24; at + 16 <= octets.length; at += 16 + in.getInt(at + 8)) {
                add(messages, Arrays.copyOfRange(octets, at + 16, at + 16 + in.getInt(at + 8)));
            }
        }
        return messages;
    }

    private static void add(List<byte[]> messages, byte[] frame) {
        ByteBuffer in = ByteBuffer.wrap(frame);
        int ip = 14;
        if (in.getShort(12) != 0x0800 || frame[ip + 9] != 17) {
            return;
        }
        int udp = ip + (frame[ip] & 0x0f) * 4;
        int start = udp + 8;
        int end = udp + (in.getShort(udp + 4) & 0xffff);
        boolean natTraversal = in.getShort(udp) == 4500 || in.getShort(udp + 2) == 4500;
        messages.add(Arrays.copyOfRange(frame, natTraversal ? start + 4 : start, end));
    }
}
