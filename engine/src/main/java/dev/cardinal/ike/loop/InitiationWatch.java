package dev.cardinal.ike.loop;

import dev.cardinal.ike.sa.SaNotice;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Follows the notices of an SA that we initiate until it stands or has failed. On the loop's thread. */
final class InitiationWatch {
    private final boolean wantsChild;
    private final CompletableFuture<Initiated> future;
    private SaNotice.@Nullable IkeEstablished ike;
    private @Nullable String failure;

    InitiationWatch(boolean wantsChild, CompletableFuture<Initiated> future) {
        this.wantsChild = wantsChild;
        this.future = future;
    }

    /** @return whether there is nothing more to wait for */
    boolean onNotice(SaNotice notice) {
        switch (notice) {
            case SaNotice.IkeEstablished established -> {
                ike = established;
                if (!wantsChild) {
                    return succeed(established, null);
                }
            }
            case SaNotice.ChildEstablished child -> {
                if (ike != null) {
                    return succeed(ike, child);
                }
            }
            case SaNotice.ChildFailed failed -> {
                return fail("Child SA " + failed.name() + ": " + failed.why());
            }
            case SaNotice.AuthenticationFailed failed -> failure = failed.why();
            case SaNotice.BackendFailed failed -> failure = failed.why();
            case SaNotice.InternalError error -> failure = error.what();
            case SaNotice.IkeClosed closed -> {
                return fail(failure == null ? closed.why() : failure);
            }
            case SaNotice.HandshakeBegun begun -> {}
            case SaNotice.IkeRekeyed rekeyed -> {}
            case SaNotice.ChildRemoved removed -> {}
            case SaNotice.MessageRejected rejected -> {}
            case SaNotice.Retransmitted retransmitted -> {}
            case SaNotice.AddressesAssigned assigned -> {}
            case SaNotice.PathChanged changed -> {}
            case SaNotice.Collision collision -> {}
        }
        return false;
    }

    /** The SA has gone without a word. */
    void onClosed() {
        fail(failure == null ? "the IKE SA ended" : failure);
    }

    private boolean succeed(SaNotice.IkeEstablished established, SaNotice.@Nullable ChildEstablished child) {
        future.complete(new Initiated(established.subject().ownSpi(), established, child));
        return true;
    }

    private boolean fail(String why) {
        future.completeExceptionally(new InitiationFailed(why));
        return true;
    }
}
