package dev.cardinal.ike.net;

import java.io.IOException;
import java.net.InetAddress;

/** A port we were told to listen on is another process's. */
public final class PortInUse extends IOException {
    private static final long serialVersionUID = 1L;

    private final transient InetAddress address;
    private final int port;

    PortInUse(InetAddress address, int port, IOException cause) {
        super("UDP port " + Endpoint.text(address, port) + " is in use by another process", cause);
        this.address = address;
        this.port = port;
    }

    public InetAddress address() {
        return address;
    }

    public int port() {
        return port;
    }
}
