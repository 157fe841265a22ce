package dev.cardinal.ike.wire;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Random values survive the wire. */
class MessageRoundTripTest {
    private static final int RUNS = 5_000;

    private final long seed = new Random().nextLong();
    private final Random random = new Random(seed);

    @Test
    void anyMessageDecodesToItself() throws MalformedMessage {
        System.out.println("MessageRoundTripTest seed " + seed);
        for (int run = 0; run < RUNS; run++) {
            List<Payload> payloads = payloads(random.nextInt(12));
            if (random.nextBoolean()) {
                payloads.add(closed());
            }
            IkeHeader header = header();
            byte[] octets = MessageCodec.encode(header, payloads);
            IkeMessage message = MessageCodec.decode(octets);
            assertEquals(payloads, message.payloads());
            assertEquals(payloads.hashCode(), message.payloads().hashCode());
            assertEquals(
                    new IkeHeader(
                            header.initiatorSpi(),
                            header.responderSpi(),
                            MessageCodec.firstType(payloads),
                            2,
                            0,
                            header.exchangeType(),
                            header.flags(),
                            header.messageId(),
                            octets.length),
                    message.header());
            assertArrayEquals(octets, MessageCodec.encode(message.header(), message.payloads()));
        }
    }

    @Test
    void anyChainDecodesToItself() throws MalformedMessage {
        System.out.println("MessageRoundTripTest seed " + seed);
        for (int run = 0; run < RUNS; run++) {
            List<Payload> payloads = payloads(random.nextInt(12));
            byte[] octets = MessageCodec.encodePayloads(payloads);
            assertEquals(payloads, MessageCodec.decodePayloads(MessageCodec.firstType(payloads), octets));
        }
    }

    private IkeHeader header() {
        int flags = (random.nextBoolean() ? IkeHeader.FLAG_INITIATOR : 0)
                | (random.nextBoolean() ? IkeHeader.FLAG_RESPONSE : 0);
        return new IkeHeader(
                random.nextLong(), random.nextLong(), 0, 2, 0, random.nextInt(256), flags, random.nextInt(), 0);
    }

    private List<Payload> payloads(int count) {
        List<Payload> payloads = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            payloads.add(payload());
        }
        return payloads;
    }

    private Payload payload() {
        List<Supplier<Payload>> kinds = List.of(
                () -> new Payload.SecurityAssociation(proposals()),
                () -> new Payload.KeyExchange(random.nextInt(65536), octets(0, 600)),
                () -> new Payload.IdentificationInitiator(identification()),
                () -> new Payload.IdentificationResponder(identification()),
                () -> new Payload.Certificate(random.nextInt(256), octets(0, 2000)),
                () -> new Payload.CertificateRequest(
                        Payload.Certificate.X509_SIGNATURE, new byte[20 * random.nextInt(4)]),
                () -> new Payload.CertificateRequest(Payload.Certificate.HASH_AND_URL, octets(0, 50)),
                () -> new Payload.Authentication(random.nextInt(256), octets(0, 512)),
                () -> new Payload.Nonce(octets(16, 256)),
                this::notification,
                this::deletion,
                () -> new Payload.VendorId(octets(0, 40)),
                () -> new Payload.TrafficSelectorInitiator(selectors()),
                () -> new Payload.TrafficSelectorResponder(selectors()),
                () -> new Payload.Configuration(random.nextInt(256), attributes()),
                this::eap,
                () -> new Payload.Unknown(random.nextInt(54, 256), false, octets(0, 30)));
        return kinds.get(random.nextInt(kinds.size())).get();
    }

    private Payload closed() {
        if (random.nextBoolean()) {
            return new Payload.Encrypted(random.nextInt(256), octets(1, 300));
        }
        int total = random.nextInt(1, 65536);
        int number = random.nextInt(1, total + 1);
        return new Payload.EncryptedFragment(number == 1 ? random.nextInt(256) : 0, number, total, octets(1, 300));
    }

    private List<Proposal> proposals() {
        int count = random.nextInt(1, 6);
        int single = random.nextInt(256);
        return Stream.iterate(1, number -> number + 1)
                .limit(count)
                .map(number -> proposal(count == 1 ? single : number))
                .toList();
    }

    private Proposal proposal(int number) {
        int protocol = random.nextInt(1, 4);
        int spiLength = protocol == Proposal.IKE ? 8 * random.nextInt(2) : 4;
        List<Transform> transforms = new ArrayList<>();
        for (int i = random.nextInt(20); i > 0; i--) {
            transforms.add(new Transform(
                    random.nextInt(256), random.nextInt(65536), random.nextBoolean() ? 0 : random.nextInt(65536)));
        }
        return new Proposal(number, protocol, octets(spiLength, spiLength), transforms);
    }

    private Identification identification() {
        return switch (random.nextInt(4)) {
            case 0 -> new Identification(Identification.IPV4_ADDR, octets(4, 4));
            case 1 -> new Identification(Identification.IPV6_ADDR, octets(16, 16));
            case 2 -> new Identification(Identification.FQDN, "gateway.example".getBytes(StandardCharsets.US_ASCII));
            default -> new Identification(Identification.KEY_ID, octets(0, 60));
        };
    }

    private Payload notification() {
        int protocol = random.nextInt(1, 4);
        byte[] spi = random.nextBoolean() ? new byte[0] : octets(protocol == Proposal.IKE ? 8 : 4, 4);
        return new Payload.Notify(protocol, spi, random.nextInt(65536), octets(0, 80));
    }

    private Payload deletion() {
        if (random.nextBoolean()) {
            return new Payload.Delete(Proposal.IKE, List.of());
        }
        List<byte[]> spis = new ArrayList<>();
        for (int i = random.nextInt(10); i > 0; i--) {
            spis.add(octets(4, 4));
        }
        return new Payload.Delete(random.nextInt(2, 4), spis);
    }

    private List<TrafficSelector> selectors() {
        List<TrafficSelector> selectors = new ArrayList<>();
        for (int i = random.nextInt(1, 6); i > 0; i--) {
            int length = random.nextBoolean() ? 4 : 16;
            byte[] one = octets(length, length);
            byte[] other = octets(length, length);
            boolean ordered = Arrays.compareUnsigned(one, other) <= 0;
            int port = random.nextInt(65536);
            boolean opaque = random.nextInt(8) == 0;
            selectors.add(new TrafficSelector(
                    random.nextInt(256),
                    opaque ? 65535 : port,
                    opaque ? 0 : random.nextInt(port, 65536),
                    address(ordered ? one : other),
                    address(ordered ? other : one)));
        }
        return selectors;
    }

    private List<Payload.Configuration.Attribute> attributes() {
        List<Payload.Configuration.Attribute> attributes = new ArrayList<>();
        for (int i = random.nextInt(6); i > 0; i--) {
            attributes.add(new Payload.Configuration.Attribute(random.nextInt(32768), octets(0, 20)));
        }
        return attributes;
    }

    private Payload eap() {
        byte[] message = octets(4, 200);
        message[2] = (byte) (message.length >>> 8);
        message[3] = (byte) message.length;
        return new Payload.Eap(message);
    }

    private byte[] octets(int least, int most) {
        byte[] octets = new byte[least >= most ? least : random.nextInt(least, most + 1)];
        random.nextBytes(octets);
        return octets;
    }

    private static InetAddress address(byte[] octets) {
        try {
            return octets.length == 4 ? InetAddress.getByAddress(octets) : Inet6Address.getByAddress(null, octets, -1);
        } catch (UnknownHostException e) {
            throw new AssertionError(e);
        }
    }
}
