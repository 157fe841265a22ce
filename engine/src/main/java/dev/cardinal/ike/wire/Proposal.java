package dev.cardinal.ike.wire;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A proposal (RFC 7296 section 3.3.1).
 *
 * @param number 1 for the first offered, then counting; in an answer the number of the accepted one
 * @param protocol 1 IKE, 2 AH, 3 ESP
 * @param spi empty, 4 or 8 octets
 * @param transforms in the order of the sender; at most 255
 */
public record Proposal(int number, int protocol, byte[] spi, List<Transform> transforms) {
    public static final int IKE = 1;
    public static final int AH = 2;
    public static final int ESP = 3;

    private static final int LAST = 0;
    private static final int MORE = 2;

    public Proposal {
        transforms = List.copyOf(transforms);
    }

    /** Decodes the next proposal; what follows it in the payload must agree with its first octet. */
    static Proposal decode(PayloadReader payload) throws MalformedMessage {
        int position = payload.u8();
        payload.skip(1);
        PayloadReader body = payload.slice(payload.u16() - 4, "proposal");
        // RFC 7296 section 3.3.1: 0 if this was the last proposal, else 2
        if (position != (payload.isEmpty() ? LAST : MORE)) {
            throw new MalformedMessage("proposal marked " + position + " at the wrong place");
        }
        int number = body.u8();
        int protocol = body.u8();
        int spiLength = body.u8();
        int transformCount = body.u8();
        expectSpiLength(protocol, spiLength);
        byte[] spi = body.bytes(spiLength);
        List<Transform> transforms = new ArrayList<>(transformCount);
        // bounded by the count's one octet
        for (int i = 0; i < transformCount; i++) {
            transforms.add(Transform.decode(body));
        }
        body.expectEnd();
        return new Proposal(number, protocol, spi, transforms);
    }

    void write(PayloadWriter writer, boolean last) {
        int start = writer.length();
        writer.u8(last ? LAST : MORE).zeros(1);
        int length = writer.beginLength();
        writer.u8(number).u8(protocol).u8(spi.length).u8(transforms.size()).bytes(spi);
        for (int i = 0; i < transforms.size(); i++) {
            transforms.get(i).write(writer, i == transforms.size() - 1);
        }
        writer.endLength(length, start);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Proposal that
                && number == that.number
                && protocol == that.protocol
                && Arrays.equals(spi, that.spi)
                && transforms.equals(that.transforms);
    }

    @Override
    public int hashCode() {
        return 31 * (31 * (31 * number + protocol) + Arrays.hashCode(spi)) + transforms.hashCode();
    }

    /** RFC 7296 section 3.3.1: 0 or 8 octets for an IKE SA (initial, rekey), 4 for AH and ESP. */
    private static void expectSpiLength(int protocol, int length) throws MalformedMessage {
        boolean right = switch (protocol) {
            case IKE -> length == 0 || length == 8;
            case AH, ESP -> length == 4;
            default -> length == 0 || length == 4 || length == 8;
        };
        if (!right) {
            throw new MalformedMessage("SPI of " + length + " octets in a proposal of protocol " + protocol);
        }
    }
}
