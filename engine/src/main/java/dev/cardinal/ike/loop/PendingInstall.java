package dev.cardinal.ike.loop;

import dev.cardinal.ike.sa.SaEvent;
import dev.cardinal.ike.sa.SadPort;
import org.jspecify.annotations.Nullable;

/** A Child SA that is being installed. A dying SA removes it by itself, so a late answer holds nothing to free. */
final class PendingInstall implements SadPort.Completion, Inbox.Completion {
    private final SaHost host;
    private final Inbox inbox;
    private final HostedSa hosted;
    private final long ticket;
    private @Nullable String failure; // handed over by the inbox

    PendingInstall(SaHost host, Inbox inbox, HostedSa hosted, long ticket) {
        this.host = host;
        this.inbox = inbox;
        this.hosted = hosted;
        this.ticket = ticket;
    }

    @Override
    public void completed(@Nullable String why) {
        failure = why;
        inbox.complete(this);
    }

    @Override
    public void deliver() {
        if (hosted.isClosed()) {
            host.countStale();
        } else {
            host.deliver(hosted, new SaEvent.ChildInstalled(ticket, failure));
        }
    }

    @Override
    public void discard() {
        // nothing is held
    }
}
