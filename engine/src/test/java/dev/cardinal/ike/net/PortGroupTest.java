package dev.cardinal.ike.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.DatagramChannel;
import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.Test;

class PortGroupTest {
    private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();

    @Test
    void everyAddressIsOneThatCanAnswer() throws Exception {
        List<InetAddress> found = PortGroup.addresses(new ListenSettings(List.of(), 500, 4500));
        assertTrue(found.contains(LOOPBACK));
        assertEquals(found.size(), new HashSet<>(found).size());
        for (InetAddress address : found) {
            assertFalse(address.isAnyLocalAddress() || address.isMulticastAddress() || address.isLinkLocalAddress());
        }
        ListenSettings configured = new ListenSettings(List.of(LOOPBACK), 500, 4500);
        assertEquals(List.of(LOOPBACK), PortGroup.addresses(configured));
    }

    @Test
    void systemChoosesTwoPorts() throws Exception {
        for (int i = 0; i < 20; i++) {
            Endpoint endpoint = PortGroup.prove(List.of(LOOPBACK), new ListenSettings(List.of(LOOPBACK), 0, 0))
                    .getFirst();
            assertTrue(endpoint.hasNatT());
            assertNotEquals(endpoint.port(), endpoint.natTPort());
        }
        Endpoint one = PortGroup.prove(
                        List.of(LOOPBACK), new ListenSettings(List.of(LOOPBACK), 0, ListenSettings.NO_NAT_T))
                .getFirst();
        assertFalse(one.hasNatT());
        assertEquals("127.0.0.1:" + one.port(), one.toString());
    }

    /** SO_REUSEPORT on both sides would let two daemons share one port, each losing half of its datagrams. */
    @Test
    void sharedPortIsInUse() throws Exception {
        try (DatagramChannel other = DatagramChannel.open()) {
            other.setOption(StandardSocketOptions.SO_REUSEPORT, true);
            other.bind(new InetSocketAddress(LOOPBACK, 0));
            int port = ((InetSocketAddress) other.getLocalAddress()).getPort();
            PortInUse refused = assertThrows(
                    PortInUse.class,
                    () -> PortGroup.prove(List.of(LOOPBACK), new ListenSettings(List.of(LOOPBACK), port, 0)));
            assertEquals(port, refused.port());
        }
        // a wildcard socket holds every address's port
        try (DatagramSocket wildcard = new DatagramSocket(0)) {
            assertThrows(
                    PortInUse.class,
                    () -> PortGroup.prove(
                            List.of(LOOPBACK), new ListenSettings(List.of(LOOPBACK), 0, wildcard.getLocalPort())));
        }
    }

    @Test
    void settingsAreValid() {
        assertThrows(IllegalArgumentException.class, () -> new ListenSettings(List.of(), -1, 4500));
        assertThrows(IllegalArgumentException.class, () -> new ListenSettings(List.of(), 500, 65536));
        assertThrows(IllegalArgumentException.class, () -> new ListenSettings(List.of(), 500, 500));
        assertTrue(new ListenSettings(List.of(), 0, 0).everyAddress());
    }

    @Test
    void addressesReadAsTheyAreWritten() throws Exception {
        assertEquals(
                "[0:0:0:0:0:0:0:1]:500 [0:0:0:0:0:0:0:1]:4500",
                new Endpoint(InetAddress.getByName("::1"), 500, 4500).toString());
    }
}
