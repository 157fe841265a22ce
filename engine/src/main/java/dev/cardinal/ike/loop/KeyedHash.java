package dev.cardinal.ike.loop;

import dev.cardinal.ike.crypto.RandomSource;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteOrder;

/**
 * SipHash-2-4: a hash whose collisions a peer cannot make, since it does not know the key. For tables keyed by what peers
 * choose. Immutable, shared by all loops.
 */
final class KeyedHash {
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN)
            .withInvokeExactBehavior();

    private final long k0;
    private final long k1;

    /** @param key 16 octets */
    KeyedHash(byte[] key) {
        k0 = (long) LONG.get(key, 0);
        k1 = (long) LONG.get(key, 8);
    }

    static KeyedHash random(RandomSource random) {
        return new KeyedHash(random.octets(16));
    }

    long hash(byte[] octets) {
        return hash(0, octets);
    }

    /** Where a first message came from: its loop is found by this. */
    long ofFirstMessage(long initiatorSpi, InetAddress source) {
        return hash(initiatorSpi, source.getAddress());
    }

    /** A first message as a whole, which a retransmission repeats octet by octet. */
    long ofRetransmission(long initiatorSpi, InetSocketAddress source, byte[] datagram) {
        long where = hash(initiatorSpi, source.getAddress().getAddress()) + source.getPort();
        return hash(where, datagram);
    }

    /** @param tweak hashed before the octets, as if eight more stood before them */
    long hash(long tweak, byte[] octets) {
        long v0 = k0 ^ 0x736f6d6570736575L;
        long v1 = k1 ^ 0x646f72616e646f6dL;
        long v2 = k0 ^ 0x6c7967656e657261L;
        long v3 = k1 ^ 0x7465646279746573L;
        int words = octets.length >>> 3;
        // word -1 is the tweak, the last one holds the remaining octets and the length
        for (int word = tweak == 0 ? 0 : -1; word <= words; word++) {
            long m = word < 0 ? tweak : word < words ? (long) LONG.get(octets, word << 3) : last(octets, words);
            v3 ^= m;
            for (int round = 0; round < 2; round++) {
                v0 += v1;
                v2 += v3;
                v1 = Long.rotateLeft(v1, 13) ^ v0;
                v3 = Long.rotateLeft(v3, 16) ^ v2;
                v0 = Long.rotateLeft(v0, 32);
                v2 += v1;
                v0 += v3;
                v1 = Long.rotateLeft(v1, 17) ^ v2;
                v3 = Long.rotateLeft(v3, 21) ^ v0;
                v2 = Long.rotateLeft(v2, 32);
            }
            v0 ^= m;
        }
        v2 ^= 0xff;
        for (int round = 0; round < 4; round++) {
            v0 += v1;
            v2 += v3;
            v1 = Long.rotateLeft(v1, 13) ^ v0;
            v3 = Long.rotateLeft(v3, 16) ^ v2;
            v0 = Long.rotateLeft(v0, 32);
            v2 += v1;
            v0 += v3;
            v1 = Long.rotateLeft(v1, 17) ^ v2;
            v3 = Long.rotateLeft(v3, 21) ^ v0;
            v2 = Long.rotateLeft(v2, 32);
        }
        return v0 ^ v1 ^ v2 ^ v3;
    }

    private static long last(byte[] octets, int words) {
        long m = (long) octets.length << 56;
        for (int i = octets.length - 1; i >= words << 3; i--) {
            m |= (octets[i] & 0xffL) << ((i & 7) << 3);
        }
        return m;
    }
}
