package dev.cardinal.ike.sa;

import dev.cardinal.ike.wire.TrafficSelector;
import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/**
 * A traffic selector of the configuration, which may stand for the tunnel's own end point ({@code dynamic}).
 *
 * @param range null for {@code dynamic}
 * @param protocol IP protocol, 0 for any
 * @param startPort first port
 * @param endPort last port
 */
public record SelectorPolicy(@Nullable AddressRange range, int protocol, int startPort, int endPort) {

    /** Any port and protocol at the tunnel's own end point. */
    public static final SelectorPolicy DYNAMIC = new SelectorPolicy(null, 0, 0, 65535);

    /** The selector for a tunnel whose end point on this side is {@code endpoint}. */
    public TrafficSelector resolve(InetAddress endpoint) {
        return range == null
                ? new TrafficSelector(protocol, startPort, endPort, endpoint, endpoint)
                : new TrafficSelector(protocol, startPort, endPort, range.first(), range.last());
    }
}
