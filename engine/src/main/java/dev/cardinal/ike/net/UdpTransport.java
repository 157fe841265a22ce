package dev.cardinal.ike.net;

import dev.cardinal.ike.sa.Path;
import dev.cardinal.ike.sa.SaEvent;
import dev.cardinal.ike.wire.IkeHeader;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.ManualIoEventLoop;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.socket.DatagramPacket;
import io.netty.channel.socket.SocketProtocolFamily;
import io.netty.channel.socket.nio.NioChannelOption;
import io.netty.channel.unix.IntegerUnixChannelOption;
import io.netty.channel.unix.UnixChannelOption;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLongArray;
import org.jspecify.annotations.Nullable;

/**
 * The UDP sockets of one event loop, one for each local address and port. Everything but {@link #count} is for the loop's
 * thread. Handlers only enqueue; what is sent leaves at {@link #flush}, many datagrams a system call.
 *
 * <p>On the NAT-T socket the four octets of the non-ESP marker (RFC 3948 section 2.2) are stripped and added here.
 */
public final class UdpTransport implements AutoCloseable {
    /** Octets of a datagram, marker included; IKE messages of this size arrive in many IP fragments. */
    public static final int DATAGRAM_LIMIT = 0xffff;

    /** Datagrams taken by one system call. */
    static final int DATAGRAMS_PER_READ = 16;

    /** Octets waiting to be sent on a socket before more are dropped. */
    static final int SEND_LIMIT = 1 << 20;

    /**
     * Octets the system is asked to hold while the loop is busy, each datagram counted with the page it lies in: every
     * client of a large gateway may come in the same second, and a datagram lost here costs its client the seconds until
     * it repeats it. Without CAP_NET_ADMIN the system grants no more than net.core.rmem_max.
     */
    private static final int RECEIVE_BUFFER = 32 << 20;

    /** Beyond net.core.rmem_max (socket(7)); the constants are those of every Linux that Netty has a library for. */
    private static final IntegerUnixChannelOption RECEIVE_BUFFER_FORCE =
            new IntegerUnixChannelOption("SO_RCVBUFFORCE", 1, 33);

    private static final int MARKER_LENGTH = 4;
    private static final int KEEPALIVE = 0xff;
    private static final byte[] KEEPALIVE_DATAGRAM = {(byte) KEEPALIVE};

    private final ManualIoEventLoop ioLoop;
    private final SocketKind kind;
    private final Receiver receiver;
    private final Map<InetSocketAddress, Socket> sockets = new HashMap<>();
    private final Map<InetAddress, Endpoint> endpoints = new HashMap<>();
    private final List<Socket> unflushed = new ArrayList<>();
    private final AtomicLongArray counts = new AtomicLongArray(TransportCount.values().length);

    /** Takes what was received; must only enqueue. */
    @FunctionalInterface
    public interface Receiver {
        /** @return false where there is no room; the datagram is then counted and gone */
        boolean onDatagram(SaEvent.Datagram datagram);
    }

    public UdpTransport(ManualIoEventLoop ioLoop, SocketKind kind, Receiver receiver) {
        this.ioLoop = ioLoop;
        this.kind = kind;
        this.receiver = receiver;
    }

    /** Opens the sockets of a local address, shared with the other loops by SO_REUSEPORT. */
    public void bind(Endpoint endpoint) throws IOException {
        open(endpoint.ike(), false);
        if (endpoint.hasNatT()) {
            try {
                open(endpoint.natT(), true);
            } catch (IOException e) {
                closeSocket(endpoint.ike());
                throw e;
            }
        }
        endpoints.put(endpoint.address(), endpoint);
    }

    /** Closes the sockets of an address that has gone. */
    public void unbind(Endpoint endpoint) {
        endpoints.remove(endpoint.address());
        closeSocket(endpoint.ike());
        if (endpoint.hasNatT()) {
            closeSocket(endpoint.natT());
        }
    }

    /** The sockets of a local address, null where there are none. */
    public @Nullable Endpoint endpoint(InetAddress local) {
        return endpoints.get(local);
    }

    /** The local NAT-T port, 0 where that address has no such socket. */
    public int natTPort(InetAddress local) {
        Endpoint endpoint = endpoints.get(local);
        return endpoint == null || !endpoint.hasNatT() ? 0 : endpoint.natTPort();
    }

    /** Queues an IKE message until {@link #flush}. Copies it; dropped and counted where it cannot be sent. */
    public void send(byte[] datagram, Path path) {
        send(datagram, path.natT(), path);
    }

    /** Queues a NAT keepalive: one octet 0xff, never with a marker (RFC 3948 section 2.3). */
    public void keepalive(Path path) {
        send(KEEPALIVE_DATAGRAM, false, path);
    }

    private void send(byte[] datagram, boolean marked, Path path) {
        Socket socket = sockets.get(path.local());
        if (socket == null) {
            add(TransportCount.NO_SOCKET);
            return;
        }
        socket.send(datagram, marked, path);
    }

    /** Gives everything queued to the system. */
    public void flush() {
        for (int i = 0; i < unflushed.size(); i++) {
            Socket socket = unflushed.get(i);
            socket.unflushed = false;
            socket.channel.flush();
        }
        unflushed.clear();
    }

    /** A counter since start; readable from any thread. */
    public long count(TransportCount count) {
        return counts.getOpaque(count.ordinal());
    }

    @Override
    public void close() {
        for (Endpoint endpoint : List.copyOf(endpoints.values())) {
            unbind(endpoint);
        }
    }

    private void open(InetSocketAddress local, boolean natT) throws IOException {
        SocketProtocolFamily family =
                local.getAddress() instanceof Inet6Address ? SocketProtocolFamily.INET6 : SocketProtocolFamily.INET;
        Socket socket = new Socket(local, natT);
        Bootstrap bootstrap = new Bootstrap()
                .group(ioLoop)
                .channelFactory(() -> kind.channel(family))
                .option(ChannelOption.ALLOCATOR, PooledByteBufAllocator.DEFAULT)
                .option(ChannelOption.SO_RCVBUF, RECEIVE_BUFFER)
                .option(ChannelOption.WRITE_BUFFER_WATER_MARK, new WriteBufferWaterMark(SEND_LIMIT / 2, SEND_LIMIT))
                .handler(socket);
        switch (kind) {
            // recvmmsg happens only with both the payload size and a buffer of several payloads; untouched pages of
            // the buffer cost nothing
            case EPOLL ->
                bootstrap
                        .option(UnixChannelOption.SO_REUSEPORT, true)
                        .option(EpollChannelOption.MAX_DATAGRAM_PAYLOAD_SIZE, DATAGRAM_LIMIT + 1)
                        .option(
                                ChannelOption.RECVBUF_ALLOCATOR,
                                new FixedRecvByteBufAllocator((DATAGRAM_LIMIT + 1) * DATAGRAMS_PER_READ));
            case NIO ->
                bootstrap
                        .option(NioChannelOption.of(StandardSocketOptions.SO_REUSEPORT), true)
                        .option(ChannelOption.RECVBUF_ALLOCATOR, new FixedRecvByteBufAllocator(DATAGRAM_LIMIT + 1));
        }
        ChannelFuture bound = bootstrap.bind(local);
        while (!bound.isDone()) {
            ioLoop.runNow(); // the bind is a task of this very thread
        }
        if (!bound.isSuccess()) {
            Throwable cause = bound.cause();
            throw new IOException(
                    "cannot bind UDP port " + Endpoint.text(local.getAddress(), local.getPort()) + ": "
                            + cause.getMessage(),
                    cause);
        }
        socket.channel = bound.channel();
        if (kind == SocketKind.EPOLL) {
            forceReceiveBuffer(socket.channel);
        }
        sockets.put(local, socket);
    }

    private static void forceReceiveBuffer(Channel channel) {
        try {
            channel.config().setOption(RECEIVE_BUFFER_FORCE, RECEIVE_BUFFER);
        } catch (ChannelException e) {
            // not permitted: what SO_RCVBUF was granted has to do
        }
    }

    private void closeSocket(InetSocketAddress local) {
        Socket socket = sockets.remove(local);
        if (socket != null) {
            socket.channel.close();
        }
    }

    private void add(TransportCount count) {
        // the loop's thread is the only writer
        counts.setOpaque(count.ordinal(), counts.getPlain(count.ordinal()) + 1);
    }

    /** One socket. */
    private final class Socket extends ChannelInboundHandlerAdapter {
        private final InetSocketAddress local;
        private final boolean natT;
        private boolean unflushed;

        @SuppressWarnings("NullAway.Init") // set as soon as it is bound, before the socket is known to anyone
        private Channel channel;

        Socket(InetSocketAddress local, boolean natT) {
            this.local = local;
            this.natT = natT;
        }

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            try {
                if (message instanceof DatagramPacket packet) {
                    onPacket(packet.content(), packet.sender());
                }
            } finally {
                ReferenceCountUtil.release(message);
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            add(TransportCount.SOCKET_ERROR); // an unreachable peer, a full device queue: the protocol retransmits
        }

        private void onPacket(ByteBuf content, InetSocketAddress sender) {
            if (sender.getPort() == 0
                    || sender.getAddress().isAnyLocalAddress()
                    || sender.getAddress().isMulticastAddress()) {
                add(TransportCount.BAD_SOURCE);
                return;
            }
            int length = content.readableBytes();
            if (length > DATAGRAM_LIMIT) {
                add(TransportCount.TOO_LONG);
                return;
            }
            if (natT && !isIke(content, length)) {
                return;
            }
            if (content.readableBytes() < IkeHeader.LENGTH) {
                add(TransportCount.TOO_SHORT);
                return;
            }
            byte[] octets = new byte[content.readableBytes()];
            content.readBytes(octets);
            boolean taken = receiver.onDatagram(new SaEvent.Datagram(octets, new Path(local, sender, natT)));
            add(taken ? TransportCount.RECEIVED : TransportCount.QUEUE_FULL);
        }

        /** Tells IKE, which it leaves without its marker, from ESP and keepalives (RFC 3948 section 2). */
        private boolean isIke(ByteBuf content, int length) {
            if (length == 1 && content.getUnsignedByte(content.readerIndex()) == KEEPALIVE) {
                add(TransportCount.KEEPALIVE_RECEIVED);
                return false;
            }
            if (length < MARKER_LENGTH) {
                add(TransportCount.TOO_SHORT);
                return false;
            }
            if (content.readInt() != 0) {
                add(TransportCount.ESP_DROPPED); // a userland ESP takes it here one day
                return false;
            }
            return true;
        }

        private void send(byte[] datagram, boolean marked, Path path) {
            if (!channel.isWritable()) {
                add(TransportCount.SEND_BLOCKED);
                return;
            }
            int length = datagram.length + (marked ? MARKER_LENGTH : 0);
            if (length > DATAGRAM_LIMIT) {
                add(TransportCount.TOO_LONG);
                return;
            }
            ByteBuf content = channel.alloc().directBuffer(length);
            if (marked) {
                content.writeInt(0);
            }
            content.writeBytes(datagram);
            channel.write(new DatagramPacket(content, path.remote()), channel.voidPromise());
            add(TransportCount.SENT);
            if (!unflushed) {
                unflushed = true;
                UdpTransport.this.unflushed.add(this);
            }
        }
    }
}
