package dev.cardinal.ike.wire;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A transform of ISAKMP (RFC 2408 section 3.6): in phase 1 a whole suite (RFC 2409 appendix A), in phase 2 one cipher or
 * MAC with what belongs to it (RFC 2407 section 4.4). An answer repeats it unchanged, so it is kept as it came.
 *
 * @param number 0 to 255, as the offer counts
 * @param id KEY_IKE in phase 1; the ESP or AH transform identifier in phase 2
 */
public record IsakmpTransform(int number, int id, List<IsakmpAttribute> attributes) {
    /** Attributes of one transform: RFC 2409 appendix A defines sixteen, real peers send up to seven. */
    static final int ATTRIBUTES_LIMIT = 32;

    private static final int LAST = 0;
    private static final int MORE = 3;

    public IsakmpTransform {
        attributes = List.copyOf(attributes);
    }

    /** The first attribute of a type, or null. */
    public @Nullable IsakmpAttribute attribute(int type) {
        for (IsakmpAttribute attribute : attributes) {
            if (attribute.type() == type) {
                return attribute;
            }
        }
        return null;
    }

    /** The number that an attribute holds; {@code absent} where there is none, -1 where it is no number. */
    public long number(int type, long absent) {
        IsakmpAttribute attribute = attribute(type);
        return attribute == null ? absent : attribute.number();
    }

    static IsakmpTransform decode(PayloadReader proposal, boolean last) throws MalformedMessage {
        int position = proposal.u8();
        proposal.skip(1);
        PayloadReader body = proposal.slice(proposal.u16() - 4, "transform");
        // RFC 2408 section 3.6: 0 in the last transform of a proposal, else 3
        if (position != (last ? LAST : MORE)) {
            throw new MalformedMessage("transform marked " + position + " at the wrong place");
        }
        int number = body.u8();
        int id = body.u8();
        body.skip(2);
        List<IsakmpAttribute> attributes = new ArrayList<>();
        while (!body.isEmpty()) {
            if (attributes.size() == ATTRIBUTES_LIMIT) {
                throw new MalformedMessage("more than " + ATTRIBUTES_LIMIT + " attributes in a transform");
            }
            attributes.add(IsakmpAttribute.decode(body));
        }
        return new IsakmpTransform(number, id, attributes);
    }

    void write(PayloadWriter writer, boolean last) {
        int start = writer.length();
        writer.u8(last ? LAST : MORE).zeros(1);
        int length = writer.beginLength();
        writer.u8(number).u8(id).zeros(2);
        for (IsakmpAttribute attribute : attributes) {
            attribute.write(writer);
        }
        writer.endLength(length, start);
    }
}
