package dev.cardinal.ike.backend;

import dev.cardinal.ike.backend.PeerJudge.Judgement;
import dev.cardinal.ike.backend.PeerJudge.Link;
import dev.cardinal.ike.crypto.CryptoOutcome;
import dev.cardinal.ike.crypto.CryptoOutcome.Failed;
import dev.cardinal.ike.crypto.CryptoPort.Completion;
import dev.cardinal.ike.crypto.CryptoRequest;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The signatures of one peer on a token, each a request of its own, so that those of many peers share batches. The peer is
 * verified once all of them were found to hold; nothing is concluded before the last is answered.
 */
final class TokenVerification {
    /** What to do with the end. */
    interface Receiver {
        /** All signatures hold, or only that of the AUTH payload does not. */
        void decided(CryptoOutcome outcome);

        /** The judged path is none, or the token cannot tell: the host is to say. */
        void undecided();
    }

    private final HsmCryptoPort port;
    private final CryptoRequest.VerifyPeer request;
    private final Judgement.Signatures judged;
    private final KnownCertificates known;
    private final Receiver receiver;
    private final AtomicInteger waiting;
    private final AtomicReference<@Nullable CryptoOutcome> auth = new AtomicReference<>();

    /** The first answer about the path that was not that a signature holds. */
    private final AtomicReference<@Nullable CryptoOutcome> broken = new AtomicReference<>();

    TokenVerification(
            HsmCryptoPort port,
            CryptoRequest.VerifyPeer request,
            Judgement.Signatures judged,
            KnownCertificates known,
            Receiver receiver) {
        this.port = port;
        this.request = request;
        this.judged = judged;
        this.known = known;
        this.receiver = receiver;
        this.waiting = new AtomicInteger(1 + judged.links().size());
    }

    /** @return false where the token's queue is full: then the receiver hears nothing */
    boolean submit() {
        for (Link link : judged.links()) {
            if (!submit(link.check(), this::onLink)) {
                return false;
            }
        }
        return submit(judged.auth(), this::onAuth);
    }

    private boolean submit(SignatureCheck check, Completion completion) {
        // those already under way when the queue is full are answered to nobody: one answer is lacking for good
        return port.verify(check, request.urgency(), request.deadlineNanos(), completion);
    }

    private void onLink(CryptoOutcome outcome) {
        if (!(outcome instanceof CryptoOutcome.PeerVerified)) {
            broken.compareAndSet(null, outcome);
        }
        onAnswer();
    }

    private void onAuth(CryptoOutcome outcome) {
        auth.set(outcome);
        onAnswer();
    }

    private void onAnswer() {
        if (waiting.decrementAndGet() > 0) {
            return;
        }
        CryptoOutcome path = broken.get();
        CryptoOutcome own = auth.get();
        if (isExpired(path) || isExpired(own)) {
            receiver.decided(new Failed(Failed.Kind.EXPIRED, port.name() + ": waited too long to verify"));
        } else if (path != null || own == null || own instanceof Failed) {
            receiver.undecided();
        } else {
            if (own instanceof CryptoOutcome.PeerVerified) {
                PeerJudge.remember(known, judged);
            }
            receiver.decided(own);
        }
    }

    private static boolean isExpired(@Nullable CryptoOutcome outcome) {
        return outcome instanceof Failed failed && failed.kind() == Failed.Kind.EXPIRED;
    }
}
