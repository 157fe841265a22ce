package dev.cardinal.ike.ikev2;

import dev.cardinal.ike.wire.NotifyType;
import dev.cardinal.ike.wire.Payload;
import dev.cardinal.ike.wire.Payload.Notify;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The payloads of one message, looked up by kind. */
record Contents(List<Payload> payloads) {

    /**
     * The only payload of a kind.
     *
     * @throws ProtocolViolation INVALID_SYNTAX where it is missing or there are several
     */
    <P extends Payload> P one(Class<P> kind) throws ProtocolViolation {
        P found = oneOrNone(kind);
        if (found == null) {
            throw new ProtocolViolation(NotifyType.INVALID_SYNTAX, "no " + kind.getSimpleName() + " payload");
        }
        return found;
    }

    /**
     * The only payload of a kind, or null.
     *
     * @throws ProtocolViolation INVALID_SYNTAX where there are several
     */
    <P extends Payload> @Nullable P oneOrNone(Class<P> kind) throws ProtocolViolation {
        P found = null;
        for (Payload payload : payloads) {
            if (kind.isInstance(payload)) {
                if (found != null) {
                    throw new ProtocolViolation(
                            NotifyType.INVALID_SYNTAX, "more than one " + kind.getSimpleName() + " payload");
                }
                found = kind.cast(payload);
            }
        }
        return found;
    }

    <P extends Payload> List<P> all(Class<P> kind) {
        List<P> found = new ArrayList<>();
        for (Payload payload : payloads) {
            if (kind.isInstance(payload)) {
                found.add(kind.cast(payload));
            }
        }
        return found;
    }

    /** The first notify of a type, or null. */
    @Nullable
    Notify notify(NotifyType type) {
        for (Payload payload : payloads) {
            if (payload instanceof Notify notify && notify.is(type)) {
                return notify;
            }
        }
        return null;
    }

    /** Whether one of the notifies of a type holds these data. */
    boolean has(NotifyType type, byte[] data) {
        for (Payload payload : payloads) {
            if (payload instanceof Notify notify && notify.is(type) && Arrays.equals(notify.data(), data)) {
                return true;
            }
        }
        return false;
    }

    boolean has(NotifyType type) {
        return notify(type) != null;
    }

    /** The first notify of the error range, or null. */
    @Nullable
    Notify error() {
        for (Payload payload : payloads) {
            if (payload instanceof Notify notify && notify.isError()) {
                return notify;
            }
        }
        return null;
    }

    /** A notify in words for our log. */
    static String words(Notify notify) {
        NotifyType type = NotifyType.of(notify.type());
        return type == null ? "notify " + notify.type() : type.name();
    }
}
