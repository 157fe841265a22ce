package dev.cardinal.ike.ikev1;

import dev.cardinal.ike.sa.IkeSa;
import dev.cardinal.ike.sa.PeerPolicy;
import dev.cardinal.ike.sa.Retransmission;
import dev.cardinal.ike.sa.SaCommand;
import dev.cardinal.ike.sa.SaNotice.CloseReason;
import java.util.ArrayList;
import java.util.List;

/** The deadlines of an ISAKMP SA: phase 1, retransmission, lifetimes, liveness, keepalives, and the back ends'. */
final class Ikev1Timers {
    /** How long what was replaced lives on where it is for us to delete it: what is under way with it arrives meanwhile. */
    static final long HAND_OVER_NANOS = 5_000_000_000L;

    /**
     * What is begun so soon after the peer's SA was established here was begun before that was known at the other end: the way
     * there and back. Where it takes longer the ends disagree for a while, and the one that deletes too much gives back.
     */
    static final long COLLISION_NANOS = 250_000_000L;

    /** The same where it is for the peer. */
    static final long REPLACED_NANOS = 60_000_000_000L;

    /** The same of an ISAKMP SA: some who begin anew leave the old one's deletion to the other side, as strongSwan does. */
    static final long REPLACED_ISAKMP_NANOS = 10_000_000_000L;

    /** What an initiator's phase 1 takes with all its retransmissions, and no more. */
    private static final long INITIATOR_NANOS = 360_000_000_000L;

    private final Ikev1Sa sa;
    private long replaceNanos = IkeSa.NEVER;
    private long expireNanos = IkeSa.NEVER;
    private long lingerNanos = IkeSa.NEVER;
    private long lastInboundNanos;
    private long lastOutboundNanos;
    private long askedNanos;

    Ikev1Timers(Ikev1Sa sa) {
        this.sa = sa;
    }

    void onEstablished(long now) {
        PeerPolicy policy = sa.requirePolicy();
        lastInboundNanos = now;
        lastOutboundNanos = now;
        askedNanos = now;
        long soft = policy.rekeyNanos();
        if (soft > 0) {
            replaceNanos = now + soft - sa.random(policy.randNanos());
            expireNanos = now + soft + policy.overNanos();
        }
        limitLife(now, Ikev1Sa.required(sa.suite).lifeNanos());
    }

    /** The peer keeps the SA for so long only: the initiator's offer, or a RESPONDER-LIFETIME. @param lifeNanos 0 for none */
    void limitLife(long now, long lifeNanos) {
        if (lifeNanos > 0 && (expireNanos == IkeSa.NEVER || now + lifeNanos < expireNanos)) {
            expireNanos = now + lifeNanos;
            // a tenth before the end there is time for phase 1 with retransmissions, where lives are as long as usual
            replaceNanos = Math.min(replaceNanos, expireNanos - lifeNanos / 10);
        }
    }

    /** Deadlines of a Child SA. @param lifeNanos what was agreed on, 0 for none */
    void onChild(Child child, long lifeNanos) {
        long now = sa.now();
        if (child.policy.rekeyNanos() > 0) {
            child.rekeyNanos = now + child.policy.rekeyNanos() - sa.random(child.policy.randNanos());
        }
        if (child.policy.lifeNanos() > 0) {
            child.expireNanos = now + child.policy.lifeNanos();
        }
        if (lifeNanos > 0 && (child.expireNanos == IkeSa.NEVER || now + lifeNanos < child.expireNanos)) {
            child.expireNanos = now + lifeNanos;
            child.rekeyNanos = Math.min(child.rekeyNanos, child.expireNanos - lifeNanos / 10);
        }
    }

    void onInbound(long now) {
        lastInboundNanos = now;
    }

    void onOutbound(long now) {
        lastOutboundNanos = now;
    }

    /** A successor took over. @param lingerNanos how long this SA still lives */
    void onReplaced(long now, long lingerNanos) {
        replaceNanos = IkeSa.NEVER;
        expireNanos = IkeSa.NEVER;
        this.lingerNanos = now + lingerNanos;
    }

    /** The SA was replaced by one that the peer did not keep: it lives on as if established now. */
    void onRevived(long now) {
        lingerNanos = IkeSa.NEVER;
        onEstablished(now);
    }

    /** What was to replace the SA did not: another try when another lifetime has passed. */
    void replaceLater(long now) {
        long soft = sa.requirePolicy().rekeyNanos();
        replaceNanos = soft == 0 ? IkeSa.NEVER : Math.min(now + soft, expireNanos);
    }

    /** When phase 1 is run anew. */
    long replaceNanos() {
        return replaceNanos;
    }

    private long handshakeDeadline() {
        if (!sa.halfOpen() || sa.begunNanos == Ikev1Sa.NOT_YET) {
            return IkeSa.NEVER;
        }
        long patience =
                sa.initiator() ? INITIATOR_NANOS : sa.environment.settings().halfOpenTimeoutNanos();
        return sa.begunNanos + patience;
    }

    private boolean asksForLife() {
        PeerPolicy policy = sa.policy;
        return policy != null && policy.dpdDelayNanos() > 0 && sa.peer.dpd() && sa.life == Ikev1Sa.Life.ESTABLISHED;
    }

    /** RFC 3706 section 5.5: asked after silence, and again after each pause, until the peer counts as dead. */
    private long livenessDeadline() {
        return asksForLife()
                ? Math.max(lastInboundNanos, askedNanos) + sa.requirePolicy().dpdDelayNanos()
                : IkeSa.NEVER;
    }

    private long deadDeadline() {
        // one question must have been asked, and had its time
        return asksForLife() && askedNanos > lastInboundNanos
                ? lastInboundNanos
                        + Math.max(
                                sa.requirePolicy().dpdTimeoutNanos(),
                                sa.requirePolicy().dpdDelayNanos())
                : IkeSa.NEVER;
    }

    private long keepaliveDeadline() {
        long interval = sa.environment.settings().natKeepaliveNanos();
        boolean wanted = interval > 0 && sa.localNat && sa.path.natT() && sa.life == Ikev1Sa.Life.ESTABLISHED;
        return wanted ? lastOutboundNanos + interval : IkeSa.NEVER;
    }

    private List<Conversation> conversations() {
        List<Conversation> all = new ArrayList<>(sa.conversations.size() + 1);
        all.add(sa.phase1);
        all.addAll(sa.conversations);
        return all;
    }

    long nextDeadlineNanos() {
        long next = Math.min(replaceNanos, Math.min(expireNanos, lingerNanos));
        next = Math.min(next, Math.min(handshakeDeadline(), keepaliveDeadline()));
        next = Math.min(next, Math.min(livenessDeadline(), deadDeadline()));
        next = Math.min(next, earliest(sa.phase1));
        for (Conversation each : sa.conversations) {
            next = Math.min(next, Math.min(earliest(each), each.forgetNanos()));
        }
        if (sa.life == Ikev1Sa.Life.ESTABLISHED) {
            for (Child child : sa.children) {
                next = Math.min(next, Math.min(child.rekeyNanos, child.expireNanos));
            }
        }
        return next;
    }

    private static long earliest(Conversation conversation) {
        Retransmission retransmission = conversation.retransmission;
        long next = Math.min(conversation.deadlineNanos, conversation.departureNanos);
        return retransmission == null ? next : Math.min(next, retransmission.deadlineNanos());
    }

    /** Does what is due. */
    void onDue() {
        long now = sa.now();
        if (now >= handshakeDeadline()) {
            sa.close(CloseReason.HALF_OPEN_TIMEOUT, "phase 1 took too long");
            return;
        }
        if (now >= deadDeadline()) {
            sa.close(CloseReason.PEER_DEAD, "no sign of life");
            return;
        }
        for (Conversation each : conversations()) {
            onConversationDue(each, now);
        }
        sa.conversations.removeIf(each -> now >= each.forgetNanos());
        if (sa.life == Ikev1Sa.Life.CLOSED) {
            return;
        }
        if (now >= replaceNanos) {
            replaceNanos = IkeSa.NEVER;
            if (sa.life == Ikev1Sa.Life.ESTABLISHED) {
                sa.order(new SaCommand.RekeyIke());
            }
        }
        if (now >= livenessDeadline()) {
            askedNanos = now;
            Informational.checkLiveness(sa);
        }
        if (now >= keepaliveDeadline()) {
            lastOutboundNanos = now;
            sa.effects().keepalive(sa.path);
        }
        if (sa.life == Ikev1Sa.Life.ESTABLISHED) {
            onChildrenDue(now);
        }
        if (now >= expireNanos || now >= lingerNanos) {
            Informational.deleteIsakmp(sa);
            boolean replaced = sa.life == Ikev1Sa.Life.REPLACED;
            sa.close(
                    replaced ? CloseReason.REKEYED : CloseReason.DELETED,
                    replaced ? "its successor took over" : "its lifetime ended");
        }
    }

    private void onConversationDue(Conversation conversation, long now) {
        Retransmission retransmission = conversation.retransmission;
        if (sa.life != Ikev1Sa.Life.CLOSED && retransmission != null && now >= retransmission.deadlineNanos()) {
            sa.onRetransmission(conversation, retransmission);
        }
        Exchange exchange = conversation.exchange;
        if (sa.life != Ikev1Sa.Life.CLOSED && exchange != null && now >= conversation.deadlineNanos) {
            conversation.forgetTicket();
            exchange.onOverdue();
        }
        if (sa.life != Ikev1Sa.Life.CLOSED && now >= conversation.departureNanos) {
            conversation.depart();
        }
    }

    private void onChildrenDue(long now) {
        for (Child child : List.copyOf(sa.children)) {
            if (now >= child.expireNanos) {
                Informational.deleteChild(sa, child.facts);
                sa.removeChild(child, child.state == Child.State.REPLACED ? "replaced" : "its lifetime ended");
            } else if (now >= child.rekeyNanos) {
                child.rekeyNanos = IkeSa.NEVER;
                sa.order(new SaCommand.RekeyChild(child.facts.inboundSpi()));
            }
        }
    }
}
