package dev.cardinal.ike.wire;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** Random values of IKEv1 survive the wire. */
class IsakmpRoundTripTest {
    private static final int RUNS = 5_000;

    private final long seed = new Random().nextLong();
    private final Random random = new Random(seed);

    @Test
    void anyPayloadDecodesToItself() throws MalformedMessage {
        System.out.println("IsakmpRoundTripTest seed " + seed);
        for (Supplier<IsakmpPayload> kind : kinds()) {
            for (int run = 0; run < RUNS / 5; run++) {
                IsakmpPayload payload = kind.get();
                IsakmpBody body = IsakmpBody.of(payload);
                assertEquals(payload.payloadType(), body.type());
                IsakmpPayload again = body.decode();
                assertEquals(payload, again);
                assertEquals(payload.hashCode(), again.hashCode());
                assertEquals(body, IsakmpBody.of(again));
                assertEquals(body.hashCode(), IsakmpBody.of(again).hashCode());
            }
        }
    }

    /** Two payloads are equal where their octets are, and no others. */
    @Test
    void payloadsOfOtherOctetsAreNotEqual() {
        System.out.println("IsakmpRoundTripTest seed " + seed);
        List<Supplier<IsakmpPayload>> kinds = kinds();
        for (int run = 0; run < RUNS; run++) {
            IsakmpPayload one = kinds.get(random.nextInt(kinds.size())).get();
            IsakmpPayload other = kinds.get(random.nextInt(kinds.size())).get();
            if (IsakmpBody.of(one).equals(IsakmpBody.of(other))) {
                assertEquals(one, other);
            } else {
                assertNotEquals(one, other);
            }
        }
    }

    @Test
    void anyMessageDecodesToItself() throws MalformedMessage {
        System.out.println("IsakmpRoundTripTest seed " + seed);
        for (int run = 0; run < RUNS; run++) {
            List<IsakmpBody> bodies = bodies();
            IkeHeader header = header();
            byte[] octets = IsakmpCodec.encode(header, bodies);
            IkeHeader decoded = MessageCodec.decodeHeader(octets);
            assertEquals(
                    new IkeHeader(
                            header.initiatorSpi(),
                            header.responderSpi(),
                            bodies.isEmpty() ? 0 : bodies.getFirst().type(),
                            1,
                            header.minorVersion(),
                            header.exchangeType(),
                            header.flags(),
                            header.messageId(),
                            octets.length),
                    decoded);
            IsakmpMessage message = IsakmpCodec.decode(decoded, octets);
            assertEquals(bodies, message.bodies());
            assertEquals(decoded, message.header());
            byte[] chain = IsakmpCodec.encodeChain(bodies);
            assertArrayEquals(chain, message.chain());
            assertArrayEquals(chain, Arrays.copyOfRange(octets, IkeHeader.LENGTH, octets.length));
            assertArrayEquals(
                    bodies.isEmpty() ? new byte[0] : IsakmpCodec.encodeChain(bodies.subList(1, bodies.size())),
                    message.afterFirst());
        }
    }

    /** RFC 2409 appendix B: padding of any value and length; it is not part of the chain. */
    @Test
    void whatWasDecryptedMayBePadded() throws MalformedMessage {
        System.out.println("IsakmpRoundTripTest seed " + seed);
        for (int run = 0; run < RUNS; run++) {
            List<IsakmpBody> bodies = bodies();
            byte[] chain = IsakmpCodec.encodeChain(bodies);
            byte[] padding = octets(0, 40);
            byte[] plaintext = Arrays.copyOf(chain, chain.length + padding.length);
            System.arraycopy(padding, 0, plaintext, chain.length, padding.length);
            IsakmpMessage message = IsakmpCodec.split(
                    KnownIsakmp.header(bodies.isEmpty() ? 0 : bodies.getFirst().type()), plaintext);
            assertEquals(bodies, message.bodies());
            assertArrayEquals(chain, message.chain());
        }
    }

    /** RFC 2407 section 4.6.2: addresses, subnets and ranges of both families; what is decoded is what was asked for. */
    @Test
    void anyTrafficThatIkev1CanSayDecodesToItself() throws MalformedMessage {
        System.out.println("IsakmpRoundTripTest seed " + seed);
        for (int run = 0; run < 4 * RUNS; run++) {
            TrafficSelector selector = selector();
            IsakmpPayload.Identification id = IsakmpPayload.Identification.of(selector);
            assertEquals(selector, id.traffic());
            IsakmpPayload again = IsakmpBody.of(id).decode();
            assertEquals(id, again);
            assertEquals(selector, ((IsakmpPayload.Identification) again).traffic());
        }
    }

    private IkeHeader header() {
        return new IkeHeader(
                random.nextLong(),
                random.nextLong(),
                random.nextInt(256),
                1,
                random.nextInt(16),
                random.nextInt(256),
                random.nextInt(256),
                random.nextInt(),
                random.nextInt());
    }

    /** Not only whole values: the chain does not look inside. */
    private List<IsakmpBody> bodies() {
        List<IsakmpBody> bodies = new ArrayList<>();
        List<Supplier<IsakmpPayload>> kinds = kinds();
        for (int i = random.nextInt(12); i > 0; i--) {
            bodies.add(
                    random.nextInt(4) == 0
                            ? new IsakmpBody(random.nextInt(1, 256), octets(0, 60))
                            : IsakmpBody.of(
                                    kinds.get(random.nextInt(kinds.size())).get()));
        }
        return bodies;
    }

    private List<Supplier<IsakmpPayload>> kinds() {
        return List.of(
                () -> new IsakmpPayload.SecurityAssociation(some(1, 6, this::proposal)),
                () -> new IsakmpPayload.KeyExchange(octets(0, 600)),
                () -> IsakmpPayload.Identification.of(identity()),
                () -> IsakmpPayload.Identification.of(selector()),
                () -> new IsakmpPayload.Identification(
                        Identification.KEY_ID, random.nextInt(256), random.nextInt(65536), octets(0, 9)),
                () -> new IsakmpPayload.Certificate(random.nextInt(256), octets(0, 2000)),
                () -> new IsakmpPayload.CertificateRequest(random.nextInt(256), octets(0, 60)),
                () -> new IsakmpPayload.Hash(octets(0, 64)),
                () -> new IsakmpPayload.Signature(octets(0, 512)),
                () -> new IsakmpPayload.Nonce(octets(8, 256)),
                () -> new IsakmpPayload.Notification(
                        random.nextInt(256), octets(0, 255), random.nextInt(65536), octets(0, 40)),
                this::deletion,
                () -> new IsakmpPayload.VendorId(octets(0, 40)),
                () -> new IsakmpPayload.Attributes(
                        random.nextInt(256), random.nextInt(65536), some(0, 12, this::attribute)),
                () -> new IsakmpPayload.NatDetection(octets(0, 64), random.nextBoolean()),
                () -> new IsakmpPayload.NatOriginalAddress(
                        address(octets(random.nextBoolean() ? 4 : 16)), random.nextBoolean()),
                () -> new IsakmpPayload.Fragment(
                        random.nextInt(65536), random.nextInt(1, 256), random.nextBoolean(), octets(1, 300)),
                () -> new IsakmpPayload.Unknown(random.nextInt(133, 256), octets(0, 30)));
    }

    private IsakmpProposal proposal(int number) {
        int protocol = random.nextInt(256);
        boolean child = protocol == Proposal.AH || protocol == Proposal.ESP;
        return new IsakmpProposal(number, protocol, child ? octets(4) : octets(0, 16), some(1, 8, this::transform));
    }

    private IsakmpTransform transform(int number) {
        return new IsakmpTransform(number, random.nextInt(256), some(0, 9, this::attribute));
    }

    private IsakmpAttribute attribute(int unused) {
        int type = random.nextInt(32768);
        return switch (random.nextInt(3)) {
            case 0 -> new IsakmpAttribute(type, true, octets(2));
            case 1 -> IsakmpAttribute.of(type, octets(0, 20));
            default -> IsakmpAttribute.of(type, random.nextLong(1L << 32));
        };
    }

    private Identification identity() {
        return switch (random.nextInt(4)) {
            case 0 -> new Identification(Identification.IPV4_ADDR, octets(4));
            case 1 -> new Identification(Identification.IPV6_ADDR, octets(16));
            case 2 -> new Identification(Identification.FQDN, "gateway.example".getBytes(StandardCharsets.US_ASCII));
            default -> new Identification(Identification.DER_ASN1_DN, octets(0, 60));
        };
    }

    private IsakmpPayload deletion() {
        int protocol = random.nextInt(1, 4);
        int length = protocol == Proposal.IKE ? 16 : 4;
        return new IsakmpPayload.Delete(protocol, some(0, 10, number -> octets(length)));
    }

    /** Addresses, subnets, and ranges that are neither, with any port or one. */
    private TrafficSelector selector() {
        byte[] first = octets(random.nextBoolean() ? 4 : 16);
        byte[] last = first.clone();
        switch (random.nextInt(4)) {
            case 0 -> {
                // one address
            }
            case 1, 2 -> {
                for (int bit = random.nextInt(8 * first.length + 1); bit < 8 * first.length; bit++) {
                    first[bit / 8] &= (byte) ~(0x80 >> bit % 8);
                    last[bit / 8] |= (byte) (0x80 >> bit % 8);
                }
            }
            default -> random.nextBytes(last);
        }
        boolean ordered = Arrays.compareUnsigned(first, last) <= 0;
        int port = random.nextInt(65536);
        return new TrafficSelector(
                random.nextInt(256),
                port,
                port == 0 ? 65535 : port,
                address(ordered ? first : last),
                address(ordered ? last : first));
    }

    private <T> List<T> some(int least, int most, IntFunction<T> one) {
        List<T> some = new ArrayList<>();
        for (int i = random.nextInt(least, most + 1); i > 0; i--) {
            some.add(one.apply(random.nextInt(256)));
        }
        return some;
    }

    private byte[] octets(int length) {
        byte[] octets = new byte[length];
        random.nextBytes(octets);
        return octets;
    }

    private byte[] octets(int least, int most) {
        return octets(random.nextInt(least, most + 1));
    }

    private static InetAddress address(byte[] octets) {
        try {
            return octets.length == 4 ? InetAddress.getByAddress(octets) : Inet6Address.getByAddress(null, octets, -1);
        } catch (UnknownHostException e) {
            throw new AssertionError(e);
        }
    }
}
