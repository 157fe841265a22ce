package dev.cardinal.ike.ikev2;

import dev.cardinal.ike.crypto.CryptoOutcome;
import dev.cardinal.ike.sa.SaCommand;
import dev.cardinal.ike.sa.SaNotice.CloseReason;
import dev.cardinal.ike.wire.ExchangeType;
import dev.cardinal.ike.wire.NotifyType;
import dev.cardinal.ike.wire.Payload;
import dev.cardinal.ike.wire.Payload.Delete;
import dev.cardinal.ike.wire.Proposal;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * INFORMATIONAL (RFC 7296 section 1.4): deletes, notifies, and the empty message that asks for a sign of life.
 *
 * <pre>
 *   HDR, SK {[N,] [D,] ...}  -->
 *                        <--  HDR, SK {[N,] [D,] ...}
 * </pre>
 */
final class Informational {
    private Informational() {}

    /** A peer's INFORMATIONAL: done at once, nothing in it needs a back end. */
    static void onRequest(Ikev2Sa sa, Contents request) throws ProtocolViolation {
        if (sa.life == Ikev2Sa.Life.CONNECTING) {
            throw new ProtocolViolation(NotifyType.INVALID_SYNTAX, "INFORMATIONAL before authentication");
        }
        List<byte[]> deleted = new ArrayList<>();
        boolean ends = false;
        for (Delete delete : request.all(Delete.class)) {
            if (delete.protocol() == Proposal.IKE) {
                ends = true;
                continue;
            }
            for (byte[] spi : delete.spis()) {
                if (spi.length != 4) {
                    continue;
                }
                int outboundSpi = ByteBuffer.wrap(spi).getInt();
                Child child = sa.children.outbound(delete.protocol(), outboundSpi);
                if (child == null) {
                    sa.children.onUnknownDeleted(outboundSpi);
                } else {
                    // RFC 7296 section 1.4.1: a half that we are deleting ourselves is not named again
                    if (child.state != Child.State.DELETING) {
                        deleted.add(ChildNegotiation.octets(child.facts.inboundSpi()));
                    }
                    sa.removeChild(child, "the peer deleted it");
                }
            }
        }
        sa.respond(deleted.isEmpty() || ends ? List.of() : List.of(new Delete(Proposal.ESP, deleted)));
        if (request.has(NotifyType.AUTHENTICATION_FAILED)) {
            sa.close(CloseReason.FAILED, "the peer could not authenticate us");
        } else if (ends) {
            sa.onPeerDeletes();
        }
    }

    /** Our INFORMATIONAL. */
    static final class Initiator implements Exchange {
        private final Ikev2Sa sa;
        private final Purpose purpose;

        private sealed interface Purpose {}

        private record Liveness() implements Purpose {}

        private record DeleteChild(Child child) implements Purpose {}

        private record DeleteUnknown() implements Purpose {}

        private record DeleteIke() implements Purpose {}

        private Initiator(Ikev2Sa sa, Purpose purpose) {
            this.sa = sa;
            this.purpose = purpose;
        }

        /** Whether the peer is being told that a Child SA goes. */
        boolean deletesChild() {
            return purpose instanceof DeleteChild || purpose instanceof DeleteUnknown;
        }

        private static void begin(Ikev2Sa sa, Purpose purpose, List<Payload> payloads) {
            sa.initiated.exchange = new Initiator(sa, purpose);
            sa.request(ExchangeType.INFORMATIONAL, payloads);
        }

        /** RFC 7296 section 2.4: an empty message. */
        static void checkLiveness(Ikev2Sa sa) {
            begin(sa, new Liveness(), List.of());
        }

        static void deleteChild(Ikev2Sa sa, Child child) {
            child.state = Child.State.DELETING;
            byte[] spi = ChildNegotiation.octets(child.facts.inboundSpi());
            begin(sa, new DeleteChild(child), List.of(new Delete(child.facts.protocol(), List.of(spi))));
        }

        /** A Child SA that only the peer has. */
        static void deleteUnknown(Ikev2Sa sa, int protocol, int inboundSpi) {
            byte[] spi = ChildNegotiation.octets(inboundSpi);
            begin(sa, new DeleteUnknown(), List.of(new Delete(protocol, List.of(spi))));
        }

        static void deleteIke(Ikev2Sa sa) {
            sa.life = Ikev2Sa.Life.DELETING;
            begin(sa, new DeleteIke(), List.of(new Delete(Proposal.IKE, List.of())));
        }

        /** The last word of an SA that ends: sent once, an answer is not awaited. No request of ours may be under way. */
        static void tellAndForget(Ikev2Sa sa, Payload payload) {
            sa.request(ExchangeType.INFORMATIONAL, List.of(payload));
        }

        @Override
        public void onResponse(List<Payload> payloads) {
            sa.initiated.clear();
            switch (purpose) {
                case Liveness liveness -> {}
                case DeleteUnknown unknown -> {}
                case DeleteChild delete -> sa.removeChild(delete.child(), "deleted");
                case DeleteIke delete ->
                    sa.close(sa.wasReplaced() ? CloseReason.REKEYED : CloseReason.DELETED, "deleted");
            }
        }

        @Override
        public void onCrypto(CryptoOutcome outcome) {
            sa.dispose(outcome);
        }

        @Override
        public void onInstalled(@Nullable String failure) {
            throw new IllegalStateException("nothing is installed in INFORMATIONAL");
        }

        @Override
        public void onOverdue() {
            throw new IllegalStateException("INFORMATIONAL waits for no back end");
        }

        @Override
        public void abandon() {
            if (purpose instanceof DeleteChild delete
                    && sa.children.owner != sa
                    && sa.children.children.contains(delete.child())) {
                // the IKE SA goes, the Child SA lives on with the successor: it is deleted there
                delete.child().state = Child.State.REKEYED;
                sa.children.owner.orders.add(
                        new SaCommand.DeleteChild(delete.child().facts.inboundSpi()));
                sa.effects().adopt(sa.children.owner);
            }
        }
    }
}
