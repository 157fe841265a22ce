package dev.cardinal.ike.backend;

import dev.cardinal.ike.crypto.CryptoOutcome;
import dev.cardinal.ike.crypto.CryptoOutcome.Failed;
import dev.cardinal.ike.crypto.CryptoPort;
import dev.cardinal.ike.crypto.CryptoRequest;
import dev.cardinal.ike.crypto.KeyExchangeHandle;
import dev.cardinal.ike.crypto.KeyExchangeMethod;
import dev.cardinal.ike.crypto.KeyExchangePlacement;
import dev.cardinal.ike.crypto.PseudorandomFunction;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Sends each request to the device that shall do it: a signature to where its key lies, an agreement to where its key pair
 * lies, a new key pair to where the connection's {@link KeyExchangePlacement} and the tokens' abilities say. A peer is
 * judged here, on the calling thread, where that is soon done; its signatures go together, as lanes of a batch, to a token
 * that verifies other people's signatures, whatever its role; where none does, and where judging is not enough, the peer is
 * the host's. Counts what each device has done.
 */
public final class CryptoRouter implements CryptoPort {
    private static final String HOST = "host";

    /** What a client usually sends: its certificate and those of two authorities. */
    private static final int SOON_JUDGED_CERTIFICATES = 3;

    private static final int SOON_JUDGED_OCTETS = 6 * 1024;

    /** @param keyExchange whether the configuration gives the token this role; signatures follow their keys in any case */
    public record Token(HsmCryptoPort port, boolean keyExchange) {}

    /** Kinds of requests. */
    public enum Operation {
        GENERATE,
        AGREE,
        GENERATE_AND_AGREE,
        SIGN,
        DECRYPT,
        ENCRYPT_TO_PEER,
        VERIFY_PEER
    }

    /**
     * @param device {@code host} or a token's name
     * @param done completed; a peer that was rejected is a verification done
     * @param failed completed as {@link Failed}; or a verification that a token left to the host, which counts it too
     * @param refused not taken, because a queue was full
     */
    public record Count(String device, Operation operation, long done, long failed, long refused) {}

    private static final class Counters {
        final LongAdder done = new LongAdder();
        final LongAdder failed = new LongAdder();
        final LongAdder refused = new LongAdder();
    }

    private final CryptoPort host;
    private final List<Token> tokens;
    private final List<HsmCryptoPort> verifiers;
    private final KnownCertificates known;
    private final ThreadLocal<PeerJudge> judges;
    private final Map<String, Map<Operation, Counters>> counters = new LinkedHashMap<>();
    private final LongAdder fallbacks = new LongAdder();
    private final AtomicInteger turn = new AtomicInteger();

    /**
     * @param host the device of {@link HostSigningKey}s
     * @param tokens with names that differ from each other and from {@code host}
     * @param clock tells whether a certificate is valid
     */
    public CryptoRouter(CryptoPort host, List<Token> tokens, Clock clock) {
        this(host, tokens, clock, KnownCertificates.kept());
    }

    /** The same, with what is remembered of certificates. */
    public CryptoRouter(CryptoPort host, List<Token> tokens, Clock clock, KnownCertificates known) {
        this.host = host;
        this.known = known;
        this.tokens = List.copyOf(tokens);
        this.verifiers =
                tokens.stream().map(Token::port).filter(HsmCryptoPort::verifies).toList();
        this.judges = ThreadLocal.withInitial(() -> new PeerJudge(clock, known));
        addDevice(HOST);
        for (Token token : tokens) {
            addDevice(token.port().name());
        }
    }

    private void addDevice(String name) {
        Map<Operation, Counters> operations = new EnumMap<>(Operation.class);
        for (Operation operation : Operation.values()) {
            operations.put(operation, new Counters());
        }
        if (counters.put(name, operations) != null) {
            throw new IllegalArgumentException("two devices named " + name);
        }
    }

    @Override
    public boolean submit(CryptoRequest request, Completion completion) {
        return switch (request) {
            case CryptoRequest.Generate r -> place(r.method(), r.placement(), null, r, completion);
            case CryptoRequest.GenerateAndAgree r ->
                place(r.method(), r.placement(), r.derivation().prf(), r, completion);
            case CryptoRequest.Agree r -> {
                if (r.handle() instanceof TokenKeyExchange exchange) {
                    yield send(exchange.port().name(), exchange.port(), r, completion);
                }
                yield send(HOST, host, r, completion);
            }
            case CryptoRequest.Sign r -> {
                if (r.key() instanceof TokenSigningKey key) {
                    yield send(key.port().name(), key.port(), r, completion);
                }
                yield send(HOST, host, r, completion);
            }
            case CryptoRequest.Decrypt r -> {
                if (r.key() instanceof TokenDecryptionKey key) {
                    yield send(key.port().name(), key.port(), r, completion);
                }
                yield send(HOST, host, r, completion);
            }
            case CryptoRequest.EncryptToPeer r -> send(HOST, host, r, completion);
            case CryptoRequest.VerifyPeer r -> verify(r, completion);
        };
    }

    private boolean verify(CryptoRequest.VerifyPeer request, Completion completion) {
        if (verifiers.isEmpty() || !isSoonJudged(request)) {
            return send(HOST, host, request, completion);
        }
        return switch (judges.get().judge(request)) {
            case PeerJudge.Judgement.Refused refused -> {
                counters(HOST, Operation.VERIFY_PEER).done.increment();
                Delivery.deliver(new CryptoOutcome.PeerRejected(refused.reason()), completion);
                yield true;
            }
            case PeerJudge.Judgement.Unusual unusual -> send(HOST, host, request, completion);
            case PeerJudge.Judgement.Signatures judged -> {
                HsmCryptoPort port = verifier(judged);
                yield port == null ? send(HOST, host, request, completion) : verify(port, request, judged, completion);
            }
        };
    }

    /** Whether a loop's thread may judge the peer itself: a hand-off to the host's threads costs more than this takes. */
    private static boolean isSoonJudged(CryptoRequest.VerifyPeer request) {
        int octets = 0;
        for (byte[] certificate : request.certificates()) {
            octets += certificate.length;
        }
        return request.certificates().size() <= SOON_JUDGED_CERTIFICATES && octets <= SOON_JUDGED_OCTETS;
    }

    private @Nullable HsmCryptoPort verifier(PeerJudge.Judgement.Signatures judged) {
        int first = Math.floorMod(turn.getAndIncrement(), verifiers.size());
        for (int i = 0; i < verifiers.size(); i++) {
            HsmCryptoPort port = verifiers.get((first + i) % verifiers.size());
            if (verifies(port, judged)) {
                return port;
            }
        }
        return null;
    }

    private static boolean verifies(HsmCryptoPort port, PeerJudge.Judgement.Signatures judged) {
        for (PeerJudge.Link link : judged.links()) {
            if (!port.verifies(link.check())) {
                return false;
            }
        }
        return port.verifies(judged.auth());
    }

    private boolean verify(
            HsmCryptoPort port,
            CryptoRequest.VerifyPeer request,
            PeerJudge.Judgement.Signatures judged,
            Completion completion) {
        Counters count = counters(port.name(), Operation.VERIFY_PEER);
        TokenVerification.Receiver receiver = new TokenVerification.Receiver() {
            @Override
            public void decided(CryptoOutcome outcome) {
                (outcome instanceof Failed ? count.failed : count.done).increment();
                completion.completed(outcome);
            }

            @Override
            public void undecided() {
                count.failed.increment();
                if (!send(HOST, host, request, completion)) {
                    completion.completed(
                            new Failed(Failed.Kind.BACKEND, port.name() + " could not tell, host is busy"));
                }
            }
        };
        boolean taken = new TokenVerification(port, request, judged, known, receiver).submit();
        if (!taken) {
            count.refused.increment();
        }
        return taken;
    }

    /** @param prf null where it is not known yet */
    private boolean place(
            KeyExchangeMethod method,
            KeyExchangePlacement placement,
            @Nullable PseudorandomFunction prf,
            CryptoRequest request,
            Completion completion) {
        if (placement == KeyExchangePlacement.HOST) {
            return send(HOST, host, request, completion);
        }
        List<HsmCryptoPort> able = new ArrayList<>();
        for (Token token : tokens) {
            if (token.keyExchange()
                    && token.port().offers(method)
                    && (prf == null || token.port().derives(prf))) {
                able.add(token.port());
            }
        }
        if (able.isEmpty()) {
            if (placement == KeyExchangePlacement.PREFER_TOKEN) {
                fallbacks.increment();
                return send(HOST, host, request, completion);
            }
            completion.completed(new Failed(Failed.Kind.UNSUPPORTED, "no token for " + method));
            return true;
        }
        // tokens take turns; a full queue is back-pressure only once all are full
        int first = Math.floorMod(turn.getAndIncrement(), able.size());
        for (int i = 0; i < able.size(); i++) {
            HsmCryptoPort port = able.get((first + i) % able.size());
            if (send(port.name(), port, request, completion)) {
                return true;
            }
        }
        return false;
    }

    private boolean send(String device, CryptoPort port, CryptoRequest request, Completion completion) {
        Counters count = counters(device, operation(request));
        boolean taken = port.submit(request, outcome -> {
            (outcome instanceof Failed ? count.failed : count.done).increment();
            completion.completed(outcome);
        });
        if (!taken) {
            count.refused.increment();
        }
        return taken;
    }

    @Override
    public void release(KeyExchangeHandle handle) {
        if (handle instanceof TokenKeyExchange exchange) {
            exchange.port().release(handle);
        } else {
            host.release(handle);
        }
    }

    /** What each device has done since start, without the pairs of device and operation that never were. */
    public List<Count> counts() {
        List<Count> counts = new ArrayList<>();
        counters.forEach((device, operations) -> operations.forEach((operation, count) -> {
            Count row = new Count(device, operation, count.done.sum(), count.failed.sum(), count.refused.sum());
            if (row.done() + row.failed() + row.refused() > 0) {
                counts.add(row);
            }
        }));
        return counts;
    }

    /** Key exchanges that should rather have been a token's and were the host's, since no token offers them. */
    public long fallbacks() {
        return fallbacks.sum();
    }

    /** The capability table as lines for the log: what would go where. */
    public List<String> capabilities() {
        List<String> lines = new ArrayList<>();
        for (Token token : tokens) {
            HsmCryptoPort port = token.port();
            String label = port.profile().label();
            lines.add(port.name() + " (" + label + "): signs "
                    + (port.profile().signatures().isEmpty()
                            ? "nothing"
                            : port.profile().signatures().stream()
                                    .sorted()
                                    .map(Enum::name)
                                    .collect(Collectors.joining(" "))));
            if (port.verifies()) {
                lines.add(port.name() + " (" + label + "): verifies peers' signatures with "
                        + port.profile().verifications().stream()
                                .sorted()
                                .map(Enum::name)
                                .collect(Collectors.joining(" ")));
            }
            lines.add(port.name() + " (" + label + "): key exchange " + keyExchange(token));
            lines.add(port.name() + " (" + label + "): prf "
                    + names(PseudorandomFunction.values(), PseudorandomFunction::keyword, port::derives));
        }
        lines.add("host: signs with the keys of the configuration; "
                + (verifiers.isEmpty() ? "verifies" : "verifies what the tokens leave") + "; key exchange "
                + names(KeyExchangeMethod.values(), KeyExchangeMethod::keyword, method -> true));
        return lines;
    }

    private static String keyExchange(Token token) {
        if (!token.keyExchange()) {
            return "not its role";
        }
        String methods = Arrays.stream(KeyExchangeMethod.values())
                .filter(token.port()::offers)
                .map(method -> method.keyword()
                        + (token.port().profile().hiddenSecret().contains(TokenKeyExchange.group(method))
                                ? ""
                                : " (secret extracted)"))
                .collect(Collectors.joining(" "));
        return methods.isEmpty() ? "none" : methods;
    }

    private static <T> String names(T[] values, Function<T, String> name, Predicate<T> wanted) {
        return Arrays.stream(values).filter(wanted).map(name).collect(Collectors.joining(" "));
    }

    private Counters counters(String device, Operation operation) {
        Map<Operation, Counters> operations = counters.get(device);
        Counters count = operations == null ? null : operations.get(operation);
        if (count == null) {
            throw new IllegalArgumentException("unknown device " + device);
        }
        return count;
    }

    private static Operation operation(CryptoRequest request) {
        return switch (request) {
            case CryptoRequest.Generate r -> Operation.GENERATE;
            case CryptoRequest.Agree r -> Operation.AGREE;
            case CryptoRequest.GenerateAndAgree r -> Operation.GENERATE_AND_AGREE;
            case CryptoRequest.Sign r -> Operation.SIGN;
            case CryptoRequest.Decrypt r -> Operation.DECRYPT;
            case CryptoRequest.EncryptToPeer r -> Operation.ENCRYPT_TO_PEER;
            case CryptoRequest.VerifyPeer r -> Operation.VERIFY_PEER;
        };
    }
}
