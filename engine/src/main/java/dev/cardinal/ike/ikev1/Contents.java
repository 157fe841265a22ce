package dev.cardinal.ike.ikev1;

import dev.cardinal.ike.wire.IsakmpBody;
import dev.cardinal.ike.wire.IsakmpMessage;
import dev.cardinal.ike.wire.IsakmpNotify;
import dev.cardinal.ike.wire.IsakmpPayload;
import dev.cardinal.ike.wire.IsakmpPayload.Notification;
import dev.cardinal.ike.wire.IsakmpPayloadType;
import dev.cardinal.ike.wire.MalformedMessage;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The payloads of one message, looked up by kind.
 *
 * @param message as it came
 * @param payloads in the same order; those whose bodies are encrypted on their own are {@link IsakmpPayload.Unknown}
 */
record Contents(IsakmpMessage message, List<IsakmpPayload> payloads) {

    /**
     * @param closed types whose bodies are encrypted on their own (RFC 2409 sections 5.2, 5.3)
     * @throws MalformedMessage where a payload is none of its type
     */
    static Contents of(IsakmpMessage message, Set<IsakmpPayloadType> closed) throws MalformedMessage {
        List<IsakmpPayload> payloads = new ArrayList<>(message.bodies().size());
        for (IsakmpBody body : message.bodies()) {
            IsakmpPayloadType type = IsakmpPayloadType.of(body.type());
            boolean isClosed = type != null && closed.contains(type);
            payloads.add(isClosed ? new IsakmpPayload.Unknown(body.type(), body.octets()) : body.decode());
        }
        return new Contents(message, payloads);
    }

    static Contents of(IsakmpMessage message) throws MalformedMessage {
        return of(message, Set.of());
    }

    /**
     * The only payload of a kind.
     *
     * @throws Refusal where it is missing or there are several
     */
    <P extends IsakmpPayload> P one(Class<P> kind) throws Refusal {
        P found = oneOrNone(kind);
        if (found == null) {
            throw new Refusal(IsakmpNotify.PAYLOAD_MALFORMED, "no " + kind.getSimpleName() + " payload");
        }
        return found;
    }

    /**
     * The octets of the only payload of a type, whose body is encrypted on its own.
     *
     * @throws Refusal where it is missing or there are several
     */
    byte[] closed(IsakmpPayloadType type) throws Refusal {
        byte[] found = null;
        for (IsakmpBody body : message.bodies()) {
            if (body.type() == type.number()) {
                if (found != null) {
                    throw new Refusal(IsakmpNotify.PAYLOAD_MALFORMED, "more than one " + type + " payload");
                }
                found = body.octets();
            }
        }
        if (found == null) {
            throw new Refusal(IsakmpNotify.PAYLOAD_MALFORMED, "no " + type + " payload");
        }
        return found;
    }

    /**
     * The only payload of a kind, or null.
     *
     * @throws Refusal where there are several
     */
    <P extends IsakmpPayload> @Nullable P oneOrNone(Class<P> kind) throws Refusal {
        P found = null;
        for (IsakmpPayload payload : payloads) {
            if (kind.isInstance(payload)) {
                if (found != null) {
                    throw new Refusal(
                            IsakmpNotify.PAYLOAD_MALFORMED, "more than one " + kind.getSimpleName() + " payload");
                }
                found = kind.cast(payload);
            }
        }
        return found;
    }

    <P extends IsakmpPayload> List<P> all(Class<P> kind) {
        List<P> found = new ArrayList<>();
        for (IsakmpPayload payload : payloads) {
            if (kind.isInstance(payload)) {
                found.add(kind.cast(payload));
            }
        }
        return found;
    }

    /** The octets of the first payload of a type, as hashes cover them; null where there is none. */
    byte @Nullable [] body(IsakmpPayloadType type) {
        for (IsakmpBody body : message.bodies()) {
            if (body.type() == type.number()) {
                return body.octets();
            }
        }
        return null;
    }

    /** The first notification of a type, or null. */
    @Nullable
    Notification notification(int type) {
        for (IsakmpPayload payload : payloads) {
            if (payload instanceof Notification notification && notification.type() == type) {
                return notification;
            }
        }
        return null;
    }

    /** The first notification of the error range, or null. */
    @Nullable
    Notification error() {
        for (IsakmpPayload payload : payloads) {
            if (payload instanceof Notification notification && notification.isError()) {
                return notification;
            }
        }
        return null;
    }
}
