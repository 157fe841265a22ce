package dev.cardinal.ike.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cardinal.ike.sa.Path;
import dev.cardinal.ike.sa.SaEvent;
import java.net.InetSocketAddress;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class InboxTest {
    private final AtomicInteger woken = new AtomicInteger();
    private final AtomicInteger freed = new AtomicInteger();
    private final Inbox inbox = new Inbox(woken::incrementAndGet);
    private final SaEvent.Datagram datagram = new SaEvent.Datagram(
            new byte[28],
            new Path(new InetSocketAddress("127.0.0.1", 1), new InetSocketAddress("127.0.0.1", 2), false));

    private final class Answer implements Inbox.Completion {
        @Override
        public void deliver() {
            throw new AssertionError("nobody drains");
        }

        @Override
        public void discard() {
            freed.incrementAndGet();
        }
    }

    private final class Order implements Inbox.Order {
        @Override
        public void carryOut(EventLoop loop) {
            throw new AssertionError("nobody drains");
        }

        @Override
        public void abandon() {
            freed.incrementAndGet();
        }
    }

    @Test
    void everyQueueIsBoundedForItself() {
        for (int i = 0; i < Inbox.DATAGRAM_LIMIT; i++) {
            assertTrue(inbox.handOver(datagram));
        }
        assertFalse(inbox.handOver(datagram));
        for (int i = 0; i < Inbox.ORDER_LIMIT; i++) {
            assertTrue(inbox.order(new Order()), "strangers' datagrams leave room for orders");
        }
        assertFalse(inbox.order(new Order()));
        for (int i = 0; i < Inbox.COMPLETION_LIMIT; i++) {
            inbox.complete(new Answer());
        }
        assertEquals(0, freed.get());
        assertEquals(Inbox.DATAGRAM_LIMIT + Inbox.ORDER_LIMIT + Inbox.COMPLETION_LIMIT, inbox.size());
        assertEquals(inbox.size(), woken.get(), "each arrival wakes");
    }

    @Test
    void closingFreesWhatIsQueuedAndWhatComesLater() {
        inbox.complete(new Answer());
        inbox.order(new Order());
        inbox.handOver(datagram);
        inbox.close();
        assertEquals(2, freed.get());
        assertTrue(inbox.isEmpty());
        inbox.complete(new Answer());
        assertEquals(3, freed.get());
        assertFalse(inbox.order(new Order()));
        assertFalse(inbox.handOver(datagram));
    }
}
