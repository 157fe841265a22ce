package dev.cardinal.bench.jmh;

import dev.cardinal.ike.crypto.CryptoPort;
import dev.cardinal.ike.crypto.CryptoRequest;
import dev.cardinal.ike.crypto.KeyExchangeHandle;
import dev.cardinal.ike.ikev2.Ikev2Sa;
import dev.cardinal.ike.sa.ChildKeys;
import dev.cardinal.ike.sa.ChildSa;
import dev.cardinal.ike.sa.Effects;
import dev.cardinal.ike.sa.IkeSa;
import dev.cardinal.ike.sa.Path;
import dev.cardinal.ike.sa.PeerPolicy;
import dev.cardinal.ike.sa.SaCommand;
import dev.cardinal.ike.sa.SaEnvironment;
import dev.cardinal.ike.sa.SaEvent;
import dev.cardinal.ike.sa.SaNotice;
import dev.cardinal.ike.wire.Identification;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import jdk.jfr.Event;
import jdk.jfr.Name;
import org.jspecify.annotations.Nullable;

/**
 * Whole handshakes without sockets: for each a pair of {@link Ikev2Sa}, all on the calling thread, whose datagrams go by method
 * call. Does for both ends what an event loop does, but for tables, timers and retransmissions. Clients take turns.
 */
final class Handshakes {
    private static final long PATIENCE_SECONDS = 30;

    /** Events for one SA at a time: fragments, held datagrams, a completion. */
    private static final int EVENTS_PER_PAIR = 16;

    private static final SaEvent INITIATE = new SaEvent.Command(new SaCommand.Initiate());
    private static final SaEvent FORGET = new SaEvent.Command(new SaCommand.Forget());

    /** What the SAs of one end share. */
    record End(SaEnvironment environment, CryptoPort port, Path path) {}

    /** One handshake has ended, for {@link AllocationSites}. */
    @Name("dev.cardinal.bench.Handshake")
    static final class Ended extends Event {}

    private final Peers peers;
    private final End initiators;
    private final End responders;
    private final Consumer<byte[]> tap;
    private final int underWay;
    private final BlockingQueue<Delivery> inbox;
    private AllocationMeter meter = new AllocationMeter();
    private int nextClient;

    /** An event on its way. */
    private record Delivery(Pair pair, boolean toResponder, SaEvent event) {}

    /**
     * @param tap sees each datagram that is sent
     * @param underWay handshakes at a time, at least 1
     */
    Handshakes(Peers peers, End initiators, End responders, int underWay, Consumer<byte[]> tap) {
        this.peers = peers;
        this.initiators = initiators;
        this.responders = responders;
        this.underWay = underWay;
        this.tap = tap;
        this.inbox = new ArrayBlockingQueue<>(underWay * EVENTS_PER_PAIR);
    }

    /**
     * Establishes so many SAs and forgets each at once.
     *
     * @param counter told what the responders allocate on this thread
     * @throws IllegalStateException where one was not established
     */
    void run(int count, AllocationMeter counter) throws InterruptedException {
        meter = counter;
        int begun = 0;
        int ended = 0;
        while (ended < count) {
            while (begun < count && begun - ended < underWay) {
                begin();
                begun++;
            }
            Delivery next = inbox.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
            if (next == null) {
                throw new IllegalStateException("nothing happens any more");
            }
            if (next.toResponder) {
                toResponder(next.pair, next.event);
            } else {
                toInitiator(next.pair, next.event);
            }
            if (next.pair.isEstablished()) {
                end(next.pair);
                ended++;
            }
        }
    }

    private void begin() {
        PeerPolicy client = peers.clients().get(nextClient);
        nextClient = (nextClient + 1) % peers.clients().size();
        Pair pair = new Pair();
        pair.initiator = new Host(
                pair,
                false,
                initiators,
                Ikev2Sa.initiator(client, peers.child(), initiators.path(), initiators.environment()));
        toInitiator(pair, INITIATE);
    }

    private void toInitiator(Pair pair, SaEvent event) {
        pair.initiator().handle(event);
    }

    /** {@link AllocationSites} knows a responder's work by this method. */
    private void toResponder(Pair pair, SaEvent event) {
        long before = meter.now();
        Host host = pair.responder;
        if (host == null) {
            host = new Host(pair, true, responders, Ikev2Sa.responder(responders.path(), responders.environment()));
            pair.responder = host;
        }
        // the sender keeps its array for retransmissions
        host.handle(
                event instanceof SaEvent.Datagram datagram
                        ? new SaEvent.Datagram(datagram.octets().clone(), datagram.path())
                        : event);
        meter.addAll(meter.now() - before);
    }

    private void end(Pair pair) {
        meter.addHandshake();
        new Ended().commit();
        pair.initiator().handle(FORGET);
        Host responder = pair.responder;
        if (responder != null) {
            responder.handle(FORGET);
        }
    }

    /** Two SAs that talk to each other. */
    private final class Pair {
        @Nullable
        Host initiator;

        @Nullable
        Host responder;

        Host initiator() {
            Host host = initiator;
            if (host == null) {
                throw new IllegalStateException("not begun");
            }
            return host;
        }

        boolean isEstablished() {
            Host other = responder;
            return other != null && initiator().isEstablished() && other.isEstablished();
        }
    }

    /** Carries one SA's effects out. */
    private final class Host implements Effects {
        private final Pair pair;
        private final boolean responder;
        private final End end;
        private final IkeSa sa;
        private boolean established;
        private boolean child;
        private boolean forgotten;
        private @Nullable SaNotice trouble;

        Host(Pair pair, boolean responder, End end, IkeSa sa) {
            this.pair = pair;
            this.responder = responder;
            this.end = end;
            this.sa = sa;
        }

        void handle(SaEvent event) {
            forgotten = event == FORGET;
            sa.handle(event, System.nanoTime(), this);
        }

        boolean isEstablished() {
            return established && (child || peers.child() == null);
        }

        @Override
        public void send(byte[] datagram, Path path) {
            tap.accept(datagram);
            End other = responder ? initiators : responders;
            post(!responder, new SaEvent.Datagram(datagram, other.path()));
        }

        private void post(boolean toResponder, SaEvent event) {
            inbox.add(new Delivery(pair, toResponder, event));
        }

        @Override
        public void keepalive(Path path) {
            throw new IllegalStateException("a NAT where there is none");
        }

        @Override
        public boolean submit(long ticket, CryptoRequest request) {
            long before = meter.now();
            boolean taken = end.port()
                    .submit(request, outcome -> post(responder, new SaEvent.CryptoCompleted(ticket, outcome)));
            if (responder) {
                meter.addByPort(meter.now() - before);
            }
            return taken;
        }

        @Override
        public void release(KeyExchangeHandle handle) {
            end.port().release(handle);
        }

        @Override
        public void install(long ticket, ChildSa facts, ChildKeys keys) {
            keys.close();
            post(responder, new SaEvent.ChildInstalled(ticket, null));
        }

        @Override
        public void remove(ChildSa facts) {}

        @Override
        public void begin(IkeSa successor) {
            throw new IllegalStateException("nothing begins anew here");
        }

        @Override
        public void adopt(IkeSa successor) {
            throw new IllegalStateException("a rekey out of place");
        }

        @Override
        public void established(
                PeerPolicy policy, Identification local, Identification remote, boolean initialContact) {
            established = true;
        }

        @Override
        public void report(SaNotice notice) {
            if (notice instanceof SaNotice.ChildEstablished) {
                child = true;
            } else if (notice instanceof SaNotice.AuthenticationFailed
                    || notice instanceof SaNotice.MessageRejected
                    || notice instanceof SaNotice.BackendFailed
                    || notice instanceof SaNotice.ChildFailed
                    || notice instanceof SaNotice.InternalError) {
                trouble = notice;
            }
        }

        @Override
        public void closed() {
            if (!forgotten) {
                throw new IllegalStateException((responder ? "responder" : "initiator") + " gave up: " + trouble);
            }
        }
    }
}
