package dev.cardinal.ike.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.cardinal.ike.sa.AddressPool;
import dev.cardinal.ike.sa.AddressRange;
import dev.cardinal.ike.wire.Identification;
import dev.cardinal.ike.wire.Payload.Configuration.Attribute;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class AddressLeasesTest {
    private static final Attribute DNS = new Attribute(3, new byte[] {10, 0, 0, 1});
    private static final InetAddress ANY = InetAddress.ofLiteral("0.0.0.0");

    private static AddressLeases pool(String first, String last) {
        return new AddressLeases(List.of(new AddressPool(
                "p", new AddressRange(InetAddress.ofLiteral(first), InetAddress.ofLiteral(last)), List.of(DNS))));
    }

    private static Identification peer(String name) {
        return FakeSa.id(name);
    }

    private static @Nullable String acquire(AddressLeases leases, String peer, @Nullable String wanted) {
        InetAddress address = leases.acquire("p", peer(peer), wanted == null ? null : InetAddress.ofLiteral(wanted));
        return address == null ? null : address.getHostAddress();
    }

    private static void release(AddressLeases leases, String peer, String address) {
        leases.release("p", peer(peer), InetAddress.ofLiteral(address));
    }

    @Test
    void aPeerGetsItsFormerAddressAgain() {
        AddressLeases leases = pool("10.3.0.1", "10.3.0.9");
        assertEquals("10.3.0.1", acquire(leases, "a", null));
        assertEquals("10.3.0.2", acquire(leases, "b", "0.0.0.0"));
        release(leases, "a", "10.3.0.1");
        release(leases, "b", "10.3.0.2");
        assertEquals(0, leases.leased("p"));
        assertEquals("10.3.0.3", acquire(leases, "c", null)); // as long as others are left, nobody's former one
        assertEquals("10.3.0.2", acquire(leases, "b", null));
        assertEquals("10.3.0.1", acquire(leases, "a", "10.3.0.3")); // which is another's
        assertEquals(3, leases.leased("p"));
        assertEquals(List.of(DNS), leases.attributes("p"));
    }

    @Test
    void anExhaustedPoolGivesAwayWhatHasBeenFreeLongest() {
        AddressLeases leases = pool("10.3.0.1", "10.3.0.3");
        for (String peer : List.of("a", "b", "c")) {
            assertNotNull(acquire(leases, peer, null));
        }
        assertNull(acquire(leases, "d", null));
        release(leases, "b", "10.3.0.2");
        release(leases, "a", "10.3.0.1");
        assertEquals("10.3.0.2", acquire(leases, "d", null));
        assertEquals("10.3.0.1", acquire(leases, "b", null)); // its own has changed hands, and so does another's
        assertNull(acquire(leases, "a", null));
        release(leases, "b", "10.3.0.2"); // not its any more
        assertNull(acquire(leases, "a", null));
        assertEquals(3, leases.leased("p"));
    }

    @Test
    void whoAuthenticatesAnewKeepsTheAddressUntilBothAreGone() {
        AddressLeases leases = pool("10.3.0.1", "10.3.0.2");
        assertEquals("10.3.0.1", acquire(leases, "a", null));
        assertEquals("10.3.0.1", acquire(leases, "a", "10.3.0.1"));
        assertEquals(1, leases.leased("p"));
        release(leases, "a", "10.3.0.1");
        assertEquals("10.3.0.2", acquire(leases, "b", "10.3.0.1"));
        assertNull(acquire(leases, "c", null));
        release(leases, "a", "10.3.0.1");
        release(leases, "a", "10.3.0.1"); // once too often
        assertEquals(1, leases.leased("p"));
        assertEquals("10.3.0.1", acquire(leases, "c", null));
    }

    @Test
    void anAddressThatNobodyHadIsGivenToWhoAsksForIt() {
        AddressLeases leases = pool("10.3.0.1", "10.3.0.3");
        assertEquals("10.3.0.2", acquire(leases, "a", "10.3.0.2"));
        assertEquals("10.3.0.1", acquire(leases, "b", "192.0.2.1"));
        assertEquals("10.3.0.3", acquire(leases, "c", "10.3.0.2"));
        assertNull(acquire(leases, "d", "::"));
        assertNull(leases.acquire("q", peer("d"), ANY));
        assertEquals(List.of(), leases.attributes("q"));
    }

    @Test
    void aHugePoolOffersItsFirstAddresses() {
        AddressLeases leases = pool("fd00::1", "fd00:ffff::1");
        assertEquals("fd00:0:0:0:0:0:0:1", acquire(leases, "a", "::"));
        assertEquals("fd00:0:0:0:0:0:0:2", acquire(leases, "b", "fd00:fff0::1"));
        assertNull(acquire(leases, "c", "0.0.0.0"));
    }

    @Test
    void oneIdentityOfManyDevicesIsNotRememberedWithoutBound() {
        AddressLeases leases = pool("10.0.0.1", "10.0.3.255");
        List<InetAddress> held = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            InetAddress address = leases.acquire("p", peer("shared"), ANY);
            assertNotNull(address);
            held.add(address);
        }
        assertEquals(1000, Set.copyOf(held).size());
        held.forEach(address -> leases.release("p", peer("shared"), address));
        assertEquals(0, leases.leased("p"));
    }

    /** Two holders of one address would both believe that it is theirs. */
    @Test
    void loopsNeverShareAnAddressBetweenPeers() throws Exception {
        AddressLeases leases = pool("10.3.0.1", "10.3.0.40");
        Set<InetAddress> inUse = ConcurrentHashMap.newKeySet();
        long seed = 20261124;
        try (ExecutorService loops = Executors.newFixedThreadPool(4)) {
            List<Future<Integer>> all = new ArrayList<>();
            for (int loop = 0; loop < 4; loop++) {
                int number = loop;
                all.add(loops.submit(() -> churn(leases, inUse, number, new Random(seed + number))));
            }
            int given = 0;
            for (Future<Integer> one : all) {
                given += one.get();
            }
            assertNotEquals(0, given, "seed " + seed);
        }
        assertEquals(0, leases.leased("p"));
        assertEquals(Set.of(), inUse);
        // nothing got lost on the way: every address can be had, once
        for (int i = 0; i < 40; i++) {
            assertNotNull(acquire(leases, "last" + i, null), "address " + i);
        }
        assertNull(acquire(leases, "last", null));
    }

    private record Held(Identification peer, InetAddress address) {}

    private static int churn(AddressLeases leases, Set<InetAddress> inUse, int loop, Random random) {
        List<Held> held = new ArrayList<>();
        int given = 0;
        for (int step = 0; step < 20_000; step++) {
            if (held.size() < 15 && random.nextBoolean()) {
                Identification peer = peer(loop + "-" + random.nextInt(50));
                InetAddress address = leases.acquire("p", peer, ANY);
                if (address != null) {
                    if (!inUse.add(address)) {
                        throw new AssertionError("given twice: " + address);
                    }
                    held.add(new Held(peer, address));
                    given++;
                }
            } else if (!held.isEmpty()) {
                giveBack(leases, inUse, held.remove(random.nextInt(held.size())));
            }
        }
        held.forEach(lease -> giveBack(leases, inUse, lease));
        return given;
    }

    private static void giveBack(AddressLeases leases, Set<InetAddress> inUse, Held lease) {
        inUse.remove(lease.address());
        leases.release("p", lease.peer(), lease.address());
    }
}
