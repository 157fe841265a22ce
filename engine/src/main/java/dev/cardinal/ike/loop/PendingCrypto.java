package dev.cardinal.ike.loop;

import dev.cardinal.ike.crypto.CryptoOutcome;
import dev.cardinal.ike.crypto.CryptoPort;
import dev.cardinal.ike.crypto.Secret;
import dev.cardinal.ike.sa.SaEvent;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A request that is with a back end: takes its outcome on the back end's thread and brings it to the loop. */
final class PendingCrypto implements CryptoPort.Completion, Inbox.Completion {
    private final SaHost host;
    private final Inbox inbox;
    private final CryptoPort port;
    private final HostedSa hosted;
    private final long ticket;
    private @Nullable CryptoOutcome outcome; // handed over by the inbox

    PendingCrypto(SaHost host, Inbox inbox, CryptoPort port, HostedSa hosted, long ticket) {
        this.host = host;
        this.inbox = inbox;
        this.port = port;
        this.hosted = hosted;
        this.ticket = ticket;
    }

    @Override
    public void completed(CryptoOutcome result) {
        outcome = result;
        inbox.complete(this);
    }

    @Override
    public void deliver() {
        if (hosted.isClosed()) {
            discard();
            host.countStale();
        } else {
            host.deliver(hosted, new SaEvent.CryptoCompleted(ticket, Objects.requireNonNull(outcome)));
        }
    }

    /** Nobody wants the outcome any more: wipes its secret, releases its handle. */
    @Override
    public void discard() {
        switch (Objects.requireNonNull(outcome)) {
            case CryptoOutcome.Generated generated -> port.release(generated.handle());
            case CryptoOutcome.Agreed agreed -> agreed.derived().close();
            case CryptoOutcome.Decrypted decrypted -> decrypted.plaintexts().forEach(Secret::close);
            case CryptoOutcome.Encrypted encrypted -> {}
            case CryptoOutcome.Signed signed -> {}
            case CryptoOutcome.PeerVerified verified -> {}
            case CryptoOutcome.PeerRejected rejected -> {}
            case CryptoOutcome.Failed failed -> {}
        }
    }
}
