package dev.cardinal.ike.sad;

import dev.cardinal.ike.sa.ChildKeys;
import dev.cardinal.ike.sa.ChildSa;
import dev.cardinal.ike.sa.SadPort;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * {@code sad = none}: remembers which Child SAs there would be, without their keys. Used by several loops at once.
 */
public final class RecordingSad implements SadPort {
    private final ConcurrentMap<Integer, ChildSa> bySerial = new ConcurrentHashMap<>();
    private final AtomicLong installed = new AtomicLong();
    private final AtomicLong removed = new AtomicLong();

    @Override
    public void install(ChildSa child, ChildKeys keys, Completion completion) {
        keys.close();
        if (bySerial.putIfAbsent(child.serial(), child) != null) {
            completion.completed("Child SA " + child.name() + " #" + child.serial() + " is installed already");
            return;
        }
        installed.incrementAndGet();
        completion.completed(null);
    }

    @Override
    public void remove(ChildSa child) {
        if (bySerial.remove(child.serial()) != null) {
            removed.incrementAndGet();
        }
    }

    /** The Child SAs installed now. */
    public List<ChildSa> installed() {
        return List.copyOf(bySerial.values());
    }

    /** Installations since start. */
    public long installations() {
        return installed.get();
    }

    /** Removals since start, of Child SAs that were there. */
    public long removals() {
        return removed.get();
    }
}
