package dev.cardinal.ike.sim;

import dev.cardinal.ike.sa.IkeSa;
import dev.cardinal.ike.sa.SaSnapshot;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Whether two ends agree about what they hold. */
final class Mirror {
    private record IkeSpis(long initiator, long responder) {}

    private Mirror() {}

    /** What one end holds and the other lacks, or lists and has not installed; null where all is well. */
    static @Nullable String difference(SimulatedHost alice, SimulatedHost bob, long nowNanos) {
        Set<IkeSpis> ofAlice = ikeSpis(alice, nowNanos);
        Set<IkeSpis> ofBob = ikeSpis(bob, nowNanos);
        if (!ofAlice.equals(ofBob)) {
            return "one end holds an IKE SA which the other lacks: alice %s, bob %s"
                    .formatted(listing(alice, nowNanos), listing(bob, nowNanos));
        }
        for (SimulatedHost host : List.of(alice, bob)) {
            SimulatedHost other = host == alice ? bob : alice;
            for (SimulatedSad.Entry entry : host.sad().entries()) {
                SimulatedSad.Entry opposite = other.sad().entry(entry.child.outboundSpi());
                if (opposite == null || opposite.child.outboundSpi() != entry.child.inboundSpi()) {
                    return "%s holds a Child SA which %s lacks: %s".formatted(host, other, entry);
                }
            }
            String unlisted = unlisted(host, nowNanos);
            if (unlisted != null) {
                return unlisted;
            }
        }
        return null;
    }

    /** What was not given back after both ends forgot all their SAs; null where all is well. */
    static @Nullable String leftovers(SimulatedHost alice, SimulatedHost bob) {
        for (SimulatedHost host : List.of(alice, bob)) {
            if (!host.sas().isEmpty()) {
                return host + " still holds an IKE SA";
            }
            if (!host.sad().entries().isEmpty()) {
                return host + " still holds Child SAs: " + host.sad().entries();
            }
            if (host.token().liveHandles() != 0) {
                return host + " left " + host.token().liveHandles() + " handles on its token";
            }
            if (host.environment().spis() instanceof SimulatedSpis spis
                    && !spis.childSpisInUse().isEmpty()) {
                return host + " left SPIs of Child SAs in use: " + spis.childSpisInUse();
            }
        }
        return null;
    }

    /** The Child SAs of the listing are those that are installed, and the other way round. */
    private static @Nullable String unlisted(SimulatedHost host, long nowNanos) {
        Set<Integer> listed = new HashSet<>();
        for (IkeSa sa : host.sas()) {
            for (SaSnapshot.Child child : sa.snapshot(nowNanos).children()) {
                if (!listed.add(child.inboundSpi())) {
                    return "%s lists a Child SA twice: %08x".formatted(host, child.inboundSpi());
                }
            }
        }
        Set<Integer> installed = new HashSet<>();
        host.sad().entries().forEach(entry -> installed.add(entry.child.inboundSpi()));
        return listed.equals(installed)
                ? null
                : "%s lists %s and has installed %s"
                        .formatted(host, listing(host, nowNanos), host.sad().entries());
    }

    private static Set<IkeSpis> ikeSpis(SimulatedHost host, long nowNanos) {
        Set<IkeSpis> spis = new HashSet<>();
        for (IkeSa sa : host.establishedSas()) {
            SaSnapshot snapshot = sa.snapshot(nowNanos);
            spis.add(new IkeSpis(snapshot.initiatorSpi(), snapshot.responderSpi()));
        }
        return spis;
    }

    private static String listing(SimulatedHost host, long nowNanos) {
        StringBuilder text = new StringBuilder();
        for (IkeSa sa : host.sas()) {
            SaSnapshot snapshot = sa.snapshot(nowNanos);
            text.append("%04x:%04x %s%s"
                    .formatted(
                            snapshot.initiatorSpi() >>> 48,
                            snapshot.responderSpi() >>> 48,
                            snapshot.state(),
                            sa.halfOpen() ? " half-open" : ""));
            snapshot.children()
                    .forEach(child -> text.append(" %08x_i %08x_o".formatted(child.inboundSpi(), child.outboundSpi())));
            text.append("; ");
        }
        return "[" + text + "]";
    }
}
