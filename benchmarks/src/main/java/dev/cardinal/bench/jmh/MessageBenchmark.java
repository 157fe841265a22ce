package dev.cardinal.bench.jmh;

import dev.cardinal.ike.backend.SystemRandom;
import dev.cardinal.ike.crypto.EncryptionAlgorithm;
import dev.cardinal.ike.crypto.IntegrityAlgorithm;
import dev.cardinal.ike.crypto.IntegrityFailure;
import dev.cardinal.ike.crypto.MessageProtection;
import dev.cardinal.ike.crypto.RandomSource;
import dev.cardinal.ike.crypto.Secret;
import dev.cardinal.ike.crypto.SymmetricCrypto;
import dev.cardinal.ike.wire.ExchangeType;
import dev.cardinal.ike.wire.IkeHeader;
import dev.cardinal.ike.wire.IkeMessage;
import dev.cardinal.ike.wire.MessageCodec;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What the protection of one message costs: IKE_AUTH's request with its certificate, as the engine builds it. Each time with
 * another SA's keys, as under a gateway's load, where no key serves twice in a row.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(2)
public class MessageBenchmark {
    private static final IkeHeader HEADER =
            new IkeHeader(1, 2, 0, 2, 0, ExchangeType.IKE_AUTH, IkeHeader.FLAG_INITIATOR, 1, 0);
    private static final int SAS = 256;

    /** The cipher; AES-CBC goes with HMAC-SHA2-256. */
    @Param({"AES_GCM_16", "AES_CBC", "CHACHA20_POLY1305"})
    private EncryptionAlgorithm encryption = EncryptionAlgorithm.AES_GCM_16;

    private final List<MessageProtection> protections = new ArrayList<>();
    private final List<Sealed> messages = new ArrayList<>();

    @SuppressWarnings("NullAway.Init") // made by prepare()
    private CapturedMessages.Chain chain;

    private int turn;

    private record Sealed(byte[] datagram, IkeMessage outer) {}

    /** Runs a handshake and protects its message with the keys of many SAs. */
    @Setup
    public void prepare() throws Exception {
        chain = CapturedMessages.capture().authRequest();
        SymmetricCrypto symmetric = new SymmetricCrypto();
        RandomSource random = new SystemRandom();
        int keyLength = encryption.keyMaterialLength(encryption.hasKeyLength() ? 256 : 0);
        boolean aead = encryption.isAead();
        for (int i = 0; i < SAS; i++) {
            MessageProtection protection = new MessageProtection(
                    symmetric,
                    random,
                    encryption,
                    Secret.owning(random.octets(keyLength)),
                    aead ? null : IntegrityAlgorithm.HMAC_SHA2_256_128,
                    aead ? null : Secret.owning(random.octets(IntegrityAlgorithm.HMAC_SHA2_256_128.keyLength())));
            protections.add(protection);
            byte[] datagram = protection.protect(HEADER, chain.firstType(), chain.octets());
            messages.add(new Sealed(datagram, MessageCodec.decode(datagram)));
        }
    }

    /** Wipes the keys. */
    @TearDown
    public void close() {
        protections.forEach(MessageProtection::close);
    }

    /** A chain of payloads to a datagram. */
    @Benchmark
    public byte[] protect() {
        turn = (turn + 1) % SAS;
        return protections.get(turn).protect(HEADER, chain.firstType(), chain.octets());
    }

    /** A datagram, decoded before, to a chain of payloads. */
    @Benchmark
    public byte[] unprotect() throws IntegrityFailure {
        turn = (turn + 1) % SAS;
        Sealed message = messages.get(turn);
        return protections.get(turn).unprotect(message.datagram(), message.outer());
    }
}
