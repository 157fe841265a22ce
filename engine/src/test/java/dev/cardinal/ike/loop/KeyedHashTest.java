package dev.cardinal.ike.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class KeyedHashTest {
    private static final KeyedHash HASH = new KeyedHash(counting(16));

    /** The values of the SipHash paper's appendix and of its reference code, key 00..0f. */
    @Test
    void givesThePublishedValues() {
        assertEquals(0x726fdb47dd0e0e31L, HASH.hash(counting(0)));
        assertEquals(0x74f839c593dc67fdL, HASH.hash(counting(1)));
        assertEquals(0x93f5f5799a932462L, HASH.hash(counting(8)));
        assertEquals(0xa129ca6149be45e5L, HASH.hash(counting(15)));
    }

    @Test
    void tweakCountsAsEightOctetsBefore() {
        byte[] octets = counting(23);
        ByteBuffer whole =
                ByteBuffer.allocate(31).order(ByteOrder.LITTLE_ENDIAN).putLong(0x1122334455667788L);
        whole.put(octets);
        byte[] all = whole.array();
        // the length octet differs: 23 against 31, so only the prefix is the same computation
        assertNotEquals(HASH.hash(all), HASH.hash(0x1122334455667788L, octets));
        assertNotEquals(HASH.hash(octets), HASH.hash(1, octets));
        assertNotEquals(HASH.hash(2, octets), HASH.hash(1, octets));
    }

    @Test
    void retransmissionsAreKnownByEveryOctetOfTheirOrigin() throws Exception {
        byte[] datagram = counting(300);
        InetSocketAddress source = new InetSocketAddress(InetAddress.getByName("192.0.2.1"), 500);
        long hash = HASH.ofRetransmission(7, source, datagram);
        assertEquals(hash, HASH.ofRetransmission(7, source, datagram.clone()));
        assertNotEquals(hash, HASH.ofRetransmission(8, source, datagram));
        assertNotEquals(hash, HASH.ofRetransmission(7, new InetSocketAddress(source.getAddress(), 501), datagram));
        assertNotEquals(
                hash,
                HASH.ofRetransmission(7, new InetSocketAddress(InetAddress.getByName("192.0.2.2"), 500), datagram));
        for (int i = 0; i < datagram.length; i++) {
            byte[] other = datagram.clone();
            other[i] ^= 1;
            assertNotEquals(hash, HASH.ofRetransmission(7, source, other), "octet " + i);
        }
        assertNotEquals(hash, HASH.ofRetransmission(7, source, Arrays.copyOf(datagram, 299)));
    }

    private static byte[] counting(int length) {
        byte[] octets = new byte[length];
        for (int i = 0; i < length; i++) {
            octets[i] = (byte) i;
        }
        return octets;
    }
}
