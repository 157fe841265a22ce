package dev.cardinal.ike.wire;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A proposal of ISAKMP (RFC 2408 section 3.5): one protocol, and its transforms in the order of preference. Proposals that
 * share a number are wanted together, such as AH and ESP.
 *
 * @param number 0 to 255
 * @param protocol {@link Proposal#IKE} (PROTO_ISAKMP), {@link Proposal#AH} or {@link Proposal#ESP}; others are kept
 * @param spi the sender's SPI; empty or of any length in phase 1, where it means nothing (RFC 2408 section 3.5)
 */
public record IsakmpProposal(int number, int protocol, byte[] spi, List<IsakmpTransform> transforms) {
    private static final int LAST = 0;
    private static final int MORE = 2;

    /** RFC 2408 section 3.5: the SPI of phase 1 is of 0 to 16 octets. */
    private static final int SPI_LIMIT = 16;

    public IsakmpProposal {
        transforms = List.copyOf(transforms);
    }

    static IsakmpProposal decode(PayloadReader payload) throws MalformedMessage {
        int position = payload.u8();
        payload.skip(1);
        PayloadReader body = payload.slice(payload.u16() - 4, "proposal");
        // RFC 2408 section 3.5: 0 in the last proposal, else 2
        if (position != (payload.isEmpty() ? LAST : MORE)) {
            throw new MalformedMessage("proposal marked " + position + " at the wrong place");
        }
        int number = body.u8();
        int protocol = body.u8();
        int spiLength = body.u8();
        int count = body.u8();
        boolean right = protocol == Proposal.AH || protocol == Proposal.ESP ? spiLength == 4 : spiLength <= SPI_LIMIT;
        if (!right) {
            throw new MalformedMessage("SPI of " + spiLength + " octets in a proposal of protocol " + protocol);
        }
        byte[] spi = body.bytes(spiLength);
        if (count == 0) {
            throw new MalformedMessage("proposal without a transform");
        }
        List<IsakmpTransform> transforms = new ArrayList<>(count);
        // bounded by the count's one octet
        for (int i = 1; i <= count; i++) {
            transforms.add(IsakmpTransform.decode(body, i == count));
        }
        body.expectEnd();
        return new IsakmpProposal(number, protocol, spi, transforms);
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
        return other instanceof IsakmpProposal that
                && number == that.number
                && protocol == that.protocol
                && Arrays.equals(spi, that.spi)
                && transforms.equals(that.transforms);
    }

    @Override
    public int hashCode() {
        return 31 * (31 * (31 * number + protocol) + Arrays.hashCode(spi)) + transforms.hashCode();
    }
}
