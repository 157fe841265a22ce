package dev.cardinal.ike.ikev2;

import dev.cardinal.ike.sa.IkeSa;
import dev.cardinal.ike.sa.SaCommand;
import java.util.ArrayList;
import java.util.List;

/** Orders of the operator, the daemon and the timers, which wait until the slot for our own exchanges is free. */
final class Orders {
    /** Orders waiting for their turn: a bound, far above what an operator and the timers give at once. */
    private static final int MAX_WAITING = 64;

    /** Pause before an order is tried again after a back end or the peer had no time for it; doubled each time. */
    private static final long PAUSE_NANOS = 1_000_000_000L;

    /** As often as the pause is doubled: two ends that keep refusing each other come apart. */
    private static final int MAX_DOUBLINGS = 3;

    private final Ikev2Sa sa;
    private final List<SaCommand> waiting = new ArrayList<>(0);
    private long notBeforeNanos = Long.MIN_VALUE;
    private int doublings;
    private boolean ends;

    Orders(Ikev2Sa sa) {
        this.sa = sa;
    }

    /** An order for later; dropped where it is already there or too many are. */
    void add(SaCommand order) {
        if (waiting.size() < MAX_WAITING && !waiting.contains(order)) {
            waiting.addLast(order);
        }
    }

    /** Whether an order waits for its turn. */
    boolean contains(SaCommand order) {
        return waiting.contains(order);
    }

    /** The order cannot be carried out now: it is tried again, a little later. */
    void retry(SaCommand order) {
        if (!waiting.contains(order)) {
            waiting.addFirst(order);
        }
        long pause = PAUSE_NANOS << doublings;
        doublings = Math.min(doublings + 1, MAX_DOUBLINGS);
        notBeforeNanos = sa.now() + pause + sa.random(pause);
    }

    /** An order was carried out: the next pause is a short one again. */
    void onProgress() {
        doublings = 0;
    }

    /** The IKE SA is to be deleted, and nothing else is worth doing any more; its successor too, where one takes over. */
    void end() {
        ends = true;
        waiting.clear();
        waiting.addFirst(new SaCommand.DeleteIke());
    }

    /** When waiting orders are to be looked at again; NEVER where none waits for a time. */
    long deadlineNanos() {
        return !waiting.isEmpty() && sa.initiated.isFree() ? notBeforeNanos : IkeSa.NEVER;
    }

    /** Orders that have not been carried out pass to the successor. */
    void handOver(Orders successor) {
        if (ends) {
            successor.end();
        }
        for (SaCommand order : waiting) {
            if (!(order instanceof SaCommand.RekeyIke) && !(order instanceof SaCommand.DeleteIke)) {
                successor.add(order);
            }
        }
        waiting.clear();
    }

    void clear() {
        waiting.clear();
    }

    /** Carries out what can be begun now. */
    void start() {
        while (sa.life != Ikev2Sa.Life.CLOSED
                && sa.life != Ikev2Sa.Life.FAILED
                && sa.initiated.isFree()
                && !waiting.isEmpty()
                && (sa.now() >= notBeforeNanos || waiting.getFirst() instanceof SaCommand.DeleteIke)) {
            start(waiting.removeFirst());
        }
    }

    private void start(SaCommand command) {
        switch (command) {
            case SaCommand.Initiate initiate -> {
                if (sa.life == Ikev2Sa.Life.CONNECTING && sa.initiator()) {
                    IkeSaInit.Initiator.begin(sa, sa.firstChild);
                }
            }
            case SaCommand.CreateChild create -> {
                if (sa.life == Ikev2Sa.Life.ESTABLISHED) {
                    CreateChildSa.Initiator.begin(sa, create.policy());
                }
            }
            case SaCommand.RekeyChild order -> {
                Child child = sa.children.inbound(order.inboundSpi());
                if (sa.life == Ikev2Sa.Life.ESTABLISHED && child != null && child.state == Child.State.INSTALLED) {
                    CreateChildSa.Initiator.beginRekey(sa, child);
                }
            }
            case SaCommand.RekeyIke order -> {
                if (sa.life == Ikev2Sa.Life.ESTABLISHED) {
                    RekeyIkeSa.Initiator.begin(sa);
                }
            }
            case SaCommand.DeleteChild order -> {
                Child child = sa.children.inbound(order.inboundSpi());
                if (child != null && sa.life == Ikev2Sa.Life.ESTABLISHED) {
                    Informational.Initiator.deleteChild(sa, child);
                }
            }
            case SaCommand.DeleteIke order -> {
                if (sa.life == Ikev2Sa.Life.ESTABLISHED || sa.life == Ikev2Sa.Life.REKEYED) {
                    Informational.Initiator.deleteIke(sa);
                }
            }
            case SaCommand.CheckLiveness order -> {
                if (sa.life == Ikev2Sa.Life.ESTABLISHED) {
                    Informational.Initiator.checkLiveness(sa);
                }
            }
            case SaCommand.Forget order -> {}
            case SaCommand.HandOver order -> {}
        }
    }
}
