package dev.cardinal.bench;

import dev.cardinal.ike.crypto.EncryptionAlgorithm;
import dev.cardinal.ike.crypto.IntegrityAlgorithm;
import dev.cardinal.ike.crypto.IntegrityFailure;
import dev.cardinal.ike.crypto.MessageProtection;
import dev.cardinal.ike.crypto.Secret;
import dev.cardinal.ike.crypto.SymmetricCrypto;
import dev.cardinal.ike.wire.ExchangeType;
import dev.cardinal.ike.wire.IkeHeader;
import dev.cardinal.ike.wire.IkeMessage;
import dev.cardinal.ike.wire.MalformedMessage;
import dev.cardinal.ike.wire.MessageCodec;
import dev.cardinal.ike.wire.Payload;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
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

/** What one protected message costs: encode and seal, open and decode, a body as large as a certificate makes it. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(2)
public class MessageBenchmark {
    private static final IkeHeader HEADER =
            new IkeHeader(1, 2, 0, 2, 0, ExchangeType.IKE_AUTH, IkeHeader.FLAG_INITIATOR, 1, 0);

    /** The suite. */
    @Param({"AES_GCM_16", "AES_CBC", "CHACHA20_POLY1305"})
    public String encryption = "AES_GCM_16";

    private @Nullable MessageProtection protection;
    private List<Payload> payloads = List.of();
    private byte[] sealed = new byte[0];

    /** Keys and a message of about 1,400 octets. */
    @Setup
    public void prepare() {
        Random random = new Random(1);
        EncryptionAlgorithm algorithm = EncryptionAlgorithm.valueOf(encryption);
        boolean aead = algorithm.isAead();
        byte[] key = new byte[algorithm.keyMaterialLength(algorithm.hasKeyLength() ? 256 : 0)];
        random.nextBytes(key);
        IntegrityAlgorithm integrity = aead ? null : IntegrityAlgorithm.HMAC_SHA2_256_128;
        Secret integrityKey = aead ? null : Secret.owning(new byte[32]);
        protection = new MessageProtection(
                new SymmetricCrypto(), random::nextBytes, algorithm, Secret.owning(key), integrity, integrityKey);
        byte[] certificate = new byte[1_020];
        random.nextBytes(certificate);
        payloads = List.of(
                new Payload.Certificate(Payload.Certificate.X509_SIGNATURE, certificate),
                new Payload.Authentication(14, new byte[272]));
        sealed = seal();
    }

    /** Wipes the keys. */
    @TearDown
    public void close() {
        current().close();
    }

    private MessageProtection current() {
        MessageProtection ready = protection;
        if (ready == null) {
            throw new IllegalStateException("not prepared");
        }
        return ready;
    }

    /** Payloads to a datagram. */
    @Benchmark
    public byte[] seal() {
        return current().protect(HEADER, MessageCodec.firstType(payloads), MessageCodec.encodePayloads(payloads));
    }

    /** A datagram to payloads. */
    @Benchmark
    public List<Payload> open() throws MalformedMessage, IntegrityFailure {
        IkeMessage outer = MessageCodec.decode(sealed);
        Payload.Encrypted encrypted = (Payload.Encrypted) outer.payloads().getLast();
        return MessageCodec.decodePayloads(encrypted.firstInner(), current().unprotect(sealed, outer));
    }
}
