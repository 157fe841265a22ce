package dev.cardinal.ike.ikev2;

import dev.cardinal.ike.sa.SaCommand;
import dev.cardinal.ike.sa.SaNotice;
import org.jspecify.annotations.Nullable;

/**
 * The two sides' rekeyings of one IKE SA (RFC 7296 sections 2.8.2 and 2.25.2). Decided once both have ended: of two that
 * succeeded, the one with the lowest nonce loses, and whoever made it deletes it; the winner deletes the old SA.
 */
final class RekeyCollision {
    /** Ours, once its request was sent. */
    @Nullable
    Rekey ours;

    /** The peer's, once its request was accepted. */
    @Nullable
    Rekey theirs;

    /** A rekeying by one side. */
    static final class Rekey {
        @Nullable
        Nonces nonces;

        @Nullable
        Ikev2Sa created;

        boolean settled;
    }

    /** The SA ends: a rekeying under way counts as failed. */
    void end(Ikev2Sa sa) {
        if (sa.wasReplaced()) {
            return;
        }
        if (ours != null) {
            ours.settled = true;
        }
        if (theirs != null) {
            theirs.settled = true;
        }
        settle(sa);
    }

    /** Decides, if everything that must be known is known. */
    void settle(Ikev2Sa sa) {
        Rekey own = ours;
        Rekey peers = theirs;
        if ((own != null && !own.settled) || (peers != null && !peers.settled)) {
            return;
        }
        Ikev2Sa mine = own == null ? null : own.created;
        Ikev2Sa yours = peers == null ? null : peers.created;
        if (mine == null && yours == null) {
            ours = null;
            theirs = null;
            return;
        }
        if (mine != null && yours != null) {
            boolean lost = Ikev2Sa.required(Ikev2Sa.required(own).nonces)
                    .loseAgainst(Ikev2Sa.required(Ikev2Sa.required(peers).nonces));
            sa.report(new SaNotice.Collision(sa.subject(), "IKE SA rekey " + (lost ? "lost" : "won")));
            if (lost) {
                sa.succeed(yours, false);
                if (mine.life != Ikev2Sa.Life.CLOSED) {
                    mine.orders.add(new SaCommand.DeleteIke());
                    sa.effects().adopt(mine);
                }
            } else {
                sa.succeed(mine, true);
                if (yours.life != Ikev2Sa.Life.CLOSED) { // else the peer has deleted it already
                    yours.expectDelete(sa.now());
                    sa.effects().adopt(yours);
                }
            }
        } else if (mine != null) {
            sa.succeed(mine, true);
        } else if (yours != null) {
            sa.succeed(yours, false);
        }
    }
}
