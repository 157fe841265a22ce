package dev.cardinal.bench.jmh;

import dev.cardinal.ike.backend.SystemRandom;
import dev.cardinal.ike.crypto.CryptoPort;
import dev.cardinal.ike.crypto.RandomSource;
import dev.cardinal.ike.crypto.SymmetricCrypto;
import dev.cardinal.ike.sa.AddressPools;
import dev.cardinal.ike.sa.Addresses;
import dev.cardinal.ike.sa.DepartureGrid;
import dev.cardinal.ike.sa.IkeKeyObserver;
import dev.cardinal.ike.sa.Path;
import dev.cardinal.ike.sa.SaEnvironment;
import dev.cardinal.ike.sa.SaSettings;
import dev.cardinal.ike.sa.SpiSource;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The two ends of measured handshakes, each with what a loop gives its SAs. */
final class Ends {
    private static final InetSocketAddress CLIENT =
            new InetSocketAddress(Addresses.of(new byte[] {(byte) 192, 0, 2, 1}), 500);
    private static final InetSocketAddress GATEWAY =
            new InetSocketAddress(Addresses.of(new byte[] {(byte) 198, 51, 100, 2}), 500);

    /** The defaults, but nothing expires: a busy machine makes a benchmark slow and not wrong. */
    private static final SaSettings SETTINGS = new SaSettings(
            SaSettings.DEFAULT.retransmitTimeoutNanos(),
            SaSettings.DEFAULT.retransmitBase(),
            SaSettings.DEFAULT.retransmitTries(),
            SaSettings.DEFAULT.halfOpenTimeoutNanos(),
            SaSettings.DEFAULT.natKeepaliveNanos(),
            TimeUnit.MINUTES.toNanos(1),
            SaSettings.DEFAULT.decryptionGridNanos());

    private Ends() {}

    static Handshakes.End initiators(Peers peers, CryptoPort port) {
        return new Handshakes.End(environment(peers, null), port, new Path(CLIENT, GATEWAY, false));
    }

    /** @param observer sees the keys of each SA; null for nobody */
    static Handshakes.End responders(Peers peers, CryptoPort port, @Nullable IkeKeyObserver observer) {
        return new Handshakes.End(environment(peers, observer), port, new Path(GATEWAY, CLIENT, false));
    }

    static SaEnvironment environment(Peers peers, @Nullable IkeKeyObserver observer) {
        RandomSource random = new SystemRandom();
        return new SaEnvironment(
                random,
                new SymmetricCrypto(),
                path -> List.of(peers.gateway()),
                peers.credentials(),
                AddressPools.NONE,
                new RandomSpis(random),
                local -> 4500,
                SETTINGS,
                new DepartureGrid(SETTINGS.decryptionGridNanos()),
                observer);
    }

    /** As a loop's, without a table of those in use. */
    private static final class RandomSpis implements SpiSource {
        private final RandomSource random;
        private final byte[] octets = new byte[Long.BYTES];
        private int serial;

        RandomSpis(RandomSource random) {
            this.random = random;
        }

        @Override
        public long nextIkeSpi() {
            random.fill(octets);
            return ByteBuffer.wrap(octets).getLong() | 1;
        }

        @Override
        public int nextChildSpi() {
            return (int) nextIkeSpi() | 0x100;
        }

        @Override
        public void releaseChildSpi(int spi) {}

        @Override
        public int nextSerial() {
            return ++serial;
        }
    }
}
