package dev.cardinal.ike.loop;

import dev.cardinal.ike.sa.AddressPool;
import dev.cardinal.ike.sa.Addresses;
import dev.cardinal.ike.wire.Identification;
import java.math.BigInteger;
import java.net.InetAddress;
import java.util.Arrays;
import java.util.Comparator;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * The leases of one pool. The slot of an address is the truth and is changed by compare-and-set; the index by identity and
 * the queue of free addresses only say where to look, and whoever looks checks the slot. No locks.
 *
 * <p>An address that was given back stays its peer's until every other one has been used: then the one that has waited
 * longest changes hands.
 */
final class LeasedPool {
    /** Addresses of a pool that are used; a larger range offers its first ones. */
    static final int SIZE_LIMIT = 1 << 22;

    /** Addresses remembered for one identity: many devices may share one, and each look goes through them. */
    private static final int REMEMBERED = 16;

    /** Slots in one piece: a large pool costs memory as it fills. */
    private static final int PIECE = 1024;

    private static final int[] NOWHERE = {};

    private static final Comparator<Identification> BY_OCTETS = Comparator.comparingInt(Identification::type)
            .thenComparing((a, b) -> Arrays.compareUnsigned(a.data(), b.data()));

    private final AddressPool pool;
    private final int size;
    private final int addressLength;
    private final BigInteger first;
    private final AtomicReferenceArray<AtomicReferenceArray<Lease>> slots;
    /** The lowest address that nobody had, as far as is known. */
    private final AtomicInteger fresh = new AtomicInteger();

    private final AtomicInteger leased = new AtomicInteger();
    /** Slots that were given back; each at most once. */
    private final ConcurrentLinkedQueue<Integer> free = new ConcurrentLinkedQueue<>();
    /** By a tree, not a hash: a peer chooses its identity. */
    private final ConcurrentSkipListMap<Identification, int[]> remembered = new ConcurrentSkipListMap<>(BY_OCTETS);

    /**
     * Who has an address, or had it last.
     *
     * @param holders how often it is leased: twice while a peer authenticates anew
     * @param queued whether the slot is among the free ones
     */
    private record Lease(Identification peer, int holders, boolean queued) {}

    LeasedPool(AddressPool pool) {
        this.pool = pool;
        byte[] octets = pool.range().first().getAddress();
        addressLength = octets.length;
        first = new BigInteger(1, octets);
        size = new BigInteger(1, pool.range().last().getAddress())
                .subtract(first)
                .add(BigInteger.ONE)
                .min(BigInteger.valueOf(SIZE_LIMIT))
                .intValue();
        slots = new AtomicReferenceArray<>((size + PIECE - 1) / PIECE);
    }

    AddressPool pool() {
        return pool;
    }

    int leased() {
        return leased.get();
    }

    @Nullable
    InetAddress acquire(Identification peer, @Nullable InetAddress wanted) {
        if (wanted != null && wanted.getAddress().length != addressLength) {
            return null;
        }
        int slot = former(peer, wanted);
        if (slot < 0) {
            slot = unused(peer, wanted);
        }
        if (slot < 0) {
            slot = anothers(peer);
        }
        return slot < 0 ? null : address(slot);
    }

    void release(Identification peer, InetAddress address) {
        int slot = slot(address);
        Lease lease = slot < 0 ? null : get(slot);
        while (lease != null && lease.holders() > 0 && lease.peer().equals(peer)) {
            boolean last = lease.holders() == 1;
            if (set(slot, lease, new Lease(peer, lease.holders() - 1, last || lease.queued()))) {
                if (last) {
                    leased.decrementAndGet();
                    if (!lease.queued()) {
                        free.add(slot);
                    }
                }
                return;
            }
            lease = get(slot);
        }
    }

    /** What is the peer's own: the address it asks for even while it has it, else one that it gave back. */
    private int former(Identification peer, @Nullable InetAddress wanted) {
        int asked = wanted == null ? -1 : slot(wanted);
        if (asked >= 0 && hold(asked, peer, true)) {
            return asked;
        }
        for (int slot : remembered.getOrDefault(peer, NOWHERE)) {
            if (hold(slot, peer, false)) {
                return slot;
            }
        }
        return -1;
    }

    private boolean hold(int slot, Identification peer, boolean again) {
        Lease lease = get(slot);
        while (lease != null && lease.peer().equals(peer) && (again || lease.holders() == 0)) {
            if (set(slot, lease, new Lease(peer, lease.holders() + 1, lease.queued()))) {
                if (lease.holders() == 0) {
                    leased.incrementAndGet();
                }
                return true;
            }
            lease = get(slot);
        }
        return false;
    }

    private int unused(Identification peer, @Nullable InetAddress wanted) {
        int asked = wanted == null ? -1 : slot(wanted);
        if (asked >= 0 && get(asked) == null && set(asked, null, new Lease(peer, 1, false))) {
            began(asked, peer);
            return asked;
        }
        for (int slot = fresh.get(); slot < size; slot++) {
            fresh.compareAndSet(slot, slot + 1);
            if (get(slot) == null && set(slot, null, new Lease(peer, 1, false))) {
                began(slot, peer);
                return slot;
            }
        }
        return -1;
    }

    /** The address that has been free longest changes hands. */
    private int anothers(Identification peer) {
        for (Integer polled = free.poll(); polled != null; polled = free.poll()) {
            int slot = polled;
            Lease lease = get(slot);
            while (lease != null) {
                // leased again since it was queued: whoever gives it back queues it
                Lease next = lease.holders() == 0
                        ? new Lease(peer, 1, false)
                        : new Lease(lease.peer(), lease.holders(), false);
                if (set(slot, lease, next)) {
                    if (lease.holders() == 0) {
                        forget(slot, lease.peer());
                        began(slot, peer);
                        return slot;
                    }
                    break;
                }
                lease = get(slot);
            }
        }
        return -1;
    }

    private void began(int slot, Identification peer) {
        leased.incrementAndGet();
        remembered.merge(peer, new int[] {slot}, (known, more) -> {
            if (known.length >= REMEMBERED) {
                return known;
            }
            int[] all = Arrays.copyOf(known, known.length + 1);
            all[known.length] = slot;
            return all;
        });
    }

    private void forget(int slot, Identification peer) {
        remembered.computeIfPresent(peer, (p, known) -> {
            int[] left = Arrays.stream(known).filter(s -> s != slot).toArray();
            return left.length == 0 ? null : left;
        });
    }

    private @Nullable Lease get(int slot) {
        AtomicReferenceArray<Lease> piece = slots.get(slot / PIECE);
        return piece == null ? null : piece.get(slot % PIECE);
    }

    private boolean set(int slot, @Nullable Lease before, Lease after) {
        AtomicReferenceArray<Lease> piece = slots.get(slot / PIECE);
        if (piece == null) {
            slots.compareAndSet(slot / PIECE, null, new AtomicReferenceArray<>(PIECE));
            piece = slots.get(slot / PIECE);
        }
        return piece.compareAndSet(slot % PIECE, before, after);
    }

    /** The slot of an address; -1 where it is not among the pool's. */
    private int slot(InetAddress address) {
        byte[] octets = address.getAddress();
        if (octets.length != addressLength) {
            return -1;
        }
        BigInteger offset = new BigInteger(1, octets).subtract(first);
        return offset.signum() < 0 || offset.bitLength() > 31 || offset.intValue() >= size ? -1 : offset.intValue();
    }

    private InetAddress address(int slot) {
        byte[] magnitude = first.add(BigInteger.valueOf(slot)).toByteArray();
        byte[] octets = new byte[addressLength];
        int length = Math.min(magnitude.length, addressLength);
        System.arraycopy(magnitude, magnitude.length - length, octets, addressLength - length, length);
        return Addresses.of(octets);
    }
}
