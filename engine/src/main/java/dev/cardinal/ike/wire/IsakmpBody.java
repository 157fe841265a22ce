package dev.cardinal.ike.wire;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A payload of ISAKMP as it came: its type and what follows its generic header. Hashes cover these octets
 * (RFC 2409 section 5: {@code SAi_b}, {@code IDii_b}), and where they are encrypted on their own (sections 5.2, 5.3) they
 * are no {@link IsakmpPayload} yet.
 *
 * @param type the IANA number, see {@link IsakmpPayloadType}
 * @param octets owned by the record
 */
public record IsakmpBody(int type, byte[] octets) {

    /**
     * The body as a value.
     *
     * @throws MalformedMessage where the octets are none of its type
     */
    public IsakmpPayload decode() throws MalformedMessage {
        IsakmpPayloadType known = IsakmpPayloadType.of(type);
        return known == null ? new IsakmpPayload.Unknown(type, octets) : known.decode(octets);
    }

    /** A value as it goes on the wire. */
    public static IsakmpBody of(IsakmpPayload payload) {
        PayloadWriter writer = new PayloadWriter();
        payload.writeBody(writer);
        return new IsakmpBody(payload.payloadType(), writer.drain());
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof IsakmpBody that && type == that.type && Arrays.equals(octets, that.octets);
    }

    @Override
    public int hashCode() {
        return 31 * type + Arrays.hashCode(octets);
    }

    /** Without the octets, which may hold a password. */
    @Override
    public String toString() {
        return "IsakmpBody[" + type + ", " + octets.length + " octets]";
    }
}
