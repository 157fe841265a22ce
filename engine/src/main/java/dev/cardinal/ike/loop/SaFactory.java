package dev.cardinal.ike.loop;

import dev.cardinal.ike.ikev1.Ikev1Sa;
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
        /** @param first header of the message that opens the SA */
        IkeSa responder(IkeHeader first, Path path, SaEnvironment environment);

        IkeSa initiator(PeerPolicy policy, @Nullable ChildPolicy child, Path path, SaEnvironment environment);
    }

    /** What a message is, by its header. */
    enum Kind {
        /** It opens an IKE SA. */
        FIRST_MESSAGE,
        /** It opens an IKE SA of IKEv1, whose peers cannot be asked for a cookie first. */
        FIRST_MESSAGE_OF_IKEV1,
        /** It names an SA, which may be here or not. */
        LATER_MESSAGE,
        /** The same in IKEv1, which does not say whose cookie is which. */
        LATER_MESSAGE_OF_IKEV1,
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

    private static final Version IKEV1 = new Version() {
        @Override
        public IkeSa responder(IkeHeader first, Path path, SaEnvironment environment) {
            return Ikev1Sa.responder(first, path, environment);
        }

        @Override
        public IkeSa initiator(PeerPolicy policy, @Nullable ChildPolicy child, Path path, SaEnvironment environment) {
            return Ikev1Sa.initiator(policy, child, path, environment);
        }
    };

    private static final Version IKEV2 = new Version() {
        @Override
        public IkeSa responder(IkeHeader first, Path path, SaEnvironment environment) {
            return Ikev2Sa.responder(path, environment);
        }

        @Override
        public IkeSa initiator(PeerPolicy policy, @Nullable ChildPolicy child, Path path, SaEnvironment environment) {
            return Ikev2Sa.initiator(policy, child, path, environment);
        }
    };

    /** IKEv2 only: where no connection speaks IKEv1, nobody is answered in it. */
    public static SaFactory ikev2() {
        return new SaFactory(null, IKEV2);
    }

    /** Both versions. */
    public static SaFactory both() {
        return new SaFactory(IKEV1, IKEV2);
    }

    Kind classify(IkeHeader header) {
        if (header.majorVersion() > 2) {
            return Kind.NEWER_VERSION;
        }
        if (header.majorVersion() < 2) {
            if (header.majorVersion() != 1 || version1 == null) {
                return Kind.OLDER_VERSION;
            }
            boolean opens = header.responderSpi() == 0
                    && header.messageId() == 0
                    && (header.exchangeType() == ExchangeType.IDENTITY_PROTECTION
                            || header.exchangeType() == ExchangeType.AGGRESSIVE);
            return header.initiatorSpi() != 0 && opens ? Kind.FIRST_MESSAGE_OF_IKEV1 : Kind.LATER_MESSAGE_OF_IKEV1;
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
                ? version1.responder(header, path, environment)
                : version2.responder(header, path, environment);
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
