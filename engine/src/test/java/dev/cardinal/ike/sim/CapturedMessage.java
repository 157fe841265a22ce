package dev.cardinal.ike.sim;

import dev.cardinal.ike.sa.Path;
import dev.cardinal.ike.wire.ExchangeType;
import dev.cardinal.ike.wire.IkeHeader;
import dev.cardinal.ike.wire.NotifyType;
import dev.cardinal.ike.wire.Payload;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A datagram on its way, opened.
 *
 * @param path as the sender sees it
 * @param payloads decrypted; of a message in fragments the last one to be sent shows them. Empty where it could not be
 *     opened
 * @param fragment number of the fragment, 0 where the message is whole
 * @param fragments how many there are, 0 where the message is whole
 */
record CapturedMessage(
        SimulatedHost from,
        SimulatedHost to,
        byte[] octets,
        Path path,
        IkeHeader header,
        List<Payload> payloads,
        int fragment,
        int fragments) {

    boolean isRequest() {
        return !header.isResponse();
    }

    int exchangeType() {
        return header.exchangeType();
    }

    int messageId() {
        return header.messageId();
    }

    boolean has(NotifyType type) {
        return notify(type).isPresent();
    }

    Optional<Payload.Notify> notify(NotifyType type) {
        return all(Payload.Notify.class).stream()
                .filter(notify -> notify.is(type))
                .findFirst();
    }

    /** Whether a payload of this kind is there. */
    boolean has(Class<? extends Payload> kind) {
        return !all(kind).isEmpty();
    }

    /** The first payload of a kind. */
    <P extends Payload> P first(Class<P> kind) {
        List<P> found = all(kind);
        if (found.isEmpty()) {
            throw new AssertionError("no " + kind.getSimpleName() + " in " + this);
        }
        return found.getFirst();
    }

    <P extends Payload> List<P> all(Class<P> kind) {
        return payloads.stream().filter(kind::isInstance).map(kind::cast).toList();
    }

    /** The same with other octets, such as a damaged copy; what it holds is not opened again. */
    CapturedMessage with(byte[] otherOctets) {
        return new CapturedMessage(from, to, otherOctets, path, header, payloads, fragment, fragments);
    }

    /** The same with one bit of an octet turned over. @param index counted from the end where negative */
    CapturedMessage damagedAt(int index) {
        byte[] damaged = octets.clone();
        damaged[index < 0 ? damaged.length + index : index] ^= 0x10;
        return with(damaged);
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder(from.name())
                .append("->")
                .append(to.name())
                .append(' ')
                .append(exchangeName(header.exchangeType()))
                .append(isRequest() ? " request " : " response ")
                .append(header.messageId());
        if (fragments > 0) {
            text.append(" fragment ").append(fragment).append('/').append(fragments);
        }
        text.append(" %04x:%04x [".formatted(header.initiatorSpi() >>> 48, header.responderSpi() >>> 48));
        for (Payload payload : payloads) {
            text.append(name(payload)).append(' ');
        }
        return text.toString().trim() + "]";
    }

    private static String exchangeName(int type) {
        return switch (type) {
            case ExchangeType.IKE_SA_INIT -> "IKE_SA_INIT";
            case ExchangeType.IKE_AUTH -> "IKE_AUTH";
            case ExchangeType.CREATE_CHILD_SA -> "CREATE_CHILD_SA";
            case ExchangeType.INFORMATIONAL -> "INFORMATIONAL";
            default -> "exchange " + type;
        };
    }

    private static String name(Payload payload) {
        return switch (payload) {
            case Payload.Notify notify -> {
                NotifyType type = NotifyType.of(notify.type());
                yield "N(" + (type == null ? notify.type() : type) + hex(notify.spi()) + ")";
            }
            case Payload.Delete delete -> {
                StringBuilder spis = new StringBuilder();
                delete.spis().forEach(spi -> spis.append(hex(spi)));
                yield "D(" + delete.protocol() + spis + ")";
            }
            case Payload.SecurityAssociation sa -> {
                StringBuilder spis = new StringBuilder();
                sa.proposals().forEach(proposal -> spis.append(hex(proposal.spi())));
                yield "SA" + spis;
            }
            case Payload.KeyExchange ignored -> "KE";
            case Payload.Nonce ignored -> "No";
            case Payload.TrafficSelectorInitiator ignored -> "TSi";
            case Payload.TrafficSelectorResponder ignored -> "TSr";
            default -> payload.getClass().getSimpleName();
        };
    }

    private static String hex(byte @Nullable [] spi) {
        if (spi == null || spi.length == 0) {
            return "";
        }
        StringBuilder text = new StringBuilder(" ");
        for (byte octet : spi) {
            text.append("%02x".formatted(octet));
        }
        return text.toString();
    }
}
