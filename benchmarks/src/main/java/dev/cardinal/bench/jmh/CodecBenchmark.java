package dev.cardinal.bench.jmh;

import dev.cardinal.ike.wire.IkeMessage;
import dev.cardinal.ike.wire.MalformedMessage;
import dev.cardinal.ike.wire.MessageCodec;
import dev.cardinal.ike.wire.Payload;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** The codec alone, on the messages of a real handshake: datagrams of IKE_SA_INIT, the chains of payloads inside IKE_AUTH. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(2)
public class CodecBenchmark {
    @SuppressWarnings("NullAway.Init") // made by capture()
    private CapturedMessages messages;

    @SuppressWarnings("NullAway.Init")
    private IkeMessage initRequest;

    @SuppressWarnings("NullAway.Init")
    private IkeMessage initResponse;

    private List<Payload> authRequest = List.of();
    private List<Payload> authResponse = List.of();

    /** Runs a handshake. */
    @Setup
    public void capture() throws Exception {
        messages = CapturedMessages.capture();
        initRequest = decodeInitRequest();
        initResponse = decodeInitResponse();
        authRequest = decodeAuthRequest();
        authResponse = decodeAuthResponse();
    }

    @Benchmark
    public IkeMessage decodeInitRequest() throws MalformedMessage {
        return MessageCodec.decode(messages.initRequest());
    }

    @Benchmark
    public byte[] encodeInitRequest() {
        return MessageCodec.encode(initRequest.header(), initRequest.payloads());
    }

    @Benchmark
    public IkeMessage decodeInitResponse() throws MalformedMessage {
        return MessageCodec.decode(messages.initResponse());
    }

    @Benchmark
    public byte[] encodeInitResponse() {
        return MessageCodec.encode(initResponse.header(), initResponse.payloads());
    }

    @Benchmark
    public List<Payload> decodeAuthRequest() throws MalformedMessage {
        return decode(messages.authRequest());
    }

    @Benchmark
    public byte[] encodeAuthRequest() {
        return MessageCodec.encodePayloads(authRequest);
    }

    @Benchmark
    public List<Payload> decodeAuthResponse() throws MalformedMessage {
        return decode(messages.authResponse());
    }

    @Benchmark
    public byte[] encodeAuthResponse() {
        return MessageCodec.encodePayloads(authResponse);
    }

    private static List<Payload> decode(CapturedMessages.Chain chain) throws MalformedMessage {
        return MessageCodec.decodePayloads(chain.firstType(), chain.octets());
    }
}
