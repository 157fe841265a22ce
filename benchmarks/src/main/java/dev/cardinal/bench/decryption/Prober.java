package dev.cardinal.bench.decryption;

import dev.cardinal.ike.wire.IkeHeader;
import dev.cardinal.ike.wire.IsakmpBody;
import dev.cardinal.ike.wire.IsakmpCodec;
import dev.cardinal.ike.wire.MalformedMessage;
import dev.cardinal.ike.wire.MessageCodec;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Initiators, each on a port of its own and one exchange at a time, by one thread. */
final class Prober implements AutoCloseable {
    private static final int DATAGRAM_LIMIT = 65_536;
    private static final long REPEAT_NANOS = TimeUnit.SECONDS.toNanos(2);
    private static final int REPEATS_LIMIT = 4;
    private static final long TICK_MILLIS = 50;

    private final ThirdMessage messages;
    private final Samples samples;
    private final Random cookies;
    private final Selector selector = Selector.open();
    private final List<Port> ports = new ArrayList<>();
    private final ByteBuffer buffer = ByteBuffer.allocate(DATAGRAM_LIMIT);

    /**
     * @param count of ports: exchanges under way at a time
     * @param samples what is learnt
     */
    Prober(InetSocketAddress gateway, ThirdMessage messages, int count, Samples samples, Random cookies)
            throws IOException {
        this.messages = messages;
        this.samples = samples;
        this.cookies = cookies;
        for (int i = 0; i < count; i++) {
            DatagramChannel channel = DatagramChannel.open();
            Port port = new Port(channel);
            ports.add(port);
            channel.configureBlocking(false);
            channel.connect(gateway);
            channel.register(selector, SelectionKey.OP_READ, port);
        }
    }

    /** A port and its exchange. */
    private static final class Port {
        final DatagramChannel channel;
        Kind kind = Kind.GOOD;
        long cookie;
        boolean third;
        boolean busy;
        byte[] sent = {};
        long sentNanos;
        int repeats;
        byte @Nullable [] answer;

        Port(DatagramChannel channel) {
            this.channel = channel;
        }
    }

    /**
     * Carries out one exchange for each kind in the list, in its order.
     *
     * @throws IOException where the gateway does not answer a first message: it is gone
     */
    void run(List<Kind> order) throws IOException, GeneralSecurityException {
        Iterator<Kind> next = order.iterator();
        ports.forEach(port -> port.busy = false);
        int busy = 0;
        for (Port port : ports) {
            if (next.hasNext()) {
                begin(port, next.next());
                busy++;
            }
        }
        while (busy > 0) {
            selector.select(TICK_MILLIS);
            for (SelectionKey key : selector.selectedKeys()) {
                Port port = (Port) key.attachment();
                busy -= read(port, next);
            }
            selector.selectedKeys().clear();
            long now = System.nanoTime();
            for (Port port : ports) {
                if (port.busy && now - port.sentNanos > REPEAT_NANOS) {
                    busy -= repeat(port, next);
                }
            }
        }
    }

    private void begin(Port port, Kind kind) throws IOException {
        port.kind = kind;
        port.cookie = cookies.nextLong() | 1;
        port.third = false;
        port.busy = true;
        port.answer = null;
        port.repeats = 0;
        send(port, messages.first(port.cookie));
    }

    private static void send(Port port, byte[] message) throws IOException {
        port.sent = message;
        ByteBuffer octets = ByteBuffer.wrap(message);
        port.sentNanos = System.nanoTime();
        port.channel.write(octets);
    }

    /** @return exchanges that ended without another in their place, 0 or 1 */
    private int ended(Port port, Iterator<Kind> next) throws IOException {
        if (next.hasNext()) {
            begin(port, next.next());
            return 0;
        }
        port.busy = false;
        return 1;
    }

    private int read(Port port, Iterator<Kind> next) throws IOException, GeneralSecurityException {
        int ended = 0;
        while (true) {
            buffer.clear();
            if (port.channel.read(buffer) <= 0) {
                return ended;
            }
            long now = System.nanoTime();
            byte[] datagram = Arrays.copyOf(buffer.array(), buffer.position());
            IkeHeader header;
            try {
                header = MessageCodec.decodeHeader(datagram);
            } catch (MalformedMessage e) {
                samples.onOther(port.kind, "no message of IKE");
                continue;
            }
            // what comes for an exchange that is over says the same again
            if (header.initiatorSpi() != port.cookie || !port.busy) {
                continue;
            }
            if (!port.third) {
                port.third = true;
                port.repeats = 0;
                send(port, messages.third(port.kind, port.cookie, header.responderSpi()));
            } else if (header.responderSpi() != 0 && isAnswer(header, datagram)) {
                samples.onAnswer(port.kind, port.repeats == 0 ? now - port.sentNanos : 0, shape(header, datagram));
                ended += ended(port, next);
            }
        }
    }

    /** Not the second message once more, which a gateway that was slow to answer may send. */
    private static boolean isAnswer(IkeHeader header, byte[] datagram) {
        return header.nextPayload() != dev.cardinal.ike.wire.IsakmpPayloadType.SECURITY_ASSOCIATION.number();
    }

    /** What everybody sees of a message: its kind, its payloads, their lengths. */
    private static String shape(IkeHeader header, byte[] datagram) {
        StringBuilder shape = new StringBuilder();
        shape.append("exchange ")
                .append(header.exchangeType())
                .append(", flags ")
                .append(header.flags());
        shape.append(", ").append(datagram.length).append(" octets:");
        try {
            for (IsakmpBody body : IsakmpCodec.decode(header, datagram).bodies()) {
                shape.append(' ')
                        .append(body.type())
                        .append('(')
                        .append(body.octets().length)
                        .append(')');
            }
        } catch (MalformedMessage e) {
            shape.append(" closed");
        }
        return shape.toString();
    }

    private int repeat(Port port, Iterator<Kind> next) throws IOException {
        if (port.repeats++ < REPEATS_LIMIT) {
            send(port, port.sent);
            return 0;
        }
        if (!port.third) {
            throw new IOException("the gateway does not answer first messages");
        }
        samples.onOther(port.kind, "no answer");
        return ended(port, next);
    }

    @Override
    public void close() throws IOException {
        for (Port port : ports) {
            port.channel.close();
        }
        selector.close();
    }
}
