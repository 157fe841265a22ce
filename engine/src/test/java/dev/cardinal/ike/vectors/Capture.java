package dev.cardinal.ike.vectors;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The packets of a pcap or pcapng file, and the IKE messages in them. */
public final class Capture {
    private static final int PCAP_MICROS = 0xa1b2c3d4;
    private static final int PCAP_NANOS = 0xa1b23c4d;
    private static final int PCAPNG_SECTION = 0x0a0d0d0a;
    private static final int PCAPNG_MAGIC = 0x1a2b3c4d;
    private static final int PCAPNG_INTERFACE = 1;
    private static final int PCAPNG_SIMPLE_PACKET = 3;
    private static final int PCAPNG_PACKET = 6;
    private static final int LINK_NULL = 0;
    private static final int LINK_ETHERNET = 1;
    private static final int LINK_RAW = 101;
    private static final int UDP = 17;
    private static final int IKE_PORT = 500;
    private static final int NAT_T_PORT = 4500;

    private Capture() {}

    /**
     * The UDP payloads that are IKE messages, in their order; without the non-ESP marker, ESP and keepalives.
     *
     * @throws IllegalStateException where the file is of a kind not read here
     */
    public static List<byte[]> ikeMessages(Path file) {
        try {
            ByteBuffer in = ByteBuffer.wrap(Files.readAllBytes(file));
            return in.getInt(0) == PCAPNG_SECTION ? pcapng(in) : pcap(in);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<byte[]> pcap(ByteBuffer in) {
        int magic = in.getInt(0);
        if (magic != PCAP_MICROS && magic != PCAP_NANOS) {
            in.order(ByteOrder.LITTLE_ENDIAN);
            magic = in.getInt(0);
        }
        if (magic != PCAP_MICROS && magic != PCAP_NANOS) {
            throw new IllegalStateException("no capture: " + Integer.toHexString(magic));
        }
        int link = in.getInt(20) & 0xffff;
        in.position(24);
        List<byte[]> messages = new ArrayList<>();
        while (in.hasRemaining()) {
            int length = in.getInt(in.position() + 8);
            in.position(in.position() + 16);
            ikeMessage(link, take(in, length)).ifPresent(messages::add);
        }
        return messages;
    }

    private static List<byte[]> pcapng(ByteBuffer in) {
        List<Integer> links = new ArrayList<>();
        List<byte[]> messages = new ArrayList<>();
        while (in.hasRemaining()) {
            int start = in.position();
            if (in.getInt(start) == PCAPNG_SECTION) {
                in.order(ByteOrder.BIG_ENDIAN);
                if (in.getInt(start + 8) != PCAPNG_MAGIC) {
                    in.order(ByteOrder.LITTLE_ENDIAN);
                }
                links.clear();
            }
            int type = in.getInt(start);
            int length = in.getInt(start + 4);
            switch (type) {
                case PCAPNG_INTERFACE -> links.add(in.getShort(start + 8) & 0xffff);
                case PCAPNG_PACKET -> {
                    in.position(start + 28);
                    byte[] packet = take(in, in.getInt(start + 20));
                    ikeMessage(links.get(in.getInt(start + 8)), packet).ifPresent(messages::add);
                }
                case PCAPNG_SIMPLE_PACKET -> {
                    in.position(start + 12);
                    byte[] packet = take(in, in.getInt(start + 8));
                    ikeMessage(links.getFirst(), packet).ifPresent(messages::add);
                }
                default -> {
                    // sections, names, statistics
                }
            }
            in.position(start + length);
        }
        return messages;
    }

    private static Optional<byte[]> ikeMessage(int link, byte[] packet) {
        ByteBuffer in = ByteBuffer.wrap(packet);
        switch (link) {
            case LINK_NULL -> in.position(4);
            case LINK_RAW -> in.position(0);
            case LINK_ETHERNET -> {
                boolean vlan = in.getShort(12) == (short) 0x8100;
                in.position(vlan ? 18 : 14);
            }
            default -> throw new IllegalStateException("link type " + link);
        }
        int ip = in.position();
        int udp;
        if ((in.get(ip) & 0xff) >>> 4 == 4) {
            udp = in.get(ip + 9) == UDP ? ip + 4 * (in.get(ip) & 0x0f) : -1;
        } else {
            udp = in.get(ip + 6) == UDP ? ip + 40 : -1;
        }
        return udp < 0 ? Optional.empty() : udpPayload(in, udp);
    }

    private static Optional<byte[]> udpPayload(ByteBuffer in, int udp) {
        int source = in.getShort(udp) & 0xffff;
        int destination = in.getShort(udp + 2) & 0xffff;
        // a capture may hold less than was sent
        int length = Math.min((in.getShort(udp + 4) & 0xffff) - 8, in.limit() - udp - 8);
        in.position(udp + 8);
        byte[] payload = take(in, length);
        if (source == NAT_T_PORT || destination == NAT_T_PORT) {
            return withoutMarker(payload);
        }
        return source == IKE_PORT || destination == IKE_PORT ? Optional.of(payload) : Optional.empty();
    }

    /** The message after the non-ESP marker (RFC 3948 section 2.2); empty for ESP and keepalives. */
    public static Optional<byte[]> withoutMarker(byte[] payload) {
        ByteBuffer in = ByteBuffer.wrap(payload);
        if (payload.length < 4 || in.getInt() != 0) {
            return Optional.empty();
        }
        return Optional.of(take(in, in.remaining()));
    }

    private static byte[] take(ByteBuffer in, int length) {
        byte[] taken = new byte[length];
        in.get(taken);
        return taken;
    }
}
