package dev.cardinal.ike.loop;

import dev.cardinal.ike.ikev2.Ikev2Sa;
import dev.cardinal.ike.sa.ChildPolicy;
import dev.cardinal.ike.sa.IkeSa;
import dev.cardinal.ike.sa.Path;
import dev.cardinal.ike.sa.PeerPolicy;
import dev.cardinal.ike.sa.SaEnvironment;
import dev.cardinal.ike.wire.ExchangeType;
import dev.cardinal.ike.wire.IkeHeader;
import org.jspecify.annotations.Nullable;

/** Makes IKE SAs: the only place that asks which version it is. */
public final class SaFactory {
    private final @Nullable Version version1;
    private final Version version2;

    /** One version of the protocol. */
    public interface Version {
        IkeSa responder(Path path, SaEnvironment environment);

        IkeSa initiator(PeerPolicy policy, @Nullable ChildPolicy child, Path path, SaEnvironment environment);
    }

    /** What a message is, by its header. */
    enum Kind {
        /** It opens an IKE SA. */
        FIRST_MESSAGE,
        /** It names an SA, which may be here or not. */
        LATER_MESSAGE,
        /** Its version is higher than ours. */
        NEWER_VERSION,
        /** Its version is not spoken here. */
        OLDER_VERSION
    }

    /** @param version1 null where IKEv1 is not spoken */
    public SaFactory(@Nullable Version version1, Version version2) {
        this.version1 = version1;
        this.version2 = version2;
    }

    /** IKEv2 only. */
    public static SaFactory ikev2() {
        return new SaFactory(null, new Version() {
            @Override
            public IkeSa responder(Path path, SaEnvironment environment) {
                return Ikev2Sa.responder(path, environment);
            }

            @Override
            public IkeSa initiator(
                    PeerPolicy policy, @Nullable ChildPolicy child, Path path, SaEnvironment environment) {
                return Ikev2Sa.initiator(policy, child, path, environment);
            }
        });
    }

    Kind classify(IkeHeader header) {
        if (header.majorVersion() > 2) {
            return Kind.NEWER_VERSION;
        }
        if (header.majorVersion() < 2) {
            if (header.majorVersion() != 1 || version1 == null) {
                return Kind.OLDER_VERSION;
            }
            return header.responderSpi() == 0 && header.initiatorSpi() != 0 ? Kind.FIRST_MESSAGE : Kind.LATER_MESSAGE;
        }
        // RFC 7296 section 3.1: SPIr is zero in the first message only, and its message ID is zero
        boolean first = header.exchangeType() == ExchangeType.IKE_SA_INIT
                && header.initiatorSpi() != 0
                && header.responderSpi() == 0
                && header.fromInitiator()
                && !header.isResponse()
                && header.messageId() == 0;
        return first ? Kind.FIRST_MESSAGE : Kind.LATER_MESSAGE;
    }

    /** The SA for a first message. */
    IkeSa responder(IkeHeader header, Path path, SaEnvironment environment) {
        return header.majorVersion() == 1 && version1 != null
                ? version1.responder(path, environment)
                : version2.responder(path, environment);
    }

    /** Our own SPI's place in a message: ours is the responder's where the sender is the original initiator. */
    static long ownSpi(IkeHeader header) {
        return header.fromInitiator() ? header.responderSpi() : header.initiatorSpi();
    }

    IkeSa initiator(PeerPolicy policy, @Nullable ChildPolicy child, Path path, SaEnvironment environment) {
        if (policy.version() == 1) {
            if (version1 == null) {
                throw new IllegalArgumentException("connection " + policy.name() + " wants IKEv1, not spoken here");
            }
            return version1.initiator(policy, child, path, environment);
        }
        return version2.initiator(policy, child, path, environment);
    }
}
