package dev.cardinal.ike.ikev2;

import dev.cardinal.ike.sa.IkeSa;
import dev.cardinal.ike.sa.PeerPolicy;
import dev.cardinal.ike.sa.Retransmission;
import dev.cardinal.ike.sa.SaCommand;
import dev.cardinal.ike.sa.SaNotice.CloseReason;
import java.util.List;

/** The deadlines of an IKE SA: handshake, retransmission, lifetimes, liveness, keepalives, and the back ends'. */
final class SaTimers {
    /** What two exchanges with all their retransmissions take, and no more. */
    private static final long INITIATOR_NANOS = 360_000_000_000L;

    /** How long the answer to a failed handshake is kept: two retransmissions of a peer with the usual timers. */
    private static final long FAILED_NANOS = 12_000_000_000L;

    private final Ikev2Sa sa;
    private long rekeyNanos = IkeSa.NEVER;
    private long expireNanos = IkeSa.NEVER;

    /** When an SA that only lingers ends: its handshake has failed, or a successor has replaced it. */
    private long lingerNanos = IkeSa.NEVER;

    private long lastInboundNanos;
    private long lastOutboundNanos;

    SaTimers(Ikev2Sa sa) {
        this.sa = sa;
    }

    void onEstablished(long now) {
        PeerPolicy policy = sa.requirePolicy();
        lastInboundNanos = now;
        lastOutboundNanos = now;
        if (policy.rekeyNanos() > 0) {
            rekeyNanos = now + policy.rekeyNanos() - sa.random(policy.randNanos());
            expireNanos = now + policy.rekeyNanos() + policy.overNanos();
        }
    }

    void onFailed(long now) {
        lingerNanos = now + FAILED_NANOS;
    }

    void onInbound(long now) {
        lastInboundNanos = now;
    }

    void onOutbound(long now) {
        lastOutboundNanos = now;
    }

    /** The SA was replaced, and the peer is expected to delete it. */
    void onReplaced(long now) {
        rekeyNanos = IkeSa.NEVER;
        lingerNanos = now + Ikev2Sa.REPLACED_NANOS;
    }

    /** The rekeying failed; another try. */
    void rekeyAgainAt(long nanos) {
        rekeyNanos = nanos;
    }

    /** When the rekey begins. */
    long rekeyNanos() {
        return rekeyNanos;
    }

    private long handshakeDeadline() {
        if (sa.life == Ikev2Sa.Life.FAILED) {
            return lingerNanos;
        }
        if (!sa.halfOpen() || sa.begunNanos == Ikev2Sa.NOT_YET) {
            return IkeSa.NEVER;
        }
        // half_open_timeout is about peers that nothing is known of; our own patience is the retransmissions'
        long patience =
                sa.initiator() ? INITIATOR_NANOS : sa.environment.settings().halfOpenTimeoutNanos();
        return sa.begunNanos + patience;
    }

    private long livenessDeadline() {
        PeerPolicy policy = sa.policy;
        if (policy == null || policy.dpdDelayNanos() <= 0 || sa.life != Ikev2Sa.Life.ESTABLISHED) {
            return IkeSa.NEVER;
        }
        boolean wanted = sa.initiated.isFree() && !sa.orders.contains(new SaCommand.CheckLiveness());
        return wanted ? lastInboundNanos + policy.dpdDelayNanos() : IkeSa.NEVER;
    }

    private long keepaliveDeadline() {
        long interval = sa.environment.settings().natKeepaliveNanos();
        boolean wanted = interval > 0 && sa.localNat && sa.path.natT() && sa.life == Ikev2Sa.Life.ESTABLISHED;
        return wanted ? lastOutboundNanos + interval : IkeSa.NEVER;
    }

    long nextDeadlineNanos() {
        long next = Math.min(rekeyNanos, Math.min(expireNanos, lingerNanos));
        next = Math.min(next, Math.min(handshakeDeadline(), livenessDeadline()));
        next = Math.min(next, Math.min(keepaliveDeadline(), sa.orders.deadlineNanos()));
        next = Math.min(next, Math.min(sa.initiated.deadlineNanos, sa.responding.deadlineNanos));
        next = Math.min(next, sa.window.forgetNanos());
        Retransmission retransmission = sa.retransmission();
        if (retransmission != null) {
            next = Math.min(next, retransmission.deadlineNanos());
        }
        if (runsChildren()) {
            for (Child child : sa.children.children) {
                if (child.state == Child.State.INSTALLED) {
                    next = Math.min(next, child.rekeyNanos);
                }
                if (child.state != Child.State.DELETING) {
                    next = Math.min(next, child.expireNanos);
                }
            }
        }
        return next;
    }

    private boolean runsChildren() {
        return sa.children.owner == sa && sa.life == Ikev2Sa.Life.ESTABLISHED;
    }

    /** Does what is due. */
    void onDue() {
        long now = sa.now();
        if (now >= handshakeDeadline()) {
            sa.close(CloseReason.HALF_OPEN_TIMEOUT, "the handshake took too long");
            return;
        }
        Retransmission retransmission = sa.retransmission();
        if (retransmission != null && now >= retransmission.deadlineNanos()) {
            sa.onRetransmission(retransmission);
        }
        for (Slot slot : List.of(sa.initiated, sa.responding)) {
            Exchange exchange = slot.exchange;
            if (exchange != null && now >= slot.deadlineNanos) {
                slot.forgetTicket();
                exchange.onOverdue();
            }
        }
        if (now >= sa.window.forgetNanos()) {
            sa.window.forget();
        }
        if (now >= rekeyNanos) {
            rekeyNanos = IkeSa.NEVER;
            sa.orders.add(new SaCommand.RekeyIke());
        }
        if (now >= expireNanos || now >= lingerNanos) {
            expireNanos = IkeSa.NEVER;
            lingerNanos = IkeSa.NEVER;
            sa.orders.add(new SaCommand.DeleteIke());
        }
        if (now >= livenessDeadline()) {
            sa.orders.add(new SaCommand.CheckLiveness());
        }
        if (now >= keepaliveDeadline()) {
            lastOutboundNanos = now;
            sa.effects().keepalive(sa.path);
        }
        if (runsChildren()) {
            onChildrenDue(now);
        }
    }

    private void onChildrenDue(long now) {
        for (Child child : List.copyOf(sa.children.children)) {
            if (child.state == Child.State.INSTALLED && now >= child.rekeyNanos) {
                child.rekeyNanos = IkeSa.NEVER;
                sa.orders.add(new SaCommand.RekeyChild(child.facts.inboundSpi()));
            }
            if (child.state != Child.State.DELETING && now >= child.expireNanos) {
                child.expireNanos = IkeSa.NEVER;
                sa.orders.add(new SaCommand.DeleteChild(child.facts.inboundSpi()));
            }
        }
    }
}
