package dev.cardinal.ike.ikev1;

import dev.cardinal.ike.sa.ChildSa;
import dev.cardinal.ike.sa.Path;
import dev.cardinal.ike.sa.SaNotice;
import dev.cardinal.ike.sa.SaNotice.CloseReason;
import dev.cardinal.ike.wire.ExchangeType;
import dev.cardinal.ike.wire.IkeHeader;
import dev.cardinal.ike.wire.IsakmpBody;
import dev.cardinal.ike.wire.IsakmpCodec;
import dev.cardinal.ike.wire.IsakmpMessage;
import dev.cardinal.ike.wire.IsakmpNotify;
import dev.cardinal.ike.wire.IsakmpPayload;
import dev.cardinal.ike.wire.IsakmpPayload.Delete;
import dev.cardinal.ike.wire.IsakmpPayload.Hash;
import dev.cardinal.ike.wire.IsakmpPayload.Notification;
import dev.cardinal.ike.wire.MalformedMessage;
import dev.cardinal.ike.wire.Proposal;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The informational exchange (RFC 2409 section 5.7): one message, which nobody answers.
 *
 * <pre>
 *   HDR*, HASH(1), N/D  -->
 * </pre>
 *
 * DPD (RFC 3706) makes a question and an answer of two of them.
 */
final class Informational {
    private static final byte[] NO_DATA = new byte[0];

    private Informational() {}

    // ------------------------------------------------------------------------------------------------ the peer's

    /**
     * A peer's informational message.
     *
     * @throws MalformedMessage where it is no valid one; nothing was changed
     */
    static void onDatagram(Ikev1Sa sa, IsakmpChannel channel, IkeHeader header, byte[] datagram, Path from)
            throws MalformedMessage {
        if ((header.flags() & IsakmpCodec.FLAG_ENCRYPTION) == 0) {
            onUnprotected(sa, Contents.of(IsakmpCodec.decode(header, datagram)));
            return;
        }
        Ikev1KeyMaterial keys = sa.keys;
        if (keys == null || header.messageId() == 0) {
            throw new MalformedMessage("an informational message that nothing can open");
        }
        byte[] iv = keys.exchangeIv(header.messageId());
        IsakmpMessage message = channel.open(keys, header, datagram, iv).message();
        Contents contents = Contents.of(message);
        if (contents.payloads().isEmpty()
                || !(contents.payloads().getFirst() instanceof Hash hash)
                || !MessageDigest.isEqual(hash.value(), keys.messageHash(header.messageId(), message.afterFirst()))) {
            throw new MalformedMessage("an informational message that does not prove itself");
        }
        Notification error = contents.error();
        if (sa.halfOpen() && error != null) {
            sa.close(CloseReason.FAILED, "the peer says " + IsakmpNotify.words(error.type()));
            return;
        }
        if (sa.life == Ikev1Sa.Life.CONNECTING) {
            // whoever has the keys is not authenticated yet: it may say that it gives up, and no more
            return;
        }
        if (!isRecorded(sa, contents)) {
            sa.onAuthentic(from);
        }
        for (IsakmpPayload payload : contents.payloads()) {
            if (payload instanceof Notification notification) {
                onNotification(sa, notification);
            } else if (payload instanceof Delete delete) {
                onDelete(sa, delete);
            }
            if (sa.life == Ikev1Sa.Life.CLOSED) {
                return;
            }
        }
    }

    /** Anybody who sees our messages can send this: it ends only a phase 1 of ours that has no keys yet. */
    private static void onUnprotected(Ikev1Sa sa, Contents contents) {
        Notification error = contents.error();
        if (error == null) {
            return;
        }
        if (sa.initiator && sa.life == Ikev1Sa.Life.CONNECTING && sa.keys == null) {
            sa.close(CloseReason.FAILED, "the peer says " + IsakmpNotify.words(error.type()));
        } else {
            sa.rejected("unprotected " + IsakmpNotify.words(error.type()));
        }
    }

    /**
     * Whether a message may have been recorded and sent again by anybody: only a question for life that counts on, and an
     * answer to our last one, show that the peer lives now (RFC 3706 section 6).
     */
    private static boolean isRecorded(Ikev1Sa sa, Contents contents) {
        Notification question = contents.notification(IsakmpNotify.R_U_THERE);
        if (question != null) {
            return !sa.liveness.isFresh(question.data());
        }
        Notification answer = contents.notification(IsakmpNotify.R_U_THERE_ACK);
        return answer == null || !sa.liveness.onAnswer(answer.data());
    }

    private static void onNotification(Ikev1Sa sa, Notification notification) {
        switch (notification.type()) {
            case IsakmpNotify.R_U_THERE -> {
                if (isAbout(sa, notification.spi()) && sa.liveness.onQuestion(notification.data())) {
                    send(sa, notification(sa, IsakmpNotify.R_U_THERE_ACK, notification.data()));
                }
            }
            case IsakmpNotify.R_U_THERE_ACK, IsakmpNotify.REPLAY_STATUS, IsakmpNotify.CONNECTED -> {}
            case IsakmpNotify.RESPONDER_LIFETIME -> {
                long life = Lifetimes.ofNotification(notification);
                if (isAbout(sa, notification.spi())) {
                    sa.timers.limitLife(sa.now(), life);
                }
            }
            default -> {
                if (notification.isError()) {
                    sa.report(new SaNotice.ChildFailed(
                            sa.subject(), "", "the peer says " + IsakmpNotify.words(notification.type())));
                }
            }
        }
    }

    private static void onDelete(Ikev1Sa sa, Delete delete) {
        for (byte[] spi : delete.spis()) {
            if (delete.protocol() == Proposal.IKE) {
                if (isAbout(sa, spi)) {
                    sa.onPeerDeletes();
                    return;
                }
                continue;
            }
            // RFC 2408 section 3.15: the SPIs are those of the sender, with which we send
            Child child = sa.outbound(delete.protocol(), ByteBuffer.wrap(spi).getInt());
            if (child != null) {
                sa.removeChild(child, "the peer deleted it");
            }
        }
    }

    /** RFC 2408 section 3.14: an ISAKMP SA is named by both its cookies; some peers leave them out. */
    private static boolean isAbout(Ikev1Sa sa, byte[] spi) {
        return spi.length == 0 || Arrays.equals(spi, cookies(sa));
    }

    // ------------------------------------------------------------------------------------------------ ours

    /** RFC 3706 section 5.3: are you there? */
    static void checkLiveness(Ikev1Sa sa) {
        send(sa, notification(sa, IsakmpNotify.R_U_THERE, sa.liveness.ask(sa.environment.random())));
    }

    static void deleteChild(Ikev1Sa sa, ChildSa child) {
        byte[] spi = Ikev1KeyMaterial.octets(child.inboundSpi());
        send(sa, new Delete(child.protocol(), List.of(spi)));
    }

    static void deleteIsakmp(Ikev1Sa sa) {
        send(sa, new Delete(Proposal.IKE, List.of(cookies(sa))));
    }

    /** Tells the peer of an error: encrypted once there are keys, else in the clear. @param type see {@link IsakmpNotify} */
    static void tell(Ikev1Sa sa, int type) {
        send(sa, notification(sa, type, NO_DATA));
    }

    private static Notification notification(Ikev1Sa sa, int type, byte[] data) {
        return new Notification(Proposal.IKE, cookies(sa), type, data);
    }

    private static byte[] cookies(Ikev1Sa sa) {
        return ByteBuffer.allocate(16)
                .putLong(sa.initiatorCookie())
                .putLong(sa.responderCookie())
                .array();
    }

    private static void send(Ikev1Sa sa, IsakmpPayload payload) {
        Ikev1KeyMaterial keys = sa.keys;
        int messageId = sa.freshMessageId();
        byte[] iv = keys == null ? NO_DATA : keys.exchangeIv(messageId);
        Conversation alone = new Conversation(messageId, ExchangeType.ISAKMP_INFORMATIONAL, iv);
        IsakmpBody body = IsakmpBody.of(payload);
        if (keys == null) {
            sa.sendOnce(sa.channel().encode(alone, List.of(body)));
            return;
        }
        sa.sendOnce(sa.channel().seal(keys, alone, withHash(keys, messageId, List.of(body))));
    }

    /** The payloads behind HASH(1), which covers them. */
    private static List<IsakmpBody> withHash(Ikev1KeyMaterial keys, int messageId, List<IsakmpBody> bodies) {
        byte[] hash = keys.messageHash(messageId, IsakmpCodec.encodeChain(bodies));
        List<IsakmpBody> all = new ArrayList<>();
        all.add(IsakmpBody.of(new Hash(hash)));
        all.addAll(bodies);
        return all;
    }
}
