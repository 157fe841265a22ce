package dev.cardinal.ike.net;

import io.netty.channel.IoHandlerFactory;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.DatagramChannel;
import io.netty.channel.socket.SocketProtocolFamily;
import io.netty.channel.socket.nio.NioDatagramChannel;

/** Which of the system's interfaces the sockets use. */
public enum SocketKind {
    /** Many datagrams a system call; Linux on the architectures Netty ships a library for. */
    EPOLL,
    /** What the JDK has everywhere. */
    NIO;

    /** The best that works here. */
    public static SocketKind best() {
        return Epoll.isAvailable() ? EPOLL : NIO;
    }

    /** Makes the I/O half of an event loop. */
    public IoHandlerFactory ioHandlerFactory() {
        return switch (this) {
            case EPOLL -> EpollIoHandler.newFactory();
            case NIO -> NioIoHandler.newFactory();
        };
    }

    DatagramChannel channel(SocketProtocolFamily family) {
        return switch (this) {
            case EPOLL -> new EpollDatagramChannel(family);
            case NIO -> new NioDatagramChannel(family);
        };
    }
}
